"""Cards that do not show all of their trade's events; the bot updates them at its start."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus

from alert_trader import clock
from alert_trader.activities.messages import CardRequest
from alert_trader.control.errors import ControlError, NotPossibleError
from alert_trader.control.queries.trade_views import card_of, events_of, handle_of, view_of
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.domain.ids import AccountNumber, WorkflowId
from alert_trader.workflows.interface import SHOW_CARD_SIGNAL, TRADE_WORKFLOW

CLOSED_SINCE = timedelta(days=1)
"""How long ago a trade may have ended for its card still to be brought up to date."""
MOST = 200
"""Trades looked at, the newest first."""

_RPC_TIMEOUT = timedelta(seconds=5)


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
    query = (
        f"WorkflowType = '{TRADE_WORKFLOW}' AND TradeAccount = '{account}' "
        f"AND (CloseTime IS NULL OR CloseTime > '{since}')"
    )
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


async def request_card(client: Client, workflow_id: WorkflowId) -> None:
    """Make a running trade show its card again; one that has just ended needs no request."""
    handle = handle_of(client, workflow_id)
    try:
        with control_errors(client, trade_subject(handle.id)):
            await handle.signal(SHOW_CARD_SIGNAL, rpc_timeout=_RPC_TIMEOUT)
    except NotPossibleError:
        return
