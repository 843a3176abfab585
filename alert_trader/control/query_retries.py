"""Repeat queries that fail because a worker has just started with a workflow (`worker.query_guard`)."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    WorkflowQueryFailedError,
)
from typing_extensions import override

NOT_READY = "the worker has just started with this workflow; ask again"
"""The message of a query that the guard has failed."""

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0.05, 0.2, 0.5))
"""Before each further try. The workflow's own task, which ends it, takes milliseconds."""


class QueryRetries(Interceptor):
    """Repeats queries that the guard has failed."""

    @override
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        """Return what sends the queries of a client."""
        return _Outbound(next)


class _Outbound(OutboundInterceptor):
    @override
    async def query_workflow(self, input: QueryWorkflowInput) -> Any:
        """Send a query, and repeat it while the guard fails it."""
        for pause in PAUSES:
            try:
                return await super().query_workflow(input)
            except WorkflowQueryFailedError as failed:
                if NOT_READY not in str(failed):
                    raise
            await asyncio.sleep(pause.total_seconds())
        return await super().query_workflow(input)
