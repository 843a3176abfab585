"""Commands to the workflow of an account."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowHandle

from alert_trader.activities.receipts import send_command
from alert_trader.control.rpc_errors import account_subject, control_errors
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.workflows.interface import Command

ANSWER_WITHIN = timedelta(seconds=4)
"""Longest wait for a worker's answer: it takes milliseconds, and a killed worker is replaced within two
seconds."""

_T = TypeVar("_T")


def account_handle(client: Client, account: AccountNumber) -> WorkflowHandle[Any, Any]:
    """Return the handle of an account's workflow."""
    return client.get_workflow_handle(account_workflow_id(account))


async def command_account(
    client: Client,
    account: AccountNumber,
    name: str,
    argument: object,
    command: Command,
    kind: type[_T],
    *,
    within: timedelta = ANSWER_WITHIN,
) -> _T:
    """Send a command with its argument, and wait for its receipt; raises any error of `control.errors`."""
    with control_errors(client, account_subject(account), worker_within=within):
        async with asyncio.timeout(within.total_seconds()):
            return await send_command(client, account_workflow_id(account), name, argument, command.id, kind)
