"""Read the audit trail: the last events, one trade, a search, SQL over everything, and exports.

The last days come from Redis; where it cannot be reached or may be incomplete, from Temporal, and the answer
says so. Older closed trades come from the archive. No trade needs or reads any of this.
"""

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pyarrow import Table, compute, csv, parquet, types
from pydantic_core import to_jsonable_python
from temporalio.client import Client

from alert_trader.control.errors import (
    BadQueryError,
    ControlError,
    NotFoundError,
    UnreachableError,
    UnwritableError,
)
from alert_trader.control.queries.trade_history import list_page, read_record
from alert_trader.control.queries.trade_views import check_name
from alert_trader.domain.audit.event import EventKind
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.comparing import chain_fault
from alert_trader.mirrors.hot import MirrorAwayError
from alert_trader.mirrors.reader import Answer, QueryError
from alert_trader.mirrors.schema import EventRow, TradeRecord, TradeRow

FROM_TEMPORAL = 40
"""Trades read from Temporal, the newest first, when Redis does not answer."""

SEARCHED = 100
"""Trades of Temporal that a search reads besides the archive: every open one, and the last that closed."""

_AT_ONCE = 8
_END_OF_TIME = 253_402_300_799_000
"""The last second of the last possible date, in milliseconds."""
_CURSOR = re.compile(r"([0-9]{1,15})-([0-9]{1,10})")

T = TypeVar("T")

Temporal = Callable[[], Awaitable[Client]]
"""Connects to Temporal, only where the mirrors do not have the answer: they work while it is down."""


class Source(StrEnum):
    """Where an answer came from."""

    REDIS = "redis"
    ARCHIVE = "archive"
    TEMPORAL = "temporal"


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    """Text that a spreadsheet would run as a formula is prefixed with an apostrophe."""
    PARQUET = "parquet"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentPage:
    """The last events, the newest first."""

    events: list[EventRow]
    cursor: str | None
    """Pass it as `before` for the next page; None when there is no more."""
    source: Source
    note: str | None
    """Why Redis was not used; None when it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTrade:
    """One trade with its events."""

    trade: TradeRow
    events: tuple[EventRow, ...]
    source: Source
    fault: str | None
    """Where its hash chain is broken; None when it is intact."""
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to search for; None does not filter."""

    text: str | None = None
    """Part of an event's text or of the alert, ignoring case."""
    kind: str | None = None
    author: str | None = None
    symbol: str | None = None
    """The underlying."""
    first: date | None = None
    last: date | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The events that a search found."""

    events: list[EventRow]
    note: str | None
    """What was not searched, and why; None when all was."""


async def recent(
    temporal: Temporal, mirrors: Mirrors, *, limit: int, before: str | None = None
) -> RecentPage:
    """Return the last events of all trades.

    Raises UnreachableError when neither Redis nor Temporal answers.
    """
    moment = None if before is None else _moment(before)
    note = "there is no hot mirror (TRADER_REDIS_URL is not set)"
    if mirrors.hot is not None:
        try:
            if await mirrors.hot.complete_at() is not None:
                found = await mirrors.hot.recent(limit, before=before)
                cursor = found[-1].cursor if len(found) == limit else None
                return RecentPage(
                    events=[each.event for each in found], cursor=cursor, source=Source.REDIS, note=None
                )
            note = "the hot mirror may be incomplete until the next round of housekeeping"
        except MirrorAwayError as error:
            note = str(error)
    events = await _recent_from_temporal(await temporal(), limit, moment)
    more = len(events) >= limit
    return RecentPage(
        events=events,
        cursor=f"{_ms(events[-1].at)}-0" if more else None,
        source=Source.TEMPORAL,
        note=f"{note}; read from Temporal, the last {FROM_TEMPORAL} trades",
    )


async def trade(temporal: Temporal, mirrors: Mirrors, name: str) -> AuditedTrade:
    """Return one trade with its events, from Redis, the archive or Temporal. Raises NotFoundError."""
    workflow_id, notes = check_name(name), []
    if mirrors.hot is not None:
        try:
            held = (await mirrors.hot.trades([workflow_id])).get(workflow_id)
        except MirrorAwayError as error:
            notes.append(str(error))
        else:
            # an incomplete one is read from the others
            if held is not None and (fault := chain_fault(held.row, held.events)) is None:
                return AuditedTrade(
                    trade=held.row, events=held.events, source=Source.REDIS, fault=fault, note=None
                )
    kept, source = None, Source.ARCHIVE
    try:
        kept = await _in_thread(mirrors, mirrors.reader.trade, workflow_id)
    except ControlError as error:
        notes.append(str(error))
    if kept is None:
        source = Source.TEMPORAL
        kept = await read_record(await temporal(), workflow_id)
    if kept is None:
        raise NotFoundError(f"there is no trade {name}: neither Redis, nor the archive, nor Temporal has it")
    note = "; ".join(notes) or None
    return AuditedTrade(
        trade=kept.trade,
        events=kept.events,
        source=source,
        fault=chain_fault(kept.trade, kept.events),
        note=note,
    )


async def search(temporal: Temporal, mirrors: Mirrors, wanted: Search) -> Found:
    """Find events, the newest first: in the archive, and in the open and last closed trades of Temporal.

    Without Temporal the archive alone is searched, and the note says so. Raises BadQueryError.
    """
    _check_days(wanted.first, wanted.last)
    if wanted.kind is not None and wanted.kind not in set(EventKind):
        raise BadQueryError(f"expected a kind of event, one of {', '.join(EventKind)}; found {wanted.kind!r}")
    archived = await _in_thread(mirrors, _search, mirrors, wanted)
    known = {each.workflow_id for each in archived}
    note, records = None, []
    try:
        records = await _recent_records(await temporal(), SEARCHED)
    except ControlError as away:
        note = f"{away}. Only the archive was searched: events of open and just closed trades are missing"
    fresh = [each for each in records if each.trade.workflow_id not in known]
    found = [event for record in fresh for event in record.events if _matches(wanted, record.trade, event)]
    found += archived
    found.sort(key=lambda event: (event.at, event.workflow_id, event.sequence), reverse=True)
    return Found(events=found[: wanted.limit], note=note)


def _matches(wanted: Search, row: TradeRow, event: EventRow) -> bool:
    """Return whether an event is searched for, as the archive's query does."""
    text = (wanted.text or "").lower()
    return (
        (text in event.text.lower() or text in row.text.lower())
        and wanted.kind in {None, event.kind}
        and wanted.author in {None, row.author_id}
        and (wanted.symbol is None or row.underlying == wanted.symbol.upper())
        and (wanted.first is None or row.day >= wanted.first)
        and (wanted.last is None or row.day <= wanted.last)
    )


