"""Read an account: its view and limits from its workflow.

Positions, orders, quotes and checks from the broker. What the broker must answer is read by the worker, as
updates of the account's workflow.
"""

from datetime import timedelta

from temporalio.client import Client

from alert_trader.control.account_workflow import ANSWER_WITHIN, account_handle, update_account
from alert_trader.control.rpc_errors import account_subject, control_errors
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.orders.order import OrderReport, Position
from alert_trader.workflows.interface import (
    ACCOUNT_VIEW_QUERY,
    ORDERS_UPDATE,
    POSITIONS_UPDATE,
    PREFLIGHT_UPDATE,
    QUOTES_UPDATE,
)

BROKER_WITHIN = timedelta(seconds=30)
"""Longest wait for an answer that a worker must get from the broker."""


async def account_view(client: Client, account: AccountNumber) -> AccountView:
    """Return an account's state, limits, counters and open trades."""
    with control_errors(client, account_subject(account), worker_within=ANSWER_WITHIN):
        view: AccountView = await account_handle(client, account).query(
            ACCOUNT_VIEW_QUERY, result_type=AccountView, rpc_timeout=ANSWER_WITHIN
        )
    return view


async def limits(client: Client, account: AccountNumber) -> Limits:
    """Return the limits in force."""
    return (await account_view(client, account)).limits


async def positions(client: Client, account: AccountNumber) -> list[Position]:
    """Read every option position of the account at the broker."""
    return await update_account(client, account, POSITIONS_UPDATE, None, list[Position], within=BROKER_WITHIN)


async def orders(client: Client, account: AccountNumber) -> list[OrderReport]:
    """Read every working order of the account at the broker, ours or not."""
    return await update_account(client, account, ORDERS_UPDATE, None, list[OrderReport], within=BROKER_WITHIN)


async def quotes(client: Client, account: AccountNumber, symbols: list[str]) -> dict[str, Quote]:
    """Read the quotes of up to 100 contracts at the broker, by OCC symbol; those without one are left out."""
    return await update_account(client, account, QUOTES_UPDATE, symbols, dict[str, Quote])


async def preflight(client: Client, account: AccountNumber) -> list[Check]:
    """Run every check that a first order needs, the access token included; each comes with its fix."""
    return await update_account(client, account, PREFLIGHT_UPDATE, None, list[Check], within=BROKER_WITHIN)
