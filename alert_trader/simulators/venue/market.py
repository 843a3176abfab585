"""Quotes: a seeded market that moves by itself, and scripted quotes where a person or a test set them.

Seeded: each underlying walks around its starting price, one step every `quote_interval`; its options are
worth what Black-Scholes says, quoted a tick or more around that, with a displayed size. The same seed gives
the same market, step for step. Nothing is computed for a symbol that is not used. Scripted: a symbol keeps
the quote it was given until it is given another, or released. Taking its displayed size empties it until the
next quote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random

from alert_trader.simulators.venue.config import UnderlyingConfig
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.instruments import Listings, parse, stops_trading_at, tick_at
from alert_trader.simulators.venue.pricing import Greeks, black_scholes

_CENT = Decimal("0.01")
_YEAR = timedelta(days=365)
_PULL = 0.02
"""How strongly a walk is drawn back to its start each step: it wanders, but stays near its strikes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A two-sided quote: dollars a share, contracts (or round lots), and when it was made (UTC)."""

    symbol: str
    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int
    at: datetime
    halted: bool = False
    missing: bool = False
    """A scripted absence: the symbol is listed and nobody quotes it."""

    @property
    def mid(self) -> Decimal:
        """Halfway between bid and ask."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class Scripted:
    """A quote set by hand, and how old it is always shown."""

    quote: Quote
    age: timedelta


