"""Replay every history that tests made, at the end of what made them (DUR-10)."""

from collections.abc import AsyncIterator, Iterable

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from alert_trader.control.queries.history import WORKFLOWS, fetch_runs_of
from alert_trader.control.temporal import runtime
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.housekeeping import HOUSEKEEPING_WORKFLOW
from alert_trader.workflows.interface import ACCOUNT_WORKFLOW, BROKER_READ_WORKFLOW, TRADE_WORKFLOW

KINDS = {TRADE_WORKFLOW, ACCOUNT_WORKFLOW, BROKER_READ_WORKFLOW, HOUSEKEEPING_WORKFLOW}


async def assert_replay(client: Client, histories: AsyncIterator[WorkflowHistory]) -> None:
    """Replay histories on the present code; the error names the runs that do not replay."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=client.data_converter,
        workflow_runner=sandbox(),
        runtime=runtime(),
    )
    found = await replayer.replay_workflows(histories, raise_on_replay_failure=False)
    faults = [f"{run}: {str(failure)[:300]}" for run, failure in found.replay_failures.items()]
    assert not faults, "\n".join([f"{len(faults)} histories do not replay", *faults])


async def histories_of(client: Client, ids: Iterable[str]) -> AsyncIterator[WorkflowHistory]:
    """Yield the histories of all runs of these workflows."""
    for each in ids:
        for run in await fetch_runs_of(client, each):
            yield run


async def all_histories(client: Client) -> AsyncIterator[WorkflowHistory]:
    """Yield every history of a namespace."""
    async for each in client.list_workflows():
        if each.workflow_type in KINDS:
            yield await client.get_workflow_handle(each.id, run_id=each.run_id).fetch_history()
