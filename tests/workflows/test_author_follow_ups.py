"""Later messages of an alert's author: exits, adds and corrections, as the profile says."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import CommandRefusedError
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.profile import Approval, OnAdd, OnExit, Profile
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OfferKind, TradeView
from alert_trader.workflows.interface import (
    TRADE_WORKFLOW,
    Answer,
    Command,
    CommandReceipt,
    FollowUp,
    Said,
    TradeRequest,
    task_queue,
)
from tests.support.commands import command
from tests.support.harness import AUTHOR, CHANNEL, GUILD, Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester")
Trade = WorkflowHandle[Any, TradeView]


def rules(exits: OnExit, **changes: Any) -> Policy:
    """Return rules with these exits."""
    return policy(profile=Profile(exits=exits, **changes))


def message(text: str, *, author: str = AUTHOR, name: str = "later") -> AlertMessage:
    """Write a later message."""
    return AlertMessage(
        message_id=message_id(name),
        text=text,
        author_id=author,
        channel_id=CHANNEL,
        guild_id=GUILD,
        posted_at=clock.now(),
    )


async def say(trade: Trade, text: str, said: Said = Said.EXIT, **about: str) -> CommandReceipt:
    """Tell a trade what its author wrote, as the intake does."""
    later = message(text, **about)
    said_later = FollowUp(message=later, parsed=parse(later), said=said, id=later.message_id)
    return await command(trade, TradeCommand.FOLLOW_UP, said_later)


async def held(harness: Harness, wanted: Policy) -> Trade:
    """Trade the plain alert until it is held, with its exit working."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=wanted)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    return trade


async def test_an_automatic_exit_sells_the_stated_part(harness: Harness) -> None:
    """EXT-10: "half out" sells half of what is held; said twice under one message id it acts once."""
    trade = await held(harness, rules(OnExit.AUTOMATIC))
    for _ in range(2):
        receipt = await say(trade, f"STC SPY {harness.expiry:%m/%d} 450c @ 1.20 half out")
    assert receipt.text == "Sold 2, requested by the author"
    assert (await harness.view(trade)).position == 2


async def test_an_automatic_exit_of_everything_closes_the_trade(harness: Harness) -> None:
    """The trade says that its author was out, and is flat."""
    trade = await held(harness, rules(OnExit.AUTOMATIC))
    await say(trade, "all out")
    view = await trade.result()
    assert (view.outcome, view.sold, view.reason) == (Outcome.FLAT, 4, "closed by the author")


async def test_an_exit_on_approval_waits_for_a_person(harness: Harness, env: WorkflowEnvironment) -> None:
    """It is offered with what it would sell; a yes to half sells half of that."""
    with env.with_time_skipping_disabled():
        trade = await held(harness, rules(OnExit.APPROVAL))
        await say(trade, "all out")
        view = await harness.view(trade)
        assert view.offer is not None
        assert (view.offer.kind, view.offer.quantity, view.position) == (OfferKind.EXIT, 4, 4)
        await command(trade, TradeCommand.APPROVE, Answer(command=ME, half=True, offer="later"))
        await harness.until(trade, "sold in part", position=2, offer=None)


async def test_an_exit_on_approval_may_be_skipped_or_expire(
    harness: Harness, env: WorkflowEnvironment
) -> None:
    """A no, or no answer, sells nothing: the exit plan continues."""
    with env.with_time_skipping_disabled():
        trade = await held(harness, rules(OnExit.APPROVAL))
        await say(trade, "all out")
        await command(trade, TradeCommand.SKIP, Answer(command=ME))
        await say(trade, "all out", name="again")
        await forward(env, trade, timedelta(minutes=6))
        view = await harness.until(trade, "left", offer=None, position=4, exits_working=2)
        with pytest.raises(CommandRefusedError):
            await command(trade, TradeCommand.APPROVE, Answer(command=ME))
    assert view.phase is Phase.HOLDING
    assert "unanswered" in await harness.kinds(trade)


