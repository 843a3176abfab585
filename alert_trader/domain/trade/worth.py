"""What a position is worth now, and what protects it: from a trade's view and a quote."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import CONTRACT_MULTIPLIER, Price, Usd, plain
from alert_trader.domain.orders.order import OrderKind
from alert_trader.domain.trade.view import OrderView, TradeView

_STOPS = frozenset({OrderKind.STOP.value, OrderKind.STOP_LIMIT.value})
WORKING_EXITS = "exits working: "
"""The beginning of what `protection` returns where exits work."""

_CENT = Decimal("0.01")
WORKING = frozenset({"pending", "live", "cancelling", "unrecognised"})
"""Statuses of an order that can still fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A position at the bid, which is what a sale begins with. Prices are dollars a share."""

    position: int
    average_entry: Decimal
    mark: Price
    """The bid; zero when there is none."""
    ask: Price
    at: datetime
    """When the broker quoted it (UTC)."""
    value: Usd
    """The position at the mark, in dollars."""
    unrealised: Usd
    """The value less what the position was bought for, without fees."""


def worth_of(view: TradeView, quote: Quote | None) -> Worth | None:
    """Return what a trade's position is worth; None without a position or a quote."""
    if quote is None or view.average_entry is None or not has_position(view):
        return None
    value = quote.bid * view.position * CONTRACT_MULTIPLIER
    cost = view.average_entry * view.position * CONTRACT_MULTIPLIER
    return Worth(
        position=view.position,
        average_entry=view.average_entry,
        mark=quote.bid,
        ask=quote.ask,
        at=quote.at,
        value=Usd(value.quantize(_CENT)),
        unrealised=Usd((value - cost).quantize(_CENT)),
    )


def has_position(view: TradeView) -> bool:
    """Return whether a trade is open and holds contracts that can be quoted."""
    return view.outcome is None and view.position > 0 and view.symbol is not None


def unrealised(worths: Iterable[Worth | None]) -> Usd | None:
    """Return the unrealised P&L of all positions; None when one of them is not known."""
    total = Decimal(0)
    for each in worths:
        if each is None:
            return None
        total += each.unrealised
    return Usd(total)


def protection(view: TradeView) -> str:
    """Return what sells a position, and how many contracts have no exit; "" without a position."""
    if not has_position(view):
        return ""
    working = [
        f"{order.quantity - order.filled} {_how(order)}"
        for order in view.orders
        if order.leg == "exit" and order.status in WORKING
    ]
    found = [f"{WORKING_EXITS}{', '.join(working)}"] if working else []
    if view.protection and not view.without_exit:
        found = [view.protection]
    if view.unprotected:
        found.append(f"{view.unprotected} WITHOUT A WORKING EXIT")
    if view.without_exit:
        found.append(f"NO EXIT PLANNED for {view.without_exit}")
    return "; ".join(found) or "no exit works"


def _how(order: OrderView) -> str:
    """Return how an order sells; the price of a trigger is not in the view."""
    limit = "at market" if order.limit is None else f"at {plain(order.limit)}"
    return f"by stop, {limit}" if order.kind in _STOPS else limit
