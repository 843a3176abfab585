"""The single entry point of messages: what opens a trade, what is sent to one, and what is left alone."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import NoWorkerError, QueryFailedError
from alert_trader.control.intake import author_trades
from alert_trader.control.intake.message import (
    Ignored,
    Intake,
    IntakeResult,
    PassedToTrade,
    TradeStarted,
    Unmatched,
    summary_of,
    take,
)
from alert_trader.control.queries import trade_views
from alert_trader.domain.alerts.alert import AlertMessage, Nature
from alert_trader.domain.alerts.profile import OnAdd, OnExit, Profile
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OfferKind, TradeView
from alert_trader.workflows.interface import CommandReceipt, FollowUp, Said
from tests.support.harness import AUTHOR, CHANNEL, GUILD, Harness, policy
from tests.support.waiting import eventually

_numbers = count(1)

by_start = pytest.mark.at("now")
"""For what looks trades up by when they started: the server tells that by its own clock, whatever the virtual
one of the trade."""


@pytest.fixture
def entry(harness: Harness) -> str:
    """Return the plain alert."""
    return f"BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20"


async def taken(
    harness: Harness, text: str, *, profile: Profile | None = None, name: str | None = None, **about: Any
) -> IntakeResult:
    """Take a message in by the harness's rules; a trade that it opens ends with the harness."""
    given = {"author_id": AUTHOR, "channel_id": CHANNEL, "guild_id": GUILD, "posted_at": clock.now(), **about}
    message = AlertMessage(
        message_id=message_id(name or f"in{next(_numbers)}{harness.account}"), text=text, **given
    )
    profiles = {AUTHOR: profile or Profile(exits=OnExit.AUTOMATIC)}
    found = await take(
        harness.client, message, Intake(policy=policy(), account=harness.account, profiles=profiles)
    )
    assert summary_of(found).isprintable()
    if isinstance(found, TradeStarted) and found.started:
        harness.handles.append(harness.client.get_workflow_handle(found.workflow_id, result_type=TradeView))
    return found


async def held(harness: Harness, entry: str, **about: Any) -> TradeStarted:
    """Take an entry in, and wait until it is held and protected."""
    await harness.quote("1.20", "1.20")
    opened = await taken(harness, entry, **about)
    assert isinstance(opened, TradeStarted)
    await harness.until(harness.handles[-1], "protected", phase=Phase.HOLDING, exits_working=2)
    return opened


async def test_an_entry_opens_one_trade(harness: Harness, entry: str) -> None:
    """WHO-20: the same message taken in again finds the trade it has."""
    first = await taken(harness, entry, name=f"same{harness.account}")
    again = await taken(harness, entry, name=f"same{harness.account}")
    assert isinstance(first, TradeStarted)
    assert isinstance(again, TradeStarted)
    assert (first.started, again.started, first.workflow_id) == (True, False, again.workflow_id)


