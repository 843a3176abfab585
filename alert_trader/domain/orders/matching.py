"""Recognise an order among the account's orders, after the answer to its submission was lost.

An order is recognised by its client order id, which is sent twice (external identifier, and the end of the
source). If the broker echoed neither, it is recognised by its attributes: contract, side, quantity, price and
time, if exactly one order matches. An order whose source names another program, or that replaces another
order, never matches.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_trader.domain.ids import OrderId
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.orders.order import OrderIntent, OrderReport

CLOCK_SLACK = timedelta(seconds=5)
"""How far the broker's clock may be behind when the time of an order without an id is compared."""

SENDING_TIME = timedelta(minutes=2)
"""How long after the wait for its answer ended a request may still be accepted; an order received later does
not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMatch:
    """What was found: at most one report."""

    report: OrderReport | None
    by_attributes: bool = False
    ambiguous: int = 0


def match_order(
    reports: Iterable[OrderReport],
    intent: OrderIntent,
    *,
    intended_at: datetime,
    lost_at: datetime,
    known_ids: Collection[OrderId] = (),
) -> OrderMatch:
    """Find the order of `intent` in a complete list of the account's orders.

    It was submitted between `intended_at` and `lost_at`.
    """
    times = search_window(intended_at, lost_at)
    unnamed = []
    for report in reports:
        if report.client_order_id == intent.client_order_id:
            return OrderMatch(report=report)
        single = report.pair_id is None and report.order_id not in known_ids
        if single and is_unnamed(report) and fits(report, intent, times):
            unnamed.append(report)
    if len(unnamed) == 1:
        return OrderMatch(report=unnamed[0], by_attributes=True)
    return OrderMatch(report=None, ambiguous=len(unnamed))


def search_window(intended_at: datetime, lost_at: datetime) -> tuple[datetime, datetime]:
    """Return the times between which an order without an id must have been received."""
    return intended_at - CLOCK_SLACK, lost_at + SENDING_TIME


def is_unnamed(report: OrderReport) -> bool:
    """Whether nothing says who sent an order.

    One that replaces another is a version of that one, not an order of its own.
    """
    return report.client_order_id is None and not report.source and report.replaces is None


def fits(report: OrderReport, intent: OrderIntent, times: tuple[datetime, datetime]) -> bool:
    """Whether a report shows the contract, side, quantity, prices and time of an order."""
    if report.received_at is None or not times[0] <= report.received_at <= times[1]:
        return False
    return (
        same_contract(report.symbol, intent.contract.occ_symbol)
        and report.side == intent.side
        and report.quantity == intent.quantity
        and report.limit == intent.limit
        and report.trigger == intent.trigger
    )
