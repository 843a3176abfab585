"""How we did, as figures: what a report is made of.

Every figure says what it counts, and what is not known stays unknown: a share carries its denominator, a missed trade without a later price
has no result, and a position without a mark has no open P&L. `alert_trader.domain.reports.calculation` works them out.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.money import Usd

TENTH_OF_A_PERCENT = Decimal("0.001")
HALF_UP = Decimal("0.5")
DOUBLED = Decimal(1)


class Grouping(StrEnum):
    """What a report's lines stand for."""

    DAY = "day"
    """One day, a line an author."""
    WEEK = "week"
    """One week, a line a day."""
    AUTHOR = "author"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report is about."""

    grouping: Grouping
    title: str
    since: date
    """First New York day."""
    until: date
    """Last New York day, included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def fraction(self) -> Decimal | None:
        """The share; None of nothing."""
        return None if self.of == 0 else (Decimal(self.count) / self.of).quantize(TENTH_OF_A_PERCENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a set of times is spread; None in every field when there are none."""

    count: int
    median: timedelta | None
    ninety: timedelta | None
    """Nine of ten were no longer than this."""
    longest: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slippage:
    """What was paid against a reference, over all contracts that have one; positive is worse for us."""

    contracts: int
    a_share: Decimal | None
    """Dollars a share, weighted by contracts."""
    fraction: Decimal | None
    """Of the reference, weighted by contracts."""
    dollars: Usd
    """In all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepScore:
    """One step of price discovery: what worked at it, and what filled there."""

    step: str
    trades: int
    contracts: Share
    """Contracts filled of those that worked at this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A code, how often it was given, and what it means."""

    code: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An alert in a known contract of which nothing was bought, and what is known of its contract afterwards."""

    workflow_id: str
    at: datetime
    author: str
    contract: str
    code: str | None
    quantity: int
    """Contracts it was sized at; 1 where it came to no size."""
    would_pay: Decimal | None
    """The ask it was sized or denied by, else the alert's price; None where neither is known."""
    best_later: Decimal | None
    """The highest price known of the contract afterwards: a lower bound; None where no later price is known."""
    would_have_made: Usd | None
    """Sold there, all of it, before fees: what was missed at least, had it filled and been sold at the best known price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group of the report."""

    key: str
    label: str
    alerts: int
    bought: int
    """Trades that bought something."""
    refused: int
    """Alerts that we or the venue said no to."""
    contracts: Share
    """Contracts filled of those wanted."""
    wins: Share
    """Trades with a realised profit of those with a realised result."""
    pnl: Usd
    fees: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A point of the day's curve: realised P&L so far, before fees."""

    at: datetime
    total: Usd
    workflow_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What is still held."""

    trades: int
    contracts: int
    cost: Usd
    """What it cost, in dollars."""
    marked: Share
    """Contracts with a mark, of all that are held."""
    pnl: Usd | None
    """What the marked ones gained or lost on paper; None without any mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a set of trades."""

    scope: Scope
    made_at: datetime
    modes: tuple[str, ...]
    alerts: int
    outcomes: dict[str, int]
    """Trades by outcome; those that run are under their phase."""
    refusals: tuple[Refusal, ...]
    steps: tuple[StepScore, ...]
    filled: Share
    """Contracts filled of those wanted, over all trades that came to an order."""
    time_to_fill: Spread
    """From the alert's arrival to its first fill."""
    against_alert: Slippage
    against_mid: Slippage
    reached_half: Share
    """Trades of which a price 50 % above the entry is known, of those that bought: a lower bound."""
    reached_double: Share
    with_later_price: int
    """Bought trades of which any price after the entry is known: of the others nothing can be said."""
    pnl: Usd
    """Realised, before fees."""
    fees: Usd
    """Estimated by the broker's dry-run."""
    wins: Share
    open: Open
    missed: tuple[Missed, ...]
    lines: tuple[Line, ...]
    curve: tuple[Step, ...]
    unreadable: int
    """Trades whose history does not read as one: in no other figure."""

    @property
    def net(self) -> Usd:
        """Realised P&L less the estimated fees of everything that was traded."""
        return Usd(self.pnl - self.fees)
