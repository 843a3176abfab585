"""The exit plan of a trade: targets, stop, break-even, trail and time, and what a single contract gets.

Fixed with the trade and changed only by a recorded change (`changes.py`). Gains, losses and shares are
fractions of the average entry: 0.3 is 30 %. Prices are dollars a share. Each part prints as the text that
`reading.py` reads.
"""

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from alert_trader.domain.money import Price, plain


def percent(fraction: Decimal) -> str:
    """Return a fraction as a percentage: 0.5 is "50%"."""
    return f"{format((fraction * 100).normalize(), 'f')}%"


def _minutes(span: timedelta) -> str:
    return f"{span // timedelta(minutes=1)}m"


def _expect(holds: bool, wanted: str, found: object) -> None:
    if not holds:
        raise ValueError(f"expected {wanted}, found {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A share of what was bought, sold at a gain over the average entry."""

    share: Decimal
    """Above 0, at most 1."""
    gain: Decimal

    def __post_init__(self) -> None:
        """Raise ValueError for an impossible share, or a target under the entry."""
        _expect(0 < self.share <= 1, "a target's share above 0 %, at most 100 %", percent(self.share))
        _expect(self.gain >= 0, "a target's gain of 0 % or more", percent(self.gain))

    def __str__(self) -> str:
        """Return it as it is written: 50%@+100%."""
        return f"{percent(self.share)}@+{percent(self.gain)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLoss:
    """The loss that ends a trade: a fraction of the average entry, or a price."""

    loss: Decimal | None = None
    price: Price | None = None

    def __post_init__(self) -> None:
        """Raise ValueError unless it is one possible loss or one possible price."""
        if (self.loss is None) == (self.price is None):
            raise ValueError(f"expected a loss or a price, found {self.loss} and {self.price}")
        if self.loss is not None:
            _expect(0 < self.loss < 1, "a loss above 0 % and under 100 %", percent(self.loss))
        if self.price is not None:
            _expect(self.price > 0, "a stop price above 0", self.price)

    def __str__(self) -> str:
        """Return it as it is written: -30% or 0.90."""
        return f"-{percent(self.loss)}" if self.loss is not None else plain(self.price or Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """When the stop rises to the average entry: after so many targets, or at a gain of the bid."""

    after_targets: int | None = None
    gain: Decimal | None = None
    plus: Decimal = Decimal(0)
    """Dollars a share above the average entry."""

    def __post_init__(self) -> None:
        """Raise ValueError unless it is one possible condition."""
        if (self.after_targets is None) == (self.gain is None):
            raise ValueError(
                f"expected a number of targets or a gain, found {self.after_targets} and {self.gain}"
            )
        if self.after_targets is not None:
            _expect(self.after_targets >= 1, "break-even after at least 1 target", self.after_targets)
        if self.gain is not None:
            _expect(self.gain > 0, "break-even at a gain above 0 %", percent(self.gain))
        _expect(self.plus >= 0, "break-even at the entry or above it", self.plus)

    def __str__(self) -> str:
        """Return it as it is written: 1, or +50%; then the dollars above the entry, such as +0.05."""
        when = str(self.after_targets) if self.gain is None else f"+{percent(self.gain)}"
        return f"{when} +{plain(self.plus)}" if self.plus else when


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A stop that follows the highest bid by a fraction of it or by dollars, from a gain on."""

    share: Decimal | None = None
    amount: Decimal | None = None
    from_gain: Decimal = Decimal(0)
    """Of the highest bid over the average entry; below it there is no trail."""

    def __post_init__(self) -> None:
        """Raise ValueError unless it follows by one possible distance."""
        if (self.share is None) == (self.amount is None):
            raise ValueError(f"expected a share or an amount, found {self.share} and {self.amount}")
        if self.share is not None:
            _expect(0 < self.share < 1, "a trail above 0 % and under 100 %", percent(self.share))
        if self.amount is not None:
            _expect(self.amount > 0, "a trail of more than 0 dollars a share", self.amount)
        _expect(self.from_gain >= 0, "a trail from a gain of 0 % or more", percent(self.from_gain))

    def __str__(self) -> str:
        """Return it as it is written: 20% or 0.15; then the gain it begins at, such as from +50%."""
        by = percent(self.share) if self.share is not None else plain(self.amount or Decimal(0))
        return f"{by} from +{percent(self.from_gain)}" if self.from_gain else by


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeExit:
    """A time by which everything is sold. `sale_times.py` works out the moment."""

    at: time | None = None
    """A clock time in New York: on the day of the entry, or on the day that `days_before_expiry` names."""
    before_last_trade: timedelta | None = None
    """Before the contract stops trading."""
    days_before_expiry: int | None = None
    """Trading days before the expiration."""
    held: timedelta | None = None
    """After the first fill."""

    def __post_init__(self) -> None:
        """Raise ValueError unless it names one time."""
        named = [self.before_last_trade, self.days_before_expiry, self.held]
        given = sum(each is not None for each in named)
        if given > 1 or (given == 0 and self.at is None):
            raise ValueError(f"expected one time to sell at, found {given or 'none'}")
        if self.at is not None and given and self.days_before_expiry is None:
            raise ValueError("expected a clock time alone or on a day before expiry, found it with a span")
        if self.at is not None:
            _expect(self.at.tzinfo is None, "a New York clock time without a zone", self.at)
        for span in (self.before_last_trade, self.held):
            if span is not None:
                whole = span > timedelta(0) and not span % timedelta(minutes=1)
                _expect(whole, "whole minutes, at least 1", span)
        if self.days_before_expiry is not None:
            _expect(
                self.days_before_expiry >= 1, "at least 1 trading day before expiry", self.days_before_expiry
            )

    def __str__(self) -> str:
        """Return it as it is written: 15:45, 30m before close, 2d before expiry, or 45m held."""
        if self.before_last_trade is not None:
            return f"{_minutes(self.before_last_trade)} before close"
        if self.held is not None:
            return f"{_minutes(self.held)} held"
        clock = "" if self.at is None else f"{self.at:%H:%M}"
        if self.days_before_expiry is None:
            return clock
        return f"{self.days_before_expiry}d before expiry {clock}".strip()


class Single(StrEnum):
    """What one contract gets, of which a share is no contract."""

    FIRST_TARGET = "first target"
    """All of it is sold at the first target; the stop protects it until then."""
    STOP = "stop"
    """The stop alone."""
    NOTHING = "nothing"
    """Neither target nor stop; times and people still sell it."""


_DEFAULT_TARGETS = (Target(share=Decimal("0.5"), gain=Decimal(1)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPlan:
    """Everything that sells a trade's contracts without a person or the author."""

    targets: tuple[Target, ...] = _DEFAULT_TARGETS
    """By rising gain, each with a sell order of its own."""
    stop: StopLoss | None = None
    break_even: BreakEven | None = None
    trail: Trail | None = None
    times: tuple[TimeExit, ...] = ()
    """The earliest counts."""
    single: Single | None = None
    """None: the first target where a stop or other targets are set, else what the shares round down to."""
    floor: Decimal = Decimal("0.5")
    """The lowest price of a protective sale, as a fraction of its trigger, before a person is called."""

    def __post_init__(self) -> None:
        """Raise ValueError for parts that cannot be together."""
        shares = sum((target.share for target in self.targets), Decimal(0))
        _expect(shares <= 1, "targets of at most 100 % in all", percent(shares))
        gains = [target.gain for target in self.targets]
        _expect(
            all(low < high for low, high in pairwise(gains)),
            "targets at rising gains, each once",
            ", ".join(str(target) for target in self.targets),
        )
        needed = 0 if self.break_even is None else self.break_even.after_targets or 0
        _expect(
            needed <= len(self.targets),
            f"break-even after one of the {len(self.targets)} targets",
            f"after {needed}",
        )
        if self.single is Single.FIRST_TARGET and not self.targets:
            raise ValueError("expected a target for a single contract, found none: choose stop or nothing")
        if self.single is Single.STOP and not self.has_stop:
            raise ValueError("expected a stop for a single contract, found none: set one, or choose nothing")
        _expect(0 < self.floor <= 1, "a lowest price above 0 %, at most 100 % of the trigger", self.floor)

    @property
    def has_stop(self) -> bool:
        """Whether it has a stop now or may have one later."""
        return self.stop is not None or self.break_even is not None or self.trail is not None

    @property
    def by_default(self) -> bool:
        """Whether neither a stop nor a target was chosen."""
        return not self.has_stop and self.targets == _DEFAULT_TARGETS

    @property
    def single_rule(self) -> Single | None:
        """What one contract gets; None: what the shares round down to."""
        if self.single is not None or self.by_default:
            return self.single
        return Single.FIRST_TARGET if self.targets else Single.STOP if self.has_stop else None


def check_stop(plan: ExitPlan, average_entry: Decimal) -> None:
    """Raise ValueError for a stop price above the average entry in a plan without break-even."""
    price = None if plan.stop is None else plan.stop.price
    if price is not None and price > average_entry and plan.break_even is None:
        raise ValueError(
            f"expected a stop at or under the average entry of {plain(average_entry)}, found {plain(price)}: "
            "to protect a gain, set break-even or a trail"
        )
