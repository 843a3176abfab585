"""The real SDK against a venue in this process, reached through the redirect transport."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
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

from broker.redirect import RedirectTransport
from venue.client import VenueControl
from venue.config import Timing, VenueConfig
from venue.holidays import third_friday
from venue.server import RunningVenue, start
from venue.tape import TapeLine

ACCOUNT = "5WT00042"
FAST = Timing(live_after=0.001, filled_after=0.001, cancel_after=0.003, replace_after=0.003)
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass what the SDK itself warns of: its way of sending a body, and the queues it does not close."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore:Unclosed <Memory:ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore:.*Unclosed <Memory:pytest.PytestUnraisableExceptionWarning"))


def expiry() -> date:
    """Give a monthly expiration some weeks ahead."""
    ahead = datetime.now(UTC).date() + timedelta(days=45)
    return third_friday(ahead.year, ahead.month)


SPY = f"SPY   {expiry():%y%m%d}C00600000"
AAPL = f"AAPL  {expiry():%y%m%d}C00200000"
SPXW = f"SPXW  {expiry():%y%m%d}C06000000"


class Desk:
    """One account of a venue, seen through the SDK and through the venue's control."""

    def __init__(self, venue: RunningVenue, control: VenueControl, session: Session, account: Account) -> None:
        """Keep the four of them."""
        self.venue = venue
        self.control = control
        self.session = session
        self.account = account

    async def buy(self, price: str, quantity: int = 1, *, symbol: str = SPY, client_id: str | None = None, gtc: bool = False) -> PlacedOrder:
        """Send a limit order to buy to open."""
        return await self.send(limit(symbol, OrderAction.BUY_TO_OPEN, quantity, f"-{price}", client_id=client_id, gtc=gtc))

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
        """Give the tape's lines of one kind."""
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
        legs=[Leg(instrument_type=InstrumentType.EQUITY_OPTION, symbol=symbol, action=action, quantity=quantity)],
        price=Decimal(price),
        external_identifier=client_id,
        advanced_instructions=AdvancedInstructions(strict_position_effect_validation=True) if strict else None,
    )


def market(symbol: str, action: OrderAction, quantity: int, *, strict: bool = False) -> MarketOrder:
    """Build a market order."""
    return MarketOrder(
        legs=[Leg(instrument_type=InstrumentType.EQUITY_OPTION, symbol=symbol, action=action, quantity=quantity)],
        advanced_instructions=AdvancedInstructions(strict_position_effect_validation=True) if strict else None,
    )


@pytest.fixture
def config() -> VenueConfig:
    """Give a venue that is quick; a test module may override it."""
    return VenueConfig(timing=FAST)


@pytest.fixture
async def venue(config: VenueConfig, tmp_path: Path) -> AsyncIterator[RunningVenue]:
    """Run a venue on a free port, with its tape in a file."""
    running = await start(config, tape_path=tmp_path / "tape.jsonl")
    yield running
    await running.close()


@pytest.fixture
async def control(venue: RunningVenue) -> AsyncIterator[VenueControl]:
    """Open the venue's control, with a still market for SPY and AAPL."""
    async with VenueControl(venue.base_url) as opened:
        await opened.set_quote(SPY, bid="2.00", ask="2.05", bid_size=100, ask_size=100)
        await opened.set_quote(AAPL, bid="4.00", ask="4.10", bid_size=100, ask_size=100)
        yield opened


@pytest.fixture
async def session(venue: RunningVenue) -> AsyncIterator[Session]:
    """Open an SDK session whose every host is the venue."""
    transport = RedirectTransport(venue.base_url, httpx2.AsyncHTTPTransport())
    yield Session("secret-of-client", "refresh-of-client", transport=transport, timeout=1.0)
    await transport.shutdown()


@pytest.fixture
async def desk(venue: RunningVenue, control: VenueControl, session: Session) -> Desk:
    """Give the whole of it."""
    return Desk(venue, control, session, await Account.get(session, ACCOUNT))
