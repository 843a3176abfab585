"""Ask an account: how it stands, and to halt, resume, flatten, and change its limits. What needs the broker runs in the worker.

A halt is recorded before anything is waited for, so that it holds even when no worker runs: what a worker does next, it does halted.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from alert_trader.control.errors import NotFoundError, NotPossibleError, NoWorkerError
from alert_trader.control.temporal import unreachable
from alert_trader.domain.account.account import ADMISSION_VALIDITY
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt, LimitsReceipt
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.orders.order import OrderReport, Position
from alert_trader.workflows.interface import (
    ACCOUNT_VIEW_QUERY,
    ALLOW_UPDATE,
    EXPLAIN_UPDATE,
    FLATTEN_UPDATE,
    HALT_SIGNAL,
    HALT_UPDATE,
    LIMITS_UPDATE,
    ORDERS_UPDATE,
    POSITIONS_UPDATE,
    PREFLIGHT_UPDATE,
    QUOTES_UPDATE,
    RESUME_UPDATE,
    Command,
    Explanation,
    LimitsCommand,
)

ANSWER_WITHIN = timedelta(seconds=4)
"""Longest wait for a worker's answer: it takes milliseconds, and a killed worker's place is taken in two seconds."""

HALT_WITHIN = timedelta(seconds=3)
"""Longest wait for a worker's word on a halt. Recorded it is before that, and it is certain soon after: see `ADMISSION_VALIDITY`."""

BROKER_WITHIN = timedelta(seconds=30)
"""Longest wait for an answer that a worker must get from the broker."""

_SENT_WITHIN = timedelta(seconds=5)

_T = TypeVar("_T")


async def account_view(client: Client, account: AccountNumber) -> AccountView:
    """Tell how an account stands."""
    try:
        view: AccountView = await _handle(client, account).query(
            ACCOUNT_VIEW_QUERY, result_type=AccountView, rpc_timeout=ANSWER_WITHIN
        )
    except WorkflowQueryFailedError as error:
        raise NoWorkerError(
            f"the worker could not tell how account {account} stands: {error}. Try again"
        ) from error
    except RPCError as error:
        raise _told(error, client, account) from error
    return view


async def limits(client: Client, account: AccountNumber) -> Limits:
    """Give the limits in force."""
    return (await account_view(client, account)).limits


def without_temporal(stop_file: Path) -> str:
    """Say how entries are stopped where a halt cannot be acknowledged."""
    return f"Entries stop without Temporal too: create the file {stop_file} where the worker runs"


async def halt(client: Client, account: AccountNumber, *, by: str, reason: str) -> HaltReceipt:
    """Stop every entry, at once and for good: only `resume` ends it. Entries that work are cancelled; positions keep their exits.

    Answers within a second where a worker runs, with what was cancelled and what remains. Once it answers, it is certain that no
    risk-increasing order leaves any more; without a worker's word as well, since whatever was let pass before it has run out by then.
    """
    handle, command = _handle(client, account), Command(by=by, reason=reason)
    asking = asyncio.create_task(handle.execute_update(HALT_UPDATE, command, result_type=HaltReceipt))
    try:
        await handle.signal(HALT_SIGNAL, command, rpc_timeout=_SENT_WITHIN)
        certain = asyncio.get_running_loop().time() + ADMISSION_VALIDITY.total_seconds()
        try:
            async with asyncio.timeout(HALT_WITHIN.total_seconds()):
                receipt: HaltReceipt = await asking
                return receipt
        except (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, WorkflowUpdateFailedError):
            await asyncio.sleep(max(certain - asyncio.get_running_loop().time(), 0))
    except RPCError as error:
        raise _told(error, client, account) from error
    finally:
        asking.cancel()
    return HaltReceipt(
        acknowledged=True,
        state=None,
        epoch=None,
        cancelled=(),
        remaining=(),
        text=f"Account {account} is halted: it is on record, and no entry can be sent. No worker told what was cancelled and what remains; "
        "entries that work are taken back as soon as one runs: start one with `trader worker`",
    )


async def resume(client: Client, account: AccountNumber, *, by: str, changed: str) -> AccountReceipt:
    """Let a halted account trade again; `changed` says what is different now, and goes on record."""
    return await _update(client, account, RESUME_UPDATE, Command(by=by, reason=changed), AccountReceipt)


