"""Keep the mirrors equal to Temporal: archive closed trades, and write again what is missing or different.

Temporal's index is read page by page. Each mirror is asked once what it has of a page, and only trades that
are open, or missing somewhere, are read. A mirror that cannot be reached is left for the next round: nothing
waits for one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyarrow import ArrowException
from temporalio.client import Client

from alert_trader import clock
from alert_trader.activities.housekeeping import CleanUpRequest, HousekeepingCounts, PageRequest, PageResult
from alert_trader.control.errors import UnreadableRecordError
from alert_trader.control.queries.trade_history import (
    ListedRun,
    last_runs,
    list_page,
    read_record,
)
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.hot import MirrorAwayError
from alert_trader.mirrors.reader import QueryError
from alert_trader.mirrors.schema import Status, TradeRecord

log = logging.getLogger("alert-trader.housekeeping")

REMOVE_AT_ONCE = 500
"""Most trades removed from the hot mirror in one round."""


@dataclass(frozen=True, slots=True)
class _Archived:
    """What the archive has of a trade."""

    run_id: str
    events: int
    chain: str


class MirrorRepair:
    """Implements `Housekeeping` for the trades of one mode."""

    def __init__(self, client: Client, mirrors: Mirrors, *, compact_above: int) -> None:
        """Keep `mirrors` equal to what `client` has."""
        self._client = client
        self._mirrors = mirrors
        self._compact_above = compact_above

    async def archive_page(self, request: PageRequest, heartbeat: Callable[[int], None]) -> PageResult:
        """Archive and repair the trades of a page."""
        page = await list_page(self._client, size=request.size, token=request.token)
        runs = last_runs(page.runs)
        problem = _FirstProblem()
        archived = await self._archived(runs, problem)
        behind = await self._behind(runs, archived, problem)
        due: dict[str, TradeRecord] = {}
        unreadable = 0
        for done, run in enumerate(runs):
            heartbeat(done)
            kept = None if archived is None else archived.get(run.workflow_id)
            to_archive = archived is not None and not run.open and (kept is None or kept.run_id != run.run_id)
            if to_archive or run.workflow_id in behind:
                try:
                    record = await read_record(self._client, run.workflow_id)
                except UnreadableRecordError as error:
                    log.warning("%s", error)
                    unreadable += 1
                    continue
                if record is not None:
                    due[run.workflow_id] = record
        heartbeat(len(runs))
        over = [each for each in due.values() if each.trade.status is not Status.OPEN]
        stored = await self._store([each for each in over if _is_new(each, archived)], problem)
        repaired = await self._repair([each for name, each in due.items() if name in behind], problem)
        counts = HousekeepingCounts(
            seen=len(runs), archived=stored, repaired=repaired, unreadable=unreadable, problem=problem.first
        )
        return PageResult(counts=counts, token=page.token)

    async def clean_up(self, request: CleanUpRequest, heartbeat: Callable[[int], None]) -> HousekeepingCounts:
        """Merge small files, remove old trades from the hot mirror, and mark it complete."""
        problem, compacted, removed = _FirstProblem(), 0, 0
        archive = self._mirrors.archive
        try:
            for day in await asyncio.to_thread(archive.crowded, above=self._compact_above):
                heartbeat(compacted)
                await asyncio.to_thread(archive.merge, day)
                compacted += 1
        except (OSError, ArrowException) as error:
            problem.note(f"the archive: {error}")
        heartbeat(compacted)
        if (hot := self._mirrors.hot) is not None:
            try:
                old = await hot.over_before(clock.now() - self._mirrors.keep, REMOVE_AT_ONCE)
                await hot.forget(old)
                removed = len(old)
                if request.complete:
                    await hot.mark_complete(request.began_at)
            except MirrorAwayError as error:
                problem.note(str(error))
        return HousekeepingCounts(compacted=compacted, removed=removed, problem=problem.first)

    async def _archived(
        self, runs: Sequence[ListedRun], problem: "_FirstProblem"
    ) -> dict[str, _Archived] | None:
        """Return which of these the archive has; None when it cannot be read."""
        sql = "select workflow_id, run_id, events, chain from trades where workflow_id in (select unnest($1))"
        names = [run.workflow_id for run in runs]
        try:
            try:
                found = await asyncio.to_thread(self._mirrors.reader.query, sql, [names])
            except QueryError:
                # a damaged file makes every query fail; its trades are written again from Temporal
                for aside in await asyncio.to_thread(self._mirrors.archive.set_aside_damaged):
                    problem.note(f"the archive: a damaged file was moved to {aside}")
                found = await asyncio.to_thread(self._mirrors.reader.query, sql, [names])
        except (OSError, QueryError) as error:
            problem.note(f"the archive: {error}")
            return None
        return {name: _Archived(run_id, events, chain) for name, run_id, events, chain in found.rows}

    async def _behind(
        self, runs: Sequence[ListedRun], archived: dict[str, _Archived] | None, problem: "_FirstProblem"
    ) -> set[str]:
        """Return the trades that are missing or outdated in the hot mirror.

        None when it cannot be reached.
        """
        hot = self._mirrors.hot
        if hot is None:
            return set()
        since = clock.now() - self._mirrors.keep
        wanted = [run for run in runs if run.closed_at is None or run.closed_at > since]
        try:
            chains = await hot.chains([run.workflow_id for run in wanted])
            open_there = await hot.open_ids()
        except MirrorAwayError as error:
            problem.note(str(error))
            return set()
        behind = set()
        for run in wanted:
            kept = (archived or {}).get(run.workflow_id)
            has = chains[run.workflow_id]
            same = (
                kept is not None
                and kept.run_id == run.run_id
                and len(has) == kept.events
                and has.get(kept.events) == kept.chain
            )
            if run.open or not same or run.workflow_id in open_there:
                behind.add(run.workflow_id)
        return behind

    async def _store(self, records: Sequence[TradeRecord], problem: "_FirstProblem") -> int:
        if not records:
            return 0
        try:
            await asyncio.to_thread(self._mirrors.archive.write, records)
        except OSError as error:
            problem.note(f"the archive: {error}")
            return 0
        return len(records)

    async def _repair(self, records: Sequence[TradeRecord], problem: "_FirstProblem") -> int:
        """Write trades to the hot mirror; returns how many were missing or different there."""
        hot, repaired = self._mirrors.hot, 0
        if hot is None:
            return 0
        try:
            for record in records:
                # an open trade may have written more events since it was read: those are kept
                exact = record.trade.status is not Status.OPEN
                repaired += await hot.write(record.trade, record.events, exact=exact) > 0
        except MirrorAwayError as error:
            problem.note(str(error))
        return repaired


class _FirstProblem:
    """Keeps and logs the first problem."""

    def __init__(self) -> None:
        self.first: str | None = None

    def note(self, words: str) -> None:
        if self.first is None:
            log.warning("housekeeping problem: %s", words)
            self.first = words


def _is_new(record: TradeRecord, archived: dict[str, _Archived] | None) -> bool:
    """Return whether the archive could be read and does not have this run of the trade."""
    kept = None if archived is None else archived.get(record.trade.workflow_id)
    return archived is not None and (kept is None or kept.run_id != record.run_id)
