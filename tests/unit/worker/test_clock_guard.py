"""The guard before each workflow: an activation whose clock stands still is never shown to it."""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from worker.clock_guard import GuardedInstance


class Told(WorkflowInstance):
    """A workflow that keeps what it is told."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.jobs: list[str] = []

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Keep the jobs."""
        self.jobs += [str(job.WhichOneof("variant")) for job in act.jobs]
        return WorkflowActivationCompletion(run_id=act.run_id)

    def get_serialization_context(self, command_info: Any) -> Any:
        """Have none."""

    def get_external_store_context(self, command_info: Any) -> Any:
        """Have none."""

    def get_info(self) -> Any:
        """Have none."""


def activation(job: str, *, events: int, seconds: int, replaying: bool = False) -> WorkflowActivation:
    """Give an activation with one job."""
    act = WorkflowActivation(run_id="run", history_length=events, is_replaying=replaying)
    act.timestamp.FromSeconds(seconds)
    getattr(act.jobs.add(), job).SetInParent()
    return act


def failed(guard: GuardedInstance, act: WorkflowActivation) -> bool:
    """Whether an activation was failed before the workflow saw it."""
    return guard.activate(act).HasField("failed")


def test_a_clock_that_stands_still_is_not_shown() -> None:
    """More history at the same time, in a task that is no replay: it is failed, and the workflow never hears of it (DUR-10)."""
    workflow = Told()
    guard = GuardedInstance(workflow)
    assert not failed(guard, activation("resolve_activity", events=29, seconds=100, replaying=True))
    assert failed(guard, activation("fire_timer", events=32, seconds=100))
    assert workflow.jobs == ["resolve_activity"]


def test_a_true_task_is_passed_on() -> None:
    """Later tasks, steps of one task, replays and queries all reach the workflow."""
    workflow = Told()
    guard = GuardedInstance(workflow)
    acts = [
        activation("initialize_workflow", events=3, seconds=100),
        activation("resolve_activity", events=3, seconds=100),  # a local activity, in the same task
        activation("query_workflow", events=3, seconds=100, replaying=True),
        activation("fire_timer", events=9, seconds=120),
        activation("signal_workflow", events=12, seconds=120, replaying=True),
        activation("query_workflow", events=14, seconds=120),
        activation("signal_workflow", events=15, seconds=121),
    ]
    assert not any(failed(guard, act) for act in acts)
    assert len(workflow.jobs) == len(acts)
