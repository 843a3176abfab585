"""The audit trail asked of the mirrors alone.

What they have needs no Temporal, and what is in the way is named.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import Client

from alert_trader import clock
from alert_trader.control.errors import BadQueryError, UnreachableError, UnwritableError
from alert_trader.control.queries import audit
from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.hot import HotMirror
from alert_trader.mirrors.reader import ArchiveReader
from tests.support.trail import record

TRADE = record("m1")


async def away() -> Client:
    """Be the Temporal that does not answer."""
    raise UnreachableError("Temporal was asked")


@pytest.fixture
def kept(tmp_path: Path) -> Mirrors:
    """Return the mirrors of one archived trade, without a Redis."""
    place = Place.at(str(tmp_path / "archive"))
    archive = Archive(place, "demo")
    archive.write([TRADE])
    return Mirrors(hot=None, archive=archive, reader=ArchiveReader(place, "demo"), keep=timedelta(days=7))


async def test_redis_has_the_last_events_without_temporal(hot: HotMirror, kept: Mirrors) -> None:
    """The last events are wanted most when Temporal is down.

    A whole mirror has them, and nothing else is asked.
    """
    await hot.write(TRADE.trade, TRADE.events)
    await hot.mark_complete(clock.now())
    page = await audit.recent(away, replace(kept, hot=hot), limit=4)
    assert (page.source, [each.sequence for each in page.events]) == (audit.Source.REDIS, [15, 14, 13, 12])
    assert (await audit.recent(away, replace(kept, hot=hot), limit=4, before="0-0")).events == []


async def test_the_archive_has_a_trade_without_temporal(kept: Mirrors) -> None:
    """A trade that is over is read from the archive, chain and all."""
    found = await audit.trade(away, kept, "m1")
    assert (found.source, found.events, found.fault) == (audit.Source.ARCHIVE, TRADE.events, None)


def test_a_damaged_archive_is_named_with_its_repair(kept: Mirrors) -> None:
    """A file that is no Parquet keeps no trade from being read from Temporal.

    Who asks the archive alone hears which file it is.
    """
    [file] = kept.archive.files()
    Path(file).write_bytes(b"no parquet")
    with pytest.raises(UnreachableError, match="Temporal was asked"):
        asyncio.run(audit.trade(away, kept, "m1"))
    with pytest.raises(UnreachableError, match=r"trader audit rebuild") as raised:
        asyncio.run(audit.search(away, kept, audit.Search()))
    assert file in str(raised.value)
    assert "LINE 1" not in str(raised.value)


async def test_a_search_without_temporal_says_what_it_left_out(kept: Mirrors) -> None:
    """The archive is searched, and the note says that open trades are missing."""
    found = await audit.search(away, kept, audit.Search())
    assert [each.workflow_id for each in found.events] == ["trade-m1"] * len(TRADE.events)
    assert "Only the archive was searched" in (found.note or "")


def test_a_fresh_trade_is_searched_as_the_archive_is() -> None:
    """Text of the event or of the alert, kind, author, underlying and days."""
    row, event = TRADE.trade, TRADE.events[0]
    assert audit._matches(audit.Search(), row, event)
    assert audit._matches(audit.Search(text=row.text.upper(), kind=event.kind, symbol="spy"), row, event)
    assert audit._matches(audit.Search(author=row.author_id, first=row.day, last=row.day), row, event)
    assert not audit._matches(audit.Search(text="nowhere in it"), row, event)
    assert not audit._matches(audit.Search(kind="nothing"), row, event)
    assert not audit._matches(audit.Search(symbol="QQQ"), row, event)
    assert not audit._matches(audit.Search(first=date(2099, 1, 1)), row, event)


@pytest.mark.parametrize("cursor", ["zzz", "5-garbage", "-", "5", "1-2-3", "1" * 16 + "-0"])
async def test_an_invalid_cursor_is_refused_before_any_query(kept: Mirrors, cursor: str) -> None:
    """What no answer gave is no cursor; it is not Redis that is wrong then."""
    with pytest.raises(BadQueryError, match="expected a cursor"):
        await audit.recent(away, kept, limit=1, before=cursor)


async def test_an_impossible_filter_is_reported(kept: Mirrors) -> None:
    """A misspelt kind, or days the wrong way round, would look like an empty archive."""
    with pytest.raises(BadQueryError, match=r"one of received, .*; found 'fild'"):
        await audit.search(away, kept, audit.Search(kind="fild"))
    with pytest.raises(BadQueryError, match="expected the first day before the last"):
        await audit.search(away, kept, audit.Search(first=date(2026, 12, 1), last=date(2026, 11, 1)))


@pytest.mark.parametrize(
    "target", [lambda folder: folder / "none" / "x.csv", lambda folder: folder / "archive"]
)
def test_an_unwritable_file_is_named(kept: Mirrors, tmp_path: Path, target: Callable[[Path], Path]) -> None:
    """It is not the archive that is in the way, and no half of a file stays."""
    path, before = target(tmp_path), set(tmp_path.iterdir())
    with pytest.raises(UnwritableError, match=f"{path} cannot be written: "):
        asyncio.run(audit.export(kept, audit.table_query("trades"), path, audit.Format.CSV))
    assert set(tmp_path.iterdir()) == before


def test_a_query_that_is_interrupted_is_not_waited_for(kept: Mirrors) -> None:
    """Ctrl-C ends the command, however long DuckDB would have run."""
    held = threading.Event()

    class Endless:
        def query(self, _text: str) -> Any:
            held.wait(30)

    async def ask() -> None:
        async with asyncio.timeout(0.05):
            await audit.sql(replace(kept, reader=cast("ArchiveReader", Endless())), "select 1")

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(ask())
    assert time.monotonic() - began < 10
    held.set()
