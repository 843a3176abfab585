"""A history as steps in plain data: the input, each activity with its result, timers, signals with receipts.

It reads events alone, needs no worker and no workflow code, and so works for a trade of any age (DUR-60).
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from alert_trader.activities.messages import RECEIPTS


class StepKind(StrEnum):
    """What a step of a history is."""

    STARTED = "started"
    """The trade began, with its input."""
    ACTIVITY = "activity"
    """An activity with I/O."""
    LOCAL_ACTIVITY = "local activity"
    """A local activity, run by the workflow's worker."""
    TIMER = "timer"
    SIGNAL = "signal"
    """A report, or a command, whose receipt is its output."""
    COMMAND = "command"
    """A cancellation requested at Temporal."""
    ENDED = "ended"


@dataclass(slots=True, kw_only=True)
class Step:
    """One step. `output` is None until it has ended; `failure` is its last failure."""

    number: int
    """The number of its first history event, within its run."""
    at: datetime
    kind: StepKind
    name: str
    summary: str = ""
    inputs: list[Any] = field(default_factory=list)
    output: Any = None
    ended_at: datetime | None = None
    attempts: int = 1
    failure: str | None = None
    run: int = 1
    """The number of its run: a trade of months has many."""


def steps_of(history: WorkflowHistory) -> list[Step]:
    """Return the steps of a history, in the order they began."""
    builder = _StepBuilder()
    for event in history.events:
        builder.add(event)
    return builder.steps


