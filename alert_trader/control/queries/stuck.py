"""Find stuck trades without asking them, with what still protects each."""

import dataclasses
from collections.abc import Sequence

from temporalio.client import Client

from alert_trader.activities.stuck_workflows import find_stuck
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.account import account_view
from alert_trader.control.queries.trade_views import TradeRow
from alert_trader.control.rpc_errors import control_errors
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.ids import AccountNumber


async def stuck_workflows(client: Client, account: AccountNumber) -> list[StuckWorkflow]:
    """Return the stuck trades of an account, and its own workflow if that is stuck.

    What protects a trade is what the account's worker has read last; unknown where the account does not
    answer. Raise UnreachableError.
    """
    with control_errors(client):
        found = await find_stuck(client, account)
    if not found:
        return []
    try:
        reported = {each.workflow_id: each for each in (await account_view(client, account)).stuck}
    except ControlError:
        return found
    return [_with_protection(each, reported.get(each.workflow_id)) for each in found]


def _with_protection(found: StuckWorkflow, reported: StuckWorkflow | None) -> StuckWorkflow:
    if reported is None:
        return found
    return dataclasses.replace(
        found,
        since=min(found.since, reported.since),
        symbol=reported.symbol,
        held=reported.held,
        at_broker=reported.at_broker,
        orders=reported.orders,
        paged_at=reported.paged_at,
    )


def marked(rows: Sequence[TradeRow], stuck: Sequence[StuckWorkflow]) -> list[TradeRow]:
    """Return the rows of a list, with how each trade is stuck."""
    by_id = {str(each.workflow_id): each for each in stuck}
    return [dataclasses.replace(row, stuck=by_id.get(row.workflow_id)) for row in rows]
