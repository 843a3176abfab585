"""Keep a workflow from deciding anything by a clock that stands still.

Seen with temporalio 1.35.0: a worker that has just started answers a query for a workflow whose next task is already pending. Its core
then hands the workflow that task's events before the task was started, with the time of the task before, and keeps what the workflow
decides by it. A trade that looks at its clock, as every price ladder must, decides otherwise when the same history is replayed with the
right time: it gets stuck with a nondeterminism error, holding a position.

Such an activation is recognised by what cannot be in a true one: the history went on and the clock did not; or, where a task of a killed
worker lies between, the clock is older than a task may be. It is failed before the
workflow sees it; the query is answered with an error, the workflow is replayed from its history when its task has started, and nothing
is lost. Upstream: to be reported; `tests/crash/test_asked_after_a_crash.py` shows it.
"""

import logging
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from typing_extensions import override

from alert_trader import clock

log = logging.getLogger("alert-trader.clock-guard")

ASIDE = frozenset({"query_workflow", "remove_from_cache"})
"""Jobs by which a workflow decides nothing."""


OLDEST = 5.0
"""Seconds between the server's start of a task and its arrival here: it takes milliseconds, and a task is given to another worker after
ten seconds. A machine whose clock is this far ahead decides nothing; it could not send an order either (`alert_trader.activities.deadline`)."""


class GuardedRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, with a guard before each workflow."""

    @override
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return a guarded instance."""
        return GuardedInstance(super().create_instance(det))


class GuardedInstance(WorkflowInstance):
    """One workflow, which is never shown an activation whose clock stands still."""

    def __init__(self, instance: WorkflowInstance) -> None:
        """Guard `instance`."""
        self._instance = instance
        self._seen = (0, 0)
        """Events and time, in nanoseconds, of the last activation in which something was decided."""

    @override
    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Pass an activation on, or fail it when the history went on and the clock did not."""
        if {job.WhichOneof("variant") for job in act.jobs} <= ASIDE:
            return self._instance.activate(act)
        events, now = act.history_length, act.timestamp.ToNanoseconds()
        stands_still = events > self._seen[0] > 0 and now <= self._seen[1]
        age = clock.now().timestamp() - now / 1e9
        if not act.is_replaying and (stands_still or age > OLDEST):
            log.warning(
                "workflow run %s was about to go on by a clock of %.1f s ago; it is replayed instead. If this repeats for every workflow, "
                "the clock of this machine is ahead of the server's: set it",
                act.run_id,
                age,
            )
            completion = WorkflowActivationCompletion(run_id=act.run_id)
            completion.failed.failure.message = (
                "the worker has just started and is not up to date with this workflow; ask again"
            )
            return completion
        self._seen = (events, now)
        return self._instance.activate(act)

    @override
    def get_serialization_context(self, command_info: Any) -> Any:
        """Return none: our converter and codec use no context, and asking the sandbox for each payload's is slow."""
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
