"""Cards that are behind their trades: found when the bot is back, so that none stays lost."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.activities.messages import CardRequest
from alert_trader.control.queries.trade_views import NoAnswer, card_of, events_of, view_of
from alert_trader.control.temporal import unreachable
from alert_trader.domain.ids import AccountNumber, WorkflowId
from alert_trader.workflows.interface import SHOW_CARD_SIGNAL, TRADE_WORKFLOW

CLOSED_SINCE = timedelta(days=1)
"""How long ago a trade may have ended for its card still to be mended."""
MOST = 200
"""Trades looked at, the newest first."""

_RPC_TIMEOUT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A trade whose card does not show all that happened."""

    workflow_id: WorkflowId
    last: CardRequest | None
    """What a trade that is over would have shown; None while it runs: it shows its card itself when asked."""


async def behind(client: Client, account: AccountNumber) -> list[Behind]:
    """Find the trades of an account, running or just over, whose cards are behind; those that no worker tells of are left out."""
    since = (clock.now() - CLOSED_SINCE).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"WorkflowType = '{TRADE_WORKFLOW}' AND TradeAccount = '{account}' AND (ExecutionStatus = 'Running' OR CloseTime > '{since}')"
    found = []
    try:
        async for each in client.list_workflows(query, limit=MOST, rpc_timeout=_RPC_TIMEOUT):
            one = await _behind(client, each.id, running=each.status is WorkflowExecutionStatus.RUNNING)
            if one is not None:
                found.append(one)
    except RPCError as error:
        raise unreachable(error, client) from error
    return found


async def _behind(client: Client, workflow_id: str, *, running: bool) -> Behind | None:
    handle = client.get_workflow_handle(workflow_id)
    try:
        card = await card_of(handle)
        if not card.wanted or card.shown >= card.events:
            return None
        if running:
            return Behind(workflow_id=WorkflowId(workflow_id), last=None)
        view, events = await view_of(handle), await events_of(handle)
    except (NoAnswer, RPCError):
        return None
    told = 0 if card.place is None else card.place.told
    last = CardRequest(view=view, events=tuple(events[told:]), place=card.place, in_doubt=True)
    return Behind(workflow_id=WorkflowId(workflow_id), last=last)


async def ask_for_card(client: Client, workflow_id: WorkflowId) -> None:
    """Have a running trade show its card again; one that has just ended needs no asking."""
    try:
        await client.get_workflow_handle(workflow_id).signal(SHOW_CARD_SIGNAL, rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if "already completed" not in error.message:
            raise unreachable(error, client) from error
