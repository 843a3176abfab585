"""The fill model.

- A limit order trades when the opposite side reaches its limit. It takes the displayed size, at the opposite
  side's price (never worse than its limit), and the rest stays live. Size taken is not available until the
  next quote.
- A market order fills whole at once: displayed size at the opposite side's price, and the rest one tick
  worse. Without an opposite side it waits.
- An order of several legs trades in whole lots, when the sum of its legs' opposite sides reaches its net
  limit, as many lots as the thinnest leg displays.
- A stop trades nothing before its trigger (`triggers.py`); from then on a stop is a market order, and a stop
  limit a limit order.
- A halted, missing or one-sided quote trades nothing.
"""

from dataclasses import dataclass
from decimal import Decimal

from alert_trader.simulators.venue.config import TickClass
from alert_trader.simulators.venue.instruments import tick_at
from alert_trader.simulators.venue.market import Market, Quote
from alert_trader.simulators.venue.orders import Effect, Leg, Order

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Execution:
    """Lots that trade now, and each leg's price a share."""

    lots: int
    prices: tuple[Decimal, ...]


def on_tick(order: Order, ticks: TickClass) -> bool:
    """Return whether the exchange accepts an order's prices; nets of several legs are in cents."""
    return all(
        price > 0 and price % (tick_at(ticks, price) if len(order.legs) == 1 else Decimal("0.01")) == 0
        for price in (order.limit, order.trigger)
        if price is not None
    )


def match(order: Order, market: Market, ticks: TickClass, most: int) -> list[Execution]:
    """Trade what can be traded of an order now, at most so many lots, and take it off the displayed sizes."""
    touches = [(leg, _touch(market.quote(leg.symbol), leg)) for leg in order.legs]
    if any(price <= 0 for _, (price, _) in touches):
        return []
    prices = tuple(price for _, (price, _) in touches)
    displayed = min(size // (leg.quantity // order.size) for leg, (_, size) in touches)
    wanted = min(order.remaining, most)
    lots = min(wanted, displayed)
    if order.at_market:
        executions = _whole(order, Execution(lots, prices), ticks, wanted - lots)
    else:
        executions = [Execution(lots, prices)] if lots > 0 and _reached(order, prices) else []
    for leg in order.legs:
        contracts = leg.quantity // order.size * sum(each.lots for each in executions)
        market.take(leg.symbol, buying=leg.action.buying, quantity=contracts)
    return executions


def _touch(quote: Quote | None, leg: Leg) -> tuple[Decimal, int]:
    if quote is None or quote.missing or quote.halted:
        return _ZERO, 0
    return (quote.ask, quote.ask_size) if leg.action.buying else (quote.bid, quote.bid_size)


def _reached(order: Order, prices: tuple[Decimal, ...]) -> bool:
    net = sum(
        (
            price * (leg.quantity // order.size) * (1 if leg.action.buying else -1)
            for leg, price in zip(order.legs, prices, strict=True)
        ),
        _ZERO,
    )
    limit = order.limit if order.limit is not None else _ZERO
    return net <= (limit if order.effect is Effect.DEBIT else -limit)


def _whole(order: Order, displayed: Execution, ticks: TickClass, rest: int) -> list[Execution]:
    step = tick_at(ticks, displayed.prices[0])
    worse = (
        displayed.prices[0] + step if order.legs[0].action.buying else max(displayed.prices[0] - step, step)
    )
    executions = [displayed, Execution(rest, (worse,))]
    return [each for each in executions if each.lots > 0]
