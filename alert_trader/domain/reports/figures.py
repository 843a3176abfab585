"""The figures of a performance report.

Every figure states what it counts, and what is not known is None: a share has its denominator, a missed trade
without a later price has no result, a position without a quote no unrealised P&L.
`domain.reports.calculation` computes them.
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
    """What each line of a report is about."""

    DAY = "day"
    """One day, with a line for each author."""
    WEEK = "week"
    """One week, with a line for each day."""
    MONTH = "month"
    """One calendar month, with a line for each day."""
    AUTHOR = "author"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The subject of a report."""

    grouping: Grouping
    title: str
    since: date
    """First New York day."""
    until: date
    """Last New York day, included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A count out of a total."""

    count: int
    of: int

    @property
    def fraction(self) -> Decimal | None:
        """The share; None of a total of 0."""
        return None if self.of == 0 else (Decimal(self.count) / self.of).quantize(TENTH_OF_A_PERCENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The distribution of times; None in every field when there are none."""

    count: int
    median: timedelta | None
    ninety: timedelta | None
    """The 90th percentile."""
    longest: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slippage:
    """The price paid over a reference, for all contracts that have one; positive is worse for us."""

    contracts: int
    a_share: Decimal | None
    """Dollars a share, weighted by contracts."""
    fraction: Decimal | None
    """Of the reference, weighted by contracts."""
    dollars: Usd
    """The total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepScore:
    """One step of price discovery: the contracts that worked and that filled at it."""

    step: str
    trades: int
    contracts: Share
    """Contracts filled of those that worked at this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBought:
    """A reason for which nothing, or no more, was bought: its code, its count, and what it means."""

    code: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An alert in a known contract of which nothing was bought, and the later prices of that contract."""

    workflow_id: str
    at: datetime
    author: str
    contract: str
    code: str | None
    quantity: int
    """Contracts it was sized at; 1 where it was not sized."""
    would_pay: Decimal | None
    """The ask at sizing or denial, else the alert's price; None where neither is known."""
    best_later: Decimal | None
    """The highest known later price, a lower bound; None where none is known."""
    would_have_made: Usd | None
    """Dollars before fees, if all had been bought at `would_pay` and sold at `best_later`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group of the report."""

    key: str
    label: str
    alerts: int
    bought: int
    """Trades that bought something."""
    denied_or_rejected: int
    """Alerts that were denied, or whose order the broker rejected."""
    contracts: Share
    """Contracts filled of those wanted."""
    wins: Share
    """Trades with a realised profit of those with a realised result."""
    pnl: Usd
    fees: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A point of the P&L curve: realised so far, before fees."""

    at: datetime
    total: Usd
    workflow_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The open positions."""

    trades: int
    contracts: int
    cost: Usd
    """The cost, in dollars."""
    marked: Share
    """Contracts with a current quote, of all that are held."""
    pnl: Usd | None
    """Unrealised P&L of those with a quote; None without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a set of trades."""

    scope: Scope
    made_at: datetime
    modes: tuple[str, ...]
    alerts: int
    outcomes: dict[str, int]
    """Trades by outcome; open trades by phase."""
    not_bought: tuple[NotBought, ...]
    steps: tuple[StepScore, ...]
    filled: Share
    """Contracts filled of those wanted, over all trades with an order."""
    time_to_fill: Spread
    """From the alert's arrival to its first fill."""
    against_alert: Slippage
    against_mid: Slippage
    reached_half: Share
    """Trades with a known price 50 % above the entry, of those that bought: a lower bound."""
    reached_double: Share
    with_later_price: int
    """Bought trades with any known price after the entry."""
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
    """Trades with an unreadable history, not in any other figure."""

    @property
    def net(self) -> Usd:
        """Realised P&L minus all estimated fees."""
        return Usd(self.pnl - self.fees)
