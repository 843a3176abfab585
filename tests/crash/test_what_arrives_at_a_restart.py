"""What arrives while a worker is replaced: each kind, at each kind of death, with one worker and with two.

Every trade is replayed after the restart and after a second one. `TRADER_ROUNDS` repeats each scene, 1 by
default; a scene prints a line for each kind: rounds, and failures.
"""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from temporalio.service import RPCError

from alert_trader.activities.receipts import record_command
from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import NotPossibleError
from alert_trader.control.queries.history import fetch_runs, replay
from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.workflows.interface import SHOW_CARD_SIGNAL, Command, FollowUp, Said
from tests.support.cluster import Trade, WorkerSlot
from tests.support.concurrent_scenes import Scene, beside
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(900)

ROUNDS = int(os.environ.get("TRADER_ROUNDS", "1"))


async def command(trade: Trade) -> None:
    """Close the trade, and wait for the receipt."""
    receipt = await trade_commands.close(trade.cluster.client, trade.id, Command(by="tester"))
    assert receipt.accepted


async def query(trade: Trade) -> None:
    """Look at the trade until a worker answers."""
    await eventually(trade.view, "a worker to answer", within=60)


async def card(trade: Trade) -> None:
    """Have the card shown again."""
    await trade.handle.signal(SHOW_CARD_SIGNAL)


async def notice(trade: Trade) -> None:
    """Have the author correct the alert: people are notified of that."""
    message = replace(trade.message, message_id=message_id(f"{trade.id}-c"), text="typo above")
    said = FollowUp(message=message, parsed=ParsedAlert(kind=AlertKind.CHATTER), said=Said.CORRECTION)
    await record_command(trade.cluster.client, trade.handle.id, TradeCommand.FOLLOW_UP, said)


async def report(trade: Trade) -> None:
    """Fill the working exit at the broker: its report is a signal."""
    await trade.fill("x1", 1)


async def activity_result(trade: Trade) -> None:
    """Send another alert of the same author, whose activities are in progress when the worker dies."""
    await trade.slot.alert(bid="1.20", ask="1.20")


async def end(trade: Trade) -> None:
    """Close a trade: what it left behind would stop the entries of the next round."""
    with contextlib.suppress(NotPossibleError):  # it is over
        await trade_commands.close(trade.cluster.client, trade.id, Command(by="tester"))
    # an entry that was being sent when its worker stopped is searched for until its window is over
    await trade.until("nothing held", within=150, phase=Phase.DONE, position=0)
    with contextlib.suppress(RPCError):  # it waits a while for a bot that does not run
        await trade.handle.terminate("the round is over")


Arrival = Callable[[Trade], Awaitable[None]]
ARRIVALS: tuple[Arrival, ...] = (command, query, card, notice, report, activity_result)


async def cold(slot: WorkerSlot) -> None:
    """Kill the newest worker."""
    await slot.kill()


async def warm(slot: WorkerSlot) -> None:
    """Stop the newest worker as an upgrade does."""
    await slot.workers[-1].stop()


async def zombie(slot: WorkerSlot) -> None:
    """Stop the newest worker's process; it continues once another runs."""
    await slot.kill(signal.SIGSTOP)


Death = Callable[[WorkerSlot], Awaitable[None]]


def scene(death: Death, workers: int) -> Scene:
    """Make the scene of a death among so many workers."""

    async def played(slot: WorkerSlot) -> None:
        failures: Counter[str] = Counter()
        for _ in range(workers - 1):
            await slot.start_worker()
        for _ in range(ROUNDS):
            await play(slot, death, failures)
        for arrival in ARRIVALS:
            name = arrival.__name__
            print(f"{name} x {death.__name__} x {workers}: {ROUNDS} rounds, {failures[name]} failures")  # noqa: T201 - the table
        assert not failures

    played.__name__ = f"test_{death.__name__}_restart_with_{workers}"
    played.__qualname__ = played.__name__
    played.__module__ = __name__
    played.__doc__ = (
        "DUR-10: whatever arrives at the restart, every history replays, and is carried out once."
    )
    return played


async def play(slot: WorkerSlot, death: Death, failures: Counter[str]) -> None:
    """Let each kind arrive at a trade that holds, at a restart; then restart once more."""
    begun = len(slot.trades)
    trades = [slot.plan() for _ in ARRIVALS]
    for trade in trades:
        trade.policy = replace(trade.policy, cards=True)  # no bot runs: each card is in doubt
        await trade.quote("1.20", "1.20")
        await trade.send()
    for trade in trades:
        await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
    stopped = slot.workers[-1]
    await death(slot)
    arriving: list[asyncio.Task[None]] = [
        asyncio.create_task(each(trade), name=each.__name__)  # type: ignore[arg-type]
        for each, trade in zip(ARRIVALS, trades, strict=True)
    ]
    await asyncio.sleep(0.3)  # what needs no worker has arrived
    await slot.start_worker()
    if death is zombie:
        await stopped.kill(signal.SIGCONT)
    await asyncio.wait(arriving, timeout=60)
    for task in arriving:
        failed = not task.done() or task.exception() is not None
        failures[task.get_name()] += failed
        task.cancel()
    await slot.replace_worker()
    for trade, arrival in zip(trades, ARRIVALS, strict=True):
        await query(trade)
        replayed = await replay(await fetch_runs(slot.cluster.client, trade.id))
        failures[arrival.__name__] += not replayed.deterministic or bool(await trade.violations())
    await asyncio.gather(*(end(trade) for trade in slot.trades[begun:]))
    for name in [name for name, count in failures.items() if count == 0]:
        del failures[name]


test_cold_restart_with_1 = beside(scene(cold, 1))
test_cold_restart_with_2 = beside(scene(cold, 2))
test_warm_restart_with_1 = beside(scene(warm, 1))
test_warm_restart_with_2 = beside(scene(warm, 2))
test_zombie_restart_with_1 = beside(scene(zombie, 1))
test_zombie_restart_with_2 = beside(scene(zombie, 2))
