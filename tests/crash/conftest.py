"""One stack whose workers are killed, and a stage on which every crash plays beside the others."""

from collections.abc import AsyncIterator

import pytest

from tests.support.cluster import Cluster, open_cluster
from tests.support.concurrent_scenes import Stage, open_stage


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """Open a stack where a cancel and a call to the broker take a while, so that there is time to die in."""
    async with open_cluster(
        tmp_path_factory.mktemp("crash"), venue={"timing": {"cancel_after": 0.3}}, broker_timeout="6"
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
async def stage(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Start the scenes of every selected test."""
    async with open_stage(cluster, request.session.items) as running:
        yield running
