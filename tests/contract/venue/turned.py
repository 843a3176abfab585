"""A clock that a test turns by hand, and an exchange on it: no sockets, no waiting."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Action, Effect, Order, OrderType, TimeInForce
from alert_trader.simulators.venue.preflight import LegRequest, OrderRequest

ACCOUNT = "5WT00042"
FRIDAY = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
"""A third Friday, an hour before the close."""
TODAY, LATER = "SPY   261120C00600000", "SPY   261127C00600000"


@dataclass
class Turned:
    """A clock turned by hand; what is due runs as it turns."""

    now: datetime = FRIDAY
    due: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def read(self) -> datetime:
        """Tell the time."""
        return self.now

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Keep an act for its time."""
        self.due.append((self.now + timedelta(seconds=seconds), act))

    def turn(self, to: datetime) -> None:
        """Turn to a moment, doing what is due on the way."""
        while ready := sorted((each for each in self.due if each[0] <= to), key=lambda each: each[0]):
            self.due.remove(ready[0])
            self.now = max(self.now, ready[0][0])
            ready[0][1]()
        self.now = to

    def turn_by(self, seconds: float) -> None:
        """Turn on by so many seconds."""
        self.turn(self.now + timedelta(seconds=seconds))


def quote(exchange: Exchange, symbol: str, bid: str, ask: str, *, size: int = 50) -> None:
    """Quote a symbol by hand."""
    exchange.set_quote(
        Quote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=size,
            ask_size=size,
            at=exchange.clock(),
        )
    )


def buy(exchange: Exchange, price: str, symbol: str = LATER, tif: TimeInForce = TimeInForce.DAY) -> Order:
    """Send a limit order for two contracts."""
    request = OrderRequest(
        order_type=OrderType.LIMIT,
        time_in_force=tif,
        price=Decimal(price),
        price_effect=Effect.DEBIT,
        legs=(LegRequest(symbol=symbol, action=Action.BUY_TO_OPEN, quantity=2),),
    )
    return exchange.submit(ACCOUNT, request).order


def exit_request(
    *,
    limit: str | None = None,
    stop: str | None = None,
    lots: int = 2,
    gtc: bool = False,
    strict: bool = True,
    **more: object,
) -> OrderRequest:
    """Write a sale of contracts held: a limit, a stop, or a stop limit, by what is given."""
    kinds = {
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
        (False, False): OrderType.MARKET,
    }
    body: dict[str, object] = {
        "order_type": more.pop("type", kinds[limit is not None, stop is not None]),
        "time_in_force": TimeInForce.GTC if gtc else TimeInForce.DAY,
        "legs": (LegRequest(symbol=LATER, action=Action.SELL_TO_CLOSE, quantity=lots),),
        "advanced_instructions": {"strict_position_effect_validation": strict},
    }
    if limit is not None:
        body |= {"price": Decimal(limit), "price_effect": Effect.CREDIT}
    if stop is not None:
        body["stop_trigger"] = Decimal(stop)
    return OrderRequest.model_validate(body | more)


def sell(exchange: Exchange, **terms: Any) -> Order:
    """Send a sale of contracts held."""
    return exchange.submit(ACCOUNT, exit_request(**terms)).order


def fills_of(order: Order) -> list[tuple[int, str]]:
    """Return the fills of an order: contracts and price."""
    return [(fill.quantity, str(fill.price)) for fill in order.legs[0].fills]
