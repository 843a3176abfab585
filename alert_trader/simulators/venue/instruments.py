"""What is listed: option series, their symbols, ticks and expirations.

The OCC symbol is what orders carry ("SPXW  261218C06500000"), the streamer symbol what quote streams carry
(".SPXW261218C6500").
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import chain

from alert_trader.simulators.venue.config import ExpiryPlan, TickClass, UnderlyingConfig
from alert_trader.simulators.venue.holidays import (
    LATE,
    hours,
    is_trading_day,
    on_or_before,
    step_day,
    third_friday,
)

_OCC = re.compile(r"([A-Z0-9./]{1,6}) *(\d{6})([CP])(\d{8})")
_STREAMER = re.compile(r"\.([A-Z0-9/]{1,6}?)(\d{6})([CP])(\d{1,5}(?:\.\d{1,3})?)")
_DAILIES = 10
_WEEKS = 8
_MONTHS = 12

SHARES_PER_CONTRACT = 100

TICKS: dict[TickClass, tuple[tuple[Decimal, Decimal | None], ...]] = {
    TickClass.ALL_PENNY: ((Decimal("0.01"), None),),
    TickClass.PENNY_PROGRAM: ((Decimal("0.01"), Decimal("3.0")), (Decimal("0.05"), None)),
    TickClass.NICKEL_DIME: ((Decimal("0.05"), Decimal("3.0")), (Decimal("0.1"), None)),
}
"""Rows of (step, the price below which it holds), the last without a bound."""


def tick_at(ticks: TickClass, price: Decimal) -> Decimal:
    """Return the price step that holds at a price."""
    return next(step for step, below in TICKS[ticks] if below is None or price < below)


class ExpiryKind(StrEnum):
    """The broker's names of expiration cycles."""

    REGULAR = "Regular"
    WEEKLY = "Weekly"


class Settlement(StrEnum):
    """When an expiring series is valued."""

    AM = "AM"
    PM = "PM"


@dataclass(frozen=True, slots=True)
class Expiry:
    """One expiration of one root."""

    root: str
    day: date
    kind: ExpiryKind
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class Series:
    """One option series by its symbol alone; `Listings` says whether it is listed."""

    root: str
    day: date
    right: str
    strike: Decimal

    @property
    def symbol(self) -> str:
        """The OCC symbol."""
        return f"{self.root:<6}{self.day:%y%m%d}{self.right}{int(self.strike * 1000):08d}"

    @property
    def streamer_symbol(self) -> str:
        """The DXLink symbol."""
        return f".{self.root.replace('.', '/')}{self.day:%y%m%d}{self.right}{self.strike.normalize():f}"


@lru_cache(maxsize=10_000)
def parse(symbol: str) -> Series | None:
    """Read an OCC or a streamer symbol; None when it is neither."""
    occ = _OCC.fullmatch(symbol)
    found = occ or _STREAMER.fullmatch(symbol)
    if found is None:
        return None
    try:
        day = date(2000 + int(found[2][:2]), int(found[2][2:4]), int(found[2][4:]))
    except ValueError:
        return None
    strike = Decimal(found[4]) / 1000 if occ is not None else Decimal(found[4])
    return Series(found[1].replace("/", "."), day, found[3], strike.normalize())