async def flatten(client: Client, account: AccountNumber, *, by: str, reason: str) -> AccountReceipt:
    """Halt, cancel every entry and close every position; answers when it is certain that nothing is bought any more.

    The closing goes on until the account is flat; `account_view` shows how far it is. The halt is recorded first, whether a worker runs
    or not. Without one the rest is to be asked again: what is sold, and when, is not left to whatever hour a worker comes back at.
    """
    command = Command(by=by, reason=reason)
    try:
        await _handle(client, account).signal(HALT_SIGNAL, command, rpc_timeout=_SENT_WITHIN)
    except RPCError as error:
        raise _told(error, client, account) from error
    try:
        return await _update(client, account, FLATTEN_UPDATE, command, AccountReceipt)
    except NoWorkerError as silent:
        raise NoWorkerError(
            f"account {account} is halted: it is on record, and no entry can be sent. No worker told whether its positions are closed; "
            "they keep their exits until then. Start one with `trader worker`, look with `trader account`, and flatten it again"
        ) from silent


async def change_limits(
    client: Client, account: AccountNumber, *, by: str, reason: str, changes: Mapping[str, str]
) -> LimitsReceipt:
    """Change limits by name, each written as people do; answers with what changed. Raises NotPossibleError for one that makes no sense."""
    command = LimitsCommand(by=by, reason=reason, changes=dict(changes))
    return await _update(client, account, LIMITS_UPDATE, command, LimitsReceipt)


async def explain(
    client: Client, account: AccountNumber, *, by: str, reason: str, what: str | None = None
) -> AccountReceipt:
    """Explain the differences that block entries, or the one about `what`; each stays explained while it stays the same."""
    return await _update(
        client, account, EXPLAIN_UPDATE, Explanation(by=by, reason=reason, what=what), AccountReceipt
    )


async def allow_repost(
    client: Client, account: AccountNumber, *, by: str, reason: str, trade: str
) -> AccountReceipt:
    """Let the alert of `trade`, which was denied as a re-post, be traded when it is sent again."""
    return await _update(
        client, account, ALLOW_UPDATE, Explanation(by=by, reason=reason, what=trade), AccountReceipt
    )


async def positions(client: Client, account: AccountNumber) -> list[Position]:
    """Read every option position of the account at the broker."""
    return await _update(client, account, POSITIONS_UPDATE, None, list[Position], within=BROKER_WITHIN)


async def orders(client: Client, account: AccountNumber) -> list[OrderReport]:
    """Read every order of the account that works at the broker, ours or not."""
    return await _update(client, account, ORDERS_UPDATE, None, list[OrderReport], within=BROKER_WITHIN)


async def quotes(client: Client, account: AccountNumber, symbols: list[str]) -> dict[str, Quote]:
    """Read the quotes of up to 100 contracts at the broker, by OCC symbol; those without one are left out."""
    return await _update(client, account, QUOTES_UPDATE, symbols, dict[str, Quote])


async def preflight(client: Client, account: AccountNumber) -> list[Check]:
    """Run every check that a first order needs, the token's included, and give each with its fix."""
    return await _update(client, account, PREFLIGHT_UPDATE, None, list[Check], within=BROKER_WITHIN)


def _handle(client: Client, account: AccountNumber) -> WorkflowHandle[Any, Any]:
    return client.get_workflow_handle(account_workflow_id(account))


async def _update(
    client: Client,
    account: AccountNumber,
    name: str,
    argument: object,
    kind: type[_T],
    *,
    within: timedelta = ANSWER_WITHIN,
) -> _T:
    """Run an update to its end; raises any of the errors of `alert_trader.control.errors`."""
    given = [] if argument is None else [argument]
    try:
        async with asyncio.timeout(within.total_seconds()):
            answer: _T = await _handle(client, account).execute_update(name, args=given, result_type=kind)
            return answer
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        words = cause.message if isinstance(cause, ApplicationError) else str(cause)
        raise NotPossibleError(f"account {account}: {words}") from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise NoWorkerError(
            f"account {account} did not answer within {within.total_seconds():g} s. What was asked may still happen: look with "
            "`trader account`, and check that a worker runs with `trader doctor`"
        ) from error
    except RPCError as error:
        raise _told(error, client, account) from error


def _told(error: RPCError, client: Client, account: AccountNumber) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
        return NotFoundError(
            f"nothing looks after account {account} in namespace {client.namespace}: no worker has run for it. "
            "Start one with `trader worker`"
        )
    if error.status in {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}:
        return NoWorkerError(
            f"no worker answered for account {account} within {ANSWER_WITHIN.total_seconds():g} s. See `trader doctor`"
        )
    return unreachable(error, client)
