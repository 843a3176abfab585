"""The guard before each workflow: an activation whose clock has stopped is never shown to it."""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from alert_trader.worker.clock_guard import GuardedInstance
from tests.support.instants import STATED


class Told(WorkflowInstance):
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


LATER = int(STATED.timestamp()) + 3600
"""A time that stays ahead of the clock while the tests run."""

LONG_AGO = -7200


def activation(job: str, *, events: int, seconds: int, replaying: bool = False) -> WorkflowActivation:
    """Return an activation with one job, so many seconds from `LATER`."""
    act = WorkflowActivation(run_id="run", history_length=events, is_replaying=replaying)
    act.timestamp.FromSeconds(LATER + seconds)
    getattr(act.jobs.add(), job).SetInParent()
    return act


def failed(guard: GuardedInstance, act: WorkflowActivation) -> bool:
    """Whether an activation was failed before the workflow saw it."""
    return guard.activate(act).HasField("failed")


def test_an_activation_with_a_frozen_clock_is_held_back() -> None:
    """More history at the same time, in a task that is no replay.

    It is failed, and the workflow never hears of it (DUR-10).
    """
    workflow = Told()
    guard = GuardedInstance(workflow)
    assert not failed(guard, activation("resolve_activity", events=29, seconds=0, replaying=True))
    assert failed(guard, activation("fire_timer", events=32, seconds=0))
    assert workflow.jobs == ["resolve_activity"]


def test_an_old_activation_is_held_back() -> None:
    """The time of a killed worker's task, with the events of the one after it.

    No true task is that old (DUR-10).
    """
    workflow = Told()
    guard = GuardedInstance(workflow)
    assert not failed(guard, activation("resolve_activity", events=133, seconds=LONG_AGO, replaying=True))
    assert failed(guard, activation("resolve_activity", events=147, seconds=LONG_AGO + 1))
    assert workflow.jobs == ["resolve_activity"]


def test_a_valid_activation_is_passed_on() -> None:
    """Later tasks, steps of one task, replays and queries all reach the workflow."""
    workflow = Told()
    guard = GuardedInstance(workflow)
    acts = [
        activation("initialize_workflow", events=3, seconds=0),
        activation("resolve_activity", events=3, seconds=0),  # a local activity, in the same task
        activation("query_workflow", events=3, seconds=0, replaying=True),
        activation("fire_timer", events=9, seconds=20),
        activation("signal_workflow", events=12, seconds=20, replaying=True),
        activation("query_workflow", events=14, seconds=20),
        activation("signal_workflow", events=15, seconds=21),
    ]
    assert not any(failed(guard, act) for act in acts)
    assert len(workflow.jobs) == len(acts)
