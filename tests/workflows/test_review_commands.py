"""Commands that come at a bad moment: in the middle of a conversion, twice, or while the market is closed."""

import asyncio
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.policy import Conversion, LadderPolicy
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import (
    CANCEL_UPDATE,
    CLOSE_UPDATE,
    CONVERT_UPDATE,
    Command,
    CommandReceipt,
)
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")


async def test_a_cancel_during_the_conversion_cancels_the_conversion_order(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The converting order rests unfilled when a person cancels: it is taken back in that person's name, and no other follows."""
    await harness.quote("1.19", "1.32", ask_size=0)
    rules = policy(
        ladder=LadderPolicy(conversion=Conversion.MARKETABLE_LIMIT, conversion_wait=timedelta(minutes=10))
    )
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules)
        await harness.until(trade, "the working entry", step="limit")
        converting = asyncio.create_task(trade.execute_update(CONVERT_UPDATE, ME, result_type=CommandReceipt))
        await eventually(lambda: len(harness.order_ids("e")) == 2, "the converting order")
        receipt = await trade.execute_update(CANCEL_UPDATE, ME, result_type=CommandReceipt)
        await converting
    assert receipt.done
    assert "OPERATOR_CANCELLED" in (receipt.view.reason or "")
    assert all(order.status.terminal for order in harness.venue.exchange.orders.values())
    assert len(harness.posts("e")) == 2


async def test_simultaneous_cancel_convert_and_close_sell_once(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """Everybody presses a button at once: what was bought is sold once, and each caller gets an answer (DUR-30)."""
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        answers = await asyncio.gather(
            *(
                trade.execute_update(name, ME, result_type=CommandReceipt)
                for name in (CONVERT_UPDATE, CANCEL_UPDATE, CLOSE_UPDATE)
            ),
            trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt),
            trade.cancel(),
            return_exceptions=True,
        )
    view = await trade.result()
    assert (view.outcome, view.sold, view.position) == (Outcome.FLAT, view.bought, 0)
    assert not [answer for answer in answers if isinstance(answer, TimeoutError)]


async def test_a_close_while_the_market_is_closed_sells_at_the_open(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The sale is accepted for the next session: the caller hears that it is under way, and it is the only one."""
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.set_session(is_open=False)
        closing = asyncio.create_task(trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt))
        await eventually(lambda: len(harness.order_ids("x")) == 2, "the sale at the venue")
        await forward(env, trade, timedelta(hours=1))
        assert not (await closing).done
        await harness.control.set_session(is_open=True)
        await harness.until(trade, "sold", sold=4)
    assert (await trade.result()).outcome is Outcome.FLAT
    assert len(harness.posts("x")) == 2


async def test_a_sale_that_expired_with_the_day_is_sent_again(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """A market order is for the day: unfilled at its end, another follows until it is flat (EXT-50)."""
    harness.exit_fraction = None
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.quote("0", "1.20", bid_size=0)
        closing = asyncio.create_task(trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt))
        await eventually(lambda: len(harness.order_ids("x")) == 2, "the sale at the venue")
        await harness.control.end_day()
        await eventually(lambda: len(harness.order_ids("x")) == 3, "the next sale")
        await harness.quote("1.20", "1.21")
        await harness.until(trade, "all sold", sold=4)
        assert (await closing).done
    assert (await trade.result()).outcome is Outcome.FLAT
