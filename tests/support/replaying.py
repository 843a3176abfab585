"""Replay every history that tests made, at the end of what made them (DUR-10)."""

from collections.abc import AsyncIterator

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from alert_trader.control.queries.history import WORKFLOWS
from alert_trader.control.temporal import runtime
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.housekeeping import HOUSEKEEPING_WORKFLOW
from alert_trader.workflows.interface import ACCOUNT_WORKFLOW, BROKER_READ_WORKFLOW, TRADE_WORKFLOW

KINDS = {TRADE_WORKFLOW, ACCOUNT_WORKFLOW, BROKER_READ_WORKFLOW, HOUSEKEEPING_WORKFLOW}


async def assert_all_replay(client: Client, query: str = "", *, but: frozenset[str] = frozenset()) -> int:
    """Replay each run of each workflow of a namespace on the present code; return how many there were.

    `but` are the ids of workflows that a test broke on purpose.
    """
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=client.data_converter,
        workflow_runner=sandbox(),
        runtime=runtime(),
    )
    count = 0

    async def histories() -> AsyncIterator[WorkflowHistory]:
        nonlocal count
        async for each in client.list_workflows(query):
            if each.id not in but and each.workflow_type in KINDS:
                count += 1
                yield await client.get_workflow_handle(each.id, run_id=each.run_id).fetch_history()

    results = await replayer.replay_workflows(histories(), raise_on_replay_failure=False)
    faults = [f"{run}: {str(failure)[:300]}" for run, failure in results.replay_failures.items()]
    assert not faults, "\n".join([f"{len(faults)} of {count} histories do not replay", *faults])
    return count
