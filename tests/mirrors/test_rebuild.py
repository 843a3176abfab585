"""The mirrors are deleted and made anew, and whatever differs is found and named."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.client import Client

from alert_trader.control.mirrors.rebuild import Place, rebuild
from alert_trader.control.queries import audit
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.mirrors.schema import EVENT_JSON, Status
from tests.mirrors.conftest import Mirrored
from tests.support.cluster import Trade

pytestmark = pytest.mark.timeout(180)


async def again(mirrored: Mirrored) -> None:
    """Make both mirrors anew."""
    seen: list[tuple[int, int]] = []
    done = await rebuild(mirrored.cluster.client, mirrored.mirrors, lambda each, of: seen.append((each, of)))
    assert (done.redis, done.unreadable) == (None, ())
    assert seen[-1] == (done.trades, done.trades)


async def test_mirrors_deleted_at_any_time_are_rebuilt_identically(mirrored: Mirrored) -> None:
    """DUR-20: Redis and the archive are deleted under an open trade and one that is over.

    Temporal alone gives every digit back.
    """
    over, held = await mirrored.buys(), await mirrored.buys()
    await mirrored.sells(over)
    await mirrored.round()
    redis, archive = await mirrored.in_redis(), mirrored.in_archive()
    assert redis[f"trade-{over.id}"].row == archive[f"trade-{over.id}"].trade
    assert redis[f"trade-{held.id}"].row.status is Status.OPEN
    await mirrored.cluster.stack.kill_redis()
    await mirrored.cluster.stack.restart_redis()
    mirrored.delete_archive()
    await again(mirrored)
    assert await mirrored.in_redis() == redis
    assert {name: (each.trade, each.events) for name, each in mirrored.in_archive().items()} == {
        name: (each.trade, each.events) for name, each in archive.items()
    }
    assert (await mirrored.proof()).equal
    await mirrored.sells(held)


async def test_a_terminated_trade_is_stored_as_such(mirrored: Mirrored) -> None:
    """A trade that a person terminated notified nobody.

    Housekeeping archives it as broken, and it is no longer among the open ones.
    """
    # on an account of its own: the order that it leaves at the venue is a difference, which keeps that
    # account from buying
    alone = mirrored.cluster.take_slot()
    await alone.start_worker()
    trade = await alone.alert()
    await trade.until("entering", phase=Phase.ENTERING)
    await trade.handle.terminate("a test")
    counts = await mirrored.round()
    assert counts.archived >= 1
    assert mirrored.in_archive()[f"trade-{trade.id}"].trade.status is Status.BROKEN
    assert (await mirrored.in_redis())[f"trade-{trade.id}"].row.status is Status.BROKEN
    assert mirrored.mirrors.hot is not None
    assert f"trade-{trade.id}" not in await mirrored.mirrors.hot.open_ids()
    assert (await mirrored.proof()).equal
    await alone.leave()


async def other_text_in_redis(mirrored: Mirrored, name: str) -> None:
    """Write an event of a trade with other words, under its old hash."""
    hot = mirrored.mirrors.hot
    assert hot is not None
    redis, (held,) = hot._redis, (await hot.trades([name])).values()
    place = (await redis.hget(hot._keys(name)[1], "e:2")).partition(" ")[0]
    await redis.xdel(hot._keys(name)[0], place)
    changed = EVENT_JSON.dump_json(replace(held.events[1], text="Bought the moon"))
    moved = await redis.xadd(hot._keys(name)[0], {"trade": name, "event": changed})
    await redis.hset(hot._keys(name)[1], "e:2", f"{moved} {held.events[1].chain}")


async def missing_in_redis(mirrored: Mirrored, name: str) -> None:
    """Lose an event of a trade."""
    hot = mirrored.mirrors.hot
    assert hot is not None
    await hot._redis.hdel(hot._keys(name)[1], "e:1")


async def a_stranger_in_redis(mirrored: Mirrored, name: str) -> None:
    """Put a trade there that never was."""
    hot = mirrored.mirrors.hot
    assert hot is not None
    (held,) = (await hot.trades([name])).values()
    await hot.write(replace(held.row, workflow_id="trade-never", events=0), [])


async def other_money_in_the_archive(mirrored: Mirrored, name: str) -> None:
    """Archive a trade with another profit."""
    kept = mirrored.in_archive()[name]
    mirrored.mirrors.archive.write([replace(kept, trade=replace(kept.trade, pnl=Decimal("1000000.00")))])


async def gone_from_the_archive(mirrored: Mirrored, name: str) -> None:
    """Lose the files of the archive."""
    assert name
    mirrored.delete_archive()


@pytest.mark.parametrize(
    ("spoil", "place", "words"),
    [
        (other_text_in_redis, Place.REDIS, "event 2 (denied): expected text"),
        (missing_in_redis, Place.REDIS, "event 1 (received)"),
        (a_stranger_in_redis, Place.REDIS, "Temporal has no such trade"),
        (other_money_in_the_archive, Place.ARCHIVE, "expected pnl None, found 1000000.00"),
        (gone_from_the_archive, Place.ARCHIVE, "it is missing"),
    ],
)
async def test_the_first_difference_is_named(
    mirrored: Mirrored, spoil: Callable[[Mirrored, str], Awaitable[None]], place: Place, words: str
) -> None:
    """DUR-20: whatever is changed, lost or added in a mirror is found, with trade and place.

    A rebuild repairs it.
    """
    trade = await refused(mirrored)
    await mirrored.round()
    assert (await mirrored.proof()).differences == []
    await spoil(mirrored, f"trade-{trade.id}")
    found = (await mirrored.proof()).differences
    assert any(each.place is place and words in each.what for each in found), found
    await again(mirrored)
    assert (await mirrored.proof()).differences == []


async def refused(mirrored: Mirrored) -> Trade:
    """Have an alert refused: the shortest trade there is."""
    trade = await mirrored.slot.alert(text="BTO SPY 600 @ 1")
    await trade.result()
    return trade


def damage(file: str) -> None:
    """Overwrite a file with what is no Parquet."""
    Path(file).write_bytes(b"overwritten")


async def test_a_damaged_file_is_quarantined_and_its_trades_rewritten(mirrored: Mirrored) -> None:
    """What is no Parquet any more stops no rebuild.

    It is kept for a person to look at, and what it held comes from Temporal.
    """
    over = await refused(mirrored)
    await mirrored.round()
    file = mirrored.mirrors.archive.files()[-1]
    damage(file)
    done = await rebuild(mirrored.cluster.client, mirrored.mirrors, lambda _done, _of: None)
    assert [each.rpartition("/")[2] for each in done.damaged] == [file.rpartition("/")[2]]
    assert f"trade-{over.id}" in mirrored.in_archive()
    assert (await mirrored.proof()).differences == []


async def test_temporal_answers_where_redis_cannot(mirrored: Mirrored) -> None:
    """The last events are the same from Redis and from Temporal, page by page.

    The answer says whose it is.
    """
    for _ in range(4):
        await refused(mirrored)
    await mirrored.round()
    kept = mirrored.mirrors

    async def temporal() -> Client:
        return mirrored.cluster.client

    found = await audit.recent(temporal, kept, limit=5)
    assert (found.source, found.note) == (audit.Source.REDIS, None)
    instead = await audit.recent(temporal, replace(kept, hot=None), limit=5)
    assert instead.source is audit.Source.TEMPORAL
    assert "no hot mirror" in str(instead.note)
    assert {(each.workflow_id, each.sequence) for each in found.events[:3]} <= {
        (each.workflow_id, each.sequence) for each in instead.events
    }
    further = await audit.recent(temporal, replace(kept, hot=None), limit=5, before=instead.cursor)
    assert further.events
    assert max(each.at for each in further.events) < min(each.at for each in instead.events)
    older = await audit.recent(temporal, replace(kept, hot=None), limit=5, before=f"{10**15 - 1}-0")
    assert older.events == instead.events
