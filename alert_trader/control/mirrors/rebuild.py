"""The mirrors made anew from Temporal alone, and proven equal to it.

Both walk every trade that Temporal keeps, some at a time, and say how far they are. What the archive has beyond Temporal's retention is
its own alone: a rebuild leaves it as it is, and a proof checks its hash chains.
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
from alert_trader.control.mirrors.repair import Mirrors
from alert_trader.control.queries.trade_history import (
    ListedRun,
    last_runs,
    list_all,
    read_record,
)
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
_LOOKS = 3
"""An open trade goes on while it is compared: it is looked at again before it counts as different."""
_BETWEEN_LOOKS = 0.3
_SLACK = timedelta(hours=1)
"""How close to the end of its time a trade may be gone already: from Temporal, or from Redis."""


class Place(StrEnum):
    """Where a trade is kept."""

    TEMPORAL = "Temporal"
    REDIS = "Redis"
    ARCHIVE = "the archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which a place is not what it should be."""

    trade: str
    place: Place
    what: str


@dataclass(slots=True, kw_only=True)
class Proof:
    """What a proof found."""

    trades: int = 0
    """Trades that Temporal keeps, each read whole."""
    in_redis: int = 0
    """Of them, compared with Redis."""
    in_archive: int = 0
    """Of them, compared with the archive."""
    waiting: int = 0
    """Closed so lately that the next round of housekeeping archives them."""
    older: int = 0
    """Trades of the archive that Temporal keeps no longer; their chains were checked."""
    redis: str | None = None
    """Why Redis was left out; None when it was compared."""
    differences: list[Difference] = field(default_factory=list)
    """The first is the first that was found."""

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild wrote."""

    trades: int
    events: int
    in_redis: int
    in_archive: int
    unreadable: tuple[str, ...]
    """Trades whose history does not read as one, in words."""
    damaged: tuple[str, ...]
    """Where files of the archive are now that were no Parquet."""
    redis: str | None
    """Why Redis was left out; None when it was rebuilt."""


async def rebuild(client: Client, mirrors: Mirrors, progress: Progress) -> Rebuilt:
    """Write both mirrors anew from Temporal alone. Trades go on meanwhile, and may write too: writing twice is writing once.

    Raises UnreachableError when Temporal or the archive does not answer; Redis that is away is left out, and the answer says so.
    """
    began_at = clock.now()
    hot, away = await _usable(mirrors.hot)
    runs = await _all_runs(client)
    kept = {
        run.workflow_id for run in runs if run.closed_at is None or run.closed_at > began_at - mirrors.keep
    }
    events = in_redis = in_archive = 0
    unreadable: list[str] = []
    # a damaged one would stop every reading, and every merging; what it held is written anew
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
            await _forget_others(client, hot, kept, {run.workflow_id for run in runs})
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
) -> Proof:
    """Compare every trade that Temporal keeps with both mirrors, and each trail with its chain; changes nothing.

    A trade that closed within `archived_within` may not be archived yet. Raises UnreachableError when Temporal does not answer.
    """
    proof = Proof()
    hot, proof.redis = await _usable(mirrors.hot)
    runs = await _all_runs(client)
    now = clock.now()
    check = _Check(
        client, mirrors, hot, proof, since=now - mirrors.keep + _SLACK, archived_before=now - archived_within
    )
    for start in range(0, len(runs), BATCH):
        await check.batch(runs[start : start + BATCH])
        progress(min(start + BATCH, len(runs)), len(runs))
    await check.beyond({run.workflow_id for run in runs}, now - retention + _SLACK)
    return proof


class _Check:
    """Compares trades, batch by batch."""

    def __init__(
        self,
        client: Client,
        mirrors: Mirrors,
        hot: HotMirror | None,
        proof: Proof,
        *,
        since: datetime,
        archived_before: datetime,
    ) -> None:
        self._client, self._mirrors, self._hot, self._proof = client, mirrors, hot, proof
        self._since, self._archived_before = since, archived_before

    async def batch(self, runs: Sequence[ListedRun]) -> None:
        """Compare some trades; those that differ are looked at again, since trades go on."""
        by_name = {run.workflow_id: run for run in runs}
        left: Sequence[ListedRun] = runs
        found: list[Difference] = []
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_BETWEEN_LOOKS)
            found = await self._compare(left, first=look == 0)
            left = [by_name[name] for name in dict.fromkeys(each.trade for each in found) if name in by_name]
            if not left:
                break
        self._proof.differences += found

    async def beyond(self, known: set[str], kept_since: datetime) -> None:
        """Look for trades that a mirror has and Temporal does not, and check the chains of those that are older than its retention."""
        if self._hot is not None:
            async for page in self._hot.known():
                for name in page:
                    if name not in known and await read_record(self._client, name) is None:
                        what = "Temporal has no such trade"
                        self._proof.differences.append(Difference(trade=name, place=Place.REDIS, what=what))
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
                    self._proof.differences.append(Difference(trade=name, place=Place.ARCHIVE, what=fault))
            self._proof.older += len(some)

    async def _compare(self, runs: Sequence[ListedRun], *, first: bool) -> list[Difference]:
        names = [run.workflow_id for run in runs]
        # the mirrors first: what they have then, Temporal has as well
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
                self._proof.trades += 1
                self._proof.in_redis += Place.REDIS in due
                self._proof.in_archive += Place.ARCHIVE in due
                self._proof.waiting += record.trade.status is not Status.OPEN and Place.ARCHIVE not in due
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
            self._hot, self._proof.redis = None, str(error)
            return {}


def _differs(record: TradeRecord, held: HotTrade | TradeRecord | None) -> str | None:
    if held is None:
        return "it is missing"
    found = held.row if isinstance(held, HotTrade) else held.trade
    return difference(record.trade, record.events, found, held.events)


async def _all_runs(client: Client) -> list[ListedRun]:
    return last_runs([run async for run in list_all(client, size=_LIST_PAGE)])


async def _read(client: Client, runs: Sequence[ListedRun]) -> tuple[list[TradeRecord], list[str]]:
    """Read the records of trades, several at once; returns those that read as trades, and what is wrong with the others."""
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
    """Return the hot mirror if it answers, or else why not."""
    if hot is None:
        return None, "there is none (TRADER_REDIS_URL is not set)"
    try:
        await hot.ping()
    except MirrorAwayError as error:
        return None, str(error)
    return hot, None


async def _archive(call: Callable[..., T], *given: object) -> T:
    """Ask the archive in a thread; raises UnreachableError."""
    try:
        return await asyncio.to_thread(call, *given)
    except (OSError, ArrowException, QueryError) as error:
        found = str(error).splitlines()[0].rstrip(".")
        mend = "Check TRADER_ARCHIVE; a damaged file is set aside by `trader audit rebuild`"
        raise UnreachableError(f"the archive cannot be used: {found}. {mend}") from error


async def _to_archive(mirrors: Mirrors, records: Sequence[TradeRecord]) -> None:
    if records:
        await _archive(mirrors.archive.write, records)


async def _merge(mirrors: Mirrors) -> None:
    for day in await _archive(lambda: mirrors.archive.crowded(above=1)):
        await _archive(mirrors.archive.merge, day)


async def _forget_others(client: Client, hot: HotMirror, kept: set[str], known: set[str]) -> None:
    """Take out of Redis what is too old for it, and what Temporal does not have; a trade that has just begun is in neither set."""
    others = []
    async for page in hot.known():
        others += [
            name
            for name in page
            if name not in kept and (name in known or await read_record(client, name) is None)
        ]
    await hot.forget(others)
