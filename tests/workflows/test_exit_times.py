"""Everything is sold by a time of the exit plan, by a timer of the trade (TIM-10)."""

from datetime import time, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.exits.plan import TimeExit
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from tests.support.harness import open_harness, policy
from tests.support.instants import new_york
from tests.support.virtual_time import forward, forward_to

REAL = VenueConfig(session=SessionMode.REAL)
BEFORE_CLOSE = policy(exits=ExitPolicy(times=(TimeExit(at=time(15, 45)),)))


@pytest.mark.at("2035-05-08 10:00")
async def test_everything_is_sold_by_a_clock_time(env: WorkflowEnvironment) -> None:
    """TIM-10: at 15:44:30 the profit-take is cancelled and everything sold at the bid, not before."""
    async with open_harness(env.client) as harness:
        harness.exit_fraction = None
        await harness.quote("1.20", "1.20")
        with env.with_time_skipping_disabled():
            trade = await harness.alert(rules=BEFORE_CLOSE)
            await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
            await forward_to(env, trade, new_york("2035-05-08 15:44:20"))
            assert (await harness.view(trade)).position == 4
            await forward(env, trade, timedelta(seconds=15), may_end=True)
            view = await trade.result()
        assert (view.outcome, view.sold, view.reason) == (Outcome.FLAT, 4, "closed by the time exit")
        triggered = [each for each in await harness.events(trade) if each.kind == "exit_triggered"]
        assert [each.facts["rule"] for each in triggered] == ["time"]
        assert "to be sold by" in triggered[0].text


@pytest.mark.at("2035-05-08 15:44:00")
async def test_an_entry_is_denied_that_a_time_exit_would_sell_at_once(env: WorkflowEnvironment) -> None:
    """TIM-10: the exit is nearer than the entry's window. Nothing is sent."""
    async with open_harness(env.client, REAL) as harness:
        trade = await harness.alert(rules=BEFORE_CLOSE)
        view = await trade.result()
        assert view.outcome is Outcome.DENIED
        assert (view.reason or "").startswith("TIME_EXIT_TOO_NEAR: ")
        assert "choose a later one" in (view.reason or "")
        assert harness.posts() == []
