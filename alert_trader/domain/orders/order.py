"""Orders, fills, and the broker's reports of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.ids import ClientOrderId, FillId, OrderId, PairId
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
    STOP = "Stop"
    """A market order once the trigger is reached. The broker takes it for the day only."""
    STOP_LIMIT = "Stop Limit"
    """A limit order once the trigger is reached."""

    @property
    def limited(self) -> bool:
        """Whether it has a limit price."""
        return self in {OrderKind.LIMIT, OrderKind.STOP_LIMIT}

    @property
    def triggered(self) -> bool:
        """Whether it waits for a trigger."""
        return self in {OrderKind.STOP, OrderKind.STOP_LIMIT}


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "Day"
    """Until the close: every entry, every market order, and every stop without a limit."""
    GTC = "GTC"
    """Until cancelled: the profit-take exits, and stops with a limit."""


class OrderStatus(StrEnum):
    """The status of an order at the broker, in this product's words; the adapter maps the broker's own."""

    PENDING = "pending"
    """Accepted, and not yet at the exchange (received, routed, in flight, contingent)."""
    LIVE = "live"
    """Working at the exchange; may be partly filled."""
    CANCELLING = "cancelling"
    """A cancel or replace is in progress; it can still fill."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    """Cancelled or removed; may carry fills."""
    REJECTED = "rejected"
    """Rejected by the exchange or the broker after it was accepted."""
    EXPIRED = "expired"
    UNRECOGNISED = "unrecognised"
    """A status this product does not know: the order counts as working, never as ended."""

    @property
    def terminal(self) -> bool:
        """Whether the order can no longer fill, as far as the broker reports."""
        return self in {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order that is to be sent: all of it follows from the history, none of it from a clock or chance.

    `limit` and `trigger` are dollars a share, on a valid tick. A market order and a stop have no limit; a
    stop and a stop limit have a trigger, and only ever sell. Exits have a strict position effect, which the
    adapter adds to every sell to close, so that it cannot be forgotten.
    """

    client_order_id: ClientOrderId
    contract: OptionContract
    side: Side
    quantity: int
    kind: OrderKind
    limit: Price | None
    time_in_force: TimeInForce
    trigger: Price | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an order that must never be sent."""
        if self.quantity < 1:
            raise ValueError(f"expected a quantity of at least 1 contract, found {self.quantity}")
        if (self.limit is not None) != self.kind.limited:
            raise ValueError(
                "expected a limit price on a limit order and none on a market order, found "
                f"{self.limit} on {self.kind}"
            )
        if not self.kind.limited and self.time_in_force is not TimeInForce.DAY:
            raise ValueError(
                f"expected a {self.kind.lower()} order to be a day order: the broker rejects GTC "
                f"{self.kind.lower()} orders"
            )
        self._check_trigger()

    def _check_trigger(self) -> None:
        if (self.trigger is not None) != self.kind.triggered:
            raise ValueError(
                f"expected a trigger on a stop and none on another order, found {self.trigger} on {self.kind}"
            )
        if self.trigger is None:
            return
        if self.side is Side.BUY_TO_OPEN:
            raise ValueError(f"expected a stop to sell to close, found {self.side}")
        if self.trigger <= 0 or (self.limit is not None and self.limit > self.trigger):
            raise ValueError(
                "expected a trigger above zero, and a limit at or below it, found "
                f"trigger {self.trigger} and limit {self.limit}"
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
    """The broker's report of one order at one moment: cumulative, never a change.

    `remaining` is what can still fill; `fills` may lag behind it (a filled order may be reported before all
    its fills are).
    """

    order_id: OrderId
    client_order_id: ClientOrderId | None
    """Set when the broker echoed one of ours (as external identifier or in the source); None for a foreign
    order."""
    status: OrderStatus
    symbol: str
    """The OCC symbol of the leg, as the broker reports it: checked against the contract alerted."""
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
    broker_status: str = ""
    """The status as the broker names it, for people."""
    source: str = ""
    """What sent the order, as the broker echoes it; empty when it echoes nothing."""
    trigger: Price | None = None
    """The trigger of a stop; a stop that was triggered keeps it."""
    pair_id: PairId | None = None
    """The pair of which the order is a side."""

    @property
    def filled(self) -> int:
        """Contracts filled, by the fills that were shown."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def fills_missing(self) -> bool:
        """Whether the broker counts more as filled than it has shown fills for: read it again shortly."""
        return fills_missing(
            self.status, quantity=self.quantity, remaining=self.remaining, filled=self.filled
        )


def fills_missing(status: OrderStatus, *, quantity: int, remaining: int, filled: int) -> bool:
    """Whether more was filled than the fills shown add up to.

    In every capture an order that ended without filling keeps its remaining quantity. One that reports 0
    remaining says nothing either way: that may also mean that nothing more will fill.
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
    """What an order costs by the broker's own dry-run, in dollars; costs are positive."""

    total: Decimal
    commission: Decimal
    buying_power_effect: Decimal
    """Buying power the order takes; positive when it takes some."""
    warnings: tuple[str, ...] = ()


def average_price(fills: Sequence[Fill]) -> Decimal:
    """Return the average price of fills by quantity, in dollars a share.

    Raise ValueError when there are none.
    """
    quantity = sum(fill.quantity for fill in fills)
    if quantity <= 0:
        raise ValueError(f"expected fills of at least 1 contract, found {quantity}")
    return sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / quantity