class Listings:
    """Every series that can be traded: by rule around the spot, and each one that a script named."""

    def __init__(self, underlyings: Iterable[UnderlyingConfig]) -> None:
        """List the underlyings and their roots."""
        self.underlyings = {row.symbol: row for row in underlyings}
        self._by_root = dict(self.underlyings)
        self._by_root.update(
            {row.weekly_root: row for row in self.underlyings.values() if row.weekly_root is not None}
        )
        self._extra: dict[str, set[Series]] = {}
        self._expiries: dict[tuple[str, date], tuple[Expiry, ...]] = {}
        self._strikes: dict[Expiry, tuple[Decimal, ...]] = {}
        self.version = 0
        """Rises with every change, so that a chain that was written once can be kept until then."""

    def underlying(self, root: str) -> UnderlyingConfig | None:
        """Find the underlying a root trades on."""
        return self._by_root.get(root)

    def add(self, series: Series, today: date) -> UnderlyingConfig:
        """List a series by name; raises ValueError when it could not be listed."""
        row = self._by_root.get(series.root)
        if row is None:
            raise ValueError(
                f"expected a root among {', '.join(sorted(self._by_root))}; found {series.root!r}: "
                "add its underlying to the config"
            )
        if series.day < today:
            raise ValueError(f"expected an expiration from {today} on, found {series.day}")
        if self.find(series.symbol, today) is None:
            self._extra.setdefault(row.symbol, set()).add(series)
            self._expiries.clear()
            self._strikes.clear()
            self.version += 1
        return row

    @property
    def named(self) -> tuple[str, ...]:
        """The symbols of every series that was listed by name."""
        return tuple(sorted(series.symbol for each in self._extra.values() for series in each))

    def find(self, symbol: str, today: date) -> tuple[Series, Expiry] | None:
        """Find a listed series by its OCC symbol, or by its streamer symbol."""
        series = parse(symbol)
        row = self._by_root.get(series.root) if series is not None else None
        if series is None or row is None:
            return None
        expiry = next(
            (
                each
                for each in self.expiries(row, today)
                if each.root == series.root and each.day == series.day
            ),
            None,
        )
        if expiry is None or series.strike not in self.strikes(row, expiry):
            return None
        return series, expiry

    def strikes(self, row: UnderlyingConfig, expiry: Expiry) -> tuple[Decimal, ...]:
        """Return the strikes of one expiration, rising."""
        found = self._strikes.get(expiry)
        if found is None:
            found = self._strikes[expiry] = tuple(self._all_strikes(row, expiry))
        return found

    def _all_strikes(self, row: UnderlyingConfig, expiry: Expiry) -> list[Decimal]:
        centre = (row.spot / row.strike_step).to_integral_value() * row.strike_step
        around = (
            centre + row.strike_step * step
            for step in range(-row.strikes_each_side, row.strikes_each_side + 1)
        )
        named = (
            each.strike
            for each in self._extra.get(row.symbol, ())
            if (each.root, each.day) == (expiry.root, expiry.day)
        )
        return sorted({strike for strike in chain(around, named) if strike > 0})

    def expiries(self, row: UnderlyingConfig, today: date) -> tuple[Expiry, ...]:
        """Return the expirations of an underlying, by date, over all its roots."""
        found = self._expiries.get((row.symbol, today))
        if found is None:
            found = self._expiries[row.symbol, today] = tuple(
                sorted(self._plan(row, today), key=lambda each: (each.day, each.root))
            )
        return found

    def _plan(self, row: UnderlyingConfig, today: date) -> set[Expiry]:
        pm_root = row.weekly_root or row.symbol
        monthlies = set(_monthlies(today))
        others: set[date] = set()
        if row.expiries is not ExpiryPlan.MONTHLY:
            others.update(_weeklies(today))
        if row.expiries is ExpiryPlan.DAILY:
            others.update(_dailies(today))
        if row.weekly_root is not None:
            others |= monthlies
        else:
            others -= monthlies
        settlement = Settlement.AM if row.weekly_root is not None else Settlement.PM
        plan = {Expiry(row.symbol, day, ExpiryKind.REGULAR, settlement) for day in monthlies}
        plan |= {Expiry(pm_root, day, ExpiryKind.WEEKLY, Settlement.PM) for day in others}
        known = {(each.root, each.day) for each in plan}
        named = {(each.root, each.day) for each in self._extra.get(row.symbol, ()) if each.day >= today}
        return plan | {Expiry(root, day, ExpiryKind.WEEKLY, Settlement.PM) for root, day in named - known}


def stops_trading_at(expiry: Expiry, row: UnderlyingConfig) -> datetime:
    """Return when a series stops trading by the real calendar; an AM-settled one stops the day before.

    What settles at the close stops with the stocks. For ETF options some sources say a quarter of an hour
    later.
    """
    if expiry.settlement is Settlement.AM:
        return hours(step_day(expiry.day, -1)).close_at + (LATE if row.closes_late else timedelta())
    return hours(expiry.day).close_at


def _dailies(today: date) -> Iterator[date]:
    day = today if is_trading_day(today) else step_day(today, 1)
    for _ in range(_DAILIES):
        yield day
        day = step_day(day, 1)


def _weeklies(today: date) -> Iterator[date]:
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    for week in range(_WEEKS):
        day = on_or_before(friday + timedelta(weeks=week))
        if day >= today:
            yield day


def _monthlies(today: date) -> Iterator[date]:
    for month in range(_MONTHS + 1):
        year, zero_based = divmod(today.year * 12 + today.month - 1 + month, 12)
        day = third_friday(year, zero_based + 1)
        if day >= today:
            yield day