class _StepBuilder:
    """Pairs each event that begins a step with the one that ends it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._by_event: dict[int, Step] = {}
        self._unanswered: dict[str, list[Step]] = {}
        """Commands without a receipt yet, by their id."""

    def add(self, event: HistoryEvent) -> None:
        """Add the next event of the history."""
        which = event.WhichOneof("attributes")
        attributes: Any = getattr(event, which) if which else None
        kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        if kind.startswith("ACTIVITY_TASK_"):
            self._add_activity(event, kind.removeprefix("ACTIVITY_TASK_"), attributes)
        elif kind.startswith("TIMER_"):
            self._add_timer(event, kind, attributes)
        elif kind == "MARKER_RECORDED":
            self._add_marker(event, attributes)
        elif kind == "WORKFLOW_PROPERTIES_MODIFIED":
            self._add_receipts(event, attributes)
        elif kind.startswith("WORKFLOW_EXECUTION_"):
            self._add_start_or_end(event, kind.removeprefix("WORKFLOW_EXECUTION_"), attributes)
        # workflow tasks and bookkeeping are no steps

    def _add_activity(self, event: HistoryEvent, kind: str, attributes: Any) -> None:
        match kind:
            case "SCHEDULED":
                self._begin(
                    event, StepKind.ACTIVITY, attributes.activity_type.name, _values(attributes.input)
                )
            case "STARTED":
                step = self._by_event[attributes.scheduled_event_id]
                step.attempts = attributes.attempt
                if attributes.HasField("last_failure"):
                    step.failure = _failure(attributes.last_failure)
            case "COMPLETED":
                self._end(event, attributes.scheduled_event_id, _one(attributes.result))
            case "FAILED" | "TIMED_OUT":
                self._fail(event, attributes.scheduled_event_id, _failure(attributes.failure))
            case "CANCELED":
                self._fail(event, attributes.scheduled_event_id, "cancelled")
            case _:
                return

    def _add_timer(self, event: HistoryEvent, kind: str, attributes: Any) -> None:
        match kind:
            case "TIMER_STARTED":
                self._begin(
                    event,
                    StepKind.TIMER,
                    f"{attributes.start_to_fire_timeout.ToTimedelta().total_seconds():g} s",
                    [],
                )
            case "TIMER_FIRED":
                self._end(event, attributes.started_event_id, "fired")
            case "TIMER_CANCELED":
                self._end(event, attributes.started_event_id, "no longer needed")
            case _:
                return

    def _add_marker(self, event: HistoryEvent, attributes: Any) -> None:
        if attributes.marker_name != "core_local_activity":
            return
        data = _one(attributes.details["data"]) or {}
        step = self._begin(event, StepKind.LOCAL_ACTIVITY, str(data.get("activity_type", "")), [])
        step.ended_at = step.at
        step.attempts = int(data.get("attempt", 1))
        if attributes.HasField("failure"):
            step.failure = _failure(attributes.failure)
        elif "result" in attributes.details:
            step.output = _one(attributes.details["result"])

    def _add_receipts(self, event: HistoryEvent, attributes: Any) -> None:
        """Add what commands led to, or why they were refused, to the signals that brought them."""
        fields = attributes.upserted_memo.fields
        receipts = _value(fields[RECEIPTS]) if RECEIPTS in fields else None
        if not isinstance(receipts, dict):  # nothing published, or encrypted
            return
        for command_id, receipt in receipts.items():
            for step in self._unanswered.pop(command_id, []):
                step.output, step.failure = receipt.get("receipt"), receipt.get("refused")
                step.ended_at = _at(event)

    def _add_start_or_end(self, event: HistoryEvent, kind: str, attributes: Any) -> None:
        match kind:
            case "STARTED":
                self._begin(event, StepKind.STARTED, attributes.workflow_type.name, _values(attributes.input))
                return
            case "SIGNALED":
                step = self._begin(event, StepKind.SIGNAL, attributes.signal_name, _values(attributes.input))
                if command_id := _command_id(step.inputs):
                    self._unanswered.setdefault(command_id, []).append(step)
            case "CANCEL_REQUESTED":
                step = self._begin(
                    event,
                    StepKind.COMMAND,
                    "cancel requested",
                    [attributes.cause] if attributes.cause else [],
                )
            case "COMPLETED":
                step = self._begin(event, StepKind.ENDED, "completed", [])
                step.output = _one(attributes.result)
            case "FAILED":
                step = self._begin(event, StepKind.ENDED, "failed", [])
                step.failure = _failure(attributes.failure)
            case "TERMINATED":
                step = self._begin(event, StepKind.ENDED, "terminated", [])
                step.failure = attributes.reason or "terminated without a reason"
            case "TIMED_OUT" | "CANCELED" | "CONTINUED_AS_NEW":
                step = self._begin(event, StepKind.ENDED, kind.lower().replace("_", " "), [])
            case _:
                return
        step.ended_at = step.at

    def _begin(self, event: HistoryEvent, kind: StepKind, name: str, inputs: list[Any]) -> Step:
        summary = _value(event.user_metadata.summary) if event.user_metadata.HasField("summary") else ""
        step = Step(
            number=event.event_id,
            at=_at(event),
            kind=kind,
            name=name,
            summary=str(summary or ""),
            inputs=inputs,
        )
        self._by_event[event.event_id] = step
        self.steps.append(step)
        return step

    def _end(self, event: HistoryEvent, began: int, output: Any) -> None:
        step = self._by_event[began]
        step.output, step.ended_at = output, _at(event)

    def _fail(self, event: HistoryEvent, began: int, failure: str) -> None:
        step = self._by_event[began]
        step.failure, step.ended_at = failure, _at(event)


def _at(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)


def _command_id(inputs: list[Any]) -> str | None:
    """Return the id of the command that a signal brings; None when it brings none."""
    match inputs:
        case [{"id": str(found)}] | [{"command": {"id": str(found)}}]:
            return found
        case _:
            return None


def _values(payloads: Payloads) -> list[Any]:
    return [_value(payload) for payload in payloads.payloads]


def _one(payloads: Payloads) -> Any:
    values = _values(payloads)
    return values[0] if values else None


def _value(payload: Payload) -> Any:
    """Return a payload as plain data; one that is not JSON is shown by its encoding and size."""
    encoding = payload.metadata.get("encoding", b"").decode(errors="replace")
    if encoding == "binary/null":
        return None
    if encoding in {"json/plain", "json/protobuf"}:
        try:
            return json.loads(payload.data)
        except ValueError:
            return f"<unreadable {encoding}>"
    return f"<{encoding or 'no encoding'}, {len(payload.data)} bytes>"


def _failure(failure: Failure) -> str:
    """Write a failure with its causes, the outermost first."""
    words = []
    current: Failure | None = failure
    while current is not None:
        which = current.WhichOneof("failure_info")
        kind = (
            current.application_failure_info.type
            if which == "application_failure_info"
            else (which or "").removesuffix("_failure_info")
        )
        words.append(f"{kind}: {current.message}" if kind else current.message)
        current = current.cause if current.HasField("cause") else None
    return " ← ".join(words)
