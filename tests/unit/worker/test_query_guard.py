"""The guard before each workflow: a query never decides anything for it."""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from alert_trader.worker.query_guard import GuardedInstance


class RecordingInstance(WorkflowInstance):
    """A workflow that keeps what it receives."""

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


def activation(
    job: str, *, seconds: int, replaying: bool = False, legacy: bool = False
) -> WorkflowActivation:
    """Return an activation with one job."""
    act = WorkflowActivation(run_id="run", is_replaying=replaying)
    act.timestamp.FromSeconds(seconds)
    getattr(act.jobs.add(), job).SetInParent()
    if legacy:
        act.jobs[0].query_workflow.query_id = "legacy_query"
    return act


def failed(guard: GuardedInstance, act: WorkflowActivation) -> bool:
    """Whether an activation was failed before the workflow saw it."""
    return guard.activate(act).HasField("failed")


def test_a_query_that_carried_a_new_instance_further_ends_with_it() -> None:
    """DUR-10: the events after the last completed task came with the query, as if done now."""
    workflow = RecordingInstance()
    guard = GuardedInstance(workflow)
    assert not failed(guard, activation("initialize_workflow", seconds=1, replaying=True))
    assert not failed(guard, activation("fire_timer", seconds=2))
    assert failed(guard, activation("query_workflow", seconds=2, legacy=True))
    assert workflow.jobs == ["initialize_workflow", "fire_timer"]


def test_a_query_of_what_is_in_the_history_is_answered() -> None:
    """DUR-10: the instance has only replayed completed tasks."""
    guard = GuardedInstance(RecordingInstance())
    assert not failed(guard, activation("initialize_workflow", seconds=1, replaying=True))
    assert not failed(guard, activation("query_workflow", seconds=1, legacy=True))


def test_a_query_that_comes_with_a_task_is_answered() -> None:
    """DUR-10: its events are those of the task, which is being completed."""
    guard = GuardedInstance(RecordingInstance())
    assert not failed(guard, activation("initialize_workflow", seconds=1, replaying=True))
    assert not failed(guard, activation("fire_timer", seconds=2))
    assert not failed(guard, activation("query_workflow", seconds=2))


def test_an_instance_that_completed_a_task_here_answers_every_query() -> None:
    """DUR-10: from its first task on, or once a later task has come."""
    began = GuardedInstance(RecordingInstance())
    assert not failed(began, activation("initialize_workflow", seconds=1))
    assert not failed(began, activation("query_workflow", seconds=1, legacy=True))
    taken_over = GuardedInstance(RecordingInstance())
    assert not failed(taken_over, activation("initialize_workflow", seconds=1, replaying=True))
    assert not failed(taken_over, activation("fire_timer", seconds=2))
    assert not failed(taken_over, activation("signal_workflow", seconds=3))
    assert not failed(taken_over, activation("query_workflow", seconds=3, legacy=True))