async def test_an_offer_ends_once_everything_is_sold(harness: Harness, env: WorkflowEnvironment) -> None:
    """EXT-30: a yes to the author's half, given while a close continues, is refused at once.

    Nothing could be sold for it.
    """
    with env.with_time_skipping_disabled():
        trade = await held(harness, rules(OnExit.APPROVAL))
        await say(trade, f"STC SPY {harness.expiry:%m/%d} 450c @ 1.20 half out")
        await harness.quote("0", "1.20", bid_size=0)
        closing = asyncio.create_task(command(trade, TradeCommand.CLOSE, ME))
        await harness.until(trade, "being sold", phase=Phase.CLOSING)
        with pytest.raises(CommandRefusedError):
            await command(trade, TradeCommand.APPROVE, Answer(command=ME))
        await harness.quote("1.20", "1.21")
        assert (await closing).done
    assert (await trade.result()).sold == 4


async def test_an_ignored_exit_is_recorded(harness: Harness) -> None:
    """The profile says that this author's exits do not count."""
    trade = await held(harness, rules(OnExit.IGNORED))
    await say(trade, "all out")
    assert (await harness.view(trade)).position == 4
    assert "followed_up" in await harness.kinds(trade)


async def test_an_entry_ends_when_its_author_is_out(harness: Harness, env: WorkflowEnvironment) -> None:
    """An exit while the entry still works ends the entry, also where a person decides about what is held."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules(OnExit.APPROVAL))
        await harness.until(trade, "the working entry", step="limit")
        await say(trade, "all out")
        view = await harness.until(trade, "given up", phase=Phase.WATCHING)
    assert (view.bought, (view.reason or "").partition(":")[0]) == (0, "AUTHOR_OUT")


async def test_a_fill_after_the_authors_exit_is_sold(harness: Harness, env: WorkflowEnvironment) -> None:
    """ENT-60: the entry was being cancelled and filled all the same.

    Its author is out of it, so it is not held on.
    """
    await harness.quote("1.10", "1.30")
    await harness.fault(kind="late-accept", method="DELETE", path="*/orders/*", seconds=1, count=1)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules(OnExit.AUTOMATIC), price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        await say(trade, "all out")
        await harness.control.fill(harness.order_ids("e")[0], 4, "1.20")
        view = await trade.result()
    assert (view.outcome, view.bought, view.sold, view.reason) == (Outcome.FLAT, 4, 4, "closed by the author")


async def test_another_author_cannot_act_on_a_trade(harness: Harness) -> None:
    """WHO-10: an exit by another author is refused by the trade itself."""
    trade = await held(harness, rules(OnExit.AUTOMATIC))
    with pytest.raises(CommandRefusedError):
        await say(trade, "all out", author="another")
    assert (await harness.view(trade)).position == 4


async def test_a_correction_changes_nothing_and_pages_a_person(
    harness: Harness, env: WorkflowEnvironment
) -> None:
    """The order works on as it was alerted; the correction is recorded and loud."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        await say(trade, "2.03**", Said.CORRECTION)
        view = await harness.view(trade)
    assert (view.phase, view.alert_price and str(view.alert_price)) == (Phase.ENTERING, "1.20")
    assert "corrected" in await harness.kinds(trade)


async def later_trade(harness: Harness, text: str, wanted: Policy, **link: Any) -> Trade:
    """Start the trade of a message that is linked to another trade, as the intake does."""
    number = f"add{len(harness.handles)}{harness.account}"
    request = TradeRequest(alert=message(text, name=number), policy=wanted, account=harness.account, **link)
    trade: Trade = await harness.client.start_workflow(
        TRADE_WORKFLOW,
        request,
        id=f"trade-{number}",
        task_queue=task_queue(harness.account),
        result_type=TradeView,
    )
    harness.handles.append(trade)
    return trade


