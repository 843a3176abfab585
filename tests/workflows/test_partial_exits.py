"""Partial exits: of free contracts, of contracts held by exits, and under faults."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import CommandRefusedError
from alert_trader.domain.alerts.portion import HALF, Portion
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.trading_hours import BY_RULE
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows import activity_options, timing
from alert_trader.workflows.activity_options import READ
from alert_trader.workflows.interface import Command, SellOrder
from tests.support.commands import begin, command
from tests.support.harness import CONTRACT, Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester")
ALL_AT_HALF = policy(exits=ExitPolicy(fraction=Decimal(1), gain=Decimal("0.5")))


def part(portion: Portion, identity: str = "") -> SellOrder:
    """Ask for a part."""
    return SellOrder(command=Command(by="tester", id=identity), portion=portion)


async def test_a_partial_exit_of_free_contracts_keeps_the_exit(harness: Harness) -> None:
    """EXT-10: two of four work in an exit; selling half takes the other two, and cancels nothing."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    receipt = await command(trade, TradeCommand.SELL, part(HALF))
    assert (receipt.done, receipt.text) == (True, "Sold 2, requested by tester")
    view = await harness.view(trade)
    assert (view.position, view.exits_working, view.unprotected) == (2, 2, 0)
    assert len(harness.order_ids("x")) == 2


async def test_a_partial_exit_cancels_the_exit_that_holds_the_contracts(harness: Harness) -> None:
    """EXT-30: all four work in an exit.

    It has ended before one is sold, and the three that remain are in an exit again.
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=ALL_AT_HALF)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await command(trade, TradeCommand.SELL, part(Portion(count=1)))
    view = await harness.until(trade, "protected again", position=3, exits_working=3, unprotected=0)
    assert view.sold == 1


async def test_the_remaining_contracts_get_their_exit(harness: Harness) -> None:
    """Three of four sold leave one, of which half is none.

    Nothing is sold twice and nothing is left over in an order.
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await command(trade, TradeCommand.SELL, part(Portion(count=3)))
    view = await harness.until(trade, "one is left", position=1, exits_working=0)
    assert (view.sold, view.unprotected) == (3, 0)


async def test_a_repeated_command_acts_once(harness: Harness) -> None:
    """A button pressed twice, or a call sent again, is one command: it has one id."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    for _ in range(2):
        await command(trade, TradeCommand.SELL, part(Portion(count=1), "c1"))
    assert (await harness.view(trade)).position == 3


async def test_two_partial_exits_are_sold_one_after_another(harness: Harness) -> None:
    """Each is a part of what is held when its turn comes."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=ALL_AT_HALF)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    one = await begin(trade, TradeCommand.SELL, part(HALF))
    two = await begin(trade, TradeCommand.SELL, part(HALF))
    assert ((await one).text, (await two).text) == (
        "Sold 2, requested by tester",
        "Sold 1, requested by tester",
    )
    await harness.until(trade, "protected again", position=1, exits_working=1)


async def test_a_partial_exit_of_everything_closes_the_trade(harness: Harness) -> None:
    """A sale of everything is a close."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await command(trade, TradeCommand.SELL, part(Portion()))
    assert (await trade.result()).outcome is Outcome.FLAT


async def test_a_partial_exit_below_one_contract_is_refused(harness: Harness) -> None:
    """Selling less than was meant can be repaired; a tenth of four is none, and the answer says so."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    with pytest.raises(CommandRefusedError) as refused:
        await command(trade, TradeCommand.SELL, part(Portion(fraction=Decimal("0.1"))))
    assert "less than 1 contract" in str(refused.value)


async def test_a_rejected_sale_is_retried_with_its_contracts_reserved(harness: Harness) -> None:
    """EXT-10: while a sale is refused, no exit is sent for the contracts it is to sell."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=ALL_AT_HALF)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await harness.reject_orders("*-x2")
    await harness.reject_orders("*-x3")
    await command(trade, TradeCommand.SELL, part(HALF))
    view = await harness.until(trade, "protected again", position=2, exits_working=2)
    assert view.sold == 2


async def test_a_sale_with_a_lost_answer_is_never_doubled(harness: Harness) -> None:
    """EXT-30, UNK-20: it is not known whether it was accepted.

    It counts as live, is found, and is the only one.
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=ALL_AT_HALF)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await harness.control.mute_streams()
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-x[23]", count=2)
    await command(trade, TradeCommand.SELL, part(HALF))
    view = await harness.until(trade, "protected again", position=2, exits_working=2, unknown_orders=0)
    assert view.sold == 2


async def test_an_exit_filled_during_its_cancel_counts_for_the_partial_exit(harness: Harness) -> None:
    """What the exit sold meanwhile is sold.

    Two were to go, its four filled, and no more is sold than is held.
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=ALL_AT_HALF)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await harness.fault(kind="late-accept", method="DELETE", path="*/orders/*", seconds=1, count=1)
    update = await begin(trade, TradeCommand.SELL, part(HALF))
    await harness.quote("1.90", "1.95")
    await update
    view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def test_close_overtakes_a_partial_exit(harness: Harness) -> None:
    """EXT-30: everything is sold once, whatever was asked before."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=ALL_AT_HALF)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await harness.reject_orders("*-x2")
    await begin(trade, TradeCommand.SELL, part(HALF))
    await command(trade, TradeCommand.CLOSE, ME)
    view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def test_what_is_bought_during_a_sale_is_protected_at_once(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """EXT-40: the entry continues filling while a part is sold; its slices have their exits."""
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=ALL_AT_HALF)
        await harness.until(trade, "the first slice", bought=2, exits_working=2)
        await command(trade, TradeCommand.SELL, part(Portion(count=1)))
        await harness.quote("1.20", "1.20", ask_size=2)
        await harness.until(trade, "all bought", bought=4, position=3, exits_working=3)
        await forward(env, trade, timedelta(minutes=1))


@pytest.mark.parametrize("after_the_open", [timedelta(minutes=30), timedelta(hours=6, minutes=35)])
async def test_a_partial_exit_not_sent_all_day_is_not_sold_at_the_next_open(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch, after_the_open: timedelta
) -> None:
    """UNK-30: nobody could look for an earlier try of the sale until its day was over.

    Then it is no longer what was asked.

    SPY trades until 16:15: what is requested ten minutes before, with stocks closed, belongs to today and not
    to tomorrow.
    """
    # a look is asked again in real time: no clock passes over it
    monkeypatch.setattr(activity_options, "READ", replace(READ, schedule_to_close=timedelta(seconds=1)))
    harness.exit_fraction = None
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        now = clock.now()
        closes = BY_RULE.next_close(
            CONTRACT, now + timedelta(days=1)
        )  # a trading day's, whenever the test is started
        opens = BY_RULE.opens_at(new_york_date(closes))
        assert opens is not None
        asked_at = min(opens + after_the_open, closes - timedelta(minutes=10))
        await forward(env, trade, asked_at - now)
        await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=10_000)
        asked = await begin(trade, TradeCommand.SELL, part(HALF))

        async def meant() -> bool:
            return (await harness.kinds(trade)).count("exit_intended") == 2

        await eventually(meant, "the sale to be meant")
        await forward(env, trade, closes + timing.AFTER_CLOSE - asked_at + timedelta(minutes=10))
        await harness.control.clear_faults()
        await forward(env, trade, timedelta(hours=1))

        async def over() -> bool:
            return "part_sold" in await harness.kinds(trade)

        await eventually(over, "the part to be given up", within=30)
        view = await harness.view(trade)
    assert not (await asked).done
    assert (view.position, view.sold, len(harness.posts("x"))) == (4, 0, 1)
