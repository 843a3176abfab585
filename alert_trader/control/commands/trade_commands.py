"""Ask a trade to do something: cancel its entry, close its position or sell a part of it, convert now, approve or skip what it offers.

A command with an id acts once, however often it is sent: its id is the update's own.
"""

import asyncio
import hashlib
from datetime import timedelta

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from alert_trader.control.errors import NotFoundError, NotPossibleError, NoWorkerError
from alert_trader.control.queries.trade_views import handle_of
from alert_trader.control.temporal import unreachable
from alert_trader.domain.alerts.alert import Nature
from alert_trader.domain.alerts.portion import Portion
from alert_trader.workflows.interface import (
    APPROVE_UPDATE,
    CANCEL_UPDATE,
    CLOSE_UPDATE,
    CONVERT_UPDATE,
    FOLLOW_UPDATE,
    SELL_UPDATE,
    SKIP_UPDATE,
    Answer,
    Command,
    CommandReceipt,
    FollowUp,
    SellOrder,
)

DONE_WITHIN = timedelta(seconds=40)
"""A command waits for the venue's word on a cancel, and for a market order after it; both are bounded, and longer is a fault."""


async def cancel(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Stop buying: cancel what is left of the entry. What was filled stays, with its exits."""
    return await _update(client, trade, CANCEL_UPDATE, command, command.id)


async def close(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Get out: cancel the entry and the exits, and sell what is held at the market."""
    return await _update(client, trade, CLOSE_UPDATE, command, command.id)


async def convert_now(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Convert what is left of the entry to market now, instead of at the end of its window."""
    return await _update(client, trade, CONVERT_UPDATE, command, command.id)


async def sell(client: Client, trade: str, command: Command, portion: Portion) -> CommandReceipt:
    """Sell a part of what is held at the market; what remains is protected again by the exit plan."""
    return await _update(client, trade, SELL_UPDATE, SellOrder(command=command, portion=portion), command.id)


async def approve(
    client: Client, trade: str, command: Command, *, half: bool = False, offer: str = ""
) -> CommandReceipt:
    """Say yes to what the trade offers, or to half of it; `offer` is the id of the offer that was seen."""
    return await _update(
        client, trade, APPROVE_UPDATE, Answer(command=command, half=half, offer=offer), command.id
    )


async def skip(client: Client, trade: str, command: Command, *, offer: str = "") -> CommandReceipt:
    """Say no to what the trade offers; `offer` is the id of the offer that was seen."""
    return await _update(client, trade, SKIP_UPDATE, Answer(command=command, offer=offer), command.id)


async def follow_up(client: Client, trade: str, said: FollowUp) -> CommandReceipt:
    """Tell a trade what its author said later. The message's id, and of an edit its wording, makes it act once."""
    message = said.message
    wording = (
        f"-{hashlib.sha256(message.shown.encode()).hexdigest()[:12]}" if message.nature is Nature.EDIT else ""
    )
    return await _update(client, trade, FOLLOW_UPDATE, said, f"{message.message_id}{wording}")


async def _update(client: Client, trade: str, name: str, asked: object, identity: str) -> CommandReceipt:
    """Run an update to its end; raises any of the errors of `alert_trader.control.errors`."""
    handle = handle_of(client, trade)
    try:
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            receipt: CommandReceipt = await handle.execute_update(
                name, asked, id=identity or None, result_type=CommandReceipt
            )
            return receipt
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        words = cause.message if isinstance(cause, ApplicationError) else str(cause)
        raise NotPossibleError(f"{handle.id} refused: {words}") from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise NoWorkerError(
            f"{handle.id} did not finish this within {DONE_WITHIN.total_seconds():g} s. It may still happen: look with "
            f"`trader show {handle.id}`, and check that a worker runs with `trader doctor`"
        ) from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise unreachable(error, client) from error
        if "amespace" in error.message:
            raise unreachable(error, client) from error
        if "already completed" in error.message:
            raise NotPossibleError(
                f"{handle.id} is over: there is nothing left to do. See `trader show {handle.id}`"
            ) from error
        raise NotFoundError(
            f"there is no trade {trade} in namespace {client.namespace}. `trader list` shows those there are"
        ) from error
