"""Commands to a trade: cancel its entry, convert now, close, sell a part, approve or skip what it offers.

A command with an id is carried out once, however often it is sent: its id is the id of the Temporal update.
"""

import asyncio
import hashlib
from datetime import timedelta

from temporalio.client import Client

from alert_trader.control.queries.trade_views import handle_of
from alert_trader.control.rpc_errors import control_errors, trade_subject
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
"""Longest wait for a command: it waits for the end of a cancel and of a market order, which are both
bounded."""


async def cancel(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Cancel what is left of the entry. Filled contracts are kept, with their exits."""
    return await _update(client, trade, CANCEL_UPDATE, command, command.id)


async def close(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Cancel the entry and the exits, and sell the position at the market."""
    return await _update(client, trade, CLOSE_UPDATE, command, command.id)


async def convert_now(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Convert what is left of the entry to market now, instead of at the end of its window."""
    return await _update(client, trade, CONVERT_UPDATE, command, command.id)


async def sell(client: Client, trade: str, command: Command, portion: Portion) -> CommandReceipt:
    """Sell a part of the position at the market; the exit plan covers the rest again."""
    return await _update(client, trade, SELL_UPDATE, SellOrder(command=command, portion=portion), command.id)


async def approve(
    client: Client, trade: str, command: Command, *, half: bool = False, offer: str = ""
) -> CommandReceipt:
    """Approve what the trade offers, or half of it; `offer` is the id of the offer that the person saw."""
    return await _update(
        client, trade, APPROVE_UPDATE, Answer(command=command, half=half, offer=offer), command.id
    )


async def skip(client: Client, trade: str, command: Command, *, offer: str = "") -> CommandReceipt:
    """Decline what the trade offers; `offer` is the id of the offer that the person saw."""
    return await _update(client, trade, SKIP_UPDATE, Answer(command=command, offer=offer), command.id)


async def follow_up(client: Client, trade: str, said: FollowUp) -> CommandReceipt:
    """Pass a later message of its author to a trade.

    The message's id makes it count once, each wording of an edit too.
    """
    message = said.message
    wording = (
        f"-{hashlib.sha256(message.shown.encode()).hexdigest()[:12]}" if message.nature is Nature.EDIT else ""
    )
    return await _update(client, trade, FOLLOW_UPDATE, said, f"{message.message_id}{wording}")


async def _update(client: Client, trade: str, name: str, argument: object, update_id: str) -> CommandReceipt:
    """Run an update to its end; raises any of the errors of `control.errors`."""
    handle = handle_of(client, trade)
    with control_errors(client, trade_subject(handle.id), worker_within=DONE_WITHIN):
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            receipt: CommandReceipt = await handle.execute_update(
                name, argument, id=update_id or None, result_type=CommandReceipt
            )
            return receipt
