"""A history step by step, from events alone."""

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


def receipts(number: int, seconds: float, text: str) -> HistoryEvent:
    """Make the event that publishes receipts of commands."""
    made = event(number, seconds, EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED)
    memo = made.workflow_properties_modified_event_attributes.upserted_memo
    memo.fields["receipts"].CopyFrom(payloads(text).payloads[0])
    return made


def signal(number: int, name: str, text: str) -> HistoryEvent:
    """Make a signal that came at second `number`."""
    made = event(number, number, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
    made.workflow_execution_signaled_event_attributes.signal_name = name
    made.workflow_execution_signaled_event_attributes.input.CopyFrom(payloads(text))
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
    command = signal(6, "cancel", '{"id": "c1", "by": "ann"}')
    receipt = receipts(7, 8, '{"c1": {"receipt": "cancelled", "refused": null}}')
    over = event(8, 9, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
    over.workflow_execution_completed_event_attributes.result.CopyFrom(payloads('"unfilled"'))
    return WorkflowHistory(
        workflow_id="trade-m1", events=[started, asked, begun, done, timer, command, receipt, over]
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
    assert (cancel.kind, cancel.name, cancel.output) == (StepKind.SIGNAL, "cancel", "cancelled")
    assert (cancel.inputs, cancel.failure) == ([{"id": "c1", "by": "ann"}], None)
    assert (cancel.at, cancel.ended_at) == (START + timedelta(seconds=6), START + timedelta(seconds=8))
    assert (end.kind, end.name, end.output) == (StepKind.ENDED, "completed", "unfilled")


def test_each_command_has_its_own_receipt() -> None:
    """DUR-60: commands are answered in any order, also one sent twice, refused, or not yet answered."""
    events = [
        signal(1, "change_limits", '{"command": {"id": "c1"}, "changes": {}}'),
        signal(2, "resume", '{"id": "c2"}'),
        signal(3, "resume", '{"id": "c2"}'),
        signal(4, "halt", '{"id": "c3"}'),
        signal(5, "order_report", '{"order": "a-e1"}'),
        receipts(6, 6, '{"c2": {"receipt": null, "refused": "not halted"}}'),
        receipts(7, 7, '{"c1": {"receipt": {"max_open_trades": 7}, "refused": null}, "old": {"receipt": 1}}'),
    ]
    limits, resume, again, halt, report = steps_of(WorkflowHistory(workflow_id="account-5", events=events))
    assert (limits.output, limits.failure) == ({"max_open_trades": 7}, None)
    assert (resume.output, resume.failure) == (again.output, again.failure) == (None, "not halted")
    assert (halt.output, halt.failure, report.output) == (None, None, None)


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
