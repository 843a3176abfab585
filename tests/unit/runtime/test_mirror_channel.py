"""The hot mirror as a channel: whatever Redis is like, a notice is sent, in time, and nothing is raised."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from alert_trader import clock
from alert_trader.activities.messages import Level, Notice
from alert_trader.mirrors.hot import HotMirror
from alert_trader.runtime import mirror_channel
from alert_trader.runtime.mirror_channel import WITHIN, MirrorChannel
from tests.support.redis import RedisServer, redis_running
from tests.support.trail import trail, view


@pytest.fixture(scope="module")
async def one_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    """Run a server that these tests may kill."""
    async with redis_running(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def server(one_server: RedisServer) -> RedisServer:
    """Return the server, empty."""
    await one_server.ask("FLUSHALL")
    return one_server


@pytest.fixture
async def hot(server: RedisServer) -> AsyncIterator[HotMirror]:
    """Return a mirror with the worker's own patience."""
    mirror = HotMirror(server.url, "demo", timeout=WITHIN)
    yield mirror
    await mirror.aclose()


def notice(message: str, first: int, last: int) -> Notice:
    """Send the events of a trade from one to another."""
    events = trail(f"trade-{message}", last)
    return Notice(
        level=Level.MONEY,
        workflow_id=f"trade-{message}",
        title="t",
        note="t",
        view=view(message, events),
        events=tuple(events[first - 1 :]),
    )


async def test_a_notice_is_in_the_mirror_at_once(hot: HotMirror) -> None:
    """Each notice adds its events and brings the trade's row up to date.

    One that is sent again, as after a retry, changes nothing.
    """
    channel = MirrorChannel(hot)
    for each in (notice("m1", 1, 6), notice("m1", 7, 15), notice("m1", 7, 15)):
        await channel.send(each)
    (held,) = (await hot.trades(["trade-m1"])).values()
    assert ([event.sequence for event in held.events], held.row.outcome) == (list(range(1, 16)), "flat")


async def test_a_notice_without_a_trade_is_ignored(hot: HotMirror) -> None:
    """A stranger's order in the account is reported to people, and is no event of a trade."""
    await MirrorChannel(hot).send(Notice(level=Level.INFO, workflow_id="", title="t", note="t"))
    assert await hot.recent(10) == []


@pytest.mark.parametrize("trouble", ["gone", "frozen", "full", "read-only"])
async def test_failures_are_suppressed_within_the_timeout(
    hot: HotMirror, server: RedisServer, trouble: str
) -> None:
    """EXT-50: a stopped, frozen, full or read-only Redis raises nothing and costs one bounded wait."""
    await MirrorChannel(hot).send(notice("m1", 1, 6))
    await hot.mark_complete(clock.now())
    match trouble:
        case "gone":
            await server.kill()
        case "frozen":
            await server.freeze()
        case "full":
            await server.ask("CONFIG", "SET", "maxmemory", "1")
        case _:
            await server.ask("REPLICAOF", "127.0.0.1", "1")
    channel = MirrorChannel(hot)
    bound = 20 * WITHIN.total_seconds()
    async with asyncio.timeout(bound):
        for _ in range(200):
            await channel.send(notice("m1", 7, 15))
    if trouble == "gone":
        await server.start()
    await server.thaw()
    await server.ask("REPLICAOF", "NO", "ONE")
    await server.ask("CONFIG", "SET", "maxmemory", "0")


async def test_the_mirror_recovers_and_is_marked_incomplete(
    hot: HotMirror, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once Redis is back, events are written again, and the mirror is no longer called whole.

    What was missed is housekeeping's.
    """
    monkeypatch.setattr(mirror_channel, "FIRST_PAUSE", timedelta(0))
    channel = MirrorChannel(hot)
    await channel.send(notice("m1", 1, 6))
    await hot.mark_complete(clock.now())
    await server.ask("CONFIG", "SET", "maxmemory", "1")
    await channel.send(notice("m1", 7, 9))
    await server.ask("CONFIG", "SET", "maxmemory", "0")
    await channel.send(notice("m1", 10, 15))
    (held,) = (await hot.trades(["trade-m1"])).values()
    assert [event.sequence for event in held.events] == [1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15]
    assert await hot.complete_at() is None


async def test_a_process_that_starts_with_a_dead_redis_works() -> None:
    """EXT-50: nothing is connected when a worker starts, so a Redis that is not there yet is no fault."""
    channel = MirrorChannel(HotMirror("redis://127.0.0.1:1/0", "demo", timeout=WITHIN))
    await channel.send(notice("m1", 1, 6))
