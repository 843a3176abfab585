"""Our own reasons for not sending: each has a meaning, and one rule for what happens to an entry."""

import pytest

from alert_trader.domain.denial import MEANINGS, Code
from alert_trader.domain.not_sent import (
    DECIDE_ENTRY_AGAIN,
    NOT_SENT_MEANINGS,
    SEND_SAME_ORDER,
    NotSentReason,
    meaning_of,
)


def test_every_reason_has_a_meaning() -> None:
    """The table has each of them in order, as sentences; none shares its meaning or name with a denial."""
    assert list(NOT_SENT_MEANINGS) == list(NotSentReason)
    assert all(reason.value == reason.name and "_" in reason.name for reason in NotSentReason)
    assert all(
        text.endswith(".") and "|" not in text
        for meaning in NOT_SENT_MEANINGS.values()
        for text in (meaning.means, meaning.to_do)
    )
    means = [meaning.means for meaning in (*MEANINGS.values(), *NOT_SENT_MEANINGS.values())]
    assert len(set(means)) == len(Code) + len(NotSentReason)
    assert not {*Code.__members__} & {*NotSentReason.__members__}


def test_a_reason_is_retried_in_one_way_at_most() -> None:
    """An order under its own id, or a new decision of the ladder; never both."""
    assert not SEND_SAME_ORDER & DECIDE_ENTRY_AGAIN


@pytest.mark.parametrize("reason", [NotSentReason.WRONG_MODE, NotSentReason.TOO_LATE])
def test_an_entry_is_given_up_for_what_waiting_does_not_change(reason: NotSentReason) -> None:
    """Another mode, or a time that has passed."""
    assert reason not in SEND_SAME_ORDER | DECIDE_ENTRY_AGAIN


def test_a_code_of_the_venue_has_no_meaning_of_ours() -> None:
    """Only our own codes are explained; of the venue's we have its message."""
    assert meaning_of("NO_WORKER") is NOT_SENT_MEANINGS[NotSentReason.NO_WORKER]
    assert meaning_of("QUOTE_STALE") is MEANINGS[Code.QUOTE_STALE]
    assert meaning_of("margin_check_failed") is None
    assert meaning_of(None) is None