class Market:
    """Every quote of the venue."""

    def __init__(
        self, listings: Listings, *, seed: int, interval: float, clock: Callable[[], datetime]
    ) -> None:
        """Start the seeded market at its first step."""
        self._listings = listings
        self._seed = seed
        self._interval = timedelta(seconds=interval)
        self._clock = clock
        self._started = clock()
        self._walks: dict[str, tuple[int, float, Random]] = {}
        self._seeded: dict[str, tuple[int, Quote]] = {}
        self.by_hand: dict[str, Scripted] = {}
        self.last: dict[str, Decimal] = {}
        """The last trade of each series at this venue, in dollars a share; of this run only."""
        self.changed: set[str] = set()
        """Symbols quoted or released by hand, or traded, since they were last stored."""

    @property
    def step(self) -> int:
        """How many times the seeded market has moved."""
        return (self._clock() - self._started) // self._interval

    def scripted(self, symbol: str) -> bool:
        """Return whether a symbol's quotes are set by hand."""
        return symbol in self.by_hand

    def script(self, quote: Quote, age: timedelta = timedelta()) -> None:
        """Set a symbol's quote; it is always shown as made `age` ago."""
        self.by_hand[quote.symbol] = Scripted(quote, age)
        self.changed.add(quote.symbol)

    def release(self, symbol: str) -> None:
        """Return a symbol to the seeded market."""
        self.by_hand.pop(symbol, None)
        self.changed.add(symbol)

    @property
    def walked(self) -> dict[str, tuple[int, float]]:
        """The walks that were used: step, and drift from the start."""
        return {symbol: (at, drift) for symbol, (at, drift, _) in self._walks.items()}

    def recall(self, by_hand: Mapping[str, Scripted], walked: Mapping[str, tuple[int, float]]) -> None:
        """Continue with the quotes of an earlier run; no time passed in between.

        From here on the walks differ from those of an uninterrupted run: their random numbers restart.
        """
        self.by_hand = dict(by_hand)
        self._walks = {
            symbol: (at, drift, Random(f"{self._seed}:{symbol}:{at}"))  # noqa: S311 - a market, not a secret
            for symbol, (at, drift) in walked.items()
        }
        self._started = self._clock() - max((at for at, _ in walked.values()), default=0) * self._interval

    def quote(self, symbol: str) -> Quote | None:
        """Return the quote of an OCC symbol or an underlying; None when the symbol is not listed."""
        scripted = self.by_hand.get(symbol)
        if scripted is not None:
            return replace(scripted.quote, at=self._clock() - scripted.age)
        step = self.step
        kept = self._seeded.get(symbol)
        if kept is not None and kept[0] == step:
            return kept[1]
        row = self._listings.underlyings.get(symbol)
        quote = self._of_underlying(row, step) if row is not None else self._of_option(symbol, step)
        if quote is not None:
            self._seeded[symbol] = (step, quote)
        return quote

    def take(self, symbol: str, *, buying: bool, quantity: int) -> None:
        """Remove displayed size that was traded with."""
        quote = self.quote(symbol)
        if quote is None:
            return
        if buying:
            left = replace(quote, ask_size=max(quote.ask_size - quantity, 0))
        else:
            left = replace(quote, bid_size=max(quote.bid_size - quantity, 0))
        scripted = self.by_hand.get(symbol)
        if scripted is not None:
            self.by_hand[symbol] = replace(scripted, quote=left)
            self.changed.add(symbol)
        else:
            self._seeded[symbol] = (self.step, left)

    def greeks(self, symbol: str) -> Greeks | None:
        """Value an option in the model; None when it is not listed."""
        now = self._clock()
        listed = self._listings.find(symbol, now.astimezone(NEW_YORK).date())
        row = self._listings.underlying(listed[0].root) if listed is not None else None
        if listed is None or row is None:
            return None
        series, expiry = listed
        return black_scholes(
            call=series.right == "C",
            spot=float(self._spot(row)),
            strike=float(series.strike),
            years=(stops_trading_at(expiry, row) - now) / _YEAR,
            volatility=row.volatility,
        )

    def _spot(self, row: UnderlyingConfig) -> Decimal:
        scripted = self.by_hand.get(row.symbol)
        return scripted.quote.mid if scripted is not None else self._walk(row, self.step)

    def _walk(self, row: UnderlyingConfig, step: int) -> Decimal:
        seed = f"{self._seed}:{row.symbol}"
        at, drift, chance = self._walks.get(row.symbol) or (0, 0.0, Random(seed))  # noqa: S311 - no secret
        scale = row.volatility * (self._interval / _YEAR) ** 0.5
        while at < step:
            drift += chance.gauss(0, scale) - _PULL * drift
            at += 1
        self._walks[row.symbol] = (at, drift, chance)
        return (row.spot * Decimal(1 + drift)).quantize(_CENT)

    def _sizes(self, symbol: str, step: int) -> tuple[int, int]:
        chance = Random(f"{self._seed}:{symbol}:{step}")  # noqa: S311 - a market, not a secret
        return chance.randint(5, 60), chance.randint(5, 60)

    def _of_underlying(self, row: UnderlyingConfig, step: int) -> Quote:
        price = self._walk(row, step)
        bid_size, ask_size = self._sizes(row.symbol, step)
        return Quote(
            symbol=row.symbol,
            bid=price - _CENT,
            ask=price + _CENT,
            bid_size=bid_size * 10,
            ask_size=ask_size * 10,
            at=self._clock(),
        )

    def _of_option(self, symbol: str, step: int) -> Quote | None:
        greeks = self.greeks(symbol)
        series = parse(symbol)
        row = self._listings.underlying(series.root) if series is not None else None
        if greeks is None or row is None:
            return None
        value = Decimal(greeks.price)
        tick = tick_at(row.ticks, value)
        half = max(tick / 2, value / 100)
        bid = max(((value - half) / tick).to_integral_value(ROUND_FLOOR), Decimal(0)) * tick
        ask = max(((value + half) / tick).to_integral_value(ROUND_CEILING), Decimal(1)) * tick
        # rounding up can land on the threshold, above which only the coarser step is valid
        coarse = tick_at(row.ticks, ask)
        ask = (ask / coarse).to_integral_value(ROUND_CEILING) * coarse
        bid_size, ask_size = self._sizes(symbol, step)
        return Quote(
            symbol=symbol,
            bid=bid,
            ask=ask,
            bid_size=bid_size if bid > 0 else 0,
            ask_size=ask_size,
            at=self._clock(),
        )
