"""An entry near the end of the session: refused, or with a shorter window; nothing works past the close."""

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.policy import LadderPolicy, NearClose
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from tests.support.harness import open_harness, policy
from tests.support.instants import new_york

REAL = VenueConfig(session=SessionMode.REAL)


@pytest.mark.at("2035-05-08 15:58:10")
async def test_the_last_alert_of_the_day_is_denied(env: WorkflowEnvironment) -> None:
    """ENT-70: its window would end after the close: nothing is sent, and the reason has the numbers."""
    async with open_harness(env.client, REAL) as harness:
        trade = await harness.alert()
        view = await trade.result()
        assert view.outcome is Outcome.DENIED
        assert (view.reason or "").startswith("SESSION_ENDS_SOON: The session ends in 1")
        assert harness.posts() == []
        assert (await harness.events(trade))[-2].facts["needed_seconds"] == "115.0"


@pytest.mark.at("2035-05-08 15:58:30")
async def test_a_shortened_window_converts_before_the_close(env: WorkflowEnvironment) -> None:
    """ENT-70: by the setting the bumps keep their times and the conversion comes earlier."""
    async with open_harness(env.client, REAL) as harness:
        await harness.quote("1.19", "1.30")
        trade = await harness.alert(rules=policy(ladder=LadderPolicy(near_close=NearClose.SHORTEN)))
        await harness.until(trade, "converted", bought=4, exits_working=2)
        converted = [event for event in await harness.events(trade) if event.kind == "entry_intended"][-1]
        assert len(harness.entry_limits()) >= 4
        assert converted.at < new_york("2035-05-08 16:00")
