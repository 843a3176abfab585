"""Read the record of a trade from its history alone: no worker, no replay, and for a trade of any age.

The last run is read: its input has what the runs before it recorded. The input of each notify activity has
the new events in full and the trade's view. All of them together are the trade's events; the last view, or
the workflow's result, is its state. An open trade is known up to its last notice.
"""

import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus

from alert_trader.activities.messages import NOTIFY, Notice
from alert_trader.activities.receipts import adapter_of
from alert_trader.control.errors import NotFoundError, UnreadableRecordError
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.trade.view import TradeView
from alert_trader.mirrors.schema import Status, TradeRecord, trade_record
from alert_trader.workflows.interface import TRADE_WORKFLOW, TradeRequest
from alert_trader.workflows.trade.view import build_view
from alert_trader.workflows.trade_state import TradeState, carried_state

_RPC_TIMEOUT = timedelta(seconds=10)

TRADES = f"WorkflowType = '{TRADE_WORKFLOW}' AND ExecutionStatus != 'ContinuedAsNew'"
"""The query for every trade. A run that another continues is not listed: that one has its state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """The last run of a trade in Temporal's index. After a reset a trade has more than one."""

    workflow_id: str
    run_id: str
    open: bool
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some runs, and the token of the next page; None on the last page."""

    runs: tuple[ListedRun, ...]
    token: str | None


async def list_page(client: Client, *, size: int, token: str | None = None, query: str = TRADES) -> Page:
    """List one page of the runs of trades. `token` is text, so that it can be stored in a history."""
    given = None if token is None else base64.b64decode(token)
    found = client.list_workflows(query, page_size=size, next_page_token=given, rpc_timeout=_RPC_TIMEOUT)
    with control_errors(client):
        await found.fetch_next_page(page_size=size)
    runs = [
        ListedRun(
            workflow_id=each.id,
            run_id=each.run_id,
            open=each.status is WorkflowExecutionStatus.RUNNING,
            closed_at=each.close_time,
        )
        for each in found.current_page or ()
    ]
    more = found.next_page_token
    return Page(runs=tuple(runs), token=base64.b64encode(more).decode() if more else None)


async def list_all(client: Client, *, size: int, query: str = TRADES) -> AsyncIterator[ListedRun]:
    """List every run of every trade."""
    page = await list_page(client, size=size, query=query)
    while True:
        for each in page.runs:
            yield each
        if page.token is None:
            return
        page = await list_page(client, size=size, token=page.token, query=query)


def last_runs(runs: Sequence[ListedRun]) -> list[ListedRun]:
    """Keep one run of each trade: the open one, or the one that closed last. A reset leaves older runs."""
    last: dict[str, ListedRun] = {}
    for run in runs:
        held = last.get(run.workflow_id)
        if held is None or (
            not held.open
            and (run.closed_at is None or (held.closed_at is not None and run.closed_at > held.closed_at))
        ):
            last[run.workflow_id] = run
    return list(last.values())


async def read_record(client: Client, workflow_id: str) -> TradeRecord | None:
    """Read the record of a trade's last run; None when Temporal no longer has it.

    Raises UnreadableRecordError.
    """
    handle = client.get_workflow_handle(workflow_id)
    try:
        with control_errors(client, trade_subject(workflow_id)):
            described = await handle.describe(rpc_timeout=_RPC_TIMEOUT)
            run = client.get_workflow_handle(workflow_id, run_id=described.run_id)
            history = [event async for event in run.fetch_history_events(rpc_timeout=_RPC_TIMEOUT)]
    except NotFoundError:
        return None
    try:
        read = await _read_history(client, history)
    except (ValidationError, ValueError) as wrong:
        raise UnreadableRecordError(
            f"{workflow_id} cannot be read as a trade: {str(wrong).splitlines()[0]}"
        ) from wrong
    view = read.view or _initial_view(read, workflow_id, described.start_time)
    return trade_record(view, read.trail, run_id=str(described.run_id), status=_status(described.status))


@dataclass(slots=True)
class _ReadHistory:
    request: TradeRequest | None = None
    state: TradeState | None = None
    """The state with which the run began; None for a first run."""
    view: TradeView | None = None
    events: dict[int, TradeEvent] = field(default_factory=dict)

    @property
    def trail(self) -> Sequence[TradeEvent]:
        return [self.events[each] for each in sorted(self.events)]


async def _read_history(client: Client, history: Sequence[HistoryEvent]) -> _ReadHistory:
    """Return the request, the last view and all events of a history."""
    read = _ReadHistory()
    for event in history:
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                payloads = event.workflow_execution_started_event_attributes.input.payloads
                read.request = request = await _decoded(client, payloads, TradeRequest)
                if request.carried is not None:  # everything that the runs before it recorded
                    read.state = carried_state(request.carried)
                    read.events |= {each.sequence: each for each in read.state.events}
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                if scheduled.activity_type.name == NOTIFY:
                    notice: Notice = await _decoded(client, scheduled.input.payloads, Notice)
                    read.view = notice.view or read.view
                    read.events |= {each.sequence: each for each in notice.events}
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                payloads = event.workflow_execution_completed_event_attributes.result.payloads
                read.view = await _decoded(client, payloads, TradeView)
            case _:
                continue
    return read


async def _decoded(client: Client, payloads: Sequence[Payload], kind: Any) -> Any:
    """Decode the one payload of a message, which may be encrypted."""
    codec = client.data_converter.payload_codec
    plain = payloads if codec is None else await codec.decode(list(payloads))
    if len(plain) != 1:
        raise ValueError(f"expected one payload, found {len(plain)}")
    return adapter_of(kind).validate_json(plain[0].data)


def _initial_view(read: _ReadHistory, workflow_id: str, received_at: datetime) -> TradeView:
    """Return the view of a trade whose run has sent no notice yet."""
    if read.request is None:
        raise UnreadableRecordError(f"{workflow_id} does not begin as a trade")
    state = read.state or TradeState(received_at=received_at.astimezone(UTC))
    return build_view(read.request, workflow_id, state)


def _status(status: WorkflowExecutionStatus | None) -> Status | None:
    """Return how a run ended; None while it runs: then its view has the status."""
    match status:
        case WorkflowExecutionStatus.RUNNING | None:
            return None
        case WorkflowExecutionStatus.COMPLETED:
            return Status.COMPLETED
        case _:
            return Status.BROKEN
