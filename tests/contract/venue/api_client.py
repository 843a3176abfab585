"""One account of a venue as tests see it: through the SDK, through the venue's control, and on the tape."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tastytrade import Account, Session
from tastytrade.order import (
    AdvancedInstructions,
    InstrumentType,
    Leg,
    LimitOrder,
    MarketOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    PlacedOrder,
)

from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.config import Timing
from alert_trader.simulators.venue.holidays import third_friday
from alert_trader.simulators.venue.server import RunningVenue
from alert_trader.simulators.venue.tape import TapeLine
from tests.support.instants import STATED

ACCOUNT = "5WT00042"
FAST = Timing(live_after=0.001, filled_after=0.001, cancel_after=0.003, replace_after=0.003)


def expiry() -> date:
    """Return a monthly expiration some weeks ahead."""
    ahead = STATED.date() + timedelta(days=45)
    return third_friday(ahead.year, ahead.month)


SPY = f"SPY   {expiry():%y%m%d}C00600000"
AAPL = f"AAPL  {expiry():%y%m%d}C00200000"
SPXW = f"SPXW  {expiry():%y%m%d}C06000000"


class ApiClient:
    """One account of a venue, seen through the SDK and through the venue's control."""

    def __init__(
        self, venue: RunningVenue, control: VenueControl, session: Session, account: Account
    ) -> None:
        """Keep the four of them."""
        self.venue = venue
        self.control = control
        self.session = session
        self.account = account

    async def buy(
        self,
        price: str,
        quantity: int = 1,
        *,
        symbol: str = SPY,
        client_id: str | None = None,
        gtc: bool = False,
    ) -> PlacedOrder:
        """Send a limit order to buy to open."""
        return await self.send(
            limit(symbol, OrderAction.BUY_TO_OPEN, quantity, f"-{price}", client_id=client_id, gtc=gtc)
        )

    async def send(self, order: LimitOrder | MarketOrder) -> PlacedOrder:
        """Send an order."""
        reply: Any = await self.account.place_order(self.session, order, dry_run=False)
        assert isinstance(reply.order, PlacedOrder)
        return reply.order

    async def read(self, order: PlacedOrder) -> PlacedOrder:
        """Read an order again."""
        return await self.account.get_order(self.session, order.id)

    async def reach(self, order: PlacedOrder, status: OrderStatus) -> PlacedOrder:
        """Read an order until it has a status."""
        found = order

        async def there() -> bool:
            nonlocal found
            found = await self.read(order)
            return found.status == status

        await wait_until(there)
        return found

    def tape(self, kind: type[TapeLine]) -> list[Any]:
        """Return the tape's lines of one kind."""
        return [line for line in self.venue.tape.lines if isinstance(line, kind)]

    def accepted(self) -> int:
        """Count the orders that the venue has accepted."""
        return len(self.venue.exchange.orders)


async def wait_until(condition: Callable[[], Any], *, seconds: float = 5.0) -> None:
    """Wait until a condition holds, plain or awaitable; fail when it never does."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.002)


def limit(
    symbol: str,
    action: OrderAction,
    quantity: int,
    price: str,
    *,
    client_id: str | None = None,
    gtc: bool = False,
    strict: bool = False,
) -> LimitOrder:
    """Build a limit order; a debit has a negative price."""
    return LimitOrder(
        time_in_force=OrderTimeInForce.GTC if gtc else OrderTimeInForce.DAY,
        legs=[
            Leg(instrument_type=InstrumentType.EQUITY_OPTION, symbol=symbol, action=action, quantity=quantity)
        ],
        price=Decimal(price),
        external_identifier=client_id,
        advanced_instructions=AdvancedInstructions(strict_position_effect_validation=True)
        if strict
        else None,
    )


def market(symbol: str, action: OrderAction, quantity: int, *, strict: bool = False) -> MarketOrder:
    """Build a market order."""
    return MarketOrder(
        legs=[
            Leg(instrument_type=InstrumentType.EQUITY_OPTION, symbol=symbol, action=action, quantity=quantity)
        ],
        advanced_instructions=AdvancedInstructions(strict_position_effect_validation=True)
        if strict
        else None,
    )


def fills(order: PlacedOrder) -> list[tuple[int, str]]:
    """Return the fills of an order's first leg: contracts and price."""
    return [(int(fill.quantity), str(fill.fill_price)) for fill in order.legs[0].fills or []]


def left(order: PlacedOrder) -> int:
    """Count the contracts that an order's first leg has left."""
    return int(order.legs[0].remaining_quantity or 0)
