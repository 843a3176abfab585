"""Find stuck workflows by what Temporal knows of them; no workflow is asked, so none needs to be healthy.

The server describes the workflow task that waits or runs, with its attempts. The first attempt that fails is
repeated at once, later ones when the task's timeout has passed: the third comes 3 s after the first failure.
A worker that dies inside a task costs one attempt, so `FAILED_ATTEMPTS` tells the two apart.
"""

import asyncio
from datetime import UTC, datetime

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus as RawStatus
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from alert_trader.activities.receipts import RPC_WITHIN
from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.domain.account.stuck import StuckKind, StuckWorkflow
from alert_trader.domain.ids import AccountNumber, WorkflowId, account_workflow_id

FAILED_ATTEMPTS = 3
"""From this attempt of its workflow task on a workflow counts as stuck."""

_AT_ONCE = 4
_PAGE = 200
_LAST_EVENTS = 200
"""Events that are read to find the first failure since the last workflow task that completed."""
NO_MESSAGE = "no message"
"""The message of a failure that is followed by more events than are read."""
_LONGEST = 300
"""Characters of a failure's message that people see."""
_LIVE = (RawStatus.WORKFLOW_EXECUTION_STATUS_RUNNING, RawStatus.WORKFLOW_EXECUTION_STATUS_PAUSED)


def read_paused_as_running() -> None:
    """Have the SDK describe a paused workflow as running.

    temporalio 1.35.0 does not know the status of newer servers, and raises ValueError from every description
    and list that has such a workflow. `examine` reads the status itself.
    """

    def missing(cls: type[WorkflowExecutionStatus], value: object) -> WorkflowExecutionStatus | None:
        return cls.RUNNING if value == RawStatus.WORKFLOW_EXECUTION_STATUS_PAUSED else None

    WorkflowExecutionStatus._missing_ = classmethod(missing)  # type: ignore[assignment,method-assign]


async def find_stuck(client: Client, account: AccountNumber) -> list[StuckWorkflow]:
    """Return the stuck trades of an account, and its own workflow if that is stuck.

    Raise RPCError when the server did not answer for one of them.
    """
    ids = [account_workflow_id(account), *await _open_trades(client, account)]
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(workflow_id: WorkflowId) -> StuckWorkflow | None:
        async with gate:
            return await examine(client, workflow_id)

    found = await asyncio.gather(*(one(each) for each in ids))
    return [each for each in found if each is not None]


async def _open_trades(client: Client, account: AccountNumber) -> list[WorkflowId]:
    """List the trades that are not over. A paused one is not among those with the status Running."""
    ids: list[WorkflowId] = []
    token = b""
    while True:
        page = await client.workflow_service.list_workflow_executions(
            ListWorkflowExecutionsRequest(
                namespace=client.namespace,
                page_size=_PAGE,
                next_page_token=token,
                query=f"WorkflowType = 'TradeWorkflow' AND TradeAccount = '{account}' AND CloseTime IS NULL",
            ),
            timeout=RPC_WITHIN,
        )
        ids += [WorkflowId(each.execution.workflow_id) for each in page.executions]
        token = page.next_page_token
        if not token:
            return ids


async def describe(client: Client, workflow_id: str) -> DescribeWorkflowExecutionResponse | None:
    """Describe the current run of a workflow; None when there is none."""
    try:
        return await client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
            ),
            timeout=RPC_WITHIN,
        )
    except RPCError as failed:
        if kind_of(failed) is not FailureKind.NOT_FOUND:
            raise
        return None


def is_live(described: DescribeWorkflowExecutionResponse | None) -> bool:
    """Whether a workflow exists and is not over."""
    return described is not None and described.workflow_execution_info.status in _LIVE


async def examine(client: Client, workflow_id: WorkflowId) -> StuckWorkflow | None:
    """Return how the current run of a workflow is stuck; None when it is not, or is over."""
    described = await describe(client, workflow_id)
    if described is None or not is_live(described):
        return None
    if described.workflow_execution_info.status == RawStatus.WORKFLOW_EXECUTION_STATUS_PAUSED:
        paused = described.workflow_extended_info.pause_info
        return StuckWorkflow(
            workflow_id=workflow_id,
            kind=StuckKind.PAUSED,
            since=paused.paused_time.ToDatetime(tzinfo=UTC),
            attempts=0,
            why=_line(f"by {paused.identity or 'somebody'}: {paused.reason or 'no reason given'}"),
        )
    pending = described.pending_workflow_task
    if not described.HasField("pending_workflow_task") or pending.attempt < FAILED_ATTEMPTS:
        return None
    run = described.workflow_execution_info.execution
    since, why = await _first_failure(client, run)
    return StuckWorkflow(
        workflow_id=workflow_id,
        kind=StuckKind.FAILING,
        since=since or pending.scheduled_time.ToDatetime(tzinfo=UTC),
        attempts=pending.attempt,
        why=why,
    )


async def _first_failure(client: Client, run: WorkflowExecution) -> tuple[datetime | None, str]:
    """Return when the first failure since the last completed workflow task was, and its message."""
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace, execution=run, maximum_page_size=_LAST_EVENTS
        ),
        timeout=RPC_WITHIN,
    )
    since, why = None, NO_MESSAGE
    for event in answer.history.events:
        if event.HasField("workflow_task_completed_event_attributes"):
            break
        if event.HasField("workflow_task_failed_event_attributes"):
            since = event.event_time.ToDatetime(tzinfo=UTC)
            why = await _message(client, event.workflow_task_failed_event_attributes.failure)
        elif event.HasField("workflow_task_timed_out_event_attributes"):
            since = event.event_time.ToDatetime(tzinfo=UTC)
            why = "the worker did not complete the task in time"
    return since, why


async def _message(client: Client, failure: Failure) -> str:
    """Return the message of a failure, decrypted where this process has the key."""
    try:
        return _line(str(await client.data_converter.decode_failure(failure)))
    except Exception:  # noqa: BLE001 - a message that cannot be read must not hide that the workflow is stuck
        return _line(failure.message)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
