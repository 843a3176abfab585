"""Read trades, one or a list: from a worker, or from Temporal's index and history where no worker answers."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.service import RPCError

from alert_trader.control.errors import (
    ControlError,
    NoAnswerError,
    NotFoundError,
    QueryFailedError,
    UnreachableError,
)
from alert_trader.control.queries.trade_history import TRADES
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.ids import WorkflowId, message_id, trade_workflow_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.domain.trade.worth import Worth
from alert_trader.workflows.interface import (
    CARD_QUERY,
    EVENTS_QUERY,
    VIEW_QUERY,
    CardState,
    TradeRequest,
)
from alert_trader.workflows.search_attributes import ACCOUNT, AUTHOR, MODE, PHASE, PNL, RECEIVED, SYMBOL

ANSWER_WITHIN = timedelta(seconds=4)
"""Longest wait for a worker's answer to a query: a cached trade answers in milliseconds, one that must be
replayed in tenths of a second, and one whose worker was just killed after the 2 s of its sticky queue."""

_RPC_TIMEOUT = timedelta(seconds=5)
_AT_ONCE = 4
_LISTED = 1000
"""Trades that are read of the index for a list, whatever its limit: one page."""
_POLL = timedelta(milliseconds=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """A trade as Temporal's index has it, with its view where a worker answered."""

    workflow_id: str
    started_at: datetime
    """When its first run began."""
    closed_at: datetime | None
    status: str
    """Of the workflow, by Temporal: running, completed, failed, terminated ..."""
    phase: str | None
    """The phase while it runs, then the outcome."""
    symbol: str | None
    author: str | None
    mode: str | None
    account: str | None
    pnl: Decimal | None
    """Dollars, from the index: for display only."""
    view: TradeView | None = None
    stuck: StuckWorkflow | None = None
    """How it is stuck, where that was looked for: `control.queries.stuck.marked`."""
    worth: Worth | None = None
    """What its position is worth, where that was read: `control.queries.worth.with_worths`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeDetails:
    """Everything that could be read of a trade."""

    row: TradeRow
    request: TradeRequest
    view: TradeView | None
    events: tuple[TradeEvent, ...]
    note: str | None
    """Why view and events are missing, and what to do; None when a worker answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which trades to list; None does not filter."""

    symbol: str | None = None
    phase: str | None = None
    author: str | None = None
    account: str | None = None
    since: datetime | None = None
    """Started at this moment or later."""
    open_only: bool = False


def handle_of(client: Client, trade: str) -> WorkflowHandle[Any, Any]:
    """Return the handle of a trade named `trade-X` or `X`.

    Raises NotFoundError for what cannot be a trade's name.
    """
    return client.get_workflow_handle(check_name(trade))


def check_name(trade: str) -> WorkflowId:
    """Return the workflow id of a trade named `trade-X` or `X`.

    Raises NotFoundError for an impossible name.
    """
    try:
        return trade_workflow_id(message_id(trade.removeprefix("trade-")))
    except ValueError as error:
        raise NotFoundError(
            f"{trade!r} does not name a trade: {error}. `trader list` shows the trades there are"
        ) from None


async def exists(client: Client, trade: str) -> bool:
    """Return whether there is a trade named `trade-X` or `X`; raises UnreachableError."""
    handle = handle_of(client, trade)
    try:
        with control_errors(client, trade_subject(handle.id)):
            await handle.describe(rpc_timeout=_RPC_TIMEOUT)
    except NotFoundError:
        return False
    return True


async def list_trades(client: Client, wanted: Filter, *, limit: int, views: bool = True) -> list[TradeRow]:
    """List the newest trades by the time of their alerts, the newest first.

    With `views`, each has its view where a worker answers.
    """
    with control_errors(client):
        # Temporal lists what is open first, and then by the end: the newest are among more than the limit
        most = max(2 * limit, _LISTED)
        found = client.list_workflows(_query(wanted), limit=most, page_size=most, rpc_timeout=_RPC_TIMEOUT)
        every = sorted([_row(each) async for each in found], key=lambda row: row.started_at, reverse=True)
        rows = every[:limit]
    if not views:
        return rows
    known = await views_of(client, [row.workflow_id for row in rows])
    return [_with_view(row, known.get(row.workflow_id)) for row in rows]


async def show(client: Client, trade: str) -> TradeDetails:
    """Read everything about one trade; raises NotFoundError or UnreachableError."""
    handle = handle_of(client, trade)
    with control_errors(client, trade_subject(handle.id)):
        row = _row(await handle.describe(rpc_timeout=_RPC_TIMEOUT))
    request = await request_of(client, handle.id)
    try:
        view, events = await asyncio.gather(view_of(client, handle.id), events_of(client, handle.id))
    except (NoAnswerError, UnreachableError) as error:
        last = await _result(client, handle.id) if row.status == "completed" else None
        note = f"{error}. What is shown comes from Temporal's own records"
        return TradeDetails(row=_with_view(row, last), request=request, view=last, events=(), note=note)
    return TradeDetails(
        row=_with_view(row, view), request=request, view=view, events=tuple(events), note=None
    )


async def _result(client: Client, workflow_id: str) -> TradeView | None:
    """Read the last view of a completed trade, which is its result; None when it cannot be read."""
    kept: WorkflowHandle[Any, TradeView] = client.get_workflow_handle(workflow_id, result_type=TradeView)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            return await kept.result()
    except (TimeoutError, WorkflowFailureError, RPCError, ValueError):
        return None


async def view_of(client: Client, trade: str) -> TradeView:
    """Query a worker for a trade's view; raises NoAnswerError, NotFoundError or UnreachableError."""
    view: TradeView = await _ask(client, trade, VIEW_QUERY, TradeView)
    return view


