"""The connection to Temporal: made on the first request, and retried by the next request after a failure."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, Interceptor
from temporalio.service import RPCError

from alert_trader.control.temporal import Target, UnreachableError, connect, unreachable
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.interface import task_queue

CONNECT_WITHIN = timedelta(seconds=3)
"""Short, because a caller waits for it and can retry."""

FAIL_FAST_FOR = timedelta(seconds=1)
"""For this long after a failed connection requests fail at once, instead of queueing for the same failure."""

_RPC_TIMEOUT = timedelta(seconds=3)


class TemporalConnection:
    """One client for all requests. Once connected, it reconnects by itself."""

    def __init__(
        self, target: Target, *, interceptors: Sequence[Interceptor] = (), within: timedelta = CONNECT_WITHIN
    ) -> None:
        """Keep the target; `client` makes the connection."""
        self._within = within
        self._target = target
        self._interceptors = interceptors
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._away: UnreachableError | None = None
        self._away_until = 0.0

    async def client(self) -> Client:
        """Return the client. Raise UnreachableError when Temporal does not answer."""
        async with self._connecting:
            if self._client is None:
                now = asyncio.get_running_loop().time()
                if self._away is not None and now < self._away_until:
                    raise UnreachableError(str(self._away))
                try:
                    self._client = await connect(
                        self._target, within=self._within, interceptors=self._interceptors
                    )
                except UnreachableError as away:
                    self._away, self._away_until = (
                        away,
                        asyncio.get_running_loop().time() + FAIL_FAST_FOR.total_seconds(),
                    )
                    raise
            return self._client

    async def workers(self, account: AccountNumber) -> int:
        """Return how many workers poll the account's task queue. Raise UnreachableError."""
        client = await self.client()
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue(account)),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            answer = await client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            raise unreachable(error, client) from error
        return len({poller.identity for poller in answer.pollers})
