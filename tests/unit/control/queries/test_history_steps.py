"""A history told step by step, from events alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import ActivityType, Payload, Payloads, WorkflowType
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from alert_trader.control.errors import NotFoundError, UnreadableHistoryError
from alert_trader.control.queries.history import read_history, write_runs
from alert_trader.control.queries.history_steps import StepKind, steps_of
from alert_trader.control.queries.trade_views import check_name

START = datetime(2026, 12, 1, 15, tzinfo=UTC)


def payloads(text: str) -> Payloads:
    """Wrap one JSON payload."""
    return Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=text.encode())])


def event(number: int, seconds: float, kind: EventType.ValueType) -> HistoryEvent:
    """Make an event without attributes yet."""
    made = HistoryEvent(event_id=number, event_type=kind)
    made.event_time.FromDatetime(START + timedelta(seconds=seconds))
    return made


@pytest.fixture
def history() -> WorkflowHistory:
    """Return a trade that read an alert at the second attempt, waited, received a cancel, and ended."""
    started = event(1, 0, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    started.workflow_execution_started_event_attributes.workflow_type.CopyFrom(
        WorkflowType(name="TradeWorkflow")
    )
    started.workflow_execution_started_event_attributes.input.CopyFrom(payloads('{"alert": "BTO"}'))
    started.workflow_execution_started_event_attributes.original_execution_run_id = "run"
    asked = event(2, 1, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    asked.activity_task_scheduled_event_attributes.activity_type.CopyFrom(ActivityType(name="size_entry"))
    asked.activity_task_scheduled_event_attributes.input.CopyFrom(payloads('"what"'))
    asked.user_metadata.summary.CopyFrom(payloads('"size it"').payloads[0])
    begun = event(3, 1.5, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    begun.activity_task_started_event_attributes.scheduled_event_id = 2
    begun.activity_task_started_event_attributes.attempt = 2
    begun.activity_task_started_event_attributes.last_failure.CopyFrom(
        Failure(message="away", application_failure_info=ApplicationFailureInfo(type="Unavailable"))
    )
    done = event(4, 2, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    done.activity_task_completed_event_attributes.scheduled_event_id = 2
    done.activity_task_completed_event_attributes.result.CopyFrom(payloads('{"quantity": 3}'))
    timer = event(5, 2, EventType.EVENT_TYPE_TIMER_STARTED)
    timer.timer_started_event_attributes.start_to_fire_timeout.FromTimedelta(timedelta(seconds=20))
    asked_to = event(6, 3, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    asked_to.workflow_execution_update_accepted_event_attributes.accepted_request.input.name = "cancel"
    told = event(7, 4, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED)
    told.workflow_execution_update_completed_event_attributes.accepted_event_id = 6
    told.workflow_execution_update_completed_event_attributes.outcome.success.CopyFrom(
        payloads('"cancelled"')
    )
    over = event(8, 5, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
    over.workflow_execution_completed_event_attributes.result.CopyFrom(payloads('"unfilled"'))
    return WorkflowHistory(
        workflow_id="trade-m1", events=[started, asked, begun, done, timer, asked_to, told, over]
    )


def test_every_step_has_its_input_and_result(history: WorkflowHistory) -> None:
    """DUR-60: inputs, results, attempts, failures.

    Times of each step can be read from the history alone.
    """
    start, size, timer, cancel, end = steps_of(history)
    assert (start.kind, start.name, start.inputs) == (StepKind.STARTED, "TradeWorkflow", [{"alert": "BTO"}])
    assert (size.kind, size.summary, size.inputs, size.output) == (
        StepKind.ACTIVITY,
        "size it",
        ["what"],
        {"quantity": 3},
    )
    assert (size.attempts, size.failure) == (2, "Unavailable: away")
    assert size.ended_at == START + timedelta(seconds=2)
    assert (timer.kind, timer.name, timer.output) == (StepKind.TIMER, "20 s", None)
    assert (cancel.kind, cancel.name, cancel.output) == (StepKind.COMMAND, "cancel", "cancelled")
    assert (end.kind, end.name, end.output) == (StepKind.ENDED, "completed", "unfilled")


def test_a_written_history_reads_back(history: WorkflowHistory, tmp_path: Path) -> None:
    """A history goes to a file named after its trade and comes back with every event."""
    [path] = write_runs([history], tmp_path / "out")
    assert path.name == "trade-m1.json"
    again = read_history(path)
    assert again.workflow_id == "trade-m1"
    assert list(again.events) == list(history.events)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"events": []}', '{"events": [{"eventId": "1"}]}', "not json"]
)
def test_a_file_without_a_history_is_refused(text: str, tmp_path: Path) -> None:
    """A file that holds no history is refused by name, whatever is in it."""
    path = tmp_path / "trade-x.json"
    path.write_text(text)
    with pytest.raises(UnreadableHistoryError, match=r"trade-x\.json"):
        read_history(path)


@pytest.mark.parametrize("name", ["", "trade-", "two words", "../etc", "x" * 40])
def test_an_invalid_trade_id_is_not_found(name: str) -> None:
    """A name that no trade can have is refused before any server is asked."""
    with pytest.raises(NotFoundError):
        check_name(name)
