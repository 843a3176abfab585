"""Orders as the exchange keeps them, and the table of what may follow what.

There is no partially-filled status: a partly filled order is Live, and its legs say how much remains.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import gcd


class Status(StrEnum):
    """The broker's order statuses."""

    RECEIVED = "Received"
    """Accepted while the market is closed; it goes to the exchange at the next opening."""
    CONTINGENT = "Contingent"
    """A replacement that waits for its original to be cancelled, or one side of a pair before it starts."""
    ROUTED = "Routed"
    LIVE = "Live"
    CANCEL_REQUESTED = "Cancel Requested"
    """It can still fill."""
    REPLACE_REQUESTED = "Replace Requested"
    """It can still fill."""
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    REJECTED = "Rejected"
    EXPIRED = "Expired"

    @property
    def terminal(self) -> bool:
        """Whether nothing can follow."""
        return not TRANSITIONS[self]


_ENDS = frozenset({Status.CANCELLED, Status.REJECTED, Status.EXPIRED})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: _ENDS | {Status.ROUTED, Status.CANCEL_REQUESTED, Status.REPLACE_REQUESTED},
    Status.CONTINGENT: _ENDS | {Status.RECEIVED, Status.ROUTED, Status.CANCEL_REQUESTED},
    Status.ROUTED: _ENDS | {Status.LIVE, Status.CANCEL_REQUESTED, Status.REPLACE_REQUESTED},
    Status.LIVE: _ENDS | {Status.FILLED, Status.CANCEL_REQUESTED, Status.REPLACE_REQUESTED},
    Status.CANCEL_REQUESTED: _ENDS | {Status.FILLED},
    Status.REPLACE_REQUESTED: _ENDS | {Status.LIVE, Status.FILLED, Status.CANCEL_REQUESTED},
    Status.FILLED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset(),
}


class IllegalTransitionError(Exception):
    """An order cannot change from its status to the requested one; nothing was changed."""


class Action(StrEnum):
    """What a leg does to a position."""

    BUY_TO_OPEN = "Buy to Open"
    BUY_TO_CLOSE = "Buy to Close"
    SELL_TO_OPEN = "Sell to Open"
    SELL_TO_CLOSE = "Sell to Close"

    @property
    def buying(self) -> bool:
        """Whether it buys."""
        return self in {Action.BUY_TO_OPEN, Action.BUY_TO_CLOSE}

    @property
    def opening(self) -> bool:
        """Whether it adds to a position."""
        return self in {Action.BUY_TO_OPEN, Action.SELL_TO_OPEN}

    @property
    def as_opening(self) -> "Action":
        """The opening action that a close without a position turns into."""
        return Action.BUY_TO_OPEN if self.buying else Action.SELL_TO_OPEN


class OrderType(StrEnum):
    """How an order is priced; the venue trades these four."""

    LIMIT = "Limit"
    MARKET = "Market"
    STOP = "Stop"
    """A market order from its trigger on."""
    STOP_LIMIT = "Stop Limit"
    """A limit order from its trigger on."""

    @property
    def waits(self) -> bool:
        """Whether it needs a trigger before it can trade."""
        return self in {OrderType.STOP, OrderType.STOP_LIMIT}


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "Day"
    GTC = "GTC"


class Effect(StrEnum):
    """Whether money is paid or received."""

    DEBIT = "Debit"
    CREDIT = "Credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution of one leg: contracts, dollars a share."""

    fill_id: str
    exec_id: str
    quantity: int
    price: Decimal
    at: datetime


@dataclass(slots=True, kw_only=True)
class Leg:
    """One series of an order. `sent` is the requested action, where a close was turned into an open."""

    symbol: str
    action: Action
    sent: Action
    quantity: int
    fills: list[Fill] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """Contracts executed."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def remaining(self) -> int:
        """Contracts that can still execute."""
        return self.quantity - self.filled


@dataclass(slots=True, kw_only=True)
class Order:
    """One order. `limit` is dollars a share for one lot, never negative; `effect` is debit or credit.

    A stop waits for its `trigger` (dollars a share) until `triggered_at`. One side of a pair has its
    `complex_id`; of a replaced side the replacing order has it too.
    """

    order_id: int
    account: str
    underlying: str
    legs: list[Leg]
    order_type: OrderType
    limit: Decimal | None
    effect: Effect | None
    time_in_force: TimeInForce
    received_at: datetime
    updated_at: datetime
    source: str | None
    external_identifier: str | None
    global_request_id: str
    strict: bool = False
    trigger: Decimal | None = None
    triggered_at: datetime | None = None
    complex_id: int | None = None
    preflight_id: int | None = None
    """Its place in the request of its pair."""
    status: Status = Status.RECEIVED
    at_exchange: bool = False
    """Whether it can trade: true from Live on, and through a pending cancel or replace."""
    live_at: datetime | None = None
    terminal_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_size: int | None = None
    reject_reason: str | None = None
    replaces: int | None = None
    replaces_after: int = 0
    """Lots of its original that had traded when it was accepted: one more aborts the replacement."""
    replaced_by: int | None = None
    visible_from: datetime | None = None
    """Before this moment reads do not find it: the broker's own store lags."""
    withheld_fill: bool = False
    """Whether reads leave out the last fill: Filled can be shown before it."""

    @property
    def size(self) -> int:
        """Lots: what every leg's quantity is a multiple of."""
        return gcd(*(leg.quantity for leg in self.legs))

    @property
    def remaining(self) -> int:
        """Lots that can still trade."""
        size = self.size
        return min(leg.remaining // (leg.quantity // size) for leg in self.legs)

    @property
    def filled(self) -> int:
        """Lots traded."""
        return self.size - self.remaining

    @property
    def opening(self) -> bool:
        """Whether any leg adds to a position."""
        return any(leg.action.opening for leg in self.legs)

    @property
    def working(self) -> bool:
        """Whether it can trade now, or be triggered."""
        return self.at_exchange and not self.status.terminal and self.remaining > 0

    @property
    def waiting(self) -> bool:
        """Whether it has not been triggered yet."""
        return self.order_type.waits and self.triggered_at is None

    @property
    def replaces_pending(self) -> int | None:
        """The order that it was to replace and has not."""
        return self.replaces if self.live_at is None else None

    @property
    def at_market(self) -> bool:
        """Whether it trades at any price."""
        return self.order_type in {OrderType.MARKET, OrderType.STOP}

    @property
    def changeable(self) -> bool:
        """Whether the broker says it may be cancelled or edited."""
        return self.status in {Status.RECEIVED, Status.CONTINGENT, Status.LIVE} and self.remaining > 0

    def move(self, to: Status, at: datetime) -> None:
        """Change the status; raises `IllegalTransitionError`, and changes nothing, when it cannot follow."""
        if to not in TRANSITIONS[self.status]:
            raise IllegalTransitionError(
                f"order {self.order_id}: expected one of {sorted(TRANSITIONS[self.status])} "
                f"after {self.status}, found {to}"
            )
        self.status = to
        self.updated_at = at
        if to is Status.LIVE and self.live_at is None:
            self.live_at = at
        if to.terminal:
            self.terminal_at = at
            self.at_exchange = False
