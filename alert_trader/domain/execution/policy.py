"""The settings a trade is executed with.

They are part of the workflow's input: history explains each decision, and a changed setting never changes a
running trade.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.alerts.profile import ExitRules, LevelSource, Profile
from alert_trader.domain.exits.plan import BreakEven, ExitPlan, Single, StopLoss, Target, TimeExit, Trail
from alert_trader.domain.market.fees import FeeTable
from alert_trader.domain.market.trading_hours import Closures


class Mode(StrEnum):
    """Where orders are sent. Fixed when a trade starts."""

    DEMO = "demo"
    """The simulated venue; needs no credentials."""
    DRY_RUN = "dry-run"
    """The real broker's quotes, balances and dry-run check; no order can be sent."""
    SANDBOX = "sandbox"
    """The broker's certification environment."""
    LIVE = "live"
    """Real money."""


class Conversion(StrEnum):
    """What happens to the unfilled remainder when the window ends."""

    MARKETABLE_LIMIT = "marketable-limit"
    """A limit order at the ceiling, immediate-or-cancel where the broker takes it."""
    UNBOUNDED_MARKET = "unbounded-market"
    """A market order, while the ask is within the ceiling and shows the whole remainder. Its price has no
    bound: it may fill above the ceiling."""
    CANCEL = "cancel"
    """None: the remainder is cancelled."""


