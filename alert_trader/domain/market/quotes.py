"""Quotes, tick tables and listings: what is known of a contract before an order is priced."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from alert_trader.domain.market.contract import OptionContract, Settlement
from alert_trader.domain.money import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A two-sided quote, in dollars a share, with the venue's own time of it (UTC)."""

    bid: Price
    ask: Price
    at: datetime
    bid_size: int
    ask_size: int
    halted: bool = False

    @property
    def mid(self) -> Decimal:
        """Half way between bid and ask; not rounded to a tick."""
        return (self.bid + self.ask) / 2

    @property
    def usable(self) -> bool:
        """Whether an entry may be priced from it: both sides above zero and not crossed."""
        return self.bid > 0 and self.ask >= self.bid and not self.halted


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One row of a tick table: prices below `threshold` move in steps of `value`; the last row has no threshold."""

    value: Decimal
    threshold: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TickTable:
    """The price steps of an instrument, in the order the broker lists them: the first row whose threshold is above the price holds."""

    rows: tuple[Tick, ...]

    def __post_init__(self) -> None:
        """Refuse a table that leaves a price without a step."""
        if not self.rows or self.rows[-1].threshold is not None or any(row.value <= 0 for row in self.rows):
            raise ValueError(
                f"expected tick rows with positive steps, the last without a threshold; found {self.rows}"
            )
        limits = [row.threshold for row in self.rows[:-1]]
        if None in limits or any(
            low >= high for low, high in pairwise(limits) if low is not None and high is not None
        ):
            raise ValueError(f"expected rising thresholds, found {limits}")

    def step(self, at: Decimal) -> Decimal:
        """Give the tick that holds at this price."""
        return next(row.value for row in self.rows if row.threshold is None or at < row.threshold)

    def valid(self, at: Decimal) -> bool:
        """Whether an order may carry this price."""
        return at > 0 and at % self.step(at) == 0

    def buy(self, wanted: Decimal) -> Price:
        """Round a buy limit to a valid tick, never above what was wanted. Zero when it is below one tick."""
        step = self.step(wanted)
        rounded = (wanted / step).to_integral_value(ROUND_FLOOR) * step
        # rounding down can leave the row, and land between the finer steps below it
        return Price(rounded if rounded <= 0 or self.valid(rounded) else self.buy(rounded))

    def sell(self, wanted: Decimal) -> Price:
        """Round a sell limit to a valid tick, never below what was wanted."""
        step = self.step(wanted)
        rounded = (wanted / step).to_integral_value(ROUND_CEILING) * step
        # rounding up can land on the threshold, where the coarser step holds
        return Price(rounded if self.valid(rounded) else self.sell(rounded))

    def up(self, at: Decimal) -> Price:
        """Give the next valid price above `at`: one tick, taken with the step that holds where it starts."""
        return self.sell(self.buy(at) + self.step(at))


PENNY = TickTable((Tick(value=Decimal("0.01")),))
"""Every price in cents (SPY, QQQ and IWM options)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A contract as the broker lists it today."""

    contract: OptionContract
    ticks: TickTable
    settlement: Settlement | None = None
    """How the series settles, where the broker says."""
