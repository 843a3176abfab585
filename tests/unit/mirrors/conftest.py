"""One redis-server for the tests of the hot mirror."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from alert_trader.mirrors.hot import HotMirror
from tests.support.redis import RedisServer, redis_running


@pytest.fixture(scope="session")
async def one_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    """Run the server."""
    async with redis_running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def server(one_server: RedisServer) -> AsyncIterator[RedisServer]:
    """Return the server empty and healthy, and leave it healthy."""
    await one_server.ask("FLUSHALL")
    yield one_server
    await one_server.thaw()
    await one_server.ask("REPLICAOF", "NO", "ONE")
    await one_server.ask("CONFIG", "SET", "maxmemory", "0")


@pytest.fixture
async def hot(server: RedisServer) -> AsyncIterator[HotMirror]:
    """Return the hot mirror of mode demo."""
    mirror = HotMirror(server.url, "demo", timeout=timedelta(seconds=5))
    yield mirror
    await mirror.aclose()
