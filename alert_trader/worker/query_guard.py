"""Keep a query from deciding anything for a workflow.

A query that waited while no worker ran is sent by itself, with a snapshot of the history: a "legacy query".
The core (temporalio 1.35.0) hands a new instance of the workflow the events of that snapshot as if they
happened now, also those after its last completed task: a fill, the end of a timer. The instance decides by
them, keeps these decisions after the query, and completes the next real task with them. A replay decides by
the clock of that task instead, and the trade is stuck with a nondeterminism error while it holds a position.

So such an instance is discarded together with its query: the query fails, the core drops the instance, and
the workflow is read from its history when its task has come. No clock is compared. A caller asks again
(`control.query_retries`). The report to Temporal: `specs/upstream/query-splits-replay.md`.
"""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from typing_extensions import override

from alert_trader.control.query_retries import NOT_READY

LEGACY_QUERY = "legacy_query"
"""The core's id of a query that came by itself, and not with a task."""


class GuardedRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, with a guard before each workflow."""

    @override
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return an instance with the guard."""
        return GuardedInstance(super().create_instance(det))


class GuardedInstance(WorkflowInstance):
    """One workflow; discarded after a query that may have advanced it past its last completed task."""

    def __init__(self, instance: WorkflowInstance) -> None:
        """Guard `instance`."""
        self._instance = instance
        self._confirmed = False
        """Whether this worker has completed a task of the workflow: none of its decisions is a query's."""
        self._decided_at: int | None = None
        """The time, in nanoseconds, of the last activation with decisions that was no replay."""

    @override
    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Pass an activation on, or fail the query that follows decisions of an unconfirmed instance."""
        jobs = {job.WhichOneof("variant") for job in act.jobs}
        if jobs == {"query_workflow"}:
            legacy = any(job.query_workflow.query_id == LEGACY_QUERY for job in act.jobs)
            if legacy and self._decided_at is not None and not self._confirmed:
                completion = WorkflowActivationCompletion(run_id=act.run_id)
                completion.failed.failure.message = NOT_READY
                return completion
        elif jobs != {"remove_from_cache"} and not act.is_replaying:
            now = act.timestamp.ToNanoseconds()
            # no query reaches a workflow before its first task is done; and a task with a later clock means
            # that the one before was completed here
            if "initialize_workflow" in jobs or (self._decided_at is not None and now > self._decided_at):
                self._confirmed = True
            self._decided_at = now
        return self._instance.activate(act)

    @override
    def get_serialization_context(self, command_info: Any) -> Any:
        """Return None: our converter and codec use no context, and computing it for each payload is slow."""
        return None

    @override
    def get_external_store_context(self, command_info: Any) -> Any:
        """Pass on."""
        return self._instance.get_external_store_context(command_info)

    @override
    def get_info(self) -> Any:
        """Pass on."""
        return self._instance.get_info()

    @override
    def get_thread_id(self) -> int | None:
        """Pass on."""
        return self._instance.get_thread_id()
