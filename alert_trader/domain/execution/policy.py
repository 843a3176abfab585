"""The rules a trade runs by.

They travel in the workflow's input, so history explains each decision and a changed setting never changes a running trade.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.alerts.profile import Profile
from alert_trader.domain.market.fees import FeeTable
from alert_trader.domain.market.trading_hours import Closures


class Mode(StrEnum):
    """Where orders go. Fixed at a trade's start."""

    DEMO = "demo"
    """The bundled venue; needs nothing."""
    DRY_RUN = "dry-run"
    """The real broker's quotes, balances and dry-run check; nothing can be sent."""
    SANDBOX = "sandbox"
    """The broker's certification environment."""
    LIVE = "live"
    """Real money."""


class Conversion(StrEnum):
    """What becomes of the unfilled remainder when the window ends."""

    MARKET = "market"
    """A market order, while the ask is within the ceiling."""
    MARKETABLE_LIMIT = "marketable-limit"
    """A limit order at the ceiling."""
    CANCEL = "cancel"
    """Nothing more is bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderPolicy:
    """How the entry price is discovered."""

    step: timedelta = timedelta(seconds=20)
    """Time an entry order works before its price is bumped."""
    bumps: int = 3
    """One-tick raises at most."""
    window: timedelta = timedelta(seconds=90)
    """From the first order to the conversion."""
    grace: timedelta = timedelta(seconds=15)
    """How late a wake-up may be and still act; later than that, the remainder is cancelled, never chased."""
    ceiling: Decimal = Decimal("0.10")
    """The most paid above the alert's price, as a fraction."""
    conversion: Conversion = Conversion.MARKET
    convert_within_ticks: int | None = None
    """Convert only while the ask is at most this many ticks above the last limit; None means the ceiling alone decides."""
    conversion_wait: timedelta = timedelta(seconds=10)
    """Time a converting order gets to fill before its remainder is cancelled."""

    def __post_init__(self) -> None:
        """Refuse a ladder that has no timetable or a ceiling below the alert's price."""
        _expect(self.step > timedelta(0), "a ladder step above zero seconds", self.step)
        _expect(self.bumps >= 0, "zero or more bumps", self.bumps)
        _expect(self.ceiling >= 0, "a ceiling of zero or more above the alert's price", self.ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPolicy:
    """How profit is taken. `half-at-double` is 0.5 at +100 %; `all-at-half` is 1.0 at +50 %."""

    fraction: Decimal = Decimal("0.5")
    """Share of the filled contracts that is sold at the target."""
    gain: Decimal = Decimal("1.0")
    """Target above the entry fill price, as a fraction: 1.0 doubles it."""
    min_quantity: int = 1
    """A smaller exit is not worth an order; the contracts are held for the operator."""

    def __post_init__(self) -> None:
        """Refuse an exit of more than was bought, or one below the entry price."""
        _expect(0 <= self.fraction <= 1, "an exit fraction from 0 to 1", self.fraction)
        _expect(self.gain >= 0, "an exit gain of zero or more", self.gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingPolicy:
    """How many contracts an alert may buy."""

    allocation: Decimal = Decimal("0.02")
    """Share of the day's reference buying power one trade may use."""
    max_contracts: int = 10
    max_notional: Decimal = Decimal(2000)
    """Dollars, at the ladder's ceiling price, fees not counted."""
    fees: FeeTable = field(default_factory=FeeTable)
    """Dollars set aside for fees, before the broker's own figure is known."""

    def __post_init__(self) -> None:
        """Refuse an allocation that is no share: 2 % is 0.02."""
        _expect(0 <= self.allocation <= 1, "an allocation from 0 to 1 (2 % is 0.02)", self.allocation)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPolicy:
    """What an entry is refused for."""

    max_alert_age: timedelta = timedelta(seconds=60)
    max_quote_age: timedelta = timedelta(seconds=30)
    max_price_gap: Decimal = Decimal("0.50")
    """Deny when the mid is further than this fraction from the alert's price."""
    late_fill_watch: timedelta = timedelta(seconds=60)
    """How long a trade that ended unfilled stays to catch a fill reported late."""
    approval_window: timedelta = timedelta(minutes=5)
    """How long a trade waits for a person's word. An approved entry is priced again, and its age counts from the approval."""
    correction_window: timedelta = timedelta(minutes=2)
    """How soon after an alert its author's next words may correct it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that decides a trade, frozen at its start."""

    mode: Mode
    allowlist: Allowlist = field(default_factory=Allowlist)
    ladder: LadderPolicy = field(default_factory=LadderPolicy)
    exits: ExitPolicy = field(default_factory=ExitPolicy)
    sizing: SizingPolicy = field(default_factory=SizingPolicy)
    safety: SafetyPolicy = field(default_factory=SafetyPolicy)
    profile: Profile = field(default_factory=Profile)
    """What is agreed with the alert's author."""
    closures: Closures = field(default_factory=Closures)
    """Days without trading that were announced, and no rule gives."""
    cards: bool = False
    """Whether a bot shows the trade as a card."""

    def sizing_of(self, label: str | None) -> SizingPolicy:
        """Give the sizing of an alert with this label: a lotto has its share of each cap that is ours, and of 1 contract at least."""
        factor = self.profile.factor(label)
        if factor == 1:
            return self.sizing
        return replace(
            self.sizing,
            allocation=self.sizing.allocation * factor,
            max_contracts=max(int(self.sizing.max_contracts * factor), 1),
            max_notional=self.sizing.max_notional * factor,
        )


def _expect(holds: bool, wanted: str, found: object) -> None:
    if not holds:
        raise ValueError(f"expected {wanted}, found {found}")
