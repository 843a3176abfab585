"""Processes that die, freeze, come back late or work beside each other, between a trade's calls."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from alert_trader import clock
from alert_trader.control.commands import trade_commands
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.tape import CancelLine
from alert_trader.workflows.interface import Command
from tests.support.cluster import LOOKED_FOR, Trade, WorkerSlot, exits_out, open_cluster
from tests.support.concurrent_scenes import beside
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

ME = Command(by="tester")
PATIENT: dict[str, Any] = {"grace": timedelta(seconds=90)}
WITHIN = timedelta(seconds=5)
"""From knowing a fill to its exit at the venue."""


async def protected_in_time(trade: Trade) -> None:
    """Every fill that a living worker knew of had its exit at the venue within the time promised."""
    events = await trade.events()
    posted = {str(line.client_id): line.at for line in await trade.posts("x")}
    exits = [(event, posted[event.facts["order"]]) for event in events if event.kind == "exit_intended"]
    for fill in (event for event in events if event.kind == "filled"):
        later = [at for event, at in exits if event.sequence > fill.sequence]
        assert not later or later[0] - fill.at < WITHIN, (
            f"expected an exit within {WITHIN} of {fill.at}, found it {later[0] - fill.at} later"
        )


@beside
async def test_killed_between_two_bumps(slot: WorkerSlot) -> None:
    """A worker that dies between two calls is replaced.

    The ladder continues by the clock (ENT-10, EXT-40).
    """
    trade = await slot.alert(**PATIENT)
    await trade.fill("e1", 2)
    await trade.until("the first slice protected", bought=2, exits_working=1)
    await slot.replace_worker()
    await trade.until("bought and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert not await trade.violations()
    await protected_in_time(trade)


@beside
async def test_restarted_after_the_window_and_its_grace(slot: WorkerSlot) -> None:
    """A worker that comes back late buys nothing more.

    The remainder is cancelled, what was bought keeps its exit.
    """
    trade = await slot.alert(
        step=timedelta(seconds=1), bumps=1, window=timedelta(seconds=3), grace=timedelta(seconds=1)
    )
    first = await trade.order("e1")
    await trade.fill("e1", 2)
    await trade.until("the first slice protected", bought=2, exits_working=1)
    await slot.kill()
    over = trade.message.posted_at + timedelta(seconds=6)
    await eventually(lambda: clock.now() > over, "the window and its grace to pass", every=0.1)
    sent = await trade.sent()
    await slot.start_worker()
    view = await trade.until("held", phase=Phase.HOLDING, bought=2, exits_working=1)
    assert "LADDER_LATE" in (view.reason or "")
    assert await trade.sent() == sent
    assert first.quantity == 4
    assert all(order.status.terminal for order in (await trade.orders("e")).values())
    assert not await trade.violations()


@beside
async def test_killed_between_a_cancel_and_its_confirmation(slot: WorkerSlot) -> None:
    """The cancel was taken and not done when the worker died.

    The quantity is free only when the venue says so (ENT-60).
    """
    trade = await slot.alert(**PATIENT)
    await trade.fill("e1", 2)

    async def asked() -> bool:
        lines = [
            line
            for line in await trade.cluster.tape()
            if isinstance(line, CancelLine) and line.client_id == f"{trade.id}-e1"
        ]
        return [line.outcome for line in lines] == ["requested"]

    await eventually(asked, "the cancel of e1 to be requested", every=0.02)
    await slot.replace_worker()
    await trade.until("bought and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert not await trade.violations()
    await protected_in_time(trade)


@beside
async def test_killed_between_a_fill_and_its_report(slot: WorkerSlot) -> None:
    """The entry fills while no worker lives: the next one learns of it and protects it at once (EXT-40)."""
    trade = await slot.alert(**PATIENT)
    await trade.order("e1")
    await slot.kill()
    await trade.fill("e1", 4)
    await slot.start_worker()
    await trade.until("bought and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert await trade.sent() == ["e1", "x1"]
    assert not await trade.violations()
    await protected_in_time(trade)


@beside
async def test_killed_while_holding(slot: WorkerSlot) -> None:
    """The exit fills while no worker lives.

    The next one books it, and a close sells the rest (EXT-10, EXT-60).
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
    await slot.kill()
    await trade.quote("2.50", "2.52")
    assert await trade.fills("x") == 2
    await slot.start_worker()
    await trade.until("the sale on the books", sold=2, position=2)
    await trade_commands.close(slot.cluster.client, trade.id, ME)
    view = await trade.result()
    assert (view.outcome, view.sold, view.position) == (Outcome.FLAT, 4, 0)
    assert not await trade.violations()


