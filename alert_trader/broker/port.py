"""What an activity may ask of a broker, and the ways it can fail.

    BrokerFailure
    ├── Refused          the broker said no, provably: nothing was changed
    ├── OutcomeUnknown   nobody can say whether it happened (only `place` and `cancel` raise it)
    └── Unavailable      a read failed: it may be asked again, and it is never an empty answer

`OrderReader` has every read and the broker's own dry-run; `OrderGateway` adds the two calls that change something. A dry-run process
holds an `OrderReader` only: there is no object in it that could send.

All prices are dollars a share, all times UTC. Every call is bounded by the adapter's own network timeout (`call_timeout`).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from alert_trader.domain.ids import AccountNumber, OrderId
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import Listing, Quote
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport, Position

NOT_SENT = "not_sent"
"""The code of a `Refused` by no broker: nothing of the order left this process, so it may be sent again."""


Still = Callable[[], bool]
"""Whether an order may still leave."""


def always() -> bool:
    """Let an order leave at any time."""
    return True


class BrokerFailure(Exception):
    """The root of everything a broker call may raise."""


class Refused(BrokerFailure):
    """The broker said no, in its own words, and nothing changed.

    `code` is the broker's (`margin_check_failed`); `detail` its message; `status` the HTTP status it came with.
    """

    def __init__(self, code: str, detail: str, *, status: int | None = None) -> None:
        """Keep the broker's code and words."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status


class OutcomeUnknown(BrokerFailure):
    """The request may or may not have been carried out; look before doing anything else."""


class Unavailable(BrokerFailure):
    """A read could not be answered. Not an empty answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """What the account can spend, in dollars."""

    cash: Decimal
    net_liquidating: Decimal
    derivative_buying_power: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """What the account may do."""

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
        """Whether an opening option order could be accepted at all."""
        return not (self.closed or self.frozen or self.closing_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSession:
    """The regular session of equity options, in UTC. Times are None where the broker gives none."""

    open_now: bool
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainGap:
    """Why a contract is not on the chain, with what is listed nearest to it."""

    reason: str
    nearest: tuple[OptionContract, ...] = ()


class OrderReader(Protocol):
    """Every question, and the broker's own dry-run check. Raises `Unavailable`, or `Refused` where the broker says no."""

    @property
    def account(self) -> AccountNumber:
        """The account every call is about."""
        ...

    @property
    def call_timeout(self) -> timedelta:
        """The longest one network call may take."""
        ...

    async def status(self) -> AccountStatus:
        """Read what the account may do."""
        ...

    async def authority(self) -> str:
        """Read what the credentials may do in the account, in the broker's word; empty when they do not reach it."""
        ...

    async def clock(self) -> datetime | None:
        """Read the broker's clock, to the second; None when it does not say."""
        ...

    async def balances(self) -> Balances:
        """Read what the account can spend."""
        ...

    async def session(self) -> MarketSession:
        """Read whether the market is open."""
        ...

    async def listing(self, contract: OptionContract) -> Listing | ChainGap:
        """Confirm a contract on the broker's chain. An index weekly asked for by its underlying (SPX) is found under its root (SPXW)."""
        ...

    async def quote(self, contract: OptionContract) -> Quote | None:
        """Read the contract's quote now; None when the broker has none."""
        ...

    async def quotes(self, contracts: Sequence[OptionContract]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts at once, by OCC symbol; those without one are left out."""
        ...

    async def check(self, intent: OrderIntent) -> FeeEstimate:
        """Ask the broker's dry-run what the order would cost; raises `Refused` when it would not be taken."""
        ...

    async def order(self, order_id: OrderId) -> OrderReport | None:
        """Read one order; None only when the broker says it has no such order."""
        ...

    async def orders_since(self, day: date) -> list[OrderReport]:
        """Read every order of the account received on or after `day` (New York date), live and done, over all pages."""
        ...

    async def live_orders(self) -> list[OrderReport]:
        """Read every order that works, whenever it was received, and whatever else changed today.

        An order of an earlier day that is missing here need not be over: read it by its id.
        """
        ...

    async def positions(self) -> list[Position]:
        """Read every option position held."""
        ...

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[OrderReport]]:
        """Subscribe to the account's order reports. The iterator raises `Unavailable` when the stream is lost; nothing is replayed."""
        ...


class OrderGateway(OrderReader, Protocol):
    """An `OrderReader` that can also send."""

    async def place(self, intent: OrderIntent, still: Still = always) -> OrderReport:
        """Send an order once. Raises `Refused` when it was provably not accepted and `OutcomeUnknown` in every other failure.

        `still` is asked right before the first byte leaves; when it says no, nothing does, and `Refused` has the code `NOT_SENT`.
        """
        ...

    async def cancel(self, order_id: OrderId) -> None:
        """Ask for an order's cancellation once. Returning is not a cancellation: wait for a terminal status.

        Raises `Refused` when the order can no longer be cancelled and `OutcomeUnknown` in every other failure.
        """
        ...
