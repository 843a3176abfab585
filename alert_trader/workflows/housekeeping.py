"""HousekeepingWorkflow: one round through all trades that Temporal keeps, started by a schedule.

It keeps no state between rounds: what is archived, and what the hot mirror has, is read from them. So a round
that was missed, or a mirror that was deleted, needs nothing but the next round.
"""

from dataclasses import dataclass, field
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.housekeeping import (
        ARCHIVE_PAGE,
        CLEAN_UP,
        CleanUpRequest,
        HousekeepingCounts,
        PageRequest,
        PageResult,
    )
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity

HOUSEKEEPING_WORKFLOW = "HousekeepingWorkflow"
HOUSEKEEPING_QUEUE = "housekeeping"
HOUSEKEEPING_SCHEDULE = "housekeeping"

PAGE = 100
"""Trades of one activity: few enough to read, archive and repair all of them within its time."""
PAGES_A_RUN = 50
"""Pages of one run; then it continues as new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far a round is; the default is a new one."""

    token: str | None = None
    began_at: datetime | None = None
    counts: HousekeepingCounts = field(default_factory=HousekeepingCounts)


@workflow.defn(name=HOUSEKEEPING_WORKFLOW)
class HousekeepingWorkflow:
    """Archives closed trades and repairs the mirrors; decides nothing about any trade."""

    @workflow.run
    async def run(self, so_far: Round) -> HousekeepingCounts:
        """Go through the pages, then clean up; a long round continues as new."""
        counts, token = so_far.counts, so_far.token
        began_at = so_far.began_at or workflow.now()
        for _ in range(PAGES_A_RUN):
            page = await run_activity(
                ARCHIVE_PAGE,
                PageRequest(token=token, size=PAGE),
                answer=PageResult,
                options=activity_options.HOUSEKEEPING,
                summary=f"trades {counts.seen + 1} to {counts.seen + PAGE}",
            )
            counts, token = counts.plus(page.counts), page.token
            workflow.set_current_details(_details(counts, "going through the trades"))
            if token is None:
                break
        else:
            workflow.continue_as_new(
                Round(token=token, began_at=began_at, counts=counts), task_timeout=timing.TASK_TIMEOUT
            )
        cleaned = await run_activity(
            CLEAN_UP,
            CleanUpRequest(began_at=began_at, complete=counts.problem is None),
            answer=HousekeepingCounts,
            options=activity_options.HOUSEKEEPING,
            summary="merge files, drop old trades",
        )
        counts = counts.plus(cleaned)
        workflow.set_current_details(_details(counts, "done"))
        return counts


def _details(counts: HousekeepingCounts, phase: str) -> str:
    rows = [
        f"**{phase}**",
        "",
        f"- trades seen: {counts.seen}",
        f"- archived: {counts.archived}",
        f"- repaired in the hot mirror: {counts.repaired}",
        f"- dropped there: {counts.removed}",
        f"- days merged: {counts.compacted}",
    ]
    if counts.unreadable:
        rows.append(f"- **unreadable: {counts.unreadable}**")
    if counts.problem:
        rows.append(f"- **failed:** `{counts.problem.replace('`', chr(39))}`")
    return "\n".join(rows)
