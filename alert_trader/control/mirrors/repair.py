"""Keeps the mirrors true to Temporal: archives what is over, and writes again what a mirror lacks or has otherwise.

The index of Temporal is walked page by page; what each mirror has of a page is asked of it in one go, and only trades that are open, or
missing somewhere, are read. A mirror that is away is left for the next round: nothing here ever waits for one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pyarrow import ArrowException
from temporalio.client import Client

from alert_trader import clock
from alert_trader.activities.housekeeping import SweepAnswer, SweepRequest, Tally, TidyRequest
from alert_trader.control.errors import UnreadableRecordError
from alert_trader.control.queries.trade_history import (
    Listed,
    last_runs,
    list_page,
    read_record,
)
from alert_trader.mirrors.archive import Archive
from alert_trader.mirrors.hot import HotMirror, MirrorAwayError
from alert_trader.mirrors.reader import ArchiveReader, QueryError
from alert_trader.mirrors.schema import Status, TradeRecord

log = logging.getLogger("alert-trader.upkeep")

FORGET_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """The mirrors of one mode. Without a hot mirror everything else works."""

    hot: HotMirror | None
    archive: Archive
    reader: ArchiveReader
    keep: timedelta
    """How long a trade that is over stays in the hot mirror."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the archive says of a trade."""

    run_id: str
    events: int
    chain: str


class MirrorRepair:
    """The `Housekeeping` of one mode's trades."""

    def __init__(self, client: Client, mirrors: Mirrors, *, compact_above: int) -> None:
        """Keep `mirrors` true to what `client` knows."""
        self._client = client
        self._mirrors = mirrors
        self._compact_above = compact_above

    async def sweep(self, request: SweepRequest, beat: Callable[[int], None]) -> SweepAnswer:
        """Archive and mend the trades of a page."""
        page = await list_page(self._client, size=request.size, token=request.token)
        runs = last_runs(page.runs)
        trouble = _Trouble()
        archived = await self._archived(runs, trouble)
        behind = await self._behind(runs, archived, trouble)
        due: dict[str, TradeRecord] = {}
        unreadable = 0
        for done, run in enumerate(runs):
            beat(done)
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
        beat(len(runs))
        over = [each for each in due.values() if each.trade.status is not Status.OPEN]
        stored = await self._store([each for each in over if _is_new(each, archived)], trouble)
        mended = await self._mend([each for name, each in due.items() if name in behind], trouble)
        tally = Tally(
            seen=len(runs), archived=stored, mended=mended, unreadable=unreadable, trouble=trouble.first
        )
        return SweepAnswer(tally=tally, token=page.token)

    async def tidy(self, request: TidyRequest, beat: Callable[[int], None]) -> Tally:
        """Merge small files, forget what is old, and note what is whole."""
        trouble, compacted, forgotten = _Trouble(), 0, 0
        archive = self._mirrors.archive
        try:
            for day in await asyncio.to_thread(archive.crowded, above=self._compact_above):
                beat(compacted)
                await asyncio.to_thread(archive.merge, day)
                compacted += 1
        except (OSError, ArrowException) as error:
            trouble.note(f"the archive: {error}")
        beat(compacted)
        if (hot := self._mirrors.hot) is not None:
            try:
                old = await hot.over_before(clock.now() - self._mirrors.keep, FORGET_AT_ONCE)
                await hot.forget(old)
                forgotten = len(old)
                if request.whole:
                    await hot.mark_whole(request.began_at)
            except MirrorAwayError as error:
                trouble.note(str(error))
        return Tally(compacted=compacted, forgotten=forgotten, trouble=trouble.first)

    async def _archived(self, runs: Sequence[Listed], trouble: "_Trouble") -> dict[str, _Kept] | None:
        """Ask the archive which of these it has; None when it does not answer."""
        sql = "select workflow_id, run_id, events, chain from trades where workflow_id in (select unnest($1))"
        names = [run.workflow_id for run in runs]
        try:
            try:
                found = await asyncio.to_thread(self._mirrors.reader.query, sql, [names])
            except QueryError:
                # a damaged file would keep every trade out of the archive: what it held is written again from Temporal
                for aside in await asyncio.to_thread(self._mirrors.archive.set_aside_damaged):
                    trouble.note(f"the archive: a file is no Parquet and was set aside as {aside}")
                found = await asyncio.to_thread(self._mirrors.reader.query, sql, [names])
        except (OSError, QueryError) as error:
            trouble.note(f"the archive: {error}")
            return None
        return {name: _Kept(run_id, events, chain) for name, run_id, events, chain in found.rows}

    async def _behind(
        self, runs: Sequence[Listed], archived: dict[str, _Kept] | None, trouble: "_Trouble"
    ) -> set[str]:
        """Name the trades that the hot mirror lacks or may have otherwise; none when it is away."""
        hot = self._mirrors.hot
        if hot is None:
            return set()
        since = clock.now() - self._mirrors.keep
        wanted = [run for run in runs if run.closed_at is None or run.closed_at > since]
        try:
            chains = await hot.chains([run.workflow_id for run in wanted])
            open_there = await hot.open_ids()
        except MirrorAwayError as error:
            trouble.note(str(error))
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

    async def _store(self, records: Sequence[TradeRecord], trouble: "_Trouble") -> int:
        if not records:
            return 0
        try:
            await asyncio.to_thread(self._mirrors.archive.write, records)
        except OSError as error:
            trouble.note(f"the archive: {error}")
            return 0
        return len(records)

    async def _mend(self, records: Sequence[TradeRecord], trouble: "_Trouble") -> int:
        """Write trades to the hot mirror; gives how many of them it did not have just so."""
        hot, mended = self._mirrors.hot, 0
        if hot is None:
            return 0
        try:
            for record in records:
                # an open trade may have told more since it was read: what is beyond is left
                exact = record.trade.status is not Status.OPEN
                mended += await hot.write(record.trade, record.events, exact=exact) > 0
        except MirrorAwayError as error:
            trouble.note(str(error))
        return mended


class _Trouble:
    """Remembers the first thing that was in the way."""

    def __init__(self) -> None:
        self.first: str | None = None

    def note(self, words: str) -> None:
        if self.first is None:
            log.warning("in the way of housekeeping: %s", words)
            self.first = words


def _is_new(record: TradeRecord, archived: dict[str, _Kept] | None) -> bool:
    """Tell whether the archive answered, and does not have this run of the trade."""
    kept = None if archived is None else archived.get(record.trade.workflow_id)
    return archived is not None and (kept is None or kept.run_id != record.run_id)
