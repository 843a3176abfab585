"""A trade and its account at special dates of the calendar, against a venue with real hours."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.domain.market.trading_hours import BY_RULE
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from tests.support.harness import open_harness
from tests.support.instants import HARD
from tests.support.virtual_time import forward, forward_to

OPEN = (
    "ordinary",
    "first-minutes",
    "monthly-expiry",
    "half-day-open",
    "last-of-december",
    "good-friday-expiry",
    "far-year",
)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.at(name)) for name in HARD])
async def test_an_alert_trades_in_the_session_and_only_then(env: WorkflowEnvironment, name: str) -> None:
    """Bought and protected while the market is open, on every hard date.

    Otherwise denied, with nothing sent.
    """
    async with open_harness(env.client, VenueConfig(session=SessionMode.REAL)) as harness:
        await harness.quote("1.20", "1.20")
        with env.with_time_skipping_disabled():
            trade = await harness.alert()
            if name not in OPEN:
                assert (await trade.result()).outcome is Outcome.DENIED
                assert harness.posts() == []
                return
            await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
            # over the night, the weekend or the holiday, to the next opening
            harness.exit_fraction = None  # the venue's own day stays where it is
            await forward_to(env, trade, BY_RULE.next_open(clock.now()))
            await forward(env, trade, timedelta(minutes=5))
            view = await harness.view(trade)
    assert (view.phase, view.position, view.exits_working) == (Phase.HOLDING, 4, 2)
