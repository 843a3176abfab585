"""Why a text would be traded or not, and what a profile changes, without any server."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alert_trader.control.queries.profile_effect import compare
from alert_trader.control.queries.profile_learning import learn
from alert_trader.control.queries.why import Verdict, why_text
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.alerts.profile import Approval, LevelSource, OnExit, Profile
from alert_trader.domain.denial import MEANINGS, Code
from alert_trader.domain.execution.policy import Mode, Policy
from alert_trader.domain.ids import MessageId

POLICY = Policy(mode=Mode.DEMO, allowlist=Allowlist(authors=("1",), channels=("2",), guilds=("3",)))


def message(text: str, author: str = "1") -> AlertMessage:
    """Write a message of a Monday."""
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    return AlertMessage(
        message_id=MessageId("m"), text=text, author_id=author, channel_id="2", guild_id="3", posted_at=at
    )


@pytest.mark.parametrize(
    ("text", "author", "code"),
    [
        ("BTO KO 70 12/18 @ 1.25", "1", Code.PARSE_NO_RIGHT),
        ("BTO KO 70c 12/18 @ 1.25", "9", Code.AUTHOR_NOT_ALLOWED),
        ("BTO KO 70c 12/25 @ 1.25", "1", Code.EXPIRY_NOT_TRADING_DAY),
        ("good morning", "1", Code.ALERT_NOT_ENTRY),
    ],
)
def test_a_failed_check_says_how_to_change_the_outcome(text: str, author: str, code: Code) -> None:
    """WHO-40: exactly one check fails, with its code and the advice of the code's table.

    Nothing is ahead of it.
    """
    why = why_text(message(text, author), POLICY)
    failed = [check for check in why.checks if check.verdict is Verdict.FAILED]
    assert [(check.code, check.change) for check in failed] == [(code, MEANINGS[code].to_do)]
    assert not any(check.verdict is Verdict.AHEAD for check in why.checks)


def test_remaining_checks_are_listed_with_their_limits() -> None:
    """The broker's part is listed with the numbers that will be held against it."""
    why = why_text(message("Lotto: BTO KO 70c 12/18 @ 2.00"), POLICY)
    ahead = {check.code: check.numbers for check in why.checks if check.verdict is Verdict.AHEAD}
    assert ahead[Code.LADDER_ABOVE_CEILING] == {"ceiling": "2.20"}
    assert ahead[Code.SIZE_ZERO]["label_factor"] == "0.5"
    assert "would be traded" in why.outcome


def test_a_profile_is_shown_by_what_it_changes() -> None:
    """Only messages that end differently differ."""
    profile = Profile(approval=Approval.WATCH, exits=OnExit.AUTOMATIC, partial=Decimal("0.25"))
    entry, exit_, talk = (
        compare(message(text), profile) for text in ("BTO KO 70c 12/18 @ 2", "STC KO 70c partial", "hello")
    )
    assert (entry.differs, entry.after) == (True, "watch only: KO 70C 2026-12-18 at 2.00")
    assert (exit_.before, exit_.after) == ("exit: ask, then sell 50 % of it", "exit: sell 25 % of it")
    assert not talk.differs


def test_the_words_that_each_field_was_read_from_are_shown() -> None:
    """With the stop and targets that the alert names; of a refusal what else was considered, and why not."""
    read = why_text(message("BTO KO 70c 12/18 @ 2.00 SL 1.40"), POLICY).checks
    found = next(check for check in read if check.name == "read as entry")
    assert "strike and right '70c', expiry '12/18', price '2.00', stop '1.40'" in found.says
    assert found.numbers["the alert names"] == "stop 1.40"
    refused = why_text(message("watching KO 70c 12/18 @ 2.00"), POLICY).checks
    failed = next(check for check in refused if check.verdict is Verdict.FAILED)
    assert failed.numbers == {
        "not a contract alone": "it has not the shape of one",
        "would be read": "BTO KO 70C 12/18/2026 @ 2.00",
    }


def test_the_stop_of_an_alert_counts_only_by_the_profile() -> None:
    """What a profile changes names the author's stop and targets where they are agreed."""
    text = message("BTO KO 70c 12/18 @ 2.00 SL 1.40 PT 3")
    change = compare(text, Profile(stops=LevelSource.ALERT))
    assert change.differs
    assert change.after == change.before + "; from the alert: stop 1.40"
    both = compare(text, Profile(stops=LevelSource.ALERT, targets=LevelSource.ALERT))
    assert both.after.endswith("stop 1.40, target 3.00")


def test_the_alerts_own_stops_are_proposed_with_what_speaks_for_and_against() -> None:
    """Nothing is changed: the proposal names the messages with a stop, and those without."""
    texts = [f"BTO KO 7{n}c 12/18 @ 1.2{n} SL .8{n}" for n in range(5)] + ["BTO KO 69c 12/18 @ 1.20"]
    proposals = {each.line: each for each in learn([message(text) for text in texts])[0].proposals}
    assert proposals['stops = "alert"'].count_for == 5
    assert proposals['stops = "alert"'].speaks_against == ("BTO KO 69c 12/18 @ 1.20",)
    assert 'targets = "alert"' not in proposals
