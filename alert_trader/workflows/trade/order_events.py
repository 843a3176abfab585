"""The audit events of an order: what a report has added to the ledger."""

from datetime import datetime

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.ids import Leg
from alert_trader.domain.money import plain
from alert_trader.domain.orders.ledger import LedgerUpdate
from alert_trader.domain.orders.order import OrderReport
from alert_trader.workflows.trade.journal import Journal


def record_update(
    journal: Journal, now: datetime, update: LedgerUpdate, report: OrderReport, symbol: str
) -> None:
    """Record what a report has added to the ledger.

    `symbol` is the OCC symbol of the trade's contract.
    """
    order, entry = update.order, update.order.leg is Leg.ENTRY
    names = {
        "order": order.client_order_id,
        "broker_order": report.order_id,
        "status": report.broker_status or report.status,
    }
    if update.wrong_contract:
        text = (
            f"{order.client_order_id} is shown as {report.symbol} instead of {symbol}. Check the order "
            "at the broker"
        )
        journal.record(now, EventKind.WARNING, text, **names, symbol=report.symbol)
    if update.appeared:
        text = f"{order.client_order_id} was found at the broker as order {report.order_id}"
        journal.record(now, EventKind.FOUND, text, **names)
    elif update.first:
        kind = EventKind.ENTRY_SUBMITTED if entry else EventKind.EXIT_SUBMITTED
        limit = "market" if order.limit is None else plain(order.limit)
        text = f"{'Entry' if entry else 'Exit'} order {report.order_id} accepted: {order.quantity} at {limit}"
        journal.record(now, kind, text, **names, quantity=order.quantity, limit=order.limit)
    for fill in update.fills:
        kind = EventKind.FILLED if entry else EventKind.EXIT_FILLED
        text = f"{'Bought' if entry else 'Sold'} {fill.quantity} at {plain(fill.price)}"
        filled = {
            "fill": fill.fill_id,
            "quantity": fill.quantity,
            "price": fill.price,
            "filled_at": fill.at.isoformat(),
        }
        journal.record(now, kind, text, **names, **filled)
    if update.ended and order.filled < order.quantity:
        kind = EventKind.CANCELLED if entry else EventKind.EXIT_ENDED
        reason = f": {report.reject_reason}" if report.reject_reason else ""
        text = (
            f"Order {report.order_id} ended {report.status} with {order.filled} of {order.quantity} "
            f"filled{reason}"
        )
        ended = {
            "filled": order.filled,
            "quantity": order.quantity,
            "reject_reason": report.reject_reason,
        }
        journal.record(now, kind, text, **names, **ended)
