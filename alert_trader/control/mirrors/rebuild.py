"""Rebuild the mirrors from Temporal alone, and verify that they are equal to it.

Both go through every trade that Temporal keeps, in batches, and report their progress. Trades older than
Temporal's retention are in the archive only: a rebuild does not change them, and a verification checks their
hash chains.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from pyarrow import ArrowException
from temporalio.client import Client

from alert_trader import clock
from alert_trader.control.errors import UnreachableError, UnreadableRecordError
from alert_trader.control.queries.trade_history import (
    ListedRun,
    last_runs,
    list_all,
    read_record,
)
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.comparing import chain_fault, difference
from alert_trader.mirrors.hot import HotMirror, HotTrade, MirrorAwayError
from alert_trader.mirrors.reader import QueryError
from alert_trader.mirrors.schema import Status, TradeRecord

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called with how many trades are done, and of how many."""

BATCH = 200
_AT_ONCE = 8
_LIST_PAGE = 500
_ATTEMPTS = 3
"""An open trade changes while it is compared: it is read again before it counts as different."""
_BETWEEN_ATTEMPTS = 0.3
_SLACK = timedelta(hours=1)
"""How long before the end of its retention a trade may already be deleted, from Temporal or Redis."""


class Place(StrEnum):
    """Where a trade is kept."""

    TEMPORAL = "Temporal"
    REDIS = "Redis"
    ARCHIVE = "the archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference of a place from Temporal."""

    trade: str
    place: Place
    what: str


