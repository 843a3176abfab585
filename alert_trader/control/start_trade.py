"""Start the one trade of an alert."""

from dataclasses import dataclass, replace
from datetime import datetime

from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from alert_trader import clock
from alert_trader.control.errors import UnreachableError
from alert_trader.control.rpc_errors import control_errors
from alert_trader.domain.ids import trade_workflow_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.workflows.interface import TRADE_WORKFLOW, TradeRequest, task_queue
from alert_trader.workflows.search_attributes import ACCOUNT, AUTHOR, MODE, PHASE, RECEIVED
from alert_trader.workflows.timing import TASK_TIMEOUT
from alert_trader.workflows.trade_state import TradeState, carry

_SUMMARY_LENGTH = 120
"""Temporal allows 400 bytes of summary; a list shows fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The trade of an alert."""

    workflow_id: str
    started: bool
    """False when the message already had its trade: it never opens a second one."""


async def start_trade(client: Client, request: TradeRequest) -> Started:
    """Start the trade of a message, or return the one it has; raises UnreachableError.

    After UnreachableError the same request may be sent again: the message id alone decides whether a trade is
    new.
    """
    workflow_id = trade_workflow_id(request.alert.message_id)
    try:
        with control_errors(client):
            await _start(client, request, Phase.RECEIVED, clock.now(), WorkflowIDReusePolicy.REJECT_DUPLICATE)
    except WorkflowAlreadyStartedError:
        return Started(workflow_id=workflow_id, started=False)
    except UnreachableError as error:
        raise UnreachableError(
            f"{error}. Sending it again with the same id ({request.alert.message_id}) cannot open a second "
            "trade"
        ) from error
    return Started(workflow_id=workflow_id, started=True)


async def restart_trade(client: Client, request: TradeRequest, state: TradeState) -> str:
    """Start a trade anew with its recorded state, after its last run has ended; return the new run.

    Raises UnreachableError.
    """
    with control_errors(client):
        return await _start(
            client,
            replace(request, carried=carry(state)),
            state.lifecycle.phase,
            state.received_at,
            WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )


async def _start(
    client: Client, request: TradeRequest, phase: Phase, received_at: datetime, reuse: WorkflowIDReusePolicy
) -> str:
    """Start the workflow of a trade, and return its run."""
    handle = await client.start_workflow(
        TRADE_WORKFLOW,
        request,
        id=trade_workflow_id(request.alert.message_id),
        task_queue=task_queue(request.account),
        task_timeout=TASK_TIMEOUT,
        id_reuse_policy=reuse,
        # the same answer for an open and a closed trade; the server recognises a retry of the same call
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PHASE, phase.value),
                SearchAttributePair(AUTHOR, request.alert.author_id),
                SearchAttributePair(MODE, request.policy.mode.value),
                SearchAttributePair(ACCOUNT, request.account),
                SearchAttributePair(RECEIVED, received_at),
            ]
        ),
        static_summary=_one_line(request.alert.text),
        static_details=_details(request),
    )
    return handle.first_execution_run_id or ""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    # in backticks, so that the text is not formatted as Markdown
    line = line if len(line) <= _SUMMARY_LENGTH else line[: _SUMMARY_LENGTH - 1] + "…"
    return f"`{line.replace('`', chr(39))}`"


def _details(request: TradeRequest) -> str:
    alert = request.alert
    # an indented block, so that the message is shown as it was written
    quoted = "\n".join(f"    {line}" for line in alert.text.splitlines() or [""])
    rows = {
        "Author": f"{alert.author_name} ({alert.author_id})" if alert.author_name else alert.author_id,
        "Channel": alert.channel_id,
        "Server": alert.guild_id,
        "Message": alert.message_id,
        "Posted": alert.posted_at.isoformat(timespec="seconds"),
        "Mode": request.policy.mode.value,
        "Account": request.account,
    }
    table = "\n".join(f"- **{name}**: `{value.replace('`', chr(39))}`" for name, value in rows.items())
    return f"{quoted}\n\n{table}\n"
