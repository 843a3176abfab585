"""Whether a trade was started by somebody who has an encryption key of this worker.

Whoever reaches Temporal's port can start a trade about an alert that nobody wrote. The cipher authenticates
what it encrypts, so an input that a key of this worker opens was written by somebody who has that key. One
that was copied from another trade names that trade's message, and is refused under another id; under its own
id it is the same trade again.
"""

from collections.abc import Callable

from temporalio import activity
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.service import RPCError

from alert_trader.activities.deadline import ANSWER_WITHIN
from alert_trader.domain.ids import WorkflowId

KNOWN = 1000
"""Runs whose input was found in order that are remembered; more are read again."""


class SealedInputs:
    """Reads the input of the trade for which an activity runs, as Temporal has it."""

    def __init__(self, opens: Callable[[Payload], bool]) -> None:
        """Trust an input when `opens` is true of its payloads: encrypted, with a key of this worker."""
        self._opens = opens
        self._known: set[str] = set()

    async def problem(self, trade: WorkflowId) -> str | None:
        """Return what is wrong with the input of the run of this activity, which is for `trade`; or None."""
        info = activity.info()
        if info.workflow_id != trade:
            return f"an input for {info.workflow_id}, found one for {trade}"
        run = info.workflow_run_id or ""
        if run in self._known:
            return None
        request = GetWorkflowExecutionHistoryRequest(
            namespace=info.namespace,
            execution=WorkflowExecution(workflow_id=trade, run_id=run),
            maximum_page_size=1,
        )
        service = activity.client().workflow_service
        try:
            answer = await service.get_workflow_execution_history(request, timeout=ANSWER_WITHIN)
        except RPCError as failed:
            return f"an encrypted input, and Temporal did not show it: {failed.message}"
        given = answer.history.events[0].workflow_execution_started_event_attributes.input.payloads
        if not given or not all(map(self._opens, given)):
            return "an input that is encrypted with one of its keys, found one that is not"
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known.add(run)
        return None