async def events_of(client: Client, trade: str) -> list[TradeEvent]:
    """Query a worker for a trade's events; raises as `view_of` does."""
    events: list[TradeEvent] = await _ask(client, trade, EVENTS_QUERY, list[TradeEvent])
    return events


async def card_of(client: Client, trade: str) -> CardState:
    """Query a worker for where a trade's card is and what it shows; raises as `view_of` does."""
    card: CardState = await _ask(client, trade, CARD_QUERY, CardState)
    return card


async def watch(client: Client, trade: str) -> AsyncIterator[TradeDetails]:
    """Yield a trade's details now and after each change, until its workflow has closed."""
    last: tuple[object, ...] | None = None
    while True:
        found = await show(client, trade)
        now = (len(found.events), found.row.status, found.row.phase, found.note, found.view)
        if now != last:
            last = now
            yield found
        if found.row.closed_at is not None:
            return
        await asyncio.sleep(_POLL.total_seconds())


def settled(found: TradeDetails) -> bool:
    """Return whether a trade needs no more waiting for.

    It is done, waits for a person, or holds a position with its exits working and no order of unknown
    outcome.
    """
    view = found.view
    if found.row.closed_at is not None or (view is not None and view.offer is not None):
        return True
    return (
        view is not None
        and view.phase is Phase.HOLDING
        and view.position > 0
        and view.unknown_orders == view.unprotected == 0
    )


async def _ask(client: Client, trade: str, query: str, kind: Any) -> Any:
    handle = handle_of(client, trade)
    with control_errors(client, trade_subject(handle.id), worker_within=ANSWER_WITHIN):
        return await handle.query(query, result_type=kind, rpc_timeout=ANSWER_WITHIN)


async def request_of(client: Client, trade: str) -> TradeRequest:
    """Read what a trade was started with from its history; no worker is needed."""
    handle = handle_of(client, trade)
    with control_errors(client, trade_subject(handle.id)):
        async for event in handle.fetch_history_events(page_size=1, rpc_timeout=_RPC_TIMEOUT):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            decoded = await client.data_converter.decode(payloads, [TradeRequest])
            request: TradeRequest = decoded[0]
            return request
    raise NotFoundError(f"{handle.id} has no history")


async def views_of(client: Client, ids: Sequence[str]) -> dict[str, TradeView]:
    """Query many views, a few at once.

    A missing one could not be read; after the first without a worker no more are queried.
    """
    found: dict[str, TradeView] = {}
    gate = asyncio.Semaphore(_AT_ONCE)
    no_worker = asyncio.Event()

    async def one(workflow_id: str) -> None:
        async with gate:
            if no_worker.is_set():
                return
            try:
                found[workflow_id] = await view_of(client, workflow_id)
            except QueryFailedError:
                return  # another trade's worker may answer
            except ControlError:
                no_worker.set()

    await asyncio.gather(*(one(each) for each in ids))
    return found


def _query(wanted: Filter) -> str:
    terms = [TRADES]
    for key, value in (
        (SYMBOL, wanted.symbol),
        (PHASE, wanted.phase),
        (AUTHOR, wanted.author),
        (ACCOUNT, wanted.account),
    ):
        if value is not None:
            escaped = value.replace("\\", "\\\\").replace("'", "\\'")
            terms.append(f"{key.name} = '{escaped}'")
    if wanted.since is not None:
        terms.append(f"{RECEIVED.name} >= '{wanted.since.isoformat()}'")
    if wanted.open_only:
        # a paused trade is open, and not "Running"
        terms.append("CloseTime IS NULL")
    return " AND ".join(terms)


def _row(found: WorkflowExecution) -> TradeRow:
    attributes = found.typed_search_attributes
    pnl = attributes.get(PNL)
    status = found.status or WorkflowExecutionStatus.RUNNING
    return TradeRow(
        workflow_id=found.id,
        started_at=attributes.get(RECEIVED) or found.start_time,
        closed_at=found.close_time,
        status=status.name.lower(),
        phase=attributes.get(PHASE),
        symbol=attributes.get(SYMBOL),
        author=attributes.get(AUTHOR),
        mode=attributes.get(MODE),
        account=attributes.get(ACCOUNT),
        pnl=None if pnl is None else Decimal(repr(pnl)).quantize(Decimal("0.01")),
    )


def _with_view(row: TradeRow, view: TradeView | None) -> TradeRow:
    if view is None:
        return row
    return dataclasses.replace(row, phase=(view.outcome or view.phase).value, pnl=view.pnl, view=view)
