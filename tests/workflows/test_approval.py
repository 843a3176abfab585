"""Trades that wait for approval: approved, halved, skipped, unanswered; and watched authors."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities.messages import CommandRefusedError
from alert_trader.domain.alerts.profile import Approval, Habits, Profile
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OfferKind
from alert_trader.workflows.interface import (
    Answer,
    Command,
)
from tests.support.commands import command
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward

ME = Command(by="tester")


def asking(**changes: object) -> Policy:
    """Return rules whose author needs approval."""
    return policy(profile=replace(Profile(approval=Approval.ASK), **changes))  # type: ignore[arg-type]


async def test_an_entry_that_is_unusual_for_its_author_waits(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """WHO-40: entries are bought automatically, but for one that departs from the author's habits."""
    await harness.quote("1.20", "1.20")
    usual = Profile(habits=Habits(highest_price=Decimal("1.00")))
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=policy(profile=usual))
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        assert harness.posts() == []
        asked = [event.text for event in await harness.events(trade) if event.kind == "asked"]
        assert asked[0].endswith("Unusual for the author: price 1.20, usually 1.00 or less")
        await command(trade, TradeCommand.SKIP, Answer(command=ME))


async def test_nothing_is_bought_before_a_person_approves(env: WorkflowEnvironment, harness: Harness) -> None:
    """The proposal is shown with its numbers, no order leaves, and a yes buys what was shown."""
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=asking())
        view = await harness.until(trade, "waits", phase=Phase.AWAITING)
        assert view.offer is not None
        assert (view.offer.kind, view.offer.quantity) == (OfferKind.ENTRY, 4)
        assert harness.posts() == []
        receipt = await command(trade, TradeCommand.APPROVE, Answer(command=ME))
        assert receipt.done
        view = await harness.until(trade, "held", phase=Phase.HOLDING, bought=4)
    assert view.offer is None


async def test_the_alerts_age_counts_from_the_approval(env: WorkflowEnvironment, harness: Harness) -> None:
    """WHO-30: 75 s after its posting an alert is too old, but for a yes.

    Its 60 s count from that, and the price is taken anew.
    """
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=asking(), age=45)
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        await forward(env, trade, timedelta(seconds=30))
        await harness.quote("1.10", "1.15")
        await command(trade, TradeCommand.APPROVE, Answer(command=ME))
        view = await harness.until(trade, "priced again", phase=Phase.ENTERING)
    assert view.quote_ask == Decimal("1.15")


async def test_an_approved_entry_is_denied_when_the_price_moved_too_far(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """A yes is no order: every check of sizing holds again."""
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=asking())
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        await harness.quote("4.00", "4.10")
        await command(trade, TradeCommand.APPROVE, Answer(command=ME))
    view = await trade.result()
    assert (view.outcome, harness.posts()) == (Outcome.DENIED, [])
    assert "PRICE_FAR_FROM_MARKET" in (view.reason or "")


@pytest.mark.parametrize(("now", "bought"), [("1.25", 4), ("2.00", 0)])
async def test_no_more_is_paid_than_approved(
    env: WorkflowEnvironment, harness: Harness, now: str, bought: int
) -> None:
    """An alert without a price is priced at the mid, which has moved when a person says yes.

    The ceiling stays the one that was shown.
    """
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(f"BTO SPY {harness.expiry:%m/%d/%Y} 450c", rules=asking())
        shown = await harness.until(trade, "waits", phase=Phase.AWAITING)
        await harness.quote(now, now)
        await command(trade, TradeCommand.APPROVE, Answer(command=ME))
        view = await (harness.until(trade, "held", bought=4, exits_working=2) if bought else trade.result())
    assert (view.bought, view.alert_price) == (bought, None)
    assert bought or "above the approved price" in (view.reason or "")
    assert not bought or view.ceiling == shown.ceiling


async def test_half_buys_half_of_what_was_shown(env: WorkflowEnvironment, harness: Harness) -> None:
    """ENT-20: what a person approved is a cap of its own."""
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=asking())
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        await command(trade, TradeCommand.APPROVE, Answer(command=ME, half=True))
        await harness.until(trade, "held", phase=Phase.HOLDING, bought=2, quantity=2)


async def test_skip_ends_the_trade_with_nothing_bought(harness: Harness, env: WorkflowEnvironment) -> None:
    """A no is recorded with who said it."""
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=asking())
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        receipt = await command(trade, TradeCommand.SKIP, Answer(command=ME))
    view = await trade.result()
    assert receipt.text == "Nothing is bought"
    assert (view.outcome, view.reason, harness.posts()) == (
        Outcome.DENIED,
        "APPROVAL_SKIPPED: declined by tester",
        [],
    )


async def test_cancel_of_a_waiting_trade_ends_it(harness: Harness, env: WorkflowEnvironment) -> None:
    """Cancel means the same in every phase that may still buy."""
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=asking())
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        await command(trade, TradeCommand.CANCEL, ME)
    assert (await trade.result()).outcome is Outcome.DENIED


async def test_no_answer_in_time_buys_nothing(harness: Harness) -> None:
    """The window is bounded: five minutes later the trade is over, and says why."""
    trade = await harness.alert(rules=asking())
    view = await trade.result()
    assert (view.outcome, harness.posts()) == (Outcome.DENIED, [])
    assert "APPROVAL_EXPIRED" in (view.reason or "")


async def test_an_answer_to_another_offer_is_refused(harness: Harness, env: WorkflowEnvironment) -> None:
    """Who pressed the button of an old card did not see what is offered now.

    And half of one contract is none.
    """
    small = asking()
    rules = replace(small, sizing=replace(small.sizing, max_contracts=1))
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules)
        await harness.until(trade, "waits", phase=Phase.AWAITING)
        for answer in (Answer(command=ME, offer="older"), Answer(command=ME, half=True)):
            with pytest.raises(CommandRefusedError):
                await command(trade, TradeCommand.APPROVE, answer)
        assert (await harness.view(trade)).phase is Phase.AWAITING


async def test_a_watched_author_is_never_traded(harness: Harness) -> None:
    """Everything is checked and shown as it would be, no order leaves.

    The trade says that it was only watched.
    """
    trade = await harness.alert(rules=policy(profile=Profile(approval=Approval.WATCH)))
    view = await trade.result()
    assert (view.outcome, view.quantity, harness.posts()) == (Outcome.WATCHED, 4, [])
    assert "watched" in await harness.kinds(trade)


async def test_a_lotto_is_scaled_by_its_factor(harness: Harness) -> None:
    """RSK-10: the label's factor scales each of our caps."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(f"Super Lotto: BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20")
    view = await harness.until(trade, "held", phase=Phase.HOLDING)
    assert (view.bought, view.parsed and view.parsed.label) == (1, "Super Lotto")
