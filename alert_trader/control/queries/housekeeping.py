"""Read the state of housekeeping: its schedule, and the last completed round."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from alert_trader.activities.housekeeping import HousekeepingCounts
from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.control.rpc_errors import control_error
from alert_trader.workflows.housekeeping import HOUSEKEEPING_SCHEDULE, HOUSEKEEPING_WORKFLOW

ROUNDS_IN_RETENTION = 10
"""Rounds within Temporal's retention: if as many fail, a trade may be deleted that was never archived."""

_RPC_TIMEOUT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HousekeepingState:
    """The state of housekeeping, from Temporal."""

    every: timedelta | None
    """None while there is no schedule."""
    paused: bool = False
    last_end: datetime | None = None
    last: HousekeepingCounts | None = None


async def housekeeping(client: Client) -> HousekeepingState:
    """Read the schedule and the last completed run; raises UnreachableError."""
    try:
        found = await client.get_schedule_handle(HOUSEKEEPING_SCHEDULE).describe(rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if kind_of(error) is FailureKind.NOT_FOUND:
            return HousekeepingState(every=None)
        raise control_error(error, client) from error
    intervals = [each.every for each in found.schedule.spec.intervals]
    every = min(intervals) if intervals else None
    query = f"WorkflowType = '{HOUSEKEEPING_WORKFLOW}' AND ExecutionStatus = 'Completed'"
    async for run in client.list_workflows(query, limit=1, rpc_timeout=_RPC_TIMEOUT):
        handle: WorkflowHandle[object, HousekeepingCounts] = client.get_workflow_handle(
            run.id, run_id=run.run_id, result_type=HousekeepingCounts
        )
        try:
            counts = await handle.result(rpc_timeout=_RPC_TIMEOUT)
        except (WorkflowFailureError, ValueError):
            counts = None
        return HousekeepingState(
            every=every, paused=found.schedule.state.paused, last_end=run.close_time, last=counts
        )
    return HousekeepingState(every=every, paused=found.schedule.state.paused)
