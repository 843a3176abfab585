"""Start an account's workflow, with the limits of the settings."""

import asyncio
import logging
from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.workflows.activity_options import PROTECTS
from alert_trader.workflows.interface import (
    ACCOUNT_VIEW_QUERY,
    ACCOUNT_WORKFLOW,
    SETTINGS_SIGNAL,
    AccountRequest,
    task_queue,
)
from alert_trader.workflows.timing import TASK_TIMEOUT

log = logging.getLogger("alert-trader.worker")

READY_WITHIN = timedelta(seconds=5)
"""How long a worker waits for a new account before it reports ready: until then entries would be denied."""

_PAUSE = 0.05


async def ensure_account_workflow(
    client: Client, account: AccountNumber, *, mode: Mode, limits: Limits
) -> None:
    """Start the account's workflow, or send a running one the limits of the settings.

    Its worker runs already.
    """
    try:
        handle = await client.start_workflow(
            ACCOUNT_WORKFLOW,
            AccountRequest(account=account, mode=mode, limits=limits),
            id=account_workflow_id(account),
            task_queue=task_queue(account),
            task_timeout=TASK_TIMEOUT,
            # a halt is a task of this workflow
            priority=PROTECTS,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"Account {account}",
        )
    except WorkflowAlreadyStartedError:
        await client.get_workflow_handle(account_workflow_id(account)).signal(SETTINGS_SIGNAL, limits)
        return
    if not await ready(handle):
        log.warning(
            "account not ready after %g s: entries are denied until it is. See `trader account`",
            READY_WITHIN.total_seconds(),
        )


async def ready(handle: "WorkflowHandle[object, object]", *, within: timedelta = READY_WITHIN) -> bool:
    """Wait until an account admits entries; return whether it does.

    Only missing permission ends the wait early: any other failure may pass.
    """
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    while asyncio.get_running_loop().time() < deadline:
        try:
            view: AccountView = await handle.query(
                ACCOUNT_VIEW_QUERY, result_type=AccountView, rpc_timeout=within
            )
        except RPCError as error:
            if kind_of(error) is FailureKind.FORBIDDEN:
                return False
        else:
            if view.preflight_at is not None and not view.blocking:
                return True
        await asyncio.sleep(_PAUSE)
    return False
