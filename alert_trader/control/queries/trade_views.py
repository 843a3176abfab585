"""Look at trades: one, or a list of them; as a worker tells it, or as far as Temporal's own record goes when no worker answers."""

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
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from alert_trader.control.errors import NotFoundError
from alert_trader.control.temporal import unreachable
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.ids import WorkflowId, message_id, trade_workflow_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import (
    CARD_QUERY,
    EVENTS_QUERY,
    TRADE_WORKFLOW,
    VIEW_QUERY,
    CardState,
    TradeRequest,
)
from alert_trader.workflows.search_attributes import ACCOUNT, AUTHOR, MODE, PHASE, PNL, SYMBOL

ANSWER_WITHIN = timedelta(seconds=4)
"""Longest wait for a worker's answer to a question: a cached trade answers in milliseconds, one that must be replayed in tenths of
a second, and one whose worker was just killed after its sticky queue's 2 s."""

_RPC_TIMEOUT = timedelta(seconds=5)
_AT_ONCE = 4
_POLL = timedelta(milliseconds=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """A trade as the index has it, with its view where a worker gave one."""

    workflow_id: str
    started_at: datetime
    closed_at: datetime | None
    status: str
    """Temporal's word: running, completed, failed, terminated ..."""
    phase: str | None
    """Phase while it runs, outcome once it is done."""
    symbol: str | None
    author: str | None
    mode: str | None
    account: str | None
    pnl: Decimal | None
    """Dollars, from the index: for display only."""
    view: TradeView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeDetails:
    """A trade, as completely as it could be told."""

    row: TradeRow
    request: TradeRequest
    view: TradeView | None
    events: tuple[TradeEvent, ...]
    note: str | None
    """Why view and events are missing, and what to do; None when a worker told everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which trades to list; None leaves a column open."""

    symbol: str | None = None
    phase: str | None = None
    author: str | None = None
    account: str | None = None
    since: datetime | None = None
    """Started at this moment or later."""
    open_only: bool = False


def handle_of(client: Client, trade: str) -> WorkflowHandle[Any, Any]:
    """Give the handle of a trade named as `trade-X` or `X`; raises NotFoundError for what cannot be a trade's name."""
    return client.get_workflow_handle(check_name(trade))


def check_name(trade: str) -> WorkflowId:
    """Give the workflow id of a trade named as `trade-X` or `X`; raises NotFoundError for what cannot be a trade's name."""
    try:
        return trade_workflow_id(message_id(trade.removeprefix("trade-")))
    except ValueError as error:
        raise NotFoundError(
            f"{trade!r} does not name a trade: {error}. `trader list` shows those there are"
        ) from None


async def list_trades(client: Client, wanted: Filter, *, limit: int, views: bool = True) -> list[TradeRow]:
    """List trades, the newest first; with `views`, each with what its worker says of it, where one answers."""
    rows = []
    try:
        async for found in client.list_workflows(_query(wanted), limit=limit, rpc_timeout=_RPC_TIMEOUT):
            rows.append(_row(found))  # noqa: PERF401 - an async comprehension would hide which call can fail
    except RPCError as error:
        raise _told(error, client) from error
    if not views:
        return rows
    seen = await views_of(client, [row.workflow_id for row in rows])
    return [_with_view(row, seen.get(row.workflow_id)) for row in rows]


async def show(client: Client, trade: str) -> TradeDetails:
    """Tell everything about one trade; raises NotFoundError."""
    handle = handle_of(client, trade)
    try:
        row = _row(await handle.describe(rpc_timeout=_RPC_TIMEOUT))
        request = await request_of(client, handle)
    except RPCError as error:
        raise _told(error, client, trade) from error
    try:
        view, events = await asyncio.gather(view_of(handle), events_of(handle))
    except NoAnswer as error:
        last = await _result(client, handle.id) if row.status == "completed" else None
        return TradeDetails(row=_with_view(row, last), request=request, view=last, events=(), note=str(error))
    except RPCError as error:
        raise _told(error, client, trade) from error
    return TradeDetails(
        row=_with_view(row, view), request=request, view=view, events=tuple(events), note=None
    )


async def _result(client: Client, workflow_id: str) -> TradeView | None:
    """Read the last view of a trade that is over, which is its result; None when it cannot be read."""
    kept: WorkflowHandle[Any, TradeView] = client.get_workflow_handle(workflow_id, result_type=TradeView)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            return await kept.result()
    except (TimeoutError, WorkflowFailureError, RPCError, ValueError):
        return None


class NoAnswer(Exception):
    """No worker told; the message says why and what to do. The trade is told from Temporal's record instead."""


async def view_of(handle: WorkflowHandle[Any, Any]) -> TradeView:
    """Ask a worker how a trade stands; raises NoAnswer."""
    view: TradeView = await _ask(handle, VIEW_QUERY, TradeView)
    return view


async def events_of(handle: WorkflowHandle[Any, Any]) -> list[TradeEvent]:
    """Ask a worker what happened to a trade; raises NoAnswer."""
    events: list[TradeEvent] = await _ask(handle, EVENTS_QUERY, list[TradeEvent])
    return events


async def card_of(handle: WorkflowHandle[Any, Any]) -> CardState:
    """Ask a worker how far a trade's card is like the trade; raises NoAnswer."""
    card: CardState = await _ask(handle, CARD_QUERY, CardState)
    return card


async def watch(client: Client, trade: str) -> AsyncIterator[TradeDetails]:
    """Give a trade's picture now and whenever it changed, until it is done or has failed."""
    seen: tuple[object, ...] | None = None
    while True:
        picture = await show(client, trade)
        now = (len(picture.events), picture.row.status, picture.row.phase, picture.note, picture.view)
        if now != seen:
            seen = now
            yield picture
        if picture.row.closed_at is not None:
            return
        await asyncio.sleep(_POLL.total_seconds())


def settled(picture: TradeDetails) -> bool:
    """Whether a trade needs no more waiting for: it is done, waits for a person, or holds with its exits working and nothing unknown."""
    view = picture.view
    if picture.row.closed_at is not None or (view is not None and view.offer is not None):
        return True
    return (
        view is not None
        and view.phase is Phase.HOLDING
        and view.position > 0
        and view.unknown_orders == view.unprotected == 0
    )


async def _ask(handle: WorkflowHandle[Any, Any], query: str, kind: Any) -> Any:
    try:
        return await handle.query(query, result_type=kind, rpc_timeout=ANSWER_WITHIN)
    except WorkflowQueryFailedError as error:
        raise NoAnswer(
            f"the worker could not tell this trade: {error}. `trader replay {handle.id}` shows whether its code fits"
        ) from error
    except RPCError as error:
        if error.status in {
            RPCStatusCode.NOT_FOUND,
            RPCStatusCode.PERMISSION_DENIED,
            RPCStatusCode.UNAUTHENTICATED,
        }:
            raise
        raise NoAnswer(
            f"no worker answered within {ANSWER_WITHIN.total_seconds():g} s, so this is told from Temporal's own record. "
            "Start one with `trader worker` (or `trader up`) for the rest"
        ) from error


async def request_of(client: Client, handle: WorkflowHandle[Any, Any]) -> TradeRequest:
    """Read what a trade was started with, from Temporal's own record: no worker is needed."""
    async for event in handle.fetch_history_events(page_size=1, rpc_timeout=_RPC_TIMEOUT):
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        decoded = await client.data_converter.decode(payloads, [TradeRequest])
        request: TradeRequest = decoded[0]
        return request
    raise NotFoundError(f"{handle.id} has no history")


async def views_of(client: Client, ids: Sequence[str]) -> dict[str, TradeView]:
    """Ask for many views, a few at once; after the first that no worker answers, the rest are not asked. What is missing is not known."""
    seen: dict[str, TradeView] = {}
    gate = asyncio.Semaphore(_AT_ONCE)
    silent = asyncio.Event()

    async def one(workflow_id: str) -> None:
        async with gate:
            if silent.is_set():
                return
            try:
                seen[workflow_id] = await view_of(client.get_workflow_handle(workflow_id))
            except NoAnswer as error:
                if isinstance(error.__cause__, RPCError):
                    silent.set()
            except RPCError:
                silent.set()

    await asyncio.gather(*(one(each) for each in ids))
    return seen


def _query(wanted: Filter) -> str:
    terms = [f"WorkflowType = '{TRADE_WORKFLOW}'"]
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
        terms.append(f"StartTime >= '{wanted.since.isoformat()}'")
    if wanted.open_only:
        terms.append("ExecutionStatus = 'Running'")
    return " AND ".join(terms)


def _row(found: WorkflowExecution) -> TradeRow:
    attributes = found.typed_search_attributes
    pnl = attributes.get(PNL)
    status = found.status or WorkflowExecutionStatus.RUNNING
    return TradeRow(
        workflow_id=found.id,
        started_at=found.start_time,
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


def _told(error: RPCError, client: Client, trade: str | None = None) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
        return NotFoundError(
            f"there is no trade {trade} in namespace {client.namespace}. `trader list` shows those there are"
        )
    return unreachable(error, client)
