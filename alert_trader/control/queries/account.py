"""Read an account: its view and limits from its workflow.

What the broker must answer is read by the account's worker: positions, orders and quotes in a workflow of
their own, which changes nothing; the preflight as a command, since its result counts for entries.
"""

import asyncio
import contextlib
import dataclasses
import uuid
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from alert_trader.activities.account_client import KillSwitch
from alert_trader.activities.messages import EXPECTED_QUERY, ExpectedAnswer
from alert_trader.activities.receipts import RPC_WITHIN
from alert_trader.control.account_workflow import ANSWER_WITHIN, account_handle, command_account
from alert_trader.control.rpc_errors import account_subject, control_errors
from alert_trader.control.stamping import stamped
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import ExpectedPosition
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.orders.order import OrderReport, Position
from alert_trader.workflows.interface import (
    ACCOUNT_VIEW_QUERY,
    BROKER_READ_WORKFLOW,
    PREFLIGHT_SIGNAL,
    BrokerRead,
    BrokerReading,
    BrokerReadRequest,
    Command,
    task_queue,
)
from alert_trader.workflows.timing import TASK_TIMEOUT

BROKER_WITHIN = timedelta(seconds=30)
"""Longest wait for an answer that a worker must get from the broker."""


async def account_view(
    client: Client, account: AccountNumber, kill_switch: KillSwitch | None = None
) -> AccountView:
    """Return an account's state, limits, counters and open trades.

    With `kill_switch` it says, too, when that stops entries.
    """
    with control_errors(client, account_subject(account), worker_within=ANSWER_WITHIN):
        view: AccountView = await account_handle(client, account).query(
            ACCOUNT_VIEW_QUERY, result_type=AccountView, rpc_timeout=ANSWER_WITHIN
        )
    return view if kill_switch is None else dataclasses.replace(view, kill_switch=kill_switch.stopping)


async def expected(client: Client, account: AccountNumber) -> tuple[ExpectedPosition, ...]:
    """Return what each open trade holds by its last report."""
    with control_errors(client, account_subject(account), worker_within=ANSWER_WITHIN):
        answer: ExpectedAnswer = await account_handle(client, account).query(
            EXPECTED_QUERY, result_type=ExpectedAnswer, rpc_timeout=ANSWER_WITHIN
        )
    return answer.trades


async def limits(client: Client, account: AccountNumber) -> Limits:
    """Return the limits in force."""
    return (await account_view(client, account)).limits


async def positions(client: Client, account: AccountNumber) -> list[Position]:
    """Read every option position of the account at the broker."""
    request = BrokerReadRequest(what=BrokerRead.POSITIONS)
    return list((await _read(client, account, request, BROKER_WITHIN)).positions)


async def orders(client: Client, account: AccountNumber) -> list[OrderReport]:
    """Read every working order of the account at the broker, ours or not."""
    request = BrokerReadRequest(what=BrokerRead.ORDERS)
    return list((await _read(client, account, request, BROKER_WITHIN)).orders)


async def quotes(client: Client, account: AccountNumber, symbols: list[str]) -> dict[str, Quote]:
    """Read the quotes of up to 100 contracts at the broker, by OCC symbol; those without one are left out."""
    request = BrokerReadRequest(what=BrokerRead.QUOTES, symbols=tuple(symbols))
    return (await _read(client, account, request, ANSWER_WITHIN)).quotes


async def preflight(client: Client, account: AccountNumber) -> list[Check]:
    """Run every check that a first order needs, the access token included; each comes with its fix."""
    command = stamped(Command(by="a person"))
    return await command_account(
        client, account, PREFLIGHT_SIGNAL, command, command, list[Check], within=BROKER_WITHIN
    )


async def _read(
    client: Client, account: AccountNumber, request: BrokerReadRequest, within: timedelta
) -> BrokerReading:
    """Run a read as a workflow of its own, which ends when nobody waits for its answer any more."""
    with control_errors(client, account_subject(account), worker_within=within):
        # without the account's workflow no worker has run yet
        await account_handle(client, account).describe(rpc_timeout=RPC_WITHIN)
        running: WorkflowHandle[Any, BrokerReading] = await client.start_workflow(
            BROKER_READ_WORKFLOW,
            request,
            id=f"read-{account}-{uuid.uuid4().hex}",
            task_queue=task_queue(account),
            task_timeout=TASK_TIMEOUT,
            result_type=BrokerReading,
            rpc_timeout=RPC_WITHIN,
        )
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await running.result()
        except TimeoutError:
            with contextlib.suppress(RPCError):
                await running.terminate("nobody waits for the answer any more", rpc_timeout=RPC_WITHIN)
            raise
