"""Closing a trade while orders are rejected, the stream is silent, or the market is closed."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import (
    Command,
)
from tests.support.commands import begin, command
from tests.support.harness import Harness
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")
REFUSED = {
    "kind": "status",
    "method": "POST",
    "path": "*/orders",
    "client_id": "*-x*",
    "status": 422,
    "code": "margin_check_failed",
}


async def refusals(harness: Harness, handle: WorkflowHandle) -> int:  # type: ignore[type-arg]
    """Count the exits that the venue has refused."""
    return (await harness.kinds(handle)).count("exit_rejected")


async def _at_least(harness: Harness, trade: WorkflowHandle, number: int) -> bool:  # type: ignore[type-arg]
    return await refusals(harness, trade) >= number


async def test_a_close_does_not_wait_for_a_rejected_exits_retry(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The profit-take was refused until its pauses are minutes long.

    A person's close is sent at once all the same (EXT-50).
    """
    harness.exit_fraction = None
    await harness.quote("1.20", "1.20")
    await harness.fault(**REFUSED, count=9)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        for number in range(1, 10):
            await forward(env, trade, timedelta(seconds=40))
            await eventually(partial(_at_least, harness, trade, number), f"refusal {number}")
        receipt = await command(trade, TradeCommand.CLOSE, ME)
    assert receipt.done
    assert (await trade.result()).sold == 4


async def test_a_close_completes_without_the_stream(env: WorkflowEnvironment, harness: Harness) -> None:
    """The stream is mute: the sale is read until it has ended."""
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.mute_streams()
        receipt = await command(trade, TradeCommand.CLOSE, ME)
    assert receipt.done
    assert (await trade.result()).outcome is Outcome.FLAT


@pytest.mark.parametrize("in_a_bump", [False, True])
async def test_an_entry_of_unknown_status_does_not_delay_a_close(
    env: WorkflowEnvironment, harness: Harness, *, in_a_bump: bool
) -> None:
    """The rest of the entry shows an unknown status and cannot be cancelled.

    What was bought is sold when asked (EXT-50).
    """
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        order = harness.order_ids("e")[0]
        await harness.fault(kind="unknown-status", method="GET", path=f"*/orders/{order}", count=None)
        await harness.fault(
            kind="status",
            method="DELETE",
            path=f"*/orders/{order}",
            status=422,
            code="cannot_update_order",
            count=None,
        )
        if in_a_bump:
            await harness.quote("1.10", "1.30")
            await forward(env, trade, timedelta(seconds=21))
            await eventually(
                lambda: any(
                    line.kind == "request" and line.method == "DELETE" for line in harness.venue.tape.lines
                ),
                "the cancel",
            )
        trade_update = await begin(trade, TradeCommand.CLOSE, ME)
        await forward(env, trade, timedelta(seconds=90))
        await harness.until(trade, "sold", sold=2)
        assert (await harness.view(trade)).phase is Phase.CLOSING
        await harness.control.clear_faults()
        await harness.control.cancel(order)
        await trade_update
    assert (await trade.result()).outcome is Outcome.FLAT


async def test_a_close_while_the_market_is_closed_sells_at_the_open(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The sale is accepted for the next session.

    The caller hears that it is under way, and it is the only one.
    """
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.set_session(is_open=False)
        closing = asyncio.create_task(command(trade, TradeCommand.CLOSE, ME))
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
        closing = asyncio.create_task(command(trade, TradeCommand.CLOSE, ME))
        await eventually(lambda: len(harness.order_ids("x")) == 2, "the sale at the venue")
        await harness.control.end_day()
        await eventually(lambda: len(harness.order_ids("x")) == 3, "the next sale")
        await harness.quote("1.20", "1.21")
        await harness.until(trade, "all sold", sold=4)
        assert (await closing).done
    assert (await trade.result()).outcome is Outcome.FLAT
