"""Cards that do not show all of their trade's events; the bot updates them at its start."""

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.api.common.v1 import Payloads
from temporalio.client import Client, WorkflowExecutionStatus

from alert_trader import clock
from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardPlace, CardRequest
from alert_trader.control.errors import ControlError, NotPossibleError
from alert_trader.control.queries.trade_history import TRADES
from alert_trader.control.queries.trade_views import card_of, events_of, handle_of, view_of
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.domain.ids import AccountNumber, WorkflowId
from alert_trader.workflows.interface import SHOW_CARD_SIGNAL, TradeRequest
from alert_trader.workflows.trade.view import build_view
from alert_trader.workflows.trade_state import carried_state

CLOSED_SINCE = timedelta(days=1)
"""How long ago a trade may have ended for its card still to be brought up to date."""
MOST = 200
"""Trades looked at, the newest first."""

_RPC_TIMEOUT = timedelta(seconds=5)
_HISTORY_TIMEOUT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedCard:
    """A trade whose card does not show everything that happened."""

    workflow_id: WorkflowId
    last: CardRequest | None
    """What a trade that is over would have shown; None while it runs: it shows its card itself on request."""


async def outdated_cards(client: Client, account: AccountNumber) -> list[OutdatedCard]:
    """Return the outdated cards of an account's trades, running or just over.

    Those no worker answers for are left out.
    """
    since = (clock.now() - CLOSED_SINCE).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"{TRADES} AND TradeAccount = '{account}' AND (CloseTime IS NULL OR CloseTime > '{since}')"
    found = []
    with control_errors(client):
        async for each in client.list_workflows(query, limit=MOST, rpc_timeout=_RPC_TIMEOUT):
            one = await _outdated(client, each.id, running=each.status is WorkflowExecutionStatus.RUNNING)
            if one is not None:
                found.append(one)
    return found


async def _outdated(client: Client, workflow_id: str, *, running: bool) -> OutdatedCard | None:
    try:
        card = await card_of(client, workflow_id)
        if not card.wanted or card.shown >= card.events:
            return None
        if running:
            return OutdatedCard(workflow_id=WorkflowId(workflow_id), last=None)
        view, events = await view_of(client, workflow_id), await events_of(client, workflow_id)
    except ControlError:
        return None
    in_thread = 0 if card.place is None else card.place.events_shown
    last = CardRequest(view=view, events=tuple(events[in_thread:]), place=card.place, in_doubt=True)
    return OutdatedCard(workflow_id=WorkflowId(workflow_id), last=last)


async def last_card(client: Client, workflow_id: WorkflowId) -> CardRequest | None:
    """Return the card that a trade has shown last, and where, from the history of its current run.

    No worker is asked. Where that run has shown none, it is the card of the state with which the run began;
    None where no run has shown one.
    """
    request, place = None, None
    scheduled: dict[int, Payloads] = {}
    with control_errors(client, trade_subject(workflow_id)):
        history = await client.get_workflow_handle(workflow_id).fetch_history(rpc_timeout=_HISTORY_TIMEOUT)
    for event in history.events:
        if event.HasField("workflow_execution_started_event_attributes"):
            given = event.workflow_execution_started_event_attributes.input.payloads
            [trade] = await client.data_converter.decode(given, [TradeRequest])
            request, place = _carried_card(trade, workflow_id)
        elif event.HasField("activity_task_scheduled_event_attributes"):
            asked = event.activity_task_scheduled_event_attributes
            if asked.activity_type.name == SHOW_CARD:
                scheduled[event.event_id] = asked.input
        elif event.HasField("activity_task_completed_event_attributes"):
            done = event.activity_task_completed_event_attributes
            if done.scheduled_event_id in scheduled:
                [request] = await client.data_converter.decode(
                    scheduled[done.scheduled_event_id].payloads, [CardRequest]
                )
                [answer] = await client.data_converter.decode(done.result.payloads, [CardAnswer])
                place = answer.place
    return None if request is None else replace(request, place=place)


def _carried_card(
    trade: TradeRequest, workflow_id: WorkflowId
) -> tuple[CardRequest | None, CardPlace | None]:
    """Return the card of the state with which a run began, and where it is; None where it was not shown."""
    if trade.carried is None or (place := (state := carried_state(trade.carried)).card.place) is None:
        return None, None
    view = build_view(trade, workflow_id, state, most_orders=0)
    return CardRequest(view=view, events=(), place=place), place


async def request_card(client: Client, workflow_id: WorkflowId) -> None:
    """Make a running trade show its card again; one that has just ended needs no request."""
    handle = handle_of(client, workflow_id)
    try:
        with control_errors(client, trade_subject(handle.id)):
            await handle.signal(SHOW_CARD_SIGNAL, rpc_timeout=_RPC_TIMEOUT)
    except NotPossibleError:
        return
