"""The archive: records are read exactly as written, by any writer, at any location."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import fs

from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.comparing import chain_fault, difference
from alert_trader.mirrors.reader import ArchiveReader, QueryError
from tests.support.trail import NOON, record

DAY = timedelta(days=1)


def local(folder: Path) -> Place:
    """Return a folder of this machine."""
    return Place.at(str(folder))


def through_a_uri(folder: Path) -> Place:
    """Return a place as a URI names it."""
    return Place.at(f"file://{folder}")


def elsewhere(folder: Path) -> Place:
    """Return a place on another filesystem than the local one: paths there begin at its own root."""
    return Place(fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem()), "bucket/trader")


def in_memory(folder: Path) -> Place:
    """Return a place that is no disk at all."""
    assert folder.is_dir()
    return Place(fs._MockFileSystem(), "bucket")


@pytest.fixture(params=[local, through_a_uri, elsewhere, in_memory])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return a place on each kind of filesystem."""
    make: Callable[[Path], Place] = request.param
    return make(tmp_path)


def test_records_are_read_as_written(place: Place) -> None:
    """Every value of a trade, its orders.

    Its trail comes back as it was, decimals as decimals, on any filesystem.
    """
    written = [record("m1"), record("m2", at=NOON + DAY), record("m3", 6)]
    Archive(place, "demo").write(written)
    reader = ArchiveReader(place, "demo")
    held = reader.records([each.trade.workflow_id for each in written])
    assert held == {each.trade.workflow_id: each for each in written}
    for each in written:
        copy = held[each.trade.workflow_id]
        assert difference(each.trade, each.events, copy.trade, copy.events) is None
        assert chain_fault(copy.trade, copy.events) is None
    assert reader.trades() == [written[0].trade, written[2].trade, written[1].trade]
    assert reader.events(last=date(2026, 11, 24)) == sorted(
        (*written[0].events, *written[2].events),
        key=lambda event: (event.at, event.workflow_id, event.sequence),
    )
    assert reader.query("select sum(pnl), sum(quantity) from trades").rows == [(Decimal("632.00"), 12)]
    assert reader.query(
        "select typeof(price), facts['order_id'] from events order by happened_at limit 1"
    ).rows == [("DECIMAL(18,4)", "501")]


def test_a_missing_archive_is_empty(tmp_path: Path) -> None:
    """DUR-20: before the first trade and after a deletion, queries return nothing."""
    reader = ArchiveReader(local(tmp_path / "nowhere"), "demo")
    assert reader.trades() == []
    assert reader.trade("trade-m1") is None
    assert reader.query("select count(*) from events").rows == [(0,)]


def test_times_are_in_new_york_and_utc(tmp_path: Path) -> None:
    """The clock in New York is kept as a clock shows it.

    The hour that it shows twice a year stays the right one.
    """
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    written = [record("m1", at=first), record("m2", at=first + timedelta(hours=1))]
    Archive(local(tmp_path), "demo").write(written)
    reader = ArchiveReader(local(tmp_path), "demo")
    assert [str(row[0]) for row in reader.query("select received_new_york from trades").rows] == [
        "2026-11-01 01:30:00"
    ] * 2
    assert [trade.received_new_york.isoformat() for trade in reader.trades()] == [
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:00-05:00",
    ]


def test_modes_are_separate(tmp_path: Path) -> None:
    """DRY-30: a trade of another mode is refused, lies in another folder.

    Is seen by no reader of this one.
    """
    Archive(local(tmp_path), "demo").write([record("m1")])
    with pytest.raises(ValueError, match="modes never share"):
        Archive(local(tmp_path), "demo").write([record("m2", mode="live")])
    Archive(local(tmp_path), "live").write([record("m2", mode="live")])
    assert [trade.workflow_id for trade in ArchiveReader(local(tmp_path), "demo").trades()] == ["trade-m1"]
    assert {path.relative_to(tmp_path).parts[1] for path in tmp_path.rglob("*.parquet")} == {
        "mode=demo",
        "mode=live",
    }


