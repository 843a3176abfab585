"""The broker calls available to activities, and how they fail.

    BrokerError
    ├── RejectedError         certainly nothing was changed
    ├── OutcomeUnknownError   not known whether it was carried out (raised by `place` and `cancel` only)
    └── UnavailableError      a read failed: it may be retried, and is never an empty answer

`OrderReader` has every read and the broker's own dry-run; `OrderGateway` adds the two calls that change
something. A dry-run process has an `OrderReader` only, so no object in it could send.

Prices are dollars a share, times UTC. Every call is bounded by the adapter's network timeout
(`call_timeout`).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from alert_trader.domain.account.clocks import Offset
from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.execution.expiration import Removal
from alert_trader.domain.ids import AccountNumber, OrderId
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import Listing, Quote
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport, Position

NOT_SENT = "not_sent"
"""The code of a `RejectedError` that is not the broker's: the order was not sent, so it may be sent again."""


MaySend = Callable[[], bool]
"""Whether an order may be sent at this moment."""


def always_send() -> bool:
    """Allow sending at any time."""
    return True


class BrokerError(AlertTraderError):
    """The base of all errors of a broker call."""


class RejectedError(BrokerError):
    """The broker rejected the request; nothing was changed.

    `code` is the broker's (`margin_check_failed`), `detail` its message, `status` the HTTP status.
    """

    def __init__(self, code: str, detail: str, *, status: int | None = None) -> None:
        """Store the broker's code and message."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status


class OutcomeUnknownError(BrokerError):
    """The request may or may not have been carried out: look it up before doing anything else."""


class UnavailableError(BrokerError):
    """A read failed. This is not an empty answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Cash, net liquidating value and option buying power, in dollars."""

    cash: Decimal
    net_liquidating: Decimal
    derivative_buying_power: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """Type, options level and restrictions of the account."""

    account: AccountNumber
    margin: bool
    options_level: str
    closed: bool
    frozen: bool
    closing_only: bool
    pattern_day_trader: bool
    day_trade_count: int

    @property
    def may_open(self) -> bool:
        """Whether the account may open positions."""
        return not (self.closed or self.frozen or self.closing_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSession:
    """The regular session of equity options, in UTC. A time is None where the broker states none."""

    open_now: bool
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainGap:
    """Why a contract is not on the chain, and the nearest listed contracts."""

    reason: str
    nearest: tuple[OptionContract, ...] = ()
    adjusted: bool = False
    """Whether it is listed, and stands for something else than 100 shares."""


class OrderReader(Protocol):
    """Every read, and the broker's own dry-run. Raises `UnavailableError` or `RejectedError`."""

    @property
    def account(self) -> AccountNumber:
        """The account number that every call uses."""
        ...

    @property
    def call_timeout(self) -> timedelta:
        """The longest that one network call may take."""
        ...

    async def status(self) -> AccountStatus:
        """Read type, options level and restrictions of the account."""
        ...

    async def authority(self) -> str:
        """Read the broker's authority level of the credentials in the account; empty without access to it."""
        ...

    @property
    def clock_offset(self) -> Offset | None:
        """The clock of this machine minus that of the broker, by every answer; None while none had a time."""
        ...

    async def clock(self) -> datetime | None:
        """Read the broker's clock, to the second; None when the answer has no time."""
        ...

    async def balances(self) -> Balances:
        """Read cash and buying power."""
        ...

    async def session(self) -> MarketSession:
        """Read the market session."""
        ...

    async def listing(self, contract: OptionContract) -> Listing | ChainGap:
        """Look a contract up on the broker's chain. An index weekly of SPX is found under its root SPXW."""
        ...

    async def quote(self, contract: OptionContract) -> Quote | None:
        """Read the contract's quote; None when the broker has none."""
        ...

    async def quotes(self, contracts: Sequence[OptionContract]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts, by OCC symbol; contracts without a quote are left out."""
        ...

    async def check(self, intent: OrderIntent) -> FeeEstimate:
        """Read the order's costs from the broker's dry-run; `RejectedError` when it would be rejected."""
        ...

    async def order(self, order_id: OrderId) -> OrderReport | None:
        """Read one order; None only when the broker states that it has no such order."""
        ...

    async def orders_since(self, day: date, about: OptionContract | None = None) -> list[OrderReport]:
        """Read every order received on or after `day` (New York date), working or ended, over all pages.

        With `about`, orders in contracts of other roots may be left out.
        """
        ...

    async def live_orders(self) -> list[OrderReport]:
        """Read every working order, whenever it was received, and every other order that changed today.

        An order of an earlier day that is missing here may not have ended: read it by its id.
        """
        ...

    async def positions(self) -> list[Position]:
        """Read every option position."""
        ...

    async def removals(self, contract: OptionContract, since: date) -> list[Removal]:
        """Read how contracts were removed from the account at expiration, on or after `since` (New York)."""
        ...

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[OrderReport]]:
        """Subscribe to order reports. The iterator raises `UnavailableError` when the stream is lost."""
        ...


class OrderGateway(OrderReader, Protocol):
    """An `OrderReader` that can also send orders and cancels."""

    async def place(self, intent: OrderIntent, may_send: MaySend = always_send) -> OrderReport:
        """Send an order once.

        Raises `RejectedError` when it was certainly not accepted and `OutcomeUnknownError` for every other
        failure. `may_send` is called right before the first byte is sent; when it returns False,
        `RejectedError` with the code `NOT_SENT` is raised.
        """
        ...

    async def cancel(self, order_id: OrderId) -> None:
        """Request the cancellation of an order once. It is cancelled only when its status says so.

        Raises `RejectedError` when the order can no longer be cancelled and `OutcomeUnknownError` for every
        other failure.
        """
        ...
