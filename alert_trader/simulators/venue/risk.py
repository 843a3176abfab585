"""Buying power: what an account can still spend on options, and what an order takes of it.

Long options are paid in full, in cash and in margin accounts alike, so a working purchase reserves its limit
(a market order the ask) and its fees. A short option reserves a plain Reg T requirement, a vertical its
width; nothing is netted between orders. A cash account cannot sell naked calls, secures naked puts with their
strike, and cannot spend today's proceeds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from alert_trader.simulators.venue.account import Account
from alert_trader.simulators.venue.config import FeeSchedule
from alert_trader.simulators.venue.fees import Fees, dollars, leg_fees
from alert_trader.simulators.venue.instruments import Listings, parse
from alert_trader.simulators.venue.market import Market
from alert_trader.simulators.venue.orders import Effect, Leg, Order

_ZERO = Decimal(0)
_UNAFFORDABLE = Decimal(10**12)
_SHORT_SHARE = Decimal("0.20")
_SHORT_FLOOR = Decimal("0.10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an order takes: dollars paid (negative if received), dollars of margin, and fees."""

    paid: Decimal
    margin: Decimal
    fees: Fees

    @property
    def total(self) -> Decimal:
        """What buying power goes down by; never below zero, as a sale's proceeds count when it has filled."""
        return max(self.paid + self.margin + self.fees.total, _ZERO)


class Risk:
    """Costs of orders and buying power of accounts, from quotes and the fee schedule."""

    def __init__(self, listings: Listings, market: Market, fees: FeeSchedule) -> None:
        """Keep what prices come from."""
        self._listings = listings
        self._market = market
        self._schedule = fees
        self._reserves: dict[int, Decimal] = {}

    def leg_fees(self, leg: Leg, contracts: int, proceeds: Decimal) -> Fees:
        """Price the fees of so many contracts of a leg."""
        series = parse(leg.symbol)
        row = self._listings.underlying(series.root) if series is not None else None
        if row is None:
            raise ValueError(f"expected a listed series, found {leg.symbol!r}")
        return leg_fees(self._schedule, row, leg.action, contracts, proceeds)

    def cost(self, account: Account, order: Order) -> Cost:
        """Price what is left of an order."""
        lots = order.remaining
        fees = Fees()
        natural = _ZERO
        for leg in order.legs:
            contracts = leg.quantity // order.size * lots
            quote = self._market.quote(leg.symbol)
            touch = (quote.ask if leg.action.buying else quote.bid) if quote is not None else _ZERO
            natural += dollars(touch, contracts) * (1 if leg.action.buying else -1)
            proceeds = dollars(
                order.limit if order.limit is not None and len(order.legs) == 1 else touch, contracts
            )
            fees += self.leg_fees(leg, contracts, proceeds)
        paid = natural
        if order.limit is not None:
            paid = dollars(order.limit, lots) * (1 if order.effect is Effect.DEBIT else -1)
        return Cost(paid=paid, margin=self._margin(account, order, lots), fees=fees)

    def reserved(self, account: Account, order: Order) -> Decimal:
        """Return what a working order reserves: priced once until `reprice`."""
        kept = self._reserves.get(order.order_id)
        if kept is None:
            kept = self._reserves[order.order_id] = (
                self.cost(account, order).total if order.opening else _ZERO
            )
        return kept

    def reprice(self, order: Order) -> None:
        """Remove an order's reserve: it traded, or has ended."""
        self._reserves.pop(order.order_id, None)

    def buying_power(self, account: Account, orders: Iterable[Order]) -> Decimal:
        """Return the derivative buying power left beside the working `orders`."""
        cash = account.cash if account.config.margin else account.cash - account.unsettled
        working = sum((self.reserved(account, order) for order in orders), _ZERO)
        short = sum(
            (
                self._naked(account, each.symbol, -each.quantity)
                for each in account.positions.values()
                if each.quantity < 0
            ),
            _ZERO,
        )
        return cash - working - short

    def _margin(self, account: Account, order: Order, lots: int) -> Decimal:
        sold = [leg for leg in order.legs if leg.action.opening and not leg.action.buying]
        bought = [leg for leg in order.legs if leg.action.buying]
        if not sold:
            return _ZERO
        if bought:
            strikes = [series.strike for leg in order.legs if (series := parse(leg.symbol)) is not None]
            return dollars(max(strikes) - min(strikes), lots) if order.effect is Effect.CREDIT else _ZERO
        return sum(
            (self._naked(account, leg.symbol, leg.quantity // order.size * lots) for leg in sold), _ZERO
        )

    def _naked(self, account: Account, symbol: str, contracts: int) -> Decimal:
        series = parse(symbol)
        row = self._listings.underlying(series.root) if series is not None else None
        quote = self._market.quote(row.symbol) if row is not None else None
        if series is None or quote is None:
            return _UNAFFORDABLE
        if not account.config.margin:
            return dollars(series.strike, contracts) if series.right == "P" else _UNAFFORDABLE
        spot = quote.mid
        out_of_the_money = max(series.strike - spot if series.right == "C" else spot - series.strike, _ZERO)
        return dollars(max(spot * _SHORT_SHARE - out_of_the_money, series.strike * _SHORT_FLOOR), contracts)
