"""Cards that do not show all of their trade's events; the bot updates them at its start."""

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.api.common.v1 import Payloads
from temporalio.client import Client, WorkflowExecutionStatus

from alert_trader import clock
from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardRequest
from alert_trader.control.errors import ControlError, NotPossibleError
from alert_trader.control.queries.trade_history import TRADES
from alert_trader.control.queries.trade_views import card_of, events_of, handle_of, view_of
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.domain.ids import AccountNumber, WorkflowId
from alert_trader.workflows.interface import SHOW_CARD_SIGNAL

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

    No worker is asked. None where that run has shown no card.
    """
    request, place = None, None
    scheduled: dict[int, Payloads] = {}
    with control_errors(client, trade_subject(workflow_id)):
        history = await client.get_workflow_handle(workflow_id).fetch_history(rpc_timeout=_HISTORY_TIMEOUT)
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
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


async def request_card(client: Client, workflow_id: WorkflowId) -> None:
    """Make a running trade show its card again; one that has just ended needs no request."""
    handle = handle_of(client, workflow_id)
    try:
        with control_errors(client, trade_subject(handle.id)):
            await handle.signal(SHOW_CARD_SIGNAL, rpc_timeout=_RPC_TIMEOUT)
    except NotPossibleError:
        return
