"""A worker whose wall clock is wrong: it refuses entries at most, never an exit, a cancel or a close."""

from datetime import datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities import deadline
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness


class Ahead:
    """A wall clock that is a minute ahead."""

    def now(self) -> datetime:
        """Read it."""
        return clock.now() + timedelta(minutes=1)


async def test_a_clock_that_is_ahead_keeps_no_exit_and_no_close_from_being_sent(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXT-40, UNK-50: Temporal is asked whether it still waits; no clock of this machine is believed."""
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        monkeypatch.setattr(deadline, "clock", Ahead())
        await harness.quote("1.20", "1.20", ask_size=2)
        await harness.until(trade, "the second slice", bought=4, exits_working=2)
        await command(trade, TradeCommand.CLOSE, Command(by="tester"))
        assert (await trade.result()).outcome is Outcome.FLAT
