"""Keep a workflow from deciding anything by an outdated clock.

Seen with temporalio 1.35.0: a worker that has just started answers a query for a workflow whose next task is
pending. The core gives the workflow that task's events before the task was started, with the time of the
previous task, and keeps the commands. When the history is replayed with the right time, a trade whose price
ladder reads the clock decides otherwise: it is stuck with a nondeterminism error while it holds a position.

Such an activation is recognised by what a valid one cannot have: more history at the same time or, after the
task of a killed worker, a time older than a task may be. It is failed before the workflow sees it. The query
returns an error, the workflow is replayed from its history when its task has started, and nothing is lost.
Upstream: to be reported; `tests/crash/test_queries_after_a_crash.py` shows it.
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

WITHOUT_DECISIONS = frozenset({"query_workflow", "remove_from_cache"})
"""Jobs in which a workflow decides nothing."""

MAX_AGE = 5.0
"""Seconds between the server's start of a task and its arrival here. Normally milliseconds; after ten seconds
another worker gets the task. A machine whose clock is this far ahead decides nothing; it could not send an
order either (`activities.deadline`)."""


class GuardedRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, with a guard before each workflow."""

    @override
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return an instance with the guard."""
        return GuardedInstance(super().create_instance(det))


class GuardedInstance(WorkflowInstance):
    """One workflow, without activations whose clock is outdated."""

    def __init__(self, instance: WorkflowInstance) -> None:
        """Guard `instance`."""
        self._instance = instance
        self._last = (0, 0)
        """Events and time (in nanoseconds) of the last activation with decisions."""

    @override
    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Pass an activation on, or fail it when the history advanced and the clock did not."""
        if {job.WhichOneof("variant") for job in act.jobs} <= WITHOUT_DECISIONS:
            return self._instance.activate(act)
        events, now = act.history_length, act.timestamp.ToNanoseconds()
        clock_stopped = events > self._last[0] > 0 and now <= self._last[1]
        age = clock.now().timestamp() - now / 1e9
        if not act.is_replaying and (clock_stopped or age > MAX_AGE):
            log.warning(
                "workflow run %s: its activation had a clock of %.1f s ago; it is replayed instead. If this "
                "repeats for every "
                "workflow, the clock of this machine is ahead of the server's: correct it",
                act.run_id,
                age,
            )
            completion = WorkflowActivationCompletion(run_id=act.run_id)
            completion.failed.failure.message = (
                "the worker has just started and is not up to date with this workflow; try again"
            )
            return completion
        self._last = (events, now)
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