@pytest.mark.parametrize(("adds", "phase"), [(OnAdd.ADDED, Phase.HOLDING), (OnAdd.APPROVAL, Phase.AWAITING)])
async def test_an_add_is_a_trade_of_its_own(
    harness: Harness, env: WorkflowEnvironment, adds: OnAdd, phase: Phase
) -> None:
    """WHO-20, ENT-20: one message, one trade: an add has its own orders, caps and exits.

    Or it waits for a person.
    """
    await harness.quote("1.20", "1.20")
    text = f"AVG SPY {harness.expiry:%m/%d} 450c @ 1.40, added @ 1.20"
    with env.with_time_skipping_disabled():
        trade = await later_trade(harness, text, policy(profile=Profile(adds=adds)), adds_to="trade-first")
        view = await harness.until(trade, "as the profile says", phase=phase)
    assert str(view.alert_price) == "1.20"


async def test_an_add_without_an_open_trade_opens_nothing(harness: Harness) -> None:
    """An add is an add only to an open trade of its author, which the intake has found."""
    trade = await later_trade(
        harness,
        f"AVG SPY {harness.expiry:%m/%d} 450c @ 1.40, added @ 1.20",
        policy(profile=Profile(adds=OnAdd.ADDED)),
    )
    assert ((await trade.result()).reason or "").startswith("ALERT_NOT_ENTRY")


async def test_an_add_without_its_price_opens_nothing(harness: Harness) -> None:
    """WHO-40: what is not said is not guessed."""
    wanted = policy(profile=Profile(adds=OnAdd.ADDED))
    trade = await later_trade(harness, "added to SPY 450c", wanted, adds_to="trade-first")
    assert ((await trade.result()).reason or "").startswith("ADD_INCOMPLETE")


async def test_an_alert_that_may_correct_another_needs_approval(
    harness: Harness, env: WorkflowEnvironment
) -> None:
    """The author alerted the like a moment ago: which of the two is meant is not for us to say."""
    wanted = policy(profile=replace(Profile(), approval=Approval.AUTOMATIC))
    with env.with_time_skipping_disabled():
        trade = await later_trade(
            harness, f"BTO SPY {harness.expiry:%m/%d} 450c @ 1.20", wanted, corrects="trade-first"
        )
        await harness.until(trade, "waits", phase=Phase.AWAITING)
    assert harness.posts() == []


async def test_a_possible_correction_of_a_refused_alert_is_recorded(harness: Harness) -> None:
    """The refused alert is over; its correction has a trade of its own, which ends at once and names it."""
    trade = await later_trade(harness, "2.03**", policy(), corrects="trade-first")
    view = await trade.result()
    assert (view.outcome, (view.reason or "").partition(":")[0]) == (Outcome.DENIED, "ALERT_CORRECTS")


async def test_a_fill_after_an_exit_on_approval_needs_approval(
    harness: Harness, env: WorkflowEnvironment
) -> None:
    """ENT-60: nothing was held when the author was out, and the cancel raced a fill.

    A person decides about what is held after all.
    """
    await harness.quote("1.10", "1.30")
    await harness.fault(kind="late-accept", method="DELETE", path="*/orders/*", seconds=1, count=1)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules(OnExit.APPROVAL), price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        await say(trade, "all out")
        await harness.control.fill(harness.order_ids("e")[0], 4, "1.20")
        view = await harness.until(trade, "held after all", phase=Phase.HOLDING, bought=4, exits_working=2)
        assert view.offer is not None
        assert (view.offer.id, view.offer.kind, view.offer.quantity) == ("later", OfferKind.EXIT, 4)
        await command(trade, TradeCommand.APPROVE, Answer(command=ME, offer="later"))
    assert (await trade.result()).sold == 4
    await eventually(
        lambda: any(
            "'all out'. Waiting for approval: sell" in notice.text for notice in harness.heard.notices
        ),
        "people to be asked",
    )
