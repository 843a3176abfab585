"""HousekeepingWorkflow: one round through all trades that Temporal keeps, started by a schedule.

It keeps no state between rounds: what is archived, and what the hot mirror has, is read from them. So a round
that was missed, or a mirror that was deleted, needs nothing but the next round.
"""

from dataclasses import dataclass, field
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.housekeeping import (
        SWEEP,
        TIDY,
        SweepAnswer,
        SweepRequest,
        Tally,
        TidyRequest,
    )
    from alert_trader.workflows import activity_options
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
    tally: Tally = field(default_factory=Tally)


@workflow.defn(name=HOUSEKEEPING_WORKFLOW)
class HousekeepingWorkflow:
    """Archives closed trades and repairs the mirrors; decides nothing about any trade."""

    @workflow.run
    async def run(self, so_far: Round) -> Tally:
        """Go through the pages, then tidy up; a long round continues as new."""
        tally, token = so_far.tally, so_far.token
        began_at = so_far.began_at or workflow.now()
        for _ in range(PAGES_A_RUN):
            swept = await run_activity(
                SWEEP,
                SweepRequest(token=token, size=PAGE),
                answer=SweepAnswer,
                options=activity_options.HOUSEKEEPING,
                summary=f"trades {tally.seen + 1} to {tally.seen + PAGE}",
            )
            tally, token = tally.plus(swept.tally), swept.token
            workflow.set_current_details(_page(tally, "going through the trades"))
            if token is None:
                break
        else:
            workflow.continue_as_new(Round(token=token, began_at=began_at, tally=tally))
        tidied = await run_activity(
            TIDY,
            TidyRequest(began_at=began_at, whole=tally.trouble is None),
            answer=Tally,
            options=activity_options.HOUSEKEEPING,
            summary="merge files, drop old trades",
        )
        tally = tally.plus(tidied)
        workflow.set_current_details(_page(tally, "done"))
        return tally


def _page(tally: Tally, phase: str) -> str:
    rows = [
        f"**{phase}**",
        "",
        f"- trades seen: {tally.seen}",
        f"- archived: {tally.archived}",
        f"- repaired in the hot mirror: {tally.mended}",
        f"- dropped there: {tally.forgotten}",
        f"- days merged: {tally.compacted}",
    ]
    if tally.unreadable:
        rows.append(f"- **unreadable: {tally.unreadable}**")
    if tally.trouble:
        rows.append(f"- **failed:** `{tally.trouble.replace('`', chr(39))}`")
    return "\n".join(rows)
