"""The commands and answers of the control API, shared by `control.py` and `client.py`."""

from decimal import Decimal

from pydantic import Field

from alert_trader.simulators.venue.config import (
    AbortedReplacement,
    OcoRules,
    ReplacementSize,
    StopRules,
    Table,
    Timing,
)
from alert_trader.simulators.venue.orders import Action, TimeInForce
from alert_trader.simulators.venue.tape import OrderState


class SetQuote(Table):
    """Quote a symbol by hand from now on; an option is listed if it is not yet.

    `age` makes every reading of it that many seconds old; `missing` leaves the symbol without a quote.
    """

    symbol: str
    bid: Decimal = Field(default=Decimal(0), ge=0)
    ask: Decimal = Field(default=Decimal(0), ge=0)
    bid_size: int = Field(default=50, ge=0)
    ask_size: int = Field(default=50, ge=0)
    age: float = 0.0
    halted: bool = False
    missing: bool = False


class Step(Table):
    """One quote of a path, so many seconds after the path was set."""

    seconds: float = Field(ge=0)
    bid: Decimal = Field(ge=0)
    ask: Decimal = Field(ge=0)
    bid_size: int = Field(default=50, ge=0)
    ask_size: int = Field(default=50, ge=0)


class SetPath(Table):
    """Quote a symbol along a path; a later quote or path for it ends this one."""

    symbol: str
    steps: tuple[Step, ...] = Field(min_length=1)


class ReleaseQuote(Table):
    """Return a symbol to the seeded market."""

    symbol: str


class ClearFaults(Table):
    """Disarm one fault, or all."""

    fault_id: int | None = None


class AppOrder(Table):
    """Place an order as the broker's own app would: with its source, without our id. No limit: market."""

    account: str
    symbol: str
    action: Action
    quantity: int = Field(gt=0)
    limit: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    source: str = "WBT"


class CancelOrder(Table):
    """Cancel an order as the broker's own app would."""

    order_id: int


class FillOrder(Table):
    """Fill contracts (lots of a multi-leg order) now; without a price at the order's limit, else the mid."""

    order_id: int
    quantity: int = Field(gt=0)
    price: Decimal | None = None


class SetSession(Table):
    """Force the market open or closed; None restores its hours."""

    open: bool | None


class SetAccount(Table):
    """Change the given fields of an account."""

    number: str
    cash: Decimal | None = None
    margin: bool | None = None
    closed: bool | None = None
    frozen: bool | None = None
    closing_only: bool | None = None
    pattern_day_trader: bool | None = None
    day_trade_count: int | None = None
    options_level: str | None = None


class Adjust(Table):
    """Change the given parts of the venue's behaviour; orders in progress keep their times."""

    timing: Timing | None = None
    echo_external_identifier: bool | None = None
    show_replace_requested: bool | None = None
    aborted_replacement: AbortedReplacement | None = None
    replacement_size: ReplacementSize | None = None
    count_working_closes: bool | None = None
    stops: StopRules | None = None
    oco: OcoRules | None = None


class MuteStreams(Table):
    """Silence the account streams with their sockets open, or let them send again."""

    muted: bool = True


class Nothing(Table):
    """A command without fields."""


class AccountState(Table):
    """An account now, in dollars."""

    number: str
    cash: Decimal
    buying_power: Decimal


class PositionState(Table):
    """Contracts held: in fact, and as the lagging ledger shows."""

    account: str
    symbol: str
    quantity: int
    ledger: int


class FaultState(Table):
    """A fault in force."""

    fault_id: int
    kind: str
    matched: int
    hits: int


class VenueState(Table):
    """The state of the venue. `calls` is the last broker call's number, `streams` the connected streams."""

    calls: int
    streams: int
    open: bool
    accounts: tuple[AccountState, ...]
    orders: tuple[OrderState, ...]
    positions: tuple[PositionState, ...]
    faults: tuple[FaultState, ...]

    def named(self, client_id: str) -> list[OrderState]:
        """Return every order that a client gave this id: more than one is a duplicate."""
        return [order for order in self.orders if order.client_id == client_id]
