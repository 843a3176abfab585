"""Halts through crashes: recorded whoever is there, and in force for whoever comes."""

from datetime import UTC, datetime, timedelta

from control import account as control
from domain.denial import Code
from domain.trade import Outcome
from tests.support.beside import beside
from tests.support.house import Seat


@beside
async def test_a_halt_holds_while_no_worker_runs(seat: Seat) -> None:
    """HLT-10: recorded without a worker, acknowledged when what was let pass has run out, and there when one comes back."""
    # a worker that is long in coming must not be what ended it
    working = await seat.alert(bid="1.00", ask="1.50", grace=timedelta(seconds=90))
    await working.order("e1")
    await seat.kill()
    receipt = await control.halt(seat.house.client, seat.settings.account, by="ann", reason="nobody home")
    acknowledged = datetime.now(UTC)
    assert (receipt.acknowledged, receipt.state) == (True, None)
    await seat.start_worker()
    view = await working.result()
    assert (view.outcome, (view.reason or "").partition(":")[0]) == (Outcome.UNFILLED, Code.ACCOUNT_HALTED)
    late = await seat.alert(bid="1.20", ask="1.20")
    assert ((await late.result()).reason or "").startswith(Code.ACCOUNT_HALTED)
    assert [line for trade in seat.trades for line in await trade.posts("e") if line.at > acknowledged] == []
