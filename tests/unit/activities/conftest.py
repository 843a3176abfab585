"""What the tests of the activities share: an activity's surroundings, as a worker would give them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from tests.support.awaited import temporal
from tests.support.paper_gateway import PaperGateway


@pytest.fixture
def environment() -> ActivityEnvironment:
    """Surround an attempt that the server saw start just now, with 10 seconds to its end."""
    env = ActivityEnvironment(client=temporal(awaits=True))
    env.info = replace(env.info, started_time=clock.now(), start_to_close_timeout=timedelta(seconds=10))
    return env


@pytest.fixture
def gateway() -> PaperGateway:
    """Open a gateway that accepts everything."""
    return PaperGateway()
