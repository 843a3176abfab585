"""Orders, fills and what the venue reports of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.ids import ClientOrderId, FillId, OrderId
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.money import Price


class Side(StrEnum):
    """The only two actions this product can take."""

    BUY_TO_OPEN = "Buy to Open"
    SELL_TO_CLOSE = "Sell to Close"


class OrderKind(StrEnum):
    """How an order is priced."""

    LIMIT = "Limit"
    MARKET = "Market"


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "Day"
    """Until the close: every entry, and every market order."""
    GTC = "GTC"
    """Until cancelled: the profit-take exits."""


class OrderStatus(StrEnum):
    """Where an order stands at the venue, in our words; the adapter maps the venue's own."""

    PENDING = "pending"
    """Accepted, not yet at the exchange (received, routed, in flight, contingent)."""
    LIVE = "live"
    """Working at the exchange; may be partly filled."""
    CANCELLING = "cancelling"
    """A cancel or replace is under way; it can still fill."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    """Cancelled or removed; may carry fills."""
    REJECTED = "rejected"
    """Turned down after it was accepted, by the exchange or the broker."""
    EXPIRED = "expired"
    UNRECOGNISED = "unrecognised"
    """A status this product does not know: treated as still working, never as gone."""

    @property
    def terminal(self) -> bool:
        """Whether the order can no longer fill, as far as the venue says."""
        return self in {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order we mean to send: all of it derived from history, none of it from a clock or chance.

    `limit` is dollars a share, on a valid tick, and None exactly for a market order. Exits carry strict position effect; the adapter
    adds it to every sell to close, so it cannot be forgotten.
    """

    client_order_id: ClientOrderId
    contract: OptionContract
    side: Side
    quantity: int
    kind: OrderKind
    limit: Price | None
    time_in_force: TimeInForce

    def __post_init__(self) -> None:
        """Refuse an order that could not be meant."""
        if self.quantity < 1:
            raise ValueError(f"expected a quantity of at least 1 contract, found {self.quantity}")
        if (self.limit is None) != (self.kind is OrderKind.MARKET):
            raise ValueError(
                f"expected a limit price on a limit order and none on a market order, found {self.limit} on {self.kind}"
            )
        if self.kind is OrderKind.MARKET and self.time_in_force is not TimeInForce.DAY:
            raise ValueError(
                "expected a market order to be for the day: the broker refuses GTC market orders"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution: contracts, and dollars a share."""

    fill_id: FillId
    quantity: int
    price: Price
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """What the venue says of one order at one moment: cumulative, never a delta.

    `remaining` is what can still fill; `fills` may lag behind it (a filled order may be shown before all its fills are).
    """

    order_id: OrderId
    client_order_id: ClientOrderId | None
    """Ours when the venue echoed it (as external identifier or in the source); None for a foreign order."""
    status: OrderStatus
    symbol: str
    """The OCC symbol of the leg the broker echoes: checked against the contract alerted."""
    side: str
    quantity: int
    remaining: int
    limit: Price | None
    fills: tuple[Fill, ...]
    received_at: datetime | None = None
    updated_at: datetime | None = None
    reject_reason: str | None = None
    replaces: OrderId | None = None
    replaced_by: OrderId | None = None
    venue_status: str = ""
    """The venue's own word, for people."""
    source: str = ""
    """What sent the order, as the venue echoes it; empty when it says nothing."""

    @property
    def filled(self) -> int:
        """Contracts known to be filled, from the fills themselves."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def fills_missing(self) -> bool:
        """Whether the venue counts more as filled than it has shown fills for: read again shortly."""
        return fills_missing(
            self.status, quantity=self.quantity, remaining=self.remaining, filled=self.filled
        )


def fills_missing(status: OrderStatus, *, quantity: int, remaining: int, filled: int) -> bool:
    """Whether more was filled than the fills shown add up to.

    An order that ended without filling keeps its remaining quantity in every capture; one that says 0 remain says nothing either way, since
    that may also be how the venue writes "nothing more to come".
    """
    if status is OrderStatus.FILLED:
        return filled < quantity
    if status.terminal and remaining == 0:
        return False
    return filled < quantity - remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Contracts held of one symbol in the account, over all trades; short is negative."""

    symbol: str
    quantity: int
    average_open: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeEstimate:
    """What the broker's own dry-run says an order costs, in dollars, all positive costs."""

    total: Decimal
    commission: Decimal
    buying_power_effect: Decimal
    """Buying power the order takes; positive when it takes some."""
    warnings: tuple[str, ...] = ()


def average_price(fills: Sequence[Fill]) -> Decimal:
    """Average the price of fills by quantity, in dollars a share; raises ValueError when there are none."""
    quantity = sum(fill.quantity for fill in fills)
    if quantity <= 0:
        raise ValueError(f"expected fills of at least 1 contract, found {quantity}")
    return sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / quantity
