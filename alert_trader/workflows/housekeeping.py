"""HousekeepingWorkflow: one round through all trades that Temporal keeps, started by a schedule.

It holds no state from round to round: what is archived already, and what the hot mirror has, is asked of them. So a round that was missed,
or a mirror that was deleted, needs nothing but the next round.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.housekeeping import (
        ARCHIVE_PAGE,
        CLEAN_UP,
        CleanUpRequest,
        HousekeepingCounts,
        PageRequest,
        PageResult,
    )

HOUSEKEEPING_WORKFLOW = "HousekeepingWorkflow"
HOUSEKEEPING_QUEUE = "housekeeping"
HOUSEKEEPING_SCHEDULE = "housekeeping"

PAGE = 100
"""Trades of one activity: at the worst each is read, archived and repaired within its time."""
PAGES_A_RUN = 50
"""Pages of one run; the next run goes on with a fresh history."""

PIECE_TIMEOUT = timedelta(minutes=3)
PIECE_TOTAL = timedelta(minutes=15)
BEAT_TIMEOUT = timedelta(seconds=30)
"""Each trade of a page is a heartbeat; merging a day's files is the longest thing between two."""
PIECE_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far a round is; a new one is the default."""

    token: str | None = None
    began_at: datetime | None = None
    counts: HousekeepingCounts = field(default_factory=HousekeepingCounts)


@workflow.defn(name=HOUSEKEEPING_WORKFLOW)
class HousekeepingWorkflow:
    """Archives closed trades and repairs the mirrors; decides nothing about any trade."""

    @workflow.run
    async def run(self, so_far: Round) -> HousekeepingCounts:
        """Go through the pages, then clean up; a long round continues as a new run."""
        counts, token = so_far.counts, so_far.token
        began_at = so_far.began_at or workflow.now()
        for _ in range(PAGES_A_RUN):
            page = await workflow.execute_activity(
                ARCHIVE_PAGE,
                PageRequest(token=token, size=PAGE),
                result_type=PageResult,
                start_to_close_timeout=PIECE_TIMEOUT,
                schedule_to_close_timeout=PIECE_TOTAL,
                heartbeat_timeout=BEAT_TIMEOUT,
                retry_policy=PIECE_RETRY,
                summary=f"trades {counts.seen + 1} to {counts.seen + PAGE}",
            )
            counts, token = counts.plus(page.counts), page.token
            workflow.set_current_details(_told(counts, "going through the trades"))
            if token is None:
                break
        else:
            workflow.continue_as_new(Round(token=token, began_at=began_at, counts=counts))
        cleaned = await workflow.execute_activity(
            CLEAN_UP,
            CleanUpRequest(began_at=began_at, complete=counts.problem is None),
            result_type=HousekeepingCounts,
            start_to_close_timeout=PIECE_TIMEOUT,
            schedule_to_close_timeout=PIECE_TOTAL,
            heartbeat_timeout=BEAT_TIMEOUT,
            retry_policy=PIECE_RETRY,
            summary="merge files, remove old trades",
        )
        counts = counts.plus(cleaned)
        workflow.set_current_details(_told(counts, "done"))
        return counts


def _told(counts: HousekeepingCounts, phase: str) -> str:
    rows = [
        f"**{phase}**",
        "",
        f"- trades seen: {counts.seen}",
        f"- archived: {counts.archived}",
        f"- repaired in the hot mirror: {counts.repaired}",
        f"- removed there: {counts.removed}",
        f"- days merged: {counts.compacted}",
    ]
    if counts.unreadable:
        rows.append(f"- **unreadable: {counts.unreadable}**")
    if counts.problem:
        rows.append(f"- **problem:** `{counts.problem.replace('`', chr(39))}`")
    return "\n".join(rows)
