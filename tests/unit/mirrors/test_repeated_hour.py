"""The hour that comes twice in November.

A trade of it is the same trade from Redis, from Parquet and from Temporal.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.comparing import difference
from alert_trader.mirrors.hot import HotMirror
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.mirrors.schema import EVENT_JSON, TRADE_JSON
from tests.support.trail import record

DAYLIGHT = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
"""01:30 in New York, daylight time."""
STANDARD = DAYLIGHT + timedelta(hours=1)
"""01:30 again, standard time."""


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"], autouse=True)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let the process live in another time zone, which DuckDB takes for its own."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize("at", [DAYLIGHT, STANDARD])
def test_rows_of_the_repeated_hour_survive_json(at: datetime) -> None:
    """DUR-20: what Redis keeps is text with fixed offsets.

    Read back it equals what was written, New York's times too.
    """
    whole = record("m1", at=at)
    assert TRADE_JSON.validate_json(TRADE_JSON.dump_json(whole.trade)) == whole.trade
    assert [EVENT_JSON.validate_json(EVENT_JSON.dump_json(each)) for each in whole.events] == list(
        whole.events
    )
    assert (whole.trade.posted_new_york.hour, whole.trade.posted_new_york.utcoffset()) == (
        1,
        timedelta(hours=-4 if at is DAYLIGHT else -5),
    )


async def test_redis_agrees_with_temporal_in_the_repeated_hour(hot: HotMirror) -> None:
    """DUR-20: `audit verify` compares exactly this: a trade read from Temporal with the one in Redis."""
    for name, at in (("m1", DAYLIGHT), ("m2", STANDARD)):
        whole = record(name, at=at)
        await hot.write(whole.trade, whole.events)
        copy = (await hot.trades([whole.trade.workflow_id]))[whole.trade.workflow_id]
        assert difference(whole.trade, whole.events, copy.row, copy.events) is None


def test_the_archive_agrees_with_temporal_in_the_repeated_hour(tmp_path: Path) -> None:
    """DUR-20: nor has one from Parquet.

    The two trades are an hour apart, though a clock in New York shows the same.
    """
    place = Place.at(str(tmp_path))
    written = [record("m1", at=DAYLIGHT), record("m2", at=STANDARD)]
    Archive(place, "demo").write(written)
    reader = ArchiveReader(place, "demo")
    held = reader.records([each.trade.workflow_id for each in written])
    for each in written:
        copy = held[each.trade.workflow_id]
        assert difference(each.trade, each.events, copy.trade, copy.events) is None
    found = reader.query("select posted_at, posted_new_york from trades order by posted_at").rows
    assert found[1][0] - found[0][0] == timedelta(hours=1)
    assert found[1][1] == found[0][1] == datetime(2027, 11, 7, 1, 30)  # noqa: DTZ001 - wall clock time
