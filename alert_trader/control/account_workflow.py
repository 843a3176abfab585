"""Calls to the workflow of an account, which commands and queries share."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowHandle

from alert_trader.control.rpc_errors import account_subject, control_errors
from alert_trader.domain.ids import AccountNumber, account_workflow_id

ANSWER_WITHIN = timedelta(seconds=4)
"""Longest wait for a worker's answer: it takes milliseconds, and a killed worker is replaced within two
seconds."""

_T = TypeVar("_T")


def account_handle(client: Client, account: AccountNumber) -> WorkflowHandle[Any, Any]:
    """Return the handle of an account's workflow."""
    return client.get_workflow_handle(account_workflow_id(account))


async def update_account(
    client: Client,
    account: AccountNumber,
    name: str,
    argument: object,
    kind: type[_T],
    *,
    within: timedelta = ANSWER_WITHIN,
) -> _T:
    """Run an update of an account's workflow to its end; raises any of the errors of `control.errors`."""
    arguments = [] if argument is None else [argument]
    with control_errors(client, account_subject(account), worker_within=within):
        async with asyncio.timeout(within.total_seconds()):
            answer: _T = await account_handle(client, account).execute_update(
                name, args=arguments, result_type=kind
            )
            return answer
