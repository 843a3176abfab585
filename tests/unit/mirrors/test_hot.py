"""The hot mirror on a real Redis.

An event is one entry however often it is written, and a mode sees its own alone.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest

from alert_trader.mirrors.hot import HotMirror, HotTrade, MirrorAwayError
from alert_trader.mirrors.schema import TradeRecord
from tests.support.redis import RedisServer
from tests.support.trail import NOON, record


def held(of: TradeRecord) -> dict[str, HotTrade]:
    """Return what the mirror must have of one trade."""
    return {of.trade.workflow_id: HotTrade(row=of.trade, events=of.events)}


async def test_events_are_read_as_written(hot: HotMirror) -> None:
    """A trade comes back to the last digit.

    Its events are the last in the stream, the newest first, with cursors that lead on.
    """
    whole = record("m1")
    assert await hot.write(whole.trade, whole.events) == 15
    assert await hot.trades(["trade-m1", "trade-m2"]) == held(whole)
    first = await hot.recent(10)
    rest = await hot.recent(10, before=first[-1].cursor)
    assert tuple(each.event for each in reversed([*first, *rest])) == whole.events
    assert [each.event for each in await hot.since(100, after=rest[-1].cursor)] == list(whole.events[1:])


async def test_repeated_and_reordered_writes_give_one_trail(hot: HotMirror) -> None:
    """DUR-20: whatever was written already, late or again, the trail is the same.

    The row is that of the latest notice.
    """
    whole, early = record("m1"), record("m1", 6)
    pieces = [
        (early.trade, whole.events[:6]),
        (whole.trade, whole.events[6:]),
        (early.trade, early.events),
        (whole.trade, whole.events),
    ]
    random.Random(1).shuffle(pieces)
    for row, events in pieces:
        await hot.write(row, events)
    assert await hot.trades(["trade-m1"]) == held(whole)
    assert len(await hot.recent(100)) == 15
    assert await hot.open_trades() == []


async def test_open_trades_are_those_without_an_end(hot: HotMirror) -> None:
    """A trade is among the open ones until it is over; the recent ones come by their last event."""
    first, second = record("m1", 6), record("m2", 6, at=NOON + timedelta(minutes=1))
    for each in (second, first):
        await hot.write(each.trade, each.events)
    assert [row.workflow_id for row in await hot.open_trades()] == ["trade-m1", "trade-m2"]
    over = record("m1")
    await hot.write(over.trade, over.events)
    assert [row.workflow_id for row in await hot.open_trades()] == ["trade-m2"]
    assert [row.workflow_id for row in await hot.recent_trades(5)] == ["trade-m2", "trade-m1"]


async def test_a_reset_replaces_the_later_events(hot: HotMirror) -> None:
    """Another life of a trade takes the place of the events of the first from where they part.

    Nothing of those stays.
    """
    whole, again = record("m1"), record("m1", 8, life=" again")
    await hot.write(whole.trade, whole.events)
    await hot.write(again.trade, again.events)
    assert await hot.trades(["trade-m1"]) == held(again)
    assert len(await hot.recent(100)) == 8
    assert [row.workflow_id for row in await hot.open_trades()] == ["trade-m1"]


async def test_an_exact_write_removes_everything_else(hot: HotMirror) -> None:
    """What Temporal has is written as all there is.

    Events above it go, in the repair of one trade and in a rebuild.
    """
    whole, shorter = record("m1"), record("m1", 6)
    await hot.write(whole.trade, whole.events)
    await hot.write(shorter.trade, shorter.events, exact=True)
    assert await hot.trades(["trade-m1"]) == held(shorter)
    await hot.replace_all([whole])
    assert await hot.trades(["trade-m1"]) == held(whole)
    assert len(await hot.recent(100)) == 15


async def test_old_trades_are_dropped_as_a_whole(hot: HotMirror, server: RedisServer) -> None:
    """A trade that is over goes with all its events when it is old.

    An open one stays however long it is held.
    """
    over, open_ = record("m1"), record("m2", 6)
    for each in (over, open_):
        await hot.write(each.trade, each.events)
    assert await hot.over_before(NOON, 10) == []
    assert await hot.over_before(NOON + timedelta(days=1), 10) == ["trade-m1"]
    await hot.forget(["trade-m1"])
    assert await hot.trades(["trade-m1", "trade-m2"]) == held(open_)
    assert await server.ask("XLEN", "trader:{demo}:events") == 6
    assert [each async for each in hot.known()] == [["trade-m2"]]


async def test_modes_are_separate(hot: HotMirror, server: RedisServer) -> None:
    """DRY-30: each mode has its own keys; a row of another is refused, and none is seen."""
    live = HotMirror(server.url, "live", timeout=timedelta(seconds=5))
    other = record("m2", mode="live")
    await live.write(other.trade, other.events)
    await live.aclose()
    with pytest.raises(ValueError, match="modes never share"):
        await hot.write(other.trade, other.events)
    assert await hot.recent(10) == []
    assert {key.partition("}")[0] for key in await server.ask("KEYS", "*")} == {"trader:{live"}


async def test_the_mirror_is_complete_only_after_a_verification(hot: HotMirror, server: RedisServer) -> None:
    """The mark goes with everything else when Redis comes back empty."""
    assert await hot.complete_at() is None
    at = datetime(2026, 11, 24, tzinfo=UTC)
    await hot.mark_complete(at)
    assert await hot.complete_at() == at
    await server.ask("FLUSHALL")
    assert await hot.complete_at() is None


@pytest.mark.parametrize("trouble", ["full", "read-only"])
async def test_a_refused_write_leaves_nothing(hot: HotMirror, server: RedisServer, trouble: str) -> None:
    """A Redis that is full or only reads takes a trade whole or not at all.

    Can still be read (DUR-20).
    """
    first, second = record("m1"), record("m2")
    await hot.write(first.trade, first.events)
    if trouble == "full":
        await server.ask("CONFIG", "SET", "maxmemory", "1")
    else:
        await server.ask("REPLICAOF", "127.0.0.1", "1")
    said = r"it is full \(OOM\)" if trouble == "full" else r"it is read-only \(READONLY"
    for writing in (hot.write(second.trade, second.events), hot.replace_all([second]), hot.try_writing()):
        with pytest.raises(MirrorAwayError, match=said) as raised:
            await writing
        assert len(str(raised.value)) < 120
    assert await hot.trades(["trade-m1", "trade-m2"]) == held(first)
    assert len(await hot.recent(100)) == 15


async def test_an_error_contains_no_password() -> None:
    """DUR-50: an address carries a password; what went wrong is shown without it."""
    mirror = HotMirror("redis://someone:c4nary-pass@127.0.0.1:1/0", "demo", timeout=timedelta(seconds=1))
    with pytest.raises(MirrorAwayError) as caught:
        await mirror.ping()
    assert "c4nary" not in f"{caught.value!r}{caught.value.__cause__!r}"


async def test_a_refused_password_is_reported(server: RedisServer) -> None:
    """Neither a wrong one nor none passes for a Redis that is unreachable."""
    await server.ask("CONFIG", "SET", "requirepass", "right")
    try:
        for login in ("", ":wrong@"):
            mirror = HotMirror(server.url.replace("//", f"//{login}"), "demo", timeout=timedelta(seconds=1))
            with pytest.raises(MirrorAwayError, match="rejects the name and password of TRADER_REDIS_URL"):
                await mirror.complete_at()
            await mirror.aclose()
    finally:
        right = HotMirror(server.url.replace("//", "//:right@"), "demo", timeout=timedelta(seconds=1))
        await right._redis.config_set("requirepass", "")
        await right.aclose()
