"""Commands to an account: halt, resume, flatten, change limits, explain a difference, allow a re-post.

A halt is recorded by Temporal before anything is waited for. It holds without a worker: the next worker
starts halted.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from alert_trader.control.account_workflow import account_handle, update_account
from alert_trader.control.errors import ControlError, NoAnswerError, NoWorkerError
from alert_trader.control.rpc_errors import account_subject, control_errors
from alert_trader.domain.account.account import ADMISSION_VALIDITY
from alert_trader.domain.account.view import AccountReceipt, HaltReceipt, LimitsReceipt
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.interface import (
    ALLOW_UPDATE,
    EXPLAIN_UPDATE,
    FLATTEN_UPDATE,
    HALT_SIGNAL,
    HALT_UPDATE,
    LIMITS_UPDATE,
    RESUME_UPDATE,
    Command,
    Explanation,
    LimitsCommand,
)

HALT_WITHIN = timedelta(seconds=3)
"""Longest wait for a worker's answer to a halt. The halt is recorded before that, and certain after
`ADMISSION_VALIDITY`."""

_SENT_WITHIN = timedelta(seconds=5)


def stop_file_advice(stop_file: Path) -> str:
    """Return how entries are stopped where Temporal cannot acknowledge a halt."""
    return f"To stop entries without Temporal, create the file {stop_file} where the worker runs"


async def halt(client: Client, account: AccountNumber, *, by: str, reason: str) -> HaltReceipt:
    """Stop every entry until `resume`. Working entries are cancelled; positions keep their exits.

    With a worker the answer comes within a second and lists what was cancelled and what remains. When this
    returns, no order that increases risk can be sent any more: without a worker's answer too, because it
    waits until every entry that was admitted before the halt has expired.
    """
    command, subject = Command(by=by, reason=reason), account_subject(account)
    handle = account_handle(client, account)
    update = asyncio.create_task(
        update_account(client, account, HALT_UPDATE, command, HaltReceipt, within=HALT_WITHIN + _SENT_WITHIN)
    )
    try:
        with control_errors(client, subject):
            await handle.signal(HALT_SIGNAL, command, rpc_timeout=_SENT_WITHIN)
        certain = asyncio.get_running_loop().time() + ADMISSION_VALIDITY.total_seconds()
        try:
            async with asyncio.timeout(HALT_WITHIN.total_seconds()):
                return await update
        except (TimeoutError, ControlError):
            await asyncio.sleep(max(certain - asyncio.get_running_loop().time(), 0))
    finally:
        update.cancel()
    return HaltReceipt(
        acknowledged=True,
        state=None,
        epoch=None,
        cancelled=(),
        remaining=(),
        text=f"Account {account} halted: recorded, and no entry can be sent. No worker answered, so working "
        "entries "
        "are not cancelled yet: that happens as soon as a worker runs. Start one with `trader worker`",
    )


async def resume(client: Client, account: AccountNumber, *, by: str, changed: str) -> AccountReceipt:
    """Let a halted account trade again; `changed` says what is different now and is recorded."""
    return await update_account(
        client, account, RESUME_UPDATE, Command(by=by, reason=changed), AccountReceipt
    )


async def flatten(client: Client, account: AccountNumber, *, by: str, reason: str) -> AccountReceipt:
    """Halt, cancel every entry and close every position; returns when nothing more can be bought.

    Closing continues until the account is flat; `account_view` shows how far it is. The halt is recorded
    first, with or without a worker. Without a worker the rest must be requested again: positions are not sold
    at whatever later time a worker starts.
    """
    command = Command(by=by, reason=reason)
    with control_errors(client, account_subject(account)):
        await account_handle(client, account).signal(HALT_SIGNAL, command, rpc_timeout=_SENT_WITHIN)
    try:
        return await update_account(client, account, FLATTEN_UPDATE, command, AccountReceipt)
    except NoAnswerError as silent:
        raise NoWorkerError(
            f"account {account} halted: recorded, and no entry can be sent. No worker answered, so it is "
            "not known "
            "whether positions are closed; they keep their exits. Start a worker with `trader worker`, "
            "check with "
            "`trader account`, and flatten again"
        ) from silent


async def change_limits(
    client: Client, account: AccountNumber, *, by: str, reason: str, changes: Mapping[str, str]
) -> LimitsReceipt:
    """Change limits by name, each value as text; raises NotPossibleError for an invalid one."""
    command = LimitsCommand(by=by, reason=reason, changes=dict(changes))
    return await update_account(client, account, LIMITS_UPDATE, command, LimitsReceipt)


async def explain(
    client: Client, account: AccountNumber, *, by: str, reason: str, what: str | None = None
) -> AccountReceipt:
    """Explain the differences that block entries, or the one about `what`; valid while they do not change."""
    explanation = Explanation(by=by, reason=reason, what=what)
    return await update_account(client, account, EXPLAIN_UPDATE, explanation, AccountReceipt)


async def allow_repost(
    client: Client, account: AccountNumber, *, by: str, reason: str, trade: str
) -> AccountReceipt:
    """Allow the alert of `trade`, which was denied as a re-post, to trade when it is sent again."""
    explanation = Explanation(by=by, reason=reason, what=trade)
    return await update_account(client, account, ALLOW_UPDATE, explanation, AccountReceipt)