async def sql(mirrors: Mirrors, text: str) -> Answer:
    """Run SQL over the archive's `trades`, `orders` and `events` only. Raises BadQueryError."""
    return await _in_thread(mirrors, mirrors.reader.query, text)


async def export(
    mirrors: Mirrors,
    text: str,
    target: Path,
    form: Format,
    *,
    first: date | None = None,
    last: date | None = None,
) -> int:
    """Write the result of SQL over the archive to a file, and return the number of rows.

    Raises BadQueryError and UnwritableError.
    """
    _check_days(first, last)
    return await _in_thread(mirrors, _export, mirrors, text, target, form, first, last)


def table_query(table: str) -> str:
    """Return the query for a table of the archive, with nested columns as JSON text."""
    columns = {"trades": "*", "orders": "*", "events": "* replace (cast(to_json(facts) as varchar) as facts)"}
    if table not in columns:
        raise BadQueryError(f"expected trades, orders or events, found {table!r}")
    return f"select {columns[table]} from {table}"  # noqa: S608 - one of three names


def _search(mirrors: Mirrors, wanted: Search) -> list[EventRow]:
    conditions, given = ["true"], {}
    if wanted.text is not None:
        conditions.append("(contains(lower(e.text), lower($text)) or contains(lower(t.text), lower($text)))")
        given["text"] = wanted.text
    for name, column, value in (("kind", "e.kind", wanted.kind), ("author", "t.author_id", wanted.author)):
        if value is not None:
            conditions.append(f"{column} = ${name}")
            given[name] = value
    if wanted.symbol is not None:
        conditions.append("t.underlying = upper($symbol)")
        given["symbol"] = wanted.symbol
    query = (
        f"select e.* from events e join trades t using (workflow_id) where {' and '.join(conditions)} "  # noqa: S608 - names of ours
        "order by e.happened_at desc, e.workflow_id, e.sequence desc limit $most"
    )
    return mirrors.reader.event_rows(
        query, {**given, "most": wanted.limit}, first=wanted.first, last=wanted.last
    )