@beside
async def test_frozen_past_its_deadline_a_worker_sends_nothing(slot: WorkerSlot) -> None:
    """A worker frozen in the look before an order.

    Woken when its step was declared lost, does not send it (UNK-50).
    """
    trade = slot.plan(**PATIENT)
    await trade.quote("1.10", "1.30")
    await slot.caught_up()
    look = await trade.fault("late", method="GET", path=f"*/{slot.settings.account}/orders", seconds=1.0)
    await trade.send()
    await trade.struck(look)
    await slot.kill(signal.SIGSTOP)

    async def declared_lost() -> bool:
        history = await trade.handle.fetch_history()
        return any(
            event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT for event in history.events
        )

    await slot.start_worker()
    await eventually(declared_lost, "the step to be declared lost", within=30, every=0.2)
    await slot.workers[0].kill(signal.SIGCONT)
    await trade.until("looked for by the other worker", unknown_orders=1)

    async def looked_on() -> bool:
        return (await trade.history_text()).count('"find_order"') >= 2

    await eventually(looked_on, "the order to be looked for twice after the thaw", within=30, every=0.2)
    assert await trade.sent() == []


@beside
async def test_two_workers_share_one_account(slot: WorkerSlot) -> None:
    """Several trades, two workers on one queue, one of them killed.

    Each order is sent once, each trade is protected (ENT-10, UNK-40).
    """
    await slot.start_worker()
    # stages far enough apart that no order is on its way when the worker dies: what is lost then, other
    # scenes show
    trades = [slot.plan(**PATIENT, step=timedelta(seconds=6), window=timedelta(seconds=20)) for _ in range(6)]
    for trade in trades:
        await trade.quote("1.10", "1.30")
        await trade.send()
    for trade in trades:
        await trade.fill("e1", 2)
    for trade in trades:
        await trade.until("the first slice protected", bought=2, exits_working=1)
    await slot.workers[0].kill(signal.SIGKILL)
    for trade in trades:
        await trade.until("bought and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
        names = await trade.sent()
        assert len(names) == len(set(names))
        assert not await trade.violations()


@beside
async def test_a_stopped_worker_hands_over(slot: WorkerSlot) -> None:
    """SIGTERM in the middle of a window loses nothing: the next worker continues (UNK-40)."""
    trade = await slot.alert(**PATIENT)
    await trade.order("e1")
    await slot.kill(signal.SIGTERM)
    await slot.start_worker()
    await trade.until("bought and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert "unknown" not in await trade.kinds()
    assert not await trade.violations()


async def test_the_server_killed_during_a_trade(tmp_path: Path) -> None:
    """Killed with a ladder, a position and a close under way, and back on its database.

    Nothing is lost or doubled (UNK-40).
    """
    async with open_cluster(tmp_path) as cluster:
        slot = cluster.take_slot()
        await slot.start_worker()
        held, closing = [await slot.alert(bid="1.20", ask="1.20") for _ in range(2)]
        climbing = await slot.alert(**PATIENT)
        for trade in (held, closing):
            await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
        await climbing.fill("e1", 2)
        await climbing.until("its first slice protected", bought=2, exits_working=1)
        await closing.quote("1.20", "1.22", bid_size=0)
        await closing.handle.signal(TradeCommand.CLOSE, ME)
        await cluster.stack.kill_temporal()
        await held.quote("2.50", "2.52")
        await closing.quote("1.20", "1.22")
        await cluster.stack.restart_temporal()
        await held.until("the sale on the books", sold=2)
        view = await climbing.until("bought", phase=Phase.HOLDING, bought=4)
        # a sending that died with the server may have left or not: its order counts as live while it is
        # looked up
        assert exits_out(view) == 2
        assert (await closing.result(within=LOOKED_FOR)).outcome is Outcome.FLAT
        for trade in (held, climbing, closing):
            names = await trade.sent()
            assert len(names) == len(set(names))
            assert not await trade.violations()
