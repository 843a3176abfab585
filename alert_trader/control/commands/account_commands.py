"""Commands to an account: halt, resume, flatten, change limits, explain a difference, allow a re-post.

Temporal records a command before anything is waited for. Without a worker the next one carries it out: it
starts halted, and flattens. What adds risk (resume, limits, explanations) is refused when it is too old then.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from alert_trader.activities.receipts import record_command, wait_for_receipt
from alert_trader.control.account_workflow import account_handle, command_account
from alert_trader.control.errors import NoAnswerError, NoWorkerError
from alert_trader.control.rpc_errors import account_subject, control_errors
from alert_trader.control.stamping import stamped
from alert_trader.domain.account.admission import ADMISSION_LIFETIME
from alert_trader.domain.account.view import AccountReceipt, HaltReceipt, LimitsReceipt
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.workflows.interface import (
    ALLOW_SIGNAL,
    EXPLAIN_SIGNAL,
    FLATTEN_SIGNAL,
    HALT_SIGNAL,
    LIMITS_SIGNAL,
    RESUME_SIGNAL,
    Command,
    Explanation,
    LimitsCommand,
)
from alert_trader.workflows.timing import TASK_TIMEOUT

HALT_WITHIN = 2 * TASK_TIMEOUT + timedelta(seconds=2)
"""Longest wait for a worker's answer to a halt. When a worker is killed within a task of the account, another
takes it over after `TASK_TIMEOUT`, and may replay for as long on a busy machine. The halt is recorded before
that, and certain after `ADMISSION_LIFETIME` whatever happens: it is answered then if no worker has taken
it."""

TAKEN_CHECKS = timedelta(seconds=0.5)
"""Between two looks whether a worker has taken the halt."""


def stop_file_advice(stop_file: Path) -> str:
    """Return how entries are stopped where Temporal cannot acknowledge a halt."""
    return f"To stop entries without Temporal, create the file {stop_file} where the worker runs"


async def halt(client: Client, account: AccountNumber, *, by: str, reason: str) -> HaltReceipt:
    """Stop every entry until `resume`. Working entries are cancelled; positions keep their exits.

    With a worker the answer comes within a second and lists what was cancelled and what remains. When this
    returns, no order that increases risk can be sent any more: without a worker's answer too, because it
    waits until every entry that was admitted before the halt has expired, 2.5 s.
    """
    command, workflow_id = stamped(Command(by=by, reason=reason)), account_workflow_id(account)
    with control_errors(client, account_subject(account)):
        run = await record_command(client, workflow_id, HALT_SIGNAL, command)
    certain = asyncio.get_running_loop().time() + ADMISSION_LIFETIME.total_seconds()
    answer = asyncio.create_task(wait_for_receipt(client, workflow_id, run, command.id, HaltReceipt))
    silent = asyncio.create_task(_until_not_taken(client, account, certain))
    try:
        with control_errors(client, account_subject(account), worker_within=HALT_WITHIN):
            async with asyncio.timeout(HALT_WITHIN.total_seconds()):
                await asyncio.wait({answer, silent}, return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    return answer.result()
    except NoAnswerError:
        await asyncio.sleep(max(certain - asyncio.get_running_loop().time(), 0))
    finally:
        answer.cancel()
        silent.cancel()
    return HaltReceipt(
        acknowledged=True,
        state=None,
        epoch=None,
        cancelled=(),
        remaining=(),
        text=f"Account {account} halted: recorded, and no entry can be sent. No worker has carried it out "
        "yet, so working entries are not cancelled: that happens as soon as a worker runs. Start one with "
        "`trader worker`",
    )


async def _until_not_taken(client: Client, account: AccountNumber, certain: float) -> None:
    """Return when the halt is certain and no worker has begun the account's next task.

    A task that is seen twice as not begun waits for a worker: with one it begins within milliseconds.
    """
    seen = None
    while True:
        with contextlib.suppress(RPCError):
            described = await account_handle(client, account).describe(rpc_timeout=TAKEN_CHECKS * 4)
            pending = described.raw_description.pending_workflow_task
            waits = described.raw_description.HasField("pending_workflow_task") and not pending.HasField(
                "started_time"
            )
            found = pending.scheduled_time.ToNanoseconds() if waits else None
            if found is not None and found == seen and asyncio.get_running_loop().time() >= certain:
                return
            seen = found
        await asyncio.sleep(TAKEN_CHECKS.total_seconds())


async def resume(client: Client, account: AccountNumber, *, by: str, changed: str) -> AccountReceipt:
    """Let a halted account trade again; `changed` says what is different now and is recorded."""
    command = stamped(Command(by=by, reason=changed))
    return await command_account(client, account, RESUME_SIGNAL, command, command, AccountReceipt)


async def flatten(client: Client, account: AccountNumber, *, by: str, reason: str) -> AccountReceipt:
    """Halt, cancel every entry and close every position; returns when nothing more can be bought.

    Closing continues until the account is flat; `account_view` shows how far it is. Without a worker it is
    recorded: the next worker halts the account and closes the positions in the session that follows.
    """
    command = stamped(Command(by=by, reason=reason))
    try:
        return await command_account(client, account, FLATTEN_SIGNAL, command, command, AccountReceipt)
    except NoAnswerError as silent:
        raise NoWorkerError(
            f"account {account} halted: recorded, and no entry can be sent. No worker answered, so nothing "
            "is closed yet; positions keep their exits. The next worker closes them: start it with "
            "`trader worker`, and check with `trader account`"
        ) from silent


async def change_limits(
    client: Client, account: AccountNumber, *, by: str, reason: str, changes: Mapping[str, str]
) -> LimitsReceipt:
    """Change limits by name, each value as text; raises NotPossibleError for an invalid one."""
    command = stamped(Command(by=by, reason=reason))
    asked = LimitsCommand(command=command, changes=dict(changes))
    return await command_account(client, account, LIMITS_SIGNAL, asked, command, LimitsReceipt)


async def explain(
    client: Client, account: AccountNumber, *, by: str, reason: str, what: str | None = None
) -> AccountReceipt:
    """Explain the differences that block entries, or the one about `what`; valid while they do not change."""
    command = stamped(Command(by=by, reason=reason))
    asked = Explanation(command=command, what=what)
    return await command_account(client, account, EXPLAIN_SIGNAL, asked, command, AccountReceipt)


async def allow_repost(
    client: Client, account: AccountNumber, *, by: str, reason: str, trade: str
) -> AccountReceipt:
    """Allow the alert of `trade`, which was denied as a re-post, to trade when it is sent again."""
    command = stamped(Command(by=by, reason=reason))
    asked = Explanation(command=command, what=trade)
    return await command_account(client, account, ALLOW_SIGNAL, asked, command, AccountReceipt)