@dataclass(slots=True, kw_only=True)
class Verification:
    """The result of a verification."""

    trades: int = 0
    """Trades that Temporal keeps."""
    in_redis: int = 0
    """Of them, compared with Redis."""
    in_archive: int = 0
    """Of them, compared with the archive."""
    waiting: int = 0
    """Closed so recently that the next round of housekeeping archives them."""
    older: int = 0
    """Archived trades that Temporal no longer keeps; their chains were checked."""
    redis: str | None = None
    """Why Redis was left out; None when it was compared."""
    differences: list[Difference] = field(default_factory=list)
    """In the order they were found."""

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The result of a rebuild."""

    trades: int
    events: int
    in_redis: int
    in_archive: int
    unreadable: tuple[str, ...]
    """Messages about histories that cannot be read as a trade."""
    damaged: tuple[str, ...]
    """Where damaged files of the archive were moved."""
    redis: str | None
    """Why Redis was left out; None when it was rebuilt."""


async def rebuild(client: Client, mirrors: Mirrors, progress: Progress) -> Rebuilt:
    """Rebuild both mirrors from Temporal alone. Trades may write meanwhile: writing is idempotent.

    Raises UnreachableError when Temporal or the archive does not answer. Without Redis the archive is
    rebuilt, and the result says so.
    """
    began_at = clock.now()
    hot, away = await _usable(mirrors.hot)
    runs = await _all_runs(client)
    kept = {
        run.workflow_id for run in runs if run.closed_at is None or run.closed_at > began_at - mirrors.keep
    }
    events = in_redis = in_archive = 0
    unreadable: list[str] = []
    # a damaged file makes every read and merge fail; its trades are written again
    damaged = await _archive(mirrors.archive.set_aside_damaged)
    for start in range(0, len(runs), BATCH):
        batch = runs[start : start + BATCH]
        records, faults = await _read(client, batch)
        unreadable += faults
        over = [each for each in records if each.trade.status is not Status.OPEN]
        await _to_archive(mirrors, over)
        wanted = [each for each in records if each.trade.workflow_id in kept]
        if hot is not None:
            try:
                await hot.replace_all(wanted)
                in_redis += len(wanted)
            except MirrorAwayError as error:
                hot, away = None, str(error)
        events += sum(len(each.events) for each in records)
        in_archive += len(over)
        progress(start + len(batch), len(runs))
    await _merge(mirrors)
    if hot is not None:
        try:
            await _remove_others(client, hot, kept, {run.workflow_id for run in runs})
            await hot.mark_complete(began_at)
        except MirrorAwayError as error:
            away = str(error)
    return Rebuilt(
        trades=len(runs),
        events=events,
        in_redis=in_redis,
        in_archive=in_archive,
        unreadable=tuple(unreadable),
        damaged=tuple(damaged),
        redis=away,
    )


async def verify(
    client: Client, mirrors: Mirrors, progress: Progress, *, archived_within: timedelta, retention: timedelta
) -> Verification:
    """Compare every trade that Temporal keeps with both mirrors, and check its hash chain; changes nothing.

    A trade that closed within `archived_within` may not be archived yet. Raises UnreachableError when
    Temporal does not answer.
    """
    result = Verification()
    hot, result.redis = await _usable(mirrors.hot)
    runs = await _all_runs(client)
    now = clock.now()
    check = _Check(
        client, mirrors, hot, result, since=now - mirrors.keep + _SLACK, archived_before=now - archived_within
    )
    for start in range(0, len(runs), BATCH):
        await check.batch(runs[start : start + BATCH])
        progress(min(start + BATCH, len(runs)), len(runs))
    await check.after_retention({run.workflow_id for run in runs}, now - retention + _SLACK)
    return result


class _Check:
    """Compares trades in batches."""

    def __init__(
        self,
        client: Client,
        mirrors: Mirrors,
        hot: HotMirror | None,
        result: Verification,
        *,
        since: datetime,
        archived_before: datetime,
    ) -> None:
        self._client, self._mirrors, self._hot, self._result = client, mirrors, hot, result
        self._since, self._archived_before = since, archived_before

    async def batch(self, runs: Sequence[ListedRun]) -> None:
        """Compare some trades; those that differ are compared again, since open trades change."""
        by_name = {run.workflow_id: run for run in runs}
        left: Sequence[ListedRun] = runs
        found: list[Difference] = []
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_BETWEEN_ATTEMPTS)
            found = await self._compare(left, first=attempt == 0)
            left = [by_name[name] for name in dict.fromkeys(each.trade for each in found) if name in by_name]
            if not left:
                break
        self._result.differences += found

    async def after_retention(self, known: set[str], kept_since: datetime) -> None:
        """Find trades that a mirror has and Temporal does not, and check the chains of older ones."""
        if self._hot is not None:
            async for page in self._hot.known():
                for name in page:
                    if name not in known and await read_record(self._client, name) is None:
                        what = "Temporal has no such trade"
                        self._result.differences.append(Difference(trade=name, place=Place.REDIS, what=what))
        names = await _archive(
            self._mirrors.reader.query, "select workflow_id, closed_at from trades order by closed_at"
        )
        others = [(name, closed) for name, closed in names.rows if name not in known]
        for start in range(0, len(others), BATCH):
            some = others[start : start + BATCH]
            held = await _archive(self._mirrors.reader.records, [name for name, _ in some])
            for name, closed in some:
                record = held.get(name)
                fault = None if record is None else chain_fault(record.trade, record.events)
                if (
                    fault is None
                    and closed is not None
                    and closed > kept_since
                    and await read_record(self._client, name) is None
                ):
                    fault = "Temporal has no such trade, and would still keep it"
                if fault is not None:
                    self._result.differences.append(Difference(trade=name, place=Place.ARCHIVE, what=fault))
            self._result.older += len(some)

    async def _compare(self, runs: Sequence[ListedRun], *, first: bool) -> list[Difference]:
        names = [run.workflow_id for run in runs]
        # the mirrors first: Temporal has everything that they have by then
        held = await self._hot_trades(names)
        records, faults = await _read(self._client, runs)
        days = [record.trade.day for record in records]
        archived: dict[str, TradeRecord] = {}
        if days:
            archived = await _archive(
                lambda: self._mirrors.reader.records(names, first=min(days), last=max(days))
            )
        found = [
            Difference(trade=fault.partition(" ")[0], place=Place.TEMPORAL, what=fault) for fault in faults
        ]
        closed_at = {run.workflow_id: run.closed_at for run in runs}
        for record in records:
            name = record.trade.workflow_id
            if (fault := chain_fault(record.trade, record.events)) is not None:
                found.append(Difference(trade=name, place=Place.TEMPORAL, what=fault))
                continue
            due = self._due(record, closed_at[name], in_archive=name in archived)
            if first:
                self._result.trades += 1
                self._result.in_redis += Place.REDIS in due
                self._result.in_archive += Place.ARCHIVE in due
                self._result.waiting += record.trade.status is not Status.OPEN and Place.ARCHIVE not in due
            if Place.REDIS in due and (what := _differs(record, held.get(name))) is not None:
                found.append(Difference(trade=name, place=Place.REDIS, what=what))
            if Place.ARCHIVE in due and (what := _differs(record, archived.get(name))) is not None:
                found.append(Difference(trade=name, place=Place.ARCHIVE, what=what))
        return found

    def _due(self, record: TradeRecord, closed_at: datetime | None, *, in_archive: bool) -> set[Place]:
        """Return the mirrors that must have a trade."""
        due = set()
        if self._hot is not None and (closed_at is None or closed_at > self._since):
            due.add(Place.REDIS)
        if (
            record.trade.status is not Status.OPEN
            and closed_at is not None
            and (in_archive or closed_at < self._archived_before)
        ):
            due.add(Place.ARCHIVE)
        return due

    async def _hot_trades(self, names: Sequence[str]) -> dict[str, HotTrade]:
        if self._hot is None:
            return {}
        try:
            return await self._hot.trades(names)
        except MirrorAwayError as error:
            self._hot, self._result.redis = None, str(error)
            return {}


def _differs(record: TradeRecord, held: HotTrade | TradeRecord | None) -> str | None:
    if held is None:
        return "it is missing"
    found = held.row if isinstance(held, HotTrade) else held.trade
    return difference(record.trade, record.events, found, held.events)


async def _all_runs(client: Client) -> list[ListedRun]:
    return last_runs([run async for run in list_all(client, size=_LIST_PAGE)])


async def _read(client: Client, runs: Sequence[ListedRun]) -> tuple[list[TradeRecord], list[str]]:
    """Read the records of trades, several at once; returns them and messages about unreadable ones."""
    gate = asyncio.Semaphore(_AT_ONCE)
    faults: list[str] = []

    async def one(run: ListedRun) -> TradeRecord | None:
        async with gate:
            try:
                return await read_record(client, run.workflow_id)
            except UnreadableRecordError as error:
                faults.append(str(error))
                return None

    found = await asyncio.gather(*(one(run) for run in runs))
    return [record for record in found if record is not None], faults


async def _usable(hot: HotMirror | None) -> tuple[HotMirror | None, str | None]:
    """Return the hot mirror if it answers, else why not."""
    if hot is None:
        return None, "there is none (TRADER_REDIS_URL is not set)"
    try:
        await hot.ping()
    except MirrorAwayError as error:
        return None, str(error)
    return hot, None


async def _archive(call: Callable[..., T], *given: object) -> T:
    """Call the archive in a thread; raises UnreachableError."""
    try:
        return await asyncio.to_thread(call, *given)
    except (OSError, ArrowException, QueryError) as error:
        found = str(error).splitlines()[0].rstrip(".")
        fix = "Check TRADER_ARCHIVE; `trader audit rebuild` moves damaged files away"
        raise UnreachableError(f"the archive cannot be used: {found}. {fix}") from error


async def _to_archive(mirrors: Mirrors, records: Sequence[TradeRecord]) -> None:
    if records:
        await _archive(mirrors.archive.write, records)


async def _merge(mirrors: Mirrors) -> None:
    for day in await _archive(lambda: mirrors.archive.crowded(above=1)):
        await _archive(mirrors.archive.merge, day)


async def _remove_others(client: Client, hot: HotMirror, kept: set[str], known: set[str]) -> None:
    """Remove trades from Redis that are too old for it or missing in Temporal.

    New ones are in neither set.
    """
    others = []
    async for page in hot.known():
        others += [
            name
            for name in page
            if name not in kept and (name in known or await read_record(client, name) is None)
        ]
    await hot.forget(others)