@by_start
async def test_an_alert_starts_its_trade_without_a_worker(
    harness: Harness, entry: str, env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WHO-20: starting a trade needs no worker.

    Whether it corrects one of a moment ago nobody tells then, so a person decides.
    """
    first = await held(harness, entry)

    async def silent(*_: object) -> TradeView:
        raise NoWorkerError("no worker answered")

    with monkeypatch.context() as away, env.with_time_skipping_disabled():
        away.setattr(trade_views, "view_of", silent)
        opened = await taken(harness, entry.replace("450c", "460c").replace("1.20", "1.25"))
        assert isinstance(opened, TradeStarted)
        asked = await harness.client.get_workflow_handle(opened.workflow_id).fetch_history()
    assert opened.started
    assert first.workflow_id in str(asked.events[0])


async def test_chatter_starts_no_trade(harness: Harness) -> None:
    """Chatter costs no workflow; neither do the exits of people who are on no list."""
    assert isinstance(await taken(harness, "good morning everyone"), Ignored)
    assert isinstance(await taken(harness, "all out", author_id="stranger"), Ignored)


async def test_a_refused_alert_is_recorded(harness: Harness) -> None:
    """What looks like an alert and cannot be traded has a trade that says why."""
    found = await taken(harness, "BTO SPY 450 @ 1.20")
    assert isinstance(found, TradeStarted)
    view = await harness.handles[-1].result()
    assert (view.outcome, (view.reason or "").partition(":")[0]) == (Outcome.DENIED, "PARSE_NO_RIGHT")


@pytest.mark.parametrize("nature", [Nature.REPLY, Nature.FORWARD, Nature.QUOTE, Nature.EDIT])
async def test_only_a_first_message_buys(harness: Harness, entry: str, nature: Nature) -> None:
    """WHO-20: a reply, forward, quote or edit that reads as an entry is refused, on record."""
    await taken(harness, entry, nature=nature)
    view = await harness.handles[-1].result()
    assert ((view.reason or "").partition(":")[0], harness.posts()) == ("PARSE_NOT_FIRST_HAND", [])


async def test_an_exit_finds_the_authors_open_trade(harness: Harness, entry: str) -> None:
    """The trade of that contract is notified, and sells by its profile.

    Without one, the answer says that there is none.
    """
    assert isinstance(await taken(harness, "STC KO 70c 12/18 @ 2"), Unmatched)
    opened = await held(harness, entry)
    found = await taken(harness, "STC SPY 450c @ 1.20 half out")
    assert isinstance(found, PassedToTrade)
    assert (found.said, found.workflow_id, found.receipt.text) == (
        Said.EXIT,
        opened.workflow_id,
        "Sold 2, requested by the author",
    )


async def test_an_exit_beside_an_entry_is_passed_on(harness: Harness, entry: str) -> None:
    """EXT-10: one message closes the position and opens another: neither is dropped without a word."""
    opened = await held(harness, entry)
    other = entry.replace("450c", "460c")
    found = await taken(harness, f"STC SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20 half\n{other}")
    assert isinstance(found, TradeStarted)
    (beside,) = found.beside
    assert isinstance(beside, PassedToTrade)
    assert (beside.said, beside.workflow_id) == (Said.EXIT, opened.workflow_id)
    assert beside.receipt.text == "Sold 2, requested by the author"
    assert found.workflow_id != opened.workflow_id


async def test_several_exits_are_each_answered(harness: Harness, entry: str) -> None:
    """An exit that fits no trade hides none that does: each has its answer."""
    opened = await held(harness, entry)
    found = await taken(harness, "STC KO 70c @ 2\nSTC SPY 450c @ 1.20 half")
    assert isinstance(found, Unmatched)
    (beside,) = found.beside
    assert isinstance(beside, PassedToTrade)
    assert (beside.workflow_id, beside.receipt.text) == (
        opened.workflow_id,
        "Sold 2, requested by the author",
    )


async def test_an_edit_that_makes_an_exit_of_an_alert_proposes_it(harness: Harness, entry: str) -> None:
    """A person decides about an exit that came by an edit, though the profile sells automatically."""
    opened = await held(harness, entry)
    found = await taken(
        harness, f"{entry}\nall out", nature=Nature.EDIT, name=opened.workflow_id.removeprefix("trade-")
    )
    assert isinstance(found, PassedToTrade)
    assert (found.said, found.receipt.text) == (Said.PROPOSED_EXIT, "Waiting for approval to sell")
    view = await harness.view(harness.handles[-1])
    assert view.offer is not None
    assert (view.offer.kind, view.offer.quantity, view.position) == (OfferKind.EXIT, 4, 4)


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        ("not loving SPY here, might cut it", True),
        ("SPY looks heavy", False),
        ("not loving KO here, might cut it", False),
    ],
)
async def test_words_of_loss_about_what_is_held_reach_a_person(
    harness: Harness, entry: str, text: str, *, passed_on: bool
) -> None:
    """WHO-40: what names a held position with a loss or stop, and cannot be read, sells nothing silently."""
    opened = await held(harness, entry)
    found = await taken(harness, text)
    assert isinstance(found, PassedToTrade if passed_on else Ignored)
    if isinstance(found, PassedToTrade):
        assert (found.said, found.workflow_id) == (Said.REMARK, opened.workflow_id)
        assert "corrected" in await harness.kinds(harness.handles[-1])
    assert (await harness.view(harness.handles[-1])).position == 4


async def test_an_exit_never_applies_to_a_later_alert(
    harness: Harness, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXT-10: an exit read again after a restart does not sell what its author bought since."""
    monkeypatch.setattr(
        author_trades, "LOOKUP_DELAYS", (0.0, 0.1, 0.1)
    )  # each of the three is looked for to the end
    before = clock.now() - timedelta(seconds=30)
    await held(harness, entry)
    for text in (
        "all out",
        "STC SPY 450c @ 1.20",
        f"AVG SPY {harness.expiry:%m/%d} 450c @ 1.25, added @ 1.20",
    ):
        assert isinstance(await taken(harness, text, posted_at=before), Unmatched)
    assert (await harness.view(harness.handles[-1])).position == 4


async def test_an_exit_of_two_open_contracts_must_name_one(harness: Harness, entry: str) -> None:
    """Which of two positions "all out" means is not for us to say; an answer to the alert says it."""
    first = await held(harness, entry)
    await harness.control.set_quote(
        harness.symbol.replace("450", "451"), bid="1.20", ask="1.20", ask_size=50, bid_size=50
    )
    other = entry.replace("450c", "451c").replace("1.20", "1.21")
    await taken(harness, other)
    await harness.until(harness.handles[-1], "held", phase=Phase.HOLDING)
    both = await taken(harness, "all out")
    assert isinstance(both, Unmatched)
    assert "found 2" in both.why
    answer = await taken(
        harness, "all out", nature=Nature.REPLY, answers=first.workflow_id.removeprefix("trade-")
    )
    assert isinstance(answer, PassedToTrade)
    assert answer.workflow_id == first.workflow_id


async def test_an_add_is_recorded_or_has_its_own_trade(harness: Harness, entry: str) -> None:
    """By default an add changes nothing; where the profile wants it, its message opens a trade of its own."""
    await held(harness, entry)
    text = f"AVG SPY {harness.expiry:%m/%d} 450c @ 1.25, added @ 1.20"
    noted = await taken(harness, text)
    assert isinstance(noted, PassedToTrade)
    assert noted.said is Said.ADD
    added = await taken(harness, text, profile=Profile(adds=OnAdd.ADDED))
    assert isinstance(added, TradeStarted)
    await harness.until(harness.handles[-1], "held", phase=Phase.HOLDING, bought=4)


@by_start
async def test_a_correction_reaches_the_open_trade(
    harness: Harness, entry: str, env: WorkflowEnvironment
) -> None:
    """The order works on; the author's "1.30**" is on its record, and an edit of the alert is too."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        opened = await taken(harness, entry)
        assert isinstance(opened, TradeStarted)
        await harness.until(harness.handles[-1], "working", step="limit")
        found = await taken(harness, "1.30**")
        edit = entry.replace("450c", "460c")
        edited = await taken(
            harness, edit, nature=Nature.EDIT, name=opened.workflow_id.removeprefix("trade-")
        )
        view = await harness.view(harness.handles[-1])
    assert isinstance(found, PassedToTrade)
    assert isinstance(edited, PassedToTrade)
    assert (found.said, edited.said, found.workflow_id) == (
        Said.CORRECTION,
        Said.CORRECTION,
        opened.workflow_id,
    )
    assert (await harness.kinds(harness.handles[-1])).count("corrected") == 2
    assert (view.phase, view.quantity) == (Phase.ENTERING, 4)


@by_start
async def test_a_correction_of_a_refused_alert_is_recorded(harness: Harness) -> None:
    """Nothing is bought on two halves of an alert; a person finds both."""
    await taken(harness, f"BTO SPY {harness.expiry:%m/%d} 450c @ 2/03 risky")
    assert (await harness.handles[-1].result()).outcome is Outcome.DENIED
    refused = harness.handles[-1].id

    async def taken_down() -> TradeStarted | None:
        found = await taken(harness, "2.03**")
        return found if isinstance(found, TradeStarted) else None

    await eventually(taken_down, "the refused alert to be found")
    view = await harness.handles[-1].result()
    assert ((view.reason or "").partition(":")[0], refused in (view.reason or "")) == ("ALERT_CORRECTS", True)


async def test_an_alert_that_differs_in_one_field_needs_approval(
    harness: Harness, entry: str, env: WorkflowEnvironment
) -> None:
    """A moment later with another strike.

    A second trade, or the first one corrected? Nothing is bought before somebody says.
    """
    with env.with_time_skipping_disabled():
        first = await held(harness, entry)
        await harness.control.set_quote(
            harness.symbol.replace("450", "451"), bid="1.20", ask="1.20", ask_size=50, bid_size=50
        )
        await taken(harness, entry.replace("450c", "451c"))
        view = await harness.until(harness.handles[-1], "waits", phase=Phase.AWAITING)
    assert view.offer is not None
    assert first.workflow_id in view.last_event
    assert "corrected" in await harness.kinds(harness.handles[-2])


async def test_a_later_similar_alert_is_a_new_trade(harness: Harness, entry: str) -> None:
    """Only what comes within the window may correct."""
    await held(harness, entry)
    later = clock.now() + timedelta(seconds=50)
    short = replace(policy().safety, correction_window=timedelta(seconds=10))
    message = AlertMessage(
        message_id=message_id(f"l{harness.account}"),
        text=entry.replace("1.20", "1.21"),
        author_id=AUTHOR,
        channel_id=CHANNEL,
        guild_id=GUILD,
        posted_at=later,
    )
    found = await take(
        harness.client, message, Intake(policy=replace(policy(), safety=short), account=harness.account)
    )
    assert isinstance(found, TradeStarted)
    harness.handles.append(harness.client.get_workflow_handle(found.workflow_id, result_type=TradeView))
    await harness.until(harness.handles[-1], "traded", phase=Phase.HOLDING)


def behind(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """Let the index be behind: it does not have these trades yet."""
    listed = trade_views.list_trades

    async def without(*args: Any, **how: Any) -> list[trade_views.TradeRow]:
        return [row for row in await listed(*args, **how) if row.workflow_id not in missing]

    monkeypatch.setattr(trade_views, "list_trades", without)


async def second(harness: Harness, entry: str) -> tuple[str, str]:
    """Have two contracts of one author open; return their trades, the older first."""
    first = await held(harness, entry)
    await harness.control.set_quote(
        harness.symbol.replace("450", "460"), bid="1.50", ask="1.50", ask_size=50, bid_size=50
    )
    other = await taken(harness, entry.replace("450c", "460c").replace("1.20", "1.50"))
    assert isinstance(other, TradeStarted)
    await harness.until(harness.handles[-1], "held", phase=Phase.HOLDING)
    return first.workflow_id, other.workflow_id


async def test_an_exit_finds_a_trade_that_is_not_indexed_yet(
    harness: Harness, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXT-10: "out" a moment after a new entry is about two contracts.

    The index knows the older one only, the account both.
    """
    older, newer = await second(harness, entry)
    behind(monkeypatch, newer)
    both = await taken(harness, "all out")
    assert isinstance(both, Unmatched)
    assert "found 2" in both.why
    behind(monkeypatch, older, newer)
    named = await taken(harness, "STC SPY 460c @ 1.50 half out")
    assert isinstance(named, PassedToTrade)
    assert named.workflow_id == newer


async def test_an_alert_similar_to_an_unindexed_one_needs_approval(
    harness: Harness, entry: str, env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WHO-40: two alerts that differ in one field, the second within the index's lag of the first.

    The account has let the first buy.
    """
    with env.with_time_skipping_disabled():
        first = await held(harness, entry)
        await harness.control.set_quote(
            harness.symbol.replace("450", "451"), bid="1.20", ask="1.20", ask_size=50, bid_size=50
        )
        behind(monkeypatch, first.workflow_id)
        await taken(harness, entry.replace("450c", "451c"))
        view = await harness.until(harness.handles[-1], "waits", phase=Phase.AWAITING)
    assert first.workflow_id in view.last_event


@pytest.mark.parametrize("number", [0, 1])
async def test_a_trade_that_does_not_answer_still_counts(
    harness: Harness, entry: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """EXT-10, UNK-30: a query that failed is not an empty answer.

    "out" is about two contracts whichever of them answers.
    """
    trades = await second(harness, entry)
    view_of = trade_views.view_of

    async def partly(client: Client, trade: str) -> TradeView:
        if trade == trades[number]:
            raise QueryFailedError("the worker failed to answer")
        return await view_of(client, trade)

    monkeypatch.setattr(trade_views, "view_of", partly)
    both = await taken(harness, "all out")
    assert isinstance(both, Unmatched)
    assert "found 2" in both.why
    named = await taken(harness, f"STC SPY {460 if number else 450}c @ 1.50 half out")
    assert isinstance(named, PassedToTrade)
    assert named.workflow_id == trades[number]


async def test_an_exit_reaches_every_trade_even_if_one_does_not_answer(
    harness: Harness, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trades of an alert and of its add are both notified that their author is out.

    The one that is silent keeps the other from nothing.
    """
    profile = Profile(exits=OnExit.AUTOMATIC, adds=OnAdd.ADDED)
    await held(harness, entry, profile=profile)
    added = await taken(harness, f"AVG SPY {harness.expiry:%m/%d} 450c @ 1.25, added @ 1.20", profile=profile)
    assert isinstance(added, TradeStarted)
    await harness.until(harness.handles[-1], "held", phase=Phase.HOLDING, bought=4)
    follow_up = trade_commands.follow_up

    async def partly(client: Any, trade: str, said: FollowUp) -> CommandReceipt:
        if trade == added.workflow_id:
            raise NoWorkerError("silent")
        return await follow_up(client, trade, said)

    monkeypatch.setattr(trade_commands, "follow_up", partly)
    with pytest.raises(NoWorkerError):
        await taken(harness, "STC SPY 450c @ 1.20 half out", profile=profile)
    await harness.until(harness.handles[0], "sold in part", position=2)


async def test_a_reply_to_an_ended_trade_applies_to_no_other(
    harness: Harness, entry: str, env: WorkflowEnvironment
) -> None:
    """EXT-10: "all out" to an alert whose trade is flat or was refused sells no other contract."""
    with env.with_time_skipping_disabled():
        older, newer = await second(harness, entry)
        refused = await taken(harness, "BTO SPY 450 @ 1.20")
        assert isinstance(refused, TradeStarted)
        await harness.client.get_workflow_handle(refused.workflow_id).result()
        await taken(harness, "STC SPY 450c @ 1.20 all out")
        await harness.handles[0].result()
        for over in (older, refused.workflow_id):
            found = await taken(harness, "all out", nature=Nature.REPLY, answers=over.removeprefix("trade-"))
            assert isinstance(found, Unmatched)
        answer = await taken(
            harness, "STC SPY 460c @ 1.50 half out", nature=Nature.REPLY, answers=older.removeprefix("trade-")
        )
        assert isinstance(answer, PassedToTrade)
        assert answer.workflow_id == newer
