"""Recognise our own order among the account's orders, after the answer to its sending was lost.

An order is ours when it carries its name, which travels twice (external identifier, and the end of the source). Where the venue echoed
neither, an order that fits in contract, side, quantity, price and time, and of which there is exactly one, is recognised by its
attributes. An order whose source names another program, or that replaces another order, is not it however well it fits.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_trader.domain.ids import OrderId
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.orders.order import OrderIntent, OrderReport

CLOCK_SLACK = timedelta(seconds=5)
"""How far the venue's clock may be behind ours when a nameless order is held against the time of the intent."""

SENDING_TIME = timedelta(minutes=2)
"""How long after its answer was given up a request may still be accepted; a nameless order received later is not ours."""


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
    """Find the order of `intent`, tried from `intended_at` to `lost_at`, in a complete list of the account's orders."""
    times = intended_at - CLOCK_SLACK, lost_at + SENDING_TIME
    nameless = []
    for report in reports:
        if report.client_order_id == intent.client_order_id:
            return OrderMatch(report=report)
        if _nameless(report) and report.order_id not in known_ids and _fits(report, intent, times):
            nameless.append(report)
    if len(nameless) == 1:
        return OrderMatch(report=nameless[0], by_attributes=True)
    return OrderMatch(report=None, ambiguous=len(nameless))


def _nameless(report: OrderReport) -> bool:
    """Whether nothing tells whose order it is. What replaces another order is that one's successor, and no order of its own."""
    return report.client_order_id is None and not report.source and report.replaces is None


def _fits(report: OrderReport, intent: OrderIntent, times: tuple[datetime, datetime]) -> bool:
    if report.received_at is None or not times[0] <= report.received_at <= times[1]:
        return False
    return (
        same_contract(report.symbol, intent.contract.occ_symbol)
        and report.side == intent.side
        and report.quantity == intent.quantity
        and report.limit == intent.limit
    )
