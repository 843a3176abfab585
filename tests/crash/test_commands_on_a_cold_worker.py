"""Commands that arrive while a worker is replaced: recorded, carried out once, the same at each replay.

`TRADER_ROUNDS` repeats each scene; 1 by default.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from alert_trader.control.commands import trade_commands
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command, CommandReceipt
from tests.support.cluster import Trade, WorkerSlot
from tests.support.concurrent_scenes import beside
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

ROUNDS = int(os.environ.get("TRADER_ROUNDS", "1"))

Press = Callable[[Any, str, Command], Awaitable[CommandReceipt]]
PRESSES: tuple[Press, ...] = (trade_commands.cancel, trade_commands.convert_now, trade_commands.close)


def press(trade: Trade, command: Press) -> "asyncio.Task[CommandReceipt]":
    """Send a command to a trade as an interface does."""
    sent = command(trade.cluster.client, trade.id, Command(by="tester"))
    return asyncio.create_task(sent)  # type: ignore[arg-type]


async def recorded(trade: Trade, count: int) -> bool:
    """Return whether so many commands are in the history of a trade."""
    events = (await trade.handle.fetch_history()).events
    names = [
        each.workflow_execution_signaled_event_attributes.signal_name
        for each in events
        if each.HasField("workflow_execution_signaled_event_attributes")
    ]
    return len([each for each in names if each in {"cancel", "convert_now", "close"}]) >= count


@beside
async def test_commands_without_a_worker_are_carried_out_by_the_next(slot: WorkerSlot) -> None:
    """DUR-10, DUR-30: each is recorded while no worker lives, and answered by the next.

    Every history replays, after a second restart too.
    """
    for _ in range(ROUNDS):
        trades = [await slot.alert(bid="1.10", ask="1.30") for _ in PRESSES]
        for trade in trades:
            await trade.order("e1")
        await slot.kill()
        pressed = [press(trade, command) for trade, command in zip(trades, PRESSES, strict=True)]
        for trade in trades:
            await eventually(partial(recorded, trade, 1), "the command to be recorded")
        await slot.start_worker()
        receipts = await asyncio.gather(*pressed)
        assert all(receipt.accepted for receipt in receipts)
        await slot.kill()
        await slot.start_worker()
        cancelled, _, closed = trades
        assert (await cancelled.result()).outcome is Outcome.UNFILLED
        assert (await closed.result()).position == 0
        await slot.replay()


@beside
async def test_a_command_to_a_worker_that_has_just_started_replays(slot: WorkerSlot) -> None:
    """DUR-10: the command comes with what was answered meanwhile, in the first task of the new worker."""
    for _ in range(ROUNDS):
        trades = [await slot.alert(bid="1.19", ask="1.20") for _ in range(4)]
        for trade in trades:
            await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
        await slot.kill()
        await slot.start_worker()
        receipts = await asyncio.gather(*(press(trade, trade_commands.close) for trade in trades))
        assert all(receipt.accepted for receipt in receipts)
        for trade in trades:
            assert (await trade.result()).outcome is Outcome.FLAT
        await slot.replay()
