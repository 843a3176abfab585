"""Which workers run for an account, by Temporal."""

from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from alert_trader.control.rpc_errors import control_errors
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.interface import task_queue

_RPC_TIMEOUT = timedelta(seconds=3)


async def polling_workers(client: Client, account: AccountNumber) -> list[str]:
    """Return the identities of the workers that poll an account's task queue, sorted.

    Raises UnreachableError.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue(account)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    with control_errors(client):
        answer = await client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)
    return sorted({poller.identity for poller in answer.pollers})
