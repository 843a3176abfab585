"""Quotes, tick tables and listings: what must be known about a contract before an order is priced."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from alert_trader.domain.market.contract import OptionContract, Settlement
from alert_trader.domain.money import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A two-sided quote in dollars a share, with the broker's timestamp (UTC)."""

    bid: Price
    ask: Price
    at: datetime
    bid_size: int
    ask_size: int
    halted: bool = False

    @property
    def mid(self) -> Decimal:
        """The middle of bid and ask; not rounded to a tick."""
        return (self.bid + self.ask) / 2

    @property
    def usable(self) -> bool:
        """Whether an entry may be priced from it: both sides above zero, not crossed, not halted."""
        return self.bid > 0 and self.ask >= self.bid and not self.halted


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One row of a tick table: the tick size for prices below `threshold`; the last row has no threshold."""

    value: Decimal
    threshold: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TickTable:
    """The tick sizes of an instrument. The first row whose threshold is above a price applies to it."""

    rows: tuple[Tick, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a table that leaves a price without a tick size."""
        if not self.rows or self.rows[-1].threshold is not None or any(row.value <= 0 for row in self.rows):
            raise ValueError(
                f"expected positive tick sizes, the last row without a threshold; found {self.rows}"
            )
        limits = [row.threshold for row in self.rows[:-1]]
        if None in limits or any(
            low >= high for low, high in pairwise(limits) if low is not None and high is not None
        ):
            raise ValueError(f"expected rising thresholds, found {limits}")

    def step(self, at: Decimal) -> Decimal:
        """Return the tick size at this price."""
        return next(row.value for row in self.rows if row.threshold is None or at < row.threshold)

    def valid(self, at: Decimal) -> bool:
        """Whether this is a valid limit price."""
        return at > 0 and at % self.step(at) == 0

    def buy(self, wanted: Decimal) -> Price:
        """Round a buy limit down to a valid tick. Zero when it is below one tick."""
        step = self.step(wanted)
        rounded = (wanted / step).to_integral_value(ROUND_FLOOR) * step
        # rounding down can cross into the row below, where the tick is finer
        return Price(rounded if rounded <= 0 or self.valid(rounded) else self.buy(rounded))

    def sell(self, wanted: Decimal) -> Price:
        """Round a sell limit up to a valid tick."""
        step = self.step(wanted)
        rounded = (wanted / step).to_integral_value(ROUND_CEILING) * step
        # rounding up can reach the threshold, where the tick is coarser
        return Price(rounded if self.valid(rounded) else self.sell(rounded))

    def up(self, at: Decimal) -> Price:
        """Return the next valid price above `at`: one tick up, with the tick size at `at`."""
        return self.sell(self.buy(at) + self.step(at))


PENNY = TickTable((Tick(value=Decimal("0.01")),))
"""A tick of one cent at every price (SPY, QQQ and IWM options)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A contract as the broker lists it today."""

    contract: OptionContract
    ticks: TickTable
    settlement: Settlement | None = None
    """AM or PM settlement, where the broker states it."""