def _export(
    mirrors: Mirrors, text: str, target: Path, form: Format, first: date | None, last: date | None
) -> int:
    answer = mirrors.reader.table(text, first=first, last=last)
    draft = target.with_name(target.name + ".part")
    try:
        match form:
            case Format.CSV:
                csv.write_csv(_without_formulas(answer), draft)
            case Format.PARQUET:
                parquet.write_table(answer, draft, compression="zstd")
            case Format.JSONL:
                _write_lines(answer, draft)
        draft.replace(target)
    except OSError as error:
        found = os.strerror(error.errno) if error.errno else str(error)
        raise UnwritableError(
            f"{target} cannot be written: {found}. Name a file in a writable folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return int(answer.num_rows)


async def _recent_from_temporal(client: Client, limit: int, before: datetime | None) -> list[EventRow]:
    records = await _recent_records(client, FROM_TEMPORAL)
    events = [event for each in records for event in each.events if before is None or event.at < before]
    events.sort(key=lambda event: (event.at, event.workflow_id, event.sequence), reverse=True)
    return _with_ties(events, limit)


async def _recent_records(client: Client, most: int) -> list[TradeRecord]:
    """Read trades from Temporal, which lists the open ones first, then the last that closed."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(workflow_id: str) -> TradeRecord | None:
        async with gate:
            return await read_record(client, workflow_id)

    page = await list_page(client, size=most)
    found = await asyncio.gather(*(one(each) for each in dict.fromkeys(run.workflow_id for run in page.runs)))
    return [each for each in found if each is not None]


def _with_ties(events: Sequence[EventRow], limit: int) -> list[EventRow]:
    """Cut after `limit` and all events of the same millisecond: the next page begins before it."""
    taken = list(events[:limit])
    return taken + [each for each in events[limit:] if _ms(each.at) == _ms(taken[-1].at)]


async def _in_thread(mirrors: Mirrors, call: Callable[..., T], *given: object) -> T:
    """Query the archive in a thread; raises BadQueryError or UnreachableError."""
    # not a thread of the event loop: a process waits for those at its end, and a query may run for hours
    aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
    try:
        return await asyncio.get_running_loop().run_in_executor(aside, call, *given)
    except QueryError as error:
        damaged = await asyncio.to_thread(_damaged, mirrors, str(error))
        raise BadQueryError(str(error)) if damaged is None else UnreachableError(damaged) from None
    except OSError as error:
        raise UnreachableError(f"the archive cannot be read: {error}. Check TRADER_ARCHIVE") from error
    finally:
        aside.shutdown(wait=False)


def _damaged(mirrors: Mirrors, words: str) -> str | None:
    """Return a message where a query failed because of a damaged file; None where the query is wrong."""
    path = next((path for path in mirrors.archive.files() if path in words), None)
    if path is None:
        return None
    fix = (
        "`trader audit rebuild`, or the next round of housekeeping, moves it away and writes its trades again"
    )
    return (
        f"a file of the archive cannot be read, {path}: "
        f"{words.splitlines()[0].partition(path)[0].rstrip(chr(39) + ' ')}. {fix}"
    )


def _check_days(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and first > last:
        raise BadQueryError(f"expected the first day before the last, found {first} to {last}")


def _without_formulas(answer: Table) -> Table:
    """Prefix text that a spreadsheet would run as a formula with an apostrophe."""
    columns = []
    for column in answer.columns:
        if types.is_string(column.type) or types.is_large_string(column.type):
            risky = compute.match_substring_regex(column, r"^[=+@\t\r-]")
            columns.append(compute.if_else(risky, compute.binary_join_element_wise("'", column, ""), column))
        else:
            columns.append(column)
    return Table.from_arrays(columns, names=answer.column_names)


def _write_lines(answer: Table, path: Path) -> None:
    with path.open("w") as out:
        for row in answer.to_pylist():
            out.write(json.dumps(to_jsonable_python(row)) + "\n")


def _moment(cursor: str) -> datetime:
    """Return the time of a cursor, which begins with milliseconds. Raises BadQueryError."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise BadQueryError(
            f"expected a cursor of an earlier answer, such as 1795515788443-1, found {cursor!r}"
        )
    return datetime.fromtimestamp(min(int(found[1]), _END_OF_TIME) / 1000, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
