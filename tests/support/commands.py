"""Commands to trades and accounts, as tests send them: with a receipt to wait for, or without."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any, TypeVar

from temporalio.client import WorkflowHandle

from alert_trader.activities.receipts import record_command, send_command, wait_for_receipt
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.workflows.interface import (
    Answer,
    Command,
    CommandReceipt,
    ExitChange,
    FollowUp,
    LimitsCommand,
    SellOrder,
)

_numbers = itertools.count(1)

Argument = Command | SellOrder | Answer | FollowUp | ExitChange

_T = TypeVar("_T")


async def command(trade: WorkflowHandle[Any, Any], name: TradeCommand, argument: Argument) -> CommandReceipt:
    """Send a command and wait for its receipt. One without an id gets a new one."""
    given, command_id = _with_id(argument)
    return await send_command(trade._client, trade.id, name, given, command_id, CommandReceipt)


async def begin(
    trade: WorkflowHandle[Any, Any], name: TradeCommand, argument: Argument
) -> asyncio.Task[CommandReceipt]:
    """Send a command, and return once it is in the history of the trade; the task ends with its receipt."""
    given, command_id = _with_id(argument)
    run = await record_command(trade._client, trade.id, name, given)
    return asyncio.create_task(wait_for_receipt(trade._client, trade.id, run, command_id, CommandReceipt))


async def account_command(
    account: WorkflowHandle[Any, Any], name: str, argument: Command | LimitsCommand, kind: type[_T]
) -> _T:
    """Send a command to an account, and wait for its receipt."""
    new = f"command-{next(_numbers)}"
    given: Command | LimitsCommand = (
        replace(argument, id=new)
        if isinstance(argument, Command)
        else replace(argument, command=replace(argument.command, id=new))
    )
    return await send_command(account._client, account.id, name, given, new, kind)


def _with_id(argument: Argument) -> tuple[Argument, str]:
    """Return a command with an id, and the id."""
    new = f"command-{next(_numbers)}"
    if isinstance(argument, Command | FollowUp):
        found: Command | FollowUp = argument if argument.id else replace(argument, id=new)
        return found, found.id
    inner = argument.command if argument.command.id else replace(argument.command, id=new)
    return replace(argument, command=inner), inner.id
