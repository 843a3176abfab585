"""Halts through crashes: recorded whoever is there, and in force for whoever comes."""

from datetime import timedelta

import pytest

from alert_trader import clock
from alert_trader.control.commands import account_commands as control
from alert_trader.control.errors import NoWorkerError
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.denial import Code
from alert_trader.domain.trade.lifecycle import Outcome
from tests.support.cluster import WorkerSlot
from tests.support.concurrent_scenes import beside


@beside
async def test_a_halt_is_in_force_while_no_worker_runs(slot: WorkerSlot) -> None:
    """HLT-10: recorded without a worker, acknowledged when what was admitted has run out.

    There when one comes back.
    """
    # a worker that is long in coming must not be what ended it
    working = await slot.alert(bid="1.00", ask="1.50", grace=timedelta(seconds=90))
    await working.order("e1")
    await slot.kill()
    receipt = await control.halt(slot.cluster.client, slot.settings.account, by="ann", reason="nobody home")
    acknowledged = clock.now()
    assert (receipt.acknowledged, receipt.state) == (True, None)
    await slot.start_worker()
    view = await working.result()
    assert (view.outcome, (view.reason or "").partition(":")[0]) == (Outcome.UNFILLED, Code.ACCOUNT_HALTED)
    late = await slot.alert(bid="1.20", ask="1.20")
    assert ((await late.result()).reason or "").startswith(Code.ACCOUNT_HALTED)
    assert [line for trade in slot.trades for line in await trade.posts("e") if line.at > acknowledged] == []


@beside
async def test_a_flatten_without_a_worker_is_carried_out_by_the_next(slot: WorkerSlot) -> None:
    """HLT-10, HLT-20: it is recorded, and the answer says that nothing is closed yet.

    The next worker starts halted and closes what is held.
    """
    client, number = slot.cluster.client, slot.settings.account
    held = await slot.alert(bid="1.19", ask="1.20")
    await held.until("protected", exits_working=2)
    working = await slot.alert(bid="1.00", ask="1.50")
    await working.order("e1")
    await slot.kill()
    with pytest.raises(NoWorkerError, match=r"halted.*next worker closes them"):
        await control.flatten(client, number, by="ann", reason="nobody home")
    acknowledged = clock.now()
    await slot.start_worker()
    assert (await working.result()).outcome is Outcome.UNFILLED
    assert (await held.result()).outcome is Outcome.FLAT
    view = await account_queries.account_view(client, number)
    assert (view.state is not AccountState.ACTIVE, view.halted_by) == (True, "ann")
    assert [line for trade in slot.trades for line in await trade.posts("e") if line.at > acknowledged] == []
