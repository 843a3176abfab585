"""A broker's gateway in memory, for tests of the activities.

It returns prepared answers, and keeps every request that would change something.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from alert_trader import clock
from alert_trader.broker.port import (
    NOT_SENT,
    AccountStatus,
    Balances,
    BrokerError,
    ChainGap,
    MarketSession,
    MaySend,
    RejectedError,
    UnavailableError,
    always_send,
)
from alert_trader.domain.account.clocks import Offset
from alert_trader.domain.execution.expiration import Removal
from alert_trader.domain.ids import AccountNumber, OrderId
from alert_trader.domain.market.contract import OptionContract, Settlement
from alert_trader.domain.market.quotes import PENNY, Listing, Quote
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport, OrderStatus, Position

_T = TypeVar("_T")

ACCOUNT = AccountNumber("5WT00001")


class PaperGateway:
    """An `OrderGateway`. Set an attribute to the answer, or to the failure that is raised in its place."""

    def __init__(self) -> None:
        """Open with an account that may trade, a quote of 1.18 / 1.20, and nothing in it."""
        self.known: list[OrderReport] | BrokerError = []
        self.held: list[Position] | BrokerError = []
        self.price: Quote | BrokerError | None = Quote(
            bid=Price(Decimal("1.18")), ask=Price(Decimal("1.20")), at=clock.now(), bid_size=10, ask_size=10
        )
        self.answer: BrokerError | None = None
        """How `place` and `cancel` end; None accepts."""
        self.open_now = True
        self.hours: MarketSession | None = None
        self.settlement: Settlement | None = None
        self.limits = Balances(
            cash=Decimal(1000), net_liquidating=Decimal(1000), derivative_buying_power=Decimal(1000)
        )
        self.restricted = False
        self.before_look: Callable[[], None] = lambda: None
        """Called while the orders are being read."""
        self.before_send: Callable[[], None] = lambda: None
        """Called right before an order leaves."""
        self.placed: list[OrderIntent] = []
        self.cancelled: list[OrderId] = []
        self.looks: list[date] = []
        self.live: asyncio.Queue[OrderReport | None] = asyncio.Queue()
        """What the stream says next; None loses it."""
        self.slow = timedelta(seconds=1)
        self.may = "owner"
        self.gap: ChainGap | None = None
        """Why the chain has no contract."""
        self.ahead = timedelta(0)
        self.level = "No Restrictions"

    @property
    def account(self) -> AccountNumber:
        """The account."""
        return ACCOUNT

    @property
    def call_timeout(self) -> timedelta:
        """The longest one call may take."""
        return self.slow

    async def status(self) -> AccountStatus:
        """Say what the account may do."""
        return AccountStatus(
            account=ACCOUNT,
            margin=False,
            options_level=self.level,
            closed=False,
            frozen=self.restricted,
            closing_only=False,
            pattern_day_trader=False,
            day_trade_count=0,
        )

    async def balances(self) -> Balances:
        """Say what can be spent."""
        return self.limits

    async def session(self) -> MarketSession:
        """Say whether the market is open."""
        return (
            self.hours
            if self.hours is not None
            else MarketSession(open_now=self.open_now, opens_at=None, closes_at=None)
        )

    async def listing(self, contract: OptionContract) -> Listing | ChainGap:
        """List any contract, in cents."""
        if self.gap is not None:
            return self.gap
        return Listing(contract=contract, ticks=PENNY, settlement=self.settlement)

    async def quote(self, contract: OptionContract) -> Quote | None:
        """Quote any contract."""
        assert contract
        return _given(self.price)

    async def quotes(self, contracts: Sequence[OptionContract]) -> dict[str, Quote]:
        """Quote all of them alike."""
        found: Quote | None = _given(self.price)
        return {} if found is None else {contract.occ_symbol: found for contract in contracts}

    async def removals(self, contract: OptionContract, since: date) -> list[Removal]:
        """Return what was removed at expiration: nothing."""
        assert contract
        assert since
        return []

    async def check(self, intent: OrderIntent) -> FeeEstimate:
        """Charge a dollar a contract."""
        fee = Decimal(intent.quantity)
        return FeeEstimate(total=fee, commission=fee, buying_power_effect=fee)

    async def order(self, order_id: OrderId) -> OrderReport | None:
        """Read one of the known orders."""
        return next((each for each in _given(self.known) if each.order_id == order_id), None)

    async def orders_since(self, day: date, about: OptionContract | None = None) -> list[OrderReport]:
        """Read the known orders."""
        del about
        self.looks.append(day)
        self.before_look()
        return list(_given(self.known))

    async def live_orders(self) -> list[OrderReport]:
        """Read the known orders that work."""
        return [each for each in _given(self.known) if not each.status.terminal]

    async def positions(self) -> list[Position]:
        """Read what is held."""
        return list(_given(self.held))

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[OrderReport]]:
        """Follow `live` until it returns None."""
        return self._follow()

    @asynccontextmanager
    async def _follow(self) -> AsyncIterator[AsyncIterator[OrderReport]]:
        async def reports() -> AsyncIterator[OrderReport]:
            while (report := await self.live.get()) is not None:
                yield report
            raise UnavailableError("the stream was lost")

        yield reports()

    async def authority(self) -> str:
        """Say what the credentials may do."""
        return self.may

    @property
    def clock_offset(self) -> Offset | None:
        """Compare this machine's clock with that one, to a second."""
        half = timedelta(milliseconds=500)
        return Offset(lowest=-self.ahead - half, highest=-self.ahead + half)

    async def clock(self) -> datetime | None:
        """Return the time of a clock that may be wrong."""
        return clock.now() + self.ahead

    async def place(self, intent: OrderIntent, may_send: MaySend = always_send) -> OrderReport:
        """Accept an order, or end as `place` says."""
        self.before_send()
        if not may_send():
            raise RejectedError(NOT_SENT, "it may not be sent any more")
        self.placed.append(intent)
        if self.answer is not None:
            raise self.answer
        return reported(intent)

    async def cancel(self, order_id: OrderId) -> None:
        """Accept a cancel, or end as `cancel` says."""
        self.cancelled.append(order_id)
        if self.answer is not None:
            raise self.answer


def reported(
    intent: OrderIntent, *, order_id: str = "1", status: OrderStatus = OrderStatus.LIVE
) -> OrderReport:
    """Report an order as it is at the venue with nothing filled."""
    return OrderReport(
        order_id=OrderId(order_id),
        client_order_id=intent.client_order_id,
        status=status,
        symbol=intent.contract.occ_symbol,
        side=intent.side,
        quantity=intent.quantity,
        remaining=intent.quantity,
        limit=intent.limit,
        fills=(),
        received_at=clock.now(),
        broker_status=status,
    )


def _given(answer: _T | BrokerError) -> _T:
    if isinstance(answer, BrokerError):
        raise answer
    return answer