class NearClose(StrEnum):
    """What happens to an entry whose window does not fit into the rest of the session."""

    REFUSE = "refuse"
    """It is denied."""
    SHORTEN = "shorten"
    """Its window ends early enough for the conversion to end with the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderPolicy:
    """How the entry price is discovered."""

    step: timedelta = timedelta(seconds=20)
    """How long an entry order works before its limit is raised."""
    bumps: int = 3
    """The most raises, of one tick each."""
    window: timedelta = timedelta(seconds=90)
    """From the first order to the conversion."""
    grace: timedelta = timedelta(seconds=15)
    """How late the conversion may be; after that the remainder is cancelled."""
    ceiling: Decimal = Decimal("0.10")
    """The most paid above the alert's price, as a fraction of it."""
    conversion: Conversion = Conversion.MARKETABLE_LIMIT
    convert_within_ticks: int | None = None
    """Convert only while the ask is at most this many ticks above the last limit; None: the ceiling alone
    decides."""
    conversion_wait: timedelta = timedelta(seconds=10)
    """How long the conversion order may work before its remainder is cancelled."""
    near_close: NearClose = NearClose.REFUSE
    """Nothing is bought after the session: what becomes of an entry that begins too late for its window."""

    def __post_init__(self) -> None:
        """Raise ValueError for a step of zero, negative bumps, or a ceiling below the alert's price."""
        _expect(self.step > timedelta(0), "a ladder step above zero seconds", self.step)
        _expect(self.bumps >= 0, "zero or more bumps", self.bumps)
        _expect(self.ceiling >= 0, "a ceiling of zero or more above the alert's price", self.ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPolicy:
    """What sells a position. `half-at-double` is 0.5 at +100 %; `all-at-half` is 1.0 at +50 %."""

    fraction: Decimal = Decimal("0.5")
    """Fraction of the filled contracts that is sold at the target."""
    gain: Decimal = Decimal("1.0")
    """Target above the entry fill price, as a fraction: 1.0 doubles it."""
    min_quantity: int = 1
    """No exit order is sent for fewer contracts; they are held for the operator."""
    stop: StopLoss | None = None
    """The loss, or the bid, that sells everything."""
    break_even: BreakEven | None = None
    """When the stop rises to the average entry."""
    trail: Trail | None = None
    """A stop that follows the highest bid."""
    times: tuple[TimeExit, ...] = ()
    """Times by which everything is sold; the earliest counts."""
    single: Single | None = None
    """What one contract gets; None: what `ExitPlan.single_rule` says."""

    def __post_init__(self) -> None:
        """Raise ValueError for an exit of more than was bought or below the entry, or an impossible plan."""
        _expect(0 <= self.fraction <= 1, "an exit fraction from 0 to 1", self.fraction)
        _expect(self.gain >= 0, "an exit gain of zero or more", self.gain)
        assert self.plan is not None  # raises for parts that cannot be together

    @property
    def plan(self) -> ExitPlan:
        """Everything that sells contracts without a person or the author."""
        targets = () if self.fraction == 0 else (Target(share=self.fraction, gain=self.gain),)
        return ExitPlan(
            targets=targets,
            stop=self.stop,
            break_even=self.break_even,
            trail=self.trail,
            times=self.times,
            single=self.single,
        )

    def with_plan(self, plan: ExitPlan) -> "ExitPolicy":
        """Return it with a changed plan; raise ValueError for one with several targets."""
        _expect(len(plan.targets) <= 1, "one target at most", ", ".join(map(str, plan.targets)))
        return replace(
            self,
            fraction=plan.targets[0].share if plan.targets else Decimal(0),
            gain=plan.targets[0].gain if plan.targets else self.gain,
            stop=plan.stop,
            break_even=plan.break_even,
            trail=plan.trail,
            times=plan.times,
            single=plan.single,
        )

    def with_rules(self, rules: ExitRules) -> "ExitPolicy":
        """Return it with an author's own rules in place of these; raise ValueError for an impossible plan."""
        return replace(
            self,
            stop=rules.stop or self.stop,
            break_even=rules.break_even or self.break_even,
            trail=rules.trail or self.trail,
            times=rules.times or self.times,
            single=rules.single or self.single,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SalePolicy:
    """How a sale that is not a target is priced: from the bid down to a floor."""

    floor: Decimal = Decimal("0.5")
    """The lowest price of a sale, as a fraction of the bid when it began."""
    step: timedelta = timedelta(seconds=1)
    """How long its order works before it is offered lower."""
    steps: int = 20
    """The most steps from the bid to the floor; each is a tick at least."""

    def __post_init__(self) -> None:
        """Raise ValueError for a floor of nothing or above the bid, and for no step."""
        _expect(0 < self.floor <= 1, "a floor above 0, at most 1 (the bid)", self.floor)
        _expect(self.step > timedelta(0), "a step above zero seconds", self.step)
        _expect(self.steps >= 1, "at least one step", self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingPolicy:
    """How many contracts an alert may buy."""

    allocation: Decimal = Decimal("0.02")
    """Fraction of the day's reference buying power that one trade may use."""
    max_contracts: int = 10
    max_notional: Decimal = Decimal(2000)
    """Dollars at the ladder's ceiling, without fees."""
    fees: FeeTable = field(default_factory=FeeTable)
    """Estimated fees, used until the broker's own figure is known."""

    def __post_init__(self) -> None:
        """Raise ValueError for an allocation outside 0 to 1: 2 % is 0.02."""
        _expect(0 <= self.allocation <= 1, "an allocation from 0 to 1 (2 % is 0.02)", self.allocation)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPolicy:
    """When an entry is denied, and how long a trade waits."""

    max_alert_age: timedelta = timedelta(seconds=60)
    max_quote_age: timedelta = timedelta(seconds=30)
    max_price_gap: Decimal = Decimal("0.50")
    """Deny when the mid differs from the alert's price by more than this fraction of it."""
    late_fill_watch: timedelta = timedelta(seconds=60)
    """How long a trade that ended unfilled stays open for a fill that is reported late."""
    approval_window: timedelta = timedelta(minutes=5)
    """How long a trade waits for approval. An approved entry is priced again, and its age counts from the
    approval."""
    correction_window: timedelta = timedelta(minutes=2)
    """How long after an alert its author's next message may correct it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All settings of a trade, fixed when it starts."""

    mode: Mode
    allowlist: Allowlist = field(default_factory=Allowlist)
    ladder: LadderPolicy = field(default_factory=LadderPolicy)
    exits: ExitPolicy = field(default_factory=ExitPolicy)
    sale: SalePolicy = field(default_factory=SalePolicy)
    sizing: SizingPolicy = field(default_factory=SizingPolicy)
    safety: SafetyPolicy = field(default_factory=SafetyPolicy)
    profile: Profile = field(default_factory=Profile)
    """The settings of the alert's author."""
    closures: Closures = field(default_factory=Closures)
    """Announced closures that no calendar rule gives."""
    cards: bool = False
    """Whether a bot shows the trade as a card."""

    def for_profile(self, profile: Profile) -> "Policy":
        """Return the rules of a trade of an author with this profile."""
        return replace(self, profile=profile, exits=self.exits.with_rules(profile.exit_rules))

    def exits_of(self, parsed: ParsedAlert | None) -> ExitPolicy:
        """Return what sells the position of an alert: with its own stop, where the profile says so.

        A stop that is a price of the underlying is not used: the plan's stays.
        """
        level = None if parsed is None or self.profile.stops is LevelSource.PLAN else parsed.stop
        if level is None or (level.price is None and not 0 < (level.change or 0) < 1):
            return self.exits
        return replace(self.exits, stop=StopLoss(loss=level.change, price=level.price))

    def sizing_of(self, label: str | None) -> SizingPolicy:
        """Return the sizing for a label: each cap times the profile's factor, 1 contract at least."""
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
