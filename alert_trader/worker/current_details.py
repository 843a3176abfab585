"""The page of a workflow in the Web UI, written when somebody looks at it, and never for a workflow task.

The SDK's `set_current_details` stores a text that only one query reads, `__temporal_workflow_metadata`: it is
no command, and written at each event it costs more than everything else in a replay. The interceptor adds
the page to the answer of that query instead.
"""

from typing import Any, Protocol, runtime_checkable

from temporalio import workflow
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)
from typing_extensions import override

METADATA_QUERY = "__temporal_workflow_metadata"
"""Temporal's own name of the query with which the Web UI and its command line read a workflow's page."""


@runtime_checkable
class HasPage(Protocol):
    """A workflow that writes its page on request."""

    def page(self) -> str:
        """Return the page in Markdown."""
        ...


class PageOnRequest(Interceptor):
    """Answers requests for the page of a workflow. A worker whose workflows have pages must use it."""

    @override
    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        """Return what intercepts the queries of each workflow."""
        return _PageInbound


class _PageInbound(WorkflowInboundInterceptor):
    @override
    async def handle_query(self, input: HandleQueryInput) -> Any:
        """Answer a query; add the page to Temporal's own."""
        answer = await super().handle_query(input)
        if input.query == METADATA_QUERY:
            running = workflow.instance()
            if isinstance(running, HasPage):
                answer.current_details = running.page()
        return answer
