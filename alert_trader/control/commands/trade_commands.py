"""Commands to a trade: cancel its entry, convert now, close, sell a part, approve or skip what it offers.

A command is carried out once under its id, however often it is sent. Temporal records it while no worker
runs; the next worker carries it out, if it is still possible then.
"""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

from temporalio.client import Client

from alert_trader.activities.receipts import send_command
from alert_trader.control.queries.trade_views import handle_of
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.control.stamping import stamped
from alert_trader.domain.alerts.alert import Nature
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.workflows.interface import Answer, Command, CommandReceipt, ExitChange, FollowUp, SellOrder

DONE_WITHIN = timedelta(seconds=40)
"""Longest wait for a receipt: the trade waits for the end of a cancel and of a sale, which are both
bounded."""


async def cancel(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Cancel what is left of the entry. Filled contracts are kept, with their exits."""
    command = stamped(command)
    return await _send(client, trade, TradeCommand.CANCEL, command, command.id)


async def close(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Cancel the entry and the exits, and sell the position, from the bid down."""
    command = stamped(command)
    return await _send(client, trade, TradeCommand.CLOSE, command, command.id)


async def convert_now(client: Client, trade: str, command: Command) -> CommandReceipt:
    """Convert what is left of the entry now, instead of at the end of its window."""
    command = stamped(command)
    return await _send(client, trade, TradeCommand.CONVERT, command, command.id)


async def sell(client: Client, trade: str, command: Command, portion: Portion) -> CommandReceipt:
    """Sell a part of the position, from the bid down; the exit plan covers the rest again."""
    command = stamped(command)
    order = SellOrder(command=command, portion=portion)
    return await _send(client, trade, TradeCommand.SELL, order, command.id)


async def change_exits(client: Client, trade: str, change: ExitChange) -> CommandReceipt:
    """Change what sells the position; one that cannot be is refused, and nothing has changed."""
    change = replace(change, command=stamped(change.command))
    return await _send(client, trade, TradeCommand.CHANGE_EXITS, change, change.command.id)


async def approve(
    client: Client, trade: str, command: Command, *, half: bool = False, offer: str = ""
) -> CommandReceipt:
    """Approve what the trade offers, or half of it; `offer` is the id of the offer that the person saw."""
    command = stamped(command)
    answer = Answer(command=command, half=half, offer=offer)
    return await _send(client, trade, TradeCommand.APPROVE, answer, command.id)


async def skip(client: Client, trade: str, command: Command, *, offer: str = "") -> CommandReceipt:
    """Decline what the trade offers; `offer` is the id of the offer that the person saw."""
    command = stamped(command)
    answer = Answer(command=command, offer=offer)
    return await _send(client, trade, TradeCommand.SKIP, answer, command.id)


async def follow_up(client: Client, trade: str, said: FollowUp) -> CommandReceipt:
    """Pass a later message of its author to a trade.

    The message's id makes it count once, each wording of an edit too.
    """
    message = said.message
    wording = (
        f"-{hashlib.sha256(message.shown.encode()).hexdigest()[:12]}" if message.nature is Nature.EDIT else ""
    )
    said = replace(said, id=f"{message.message_id}{wording}")
    return await _send(client, trade, TradeCommand.FOLLOW_UP, said, said.id)


async def _send(
    client: Client, trade: str, name: TradeCommand, argument: object, command_id: str
) -> CommandReceipt:
    """Send a command and wait for its receipt; raises any of the errors of `control.errors`."""
    workflow_id = handle_of(client, trade).id
    with control_errors(client, trade_subject(workflow_id), worker_within=DONE_WITHIN):
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            return await send_command(client, workflow_id, name, argument, command_id, CommandReceipt)