def test_the_later_of_two_writes_counts(tmp_path: Path) -> None:
    """A trade that is written again, or again after a reset, is one trade: as it ended last.

    Merging files changes no answer.
    """
    archive, reader = Archive(local(tmp_path), "demo"), ArchiveReader(local(tmp_path), "demo")
    later = record("m2", at=NOON + timedelta(minutes=5), pnl="12.50", life=" again")
    for batch in ([record("m1"), record("m2")], [record("m1")], [later], [record("m2")]):
        archive.write(batch)
    before = reader.trades()
    assert [(trade.workflow_id, trade.pnl) for trade in before] == [
        ("trade-m1", Decimal("316.00")),
        ("trade-m2", Decimal("12.50")),
    ]
    assert archive.crowded(above=4) == []
    (day,) = archive.crowded(above=3)
    archive.merge(day)
    assert reader.trades() == before
    assert reader.query("select count(*) from events").rows == [(30,)]
    assert len(archive.files()) == 1
    assert archive.crowded(above=1) == []


def test_concurrent_writers_and_mergers_lose_nothing(tmp_path: Path) -> None:
    """Several machines write and merge the same day at once.

    Every trade is there, once, whatever a reader meets meanwhile.
    """
    place = local(tmp_path)
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            archive, reader = Archive(place, "demo"), ArchiveReader(place, "demo")
            for turn in range(5):
                archive.write([record(f"w{number}t{turn}")])
                for day in archive.crowded(above=2):
                    archive.merge(day)
                seen = [trade.workflow_id for trade in reader.trades()]
                assert len(seen) == len(set(seen))
        except BaseException as fault:  # noqa: BLE001 - raised by the test below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert faults == []
    names = {trade.workflow_id for trade in ArchiveReader(place, "demo").trades()}
    assert names == {f"trade-w{number}t{turn}" for number in range(3) for turn in range(5)}


def test_the_files_of_a_killed_writer_are_not_read(tmp_path: Path) -> None:
    """A file that was never finished lies aside, where nobody reads it (DUR-20)."""
    Archive(local(tmp_path), "demo").write([record("m1")])
    (tmp_path / "incoming" / "half.parquet").write_bytes(b"PAR1 and no more")
    assert len(ArchiveReader(local(tmp_path), "demo").trades()) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "copy trades to '{secret}'",
        "attach '{secret}' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "reset memory_limit",
        "select * from secret_of_python",
        "select getenv('HOME')",
        "import database '{secret}'",
        "copy (select 1) to '{file}' (use_tmp_file false)",
        "explain analyze copy (select 1) to '{file}' (use_tmp_file false)",
        "select 1; select 2",
        "create table mine as select 1",
        "",
    ],
)
def test_sql_reads_only_the_archive(tmp_path: Path, sql: str) -> None:
    """A query reads the archive's tables.

    Files, networks, variables and this program's memory are closed to it.
    """
    secret_of_python = [{"a": 1}]
    assert secret_of_python
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    Archive(local(tmp_path / "archive"), "demo").write([record("m1")])
    reader = ArchiveReader(local(tmp_path / "archive"), "demo")
    with pytest.raises(QueryError):
        reader.query(sql.format(secret=secret, file=Archive(local(tmp_path / "archive"), "demo").files()[0]))
    assert secret.read_text() == "a\n1\n"
    assert len(reader.trades()) == 1


@pytest.mark.parametrize("where", ["hdfs://127.0.0.1:1/trader", "gs://bucket/trader?nosuch=1"])
def test_an_unreachable_location_fails_at_its_use(where: str) -> None:
    """Object storage that does not answer stops no process, and no question that another mirror answers.

    It is an OSError when asked.
    """
    archive = Archive(Place.at(where), "demo")
    with pytest.raises(OSError, match=r"\w"):
        archive.files()
