"""Read the archive with DuckDB: tables `trades`, `orders` and `events` of one mode, each trade once.

A query sees only these tables: it must be one SELECT, DuckDB may open no other file and no network, and its
settings are locked. On a local disk DuckDB reads the files itself; on any other filesystem Arrow does.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs

from alert_trader.domain.errors import AlertTraderError
from alert_trader.mirrors import parquet
from alert_trader.mirrors.archive import Archive, Place, day_of_file
from alert_trader.mirrors.schema import EventRow, TradeRecord, TradeRow

_ATTEMPTS = 5
"""Attempts of a read that failed because a merge deleted a file meanwhile."""

_SAFE: dict[str, str | bool | int | float | list[str]] = {
    "python_enable_replacements": "false",
    "autoload_known_extensions": "false",
}

_FOLDERS = "union_by_name = true, hive_partitioning = true, hive_types = {'mode': varchar, 'day': date}"

_TRADES = ", ".join(f'"{name}"' for name in ("mode", "day", *parquet.TRADE_FIELDS))
_SHARED = "version, mode, account, day, workflow_id"
_EVENTS = ", ".join(f'e."{parquet.column(name)}"' for name in parquet.EVENT_FIELDS)
_ORDERS = ", ".join(f'o."{parquet.column(name)}"' for name in parquet.ORDER_FIELDS)

_LAST = (
    "qualify row_number() over (partition by workflow_id order by closed_at desc nulls last, archived_at "
    "desc, run_id desc) = 1"
)
"""Keeps each trade once: the run that closed last, then the copy written last."""

_TWICE = "select count(*) <> count(distinct workflow_id) from archived"

_VIEWS = f"""
set TimeZone = 'UTC';
create view trades as select {_TRADES}, run_id, archived_at from latest;
create view events as select {_SHARED}, {_EVENTS} from (select {_SHARED}, unnest(trail) as e from latest);
create view orders as select {_SHARED}, {_ORDERS} from (select {_SHARED}, unnest(orders) as o from latest);
"""  # noqa: S608 - names of our own columns


class QueryError(AlertTraderError):
    """DuckDB rejected a query; the message is DuckDB's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of a query as Python values: decimals as Decimal, times as datetime."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return each row by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class ArchiveReader:
    """Reads the trades of one mode. Every call blocks: call it in a thread."""

    def __init__(self, place: Place, mode: str) -> None:
        """Read below `place`, which need not exist yet."""
        self._place = place
        self._mode = mode
        self._archive = Archive(place, mode)

    def query(
        self,
        sql: str,
        parameters: Sequence[object] | dict[str, object] = (),
        *,
        first: date | None = None,
        last: date | None = None,
    ) -> Answer:
        """Run SQL over `trades`, `orders` and `events`.

        `first` and `last` leave files of other days (New York) unread.

        Raises QueryError for SQL that is wrong or asks for more than the archive, OSError when the archive
        cannot be reached.
        """
        return _answer(self.table(sql, parameters, first=first, last=last))

    def table(
        self,
        sql: str,
        parameters: Sequence[object] | dict[str, object] = (),
        *,
        first: date | None = None,
        last: date | None = None,
    ) -> pa.Table:
        """Run SQL as `query` does, and return an Arrow table."""
        _only_reads(sql)
        fault: Exception | None = None
        for _ in range(_ATTEMPTS):
            files = self._archive.files(first, last)
            with _scratch() as spill, duckdb.connect(config={**_SAFE, "temp_directory": spill}) as connection:
                try:
                    self._create_tables(connection, files)
                    found = connection.sql(sql, params=parameters or None)
                    return pa.table({}) if found is None else found.to_arrow_table()
                except FileNotFoundError as gone:
                    fault = gone
                except duckdb.Error as wrong:
                    if not self._changed(files):
                        raise QueryError(str(wrong)) from None
                    fault = wrong
        raise QueryError(f"the archive changed during {_ATTEMPTS} reads in a row: {fault}")

    def trades(self, *, first: date | None = None, last: date | None = None) -> list[TradeRow]:
        """Return the trades of the days from `first` to `last`, in the order they were received."""
        where = "where ($first is null or day >= $first) and ($last is null or day <= $last)"
        sql = f"select {_TRADES}, orders from latest {where} order by received_at, workflow_id"  # noqa: S608
        found = self.query(sql, {"first": first, "last": last}, first=first, last=last)
        return [parquet.trade_of(each) for each in found.as_dicts()]

    def trade(self, workflow_id: str) -> TradeRecord | None:
        """Return one trade with its events, or None when the archive does not have it."""
        found = self.records([workflow_id])
        return found.get(workflow_id)

    def records(
        self, workflow_ids: Sequence[str], *, first: date | None = None, last: date | None = None
    ) -> dict[str, TradeRecord]:
        """Return those of the trades that the archive has, with their events."""
        found = self.query(
            "select * from latest where workflow_id in (select unnest($1))",
            [list(workflow_ids)],
            first=first,
            last=last,
        )
        return {record.trade.workflow_id: record for record in parquet.records(found.as_dicts())}

    def event_rows(
        self, sql: str, parameters: dict[str, object], *, first: date | None = None, last: date | None = None
    ) -> list[EventRow]:
        """Run SQL whose columns are those of `events`, and return events."""
        found = self.query(sql, parameters, first=first, last=last)
        return [parquet.event_of(each) for each in found.as_dicts()]

    def events(self, *, first: date | None = None, last: date | None = None) -> list[EventRow]:
        """Return the events of the trades of the days from `first` to `last`, in the order they happened."""
        found = self.query(
            "select * from events order by happened_at, workflow_id, sequence", first=first, last=last
        )
        return [parquet.event_of(each) for each in found.as_dicts()]

    def _create_tables(self, connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
        """Create the tables over some files of the archive, and deny all other access."""
        filesystem = self._place.filesystem
        native = bool(files) and isinstance(filesystem, fs.LocalFileSystem)
        if native:
            connection.execute("set allowed_paths = $1", [list(files)])
        connection.execute("set enable_external_access = false")
        if native:
            names = ", ".join(f"'{each.replace(chr(39), chr(39) * 2)}'" for each in files)
            connection.execute(f"create view archived as select * from read_parquet([{names}], {_FOLDERS})")  # noqa: S608 - our own files
        elif files:
            folders, base = ds.partitioning(parquet.FOLDERS, flavor="hive"), self._place.under("trades")
            kept = ds.dataset(
                list(files),
                schema=parquet.WITH_FOLDERS,
                filesystem=filesystem,
                format="parquet",
                partitioning=folders,
                partition_base_dir=base,
            )
            connection.register("archived", kept)
        else:
            connection.register("archived", parquet.WITH_FOLDERS.empty_table())
        # duplicates occur only where a day has several files, and removing them takes longer than most
        # queries
        twice = len({day_of_file(each) for each in files}) < len(files) and connection.execute(
            _TWICE
        ).fetchall() == [(True,)]
        connection.execute(f"create view latest as select * from archived {_LAST if twice else ''}")  # noqa: S608 - our own words
        connection.execute(_VIEWS)
        connection.execute("set lock_configuration = true")

    def _changed(self, files: Sequence[str]) -> bool:
        """Return whether a file no longer exists: it was merged meanwhile."""
        return any(
            each.type is fs.FileType.NotFound for each in self._place.filesystem.get_file_info(list(files))
        )


@contextlib.contextmanager
def _scratch() -> Iterator[str]:
    """Make a folder for what does not fit into memory, in the folder for temporary files.

    DuckDB's own default is the current folder, which a container cannot write. Yield an empty text, with
    which DuckDB keeps everything in memory, where there is no folder for temporary files either.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="alert-trader-duckdb-", ignore_cleanup_errors=True)
    except OSError:
        yield ""
        return
    with folder as path:
        yield path


def _only_reads(sql: str) -> None:
    """Raise QueryError for everything but one SELECT, so that no statement can change files."""
    try:
        kinds = [each.type for each in duckdb.extract_statements(sql)]
    except duckdb.Error as wrong:
        raise QueryError(str(wrong)) from None
    if kinds != [duckdb.StatementType.SELECT]:
        found = ", ".join(kind.name for kind in kinds) or "none"
        raise QueryError(f"expected one SELECT, found {found}: the archive is read here, never changed")


def _answer(found: pa.Table) -> Answer:
    columns = [_values(column) for column in found.columns]
    rows = list(zip(*columns, strict=True)) if columns else []
    return Answer(columns=tuple(found.column_names), rows=rows)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column as Python values; DuckDB returns a sum of counts as a decimal without places."""
    values: list[Any] = column.to_pylist()
    if pa.types.is_decimal(column.type) and column.type.scale == 0:
        return [None if value is None else int(value) for value in values]
    return values
