"""Changes of a running trade's exit plan: by a person, or by the author where the profile allows it.

Invariant (STP-30): a stop is lowered by a person only, and the change says by whom.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from alert_trader.domain.exits.plan import BreakEven, ExitPlan, StopLoss, Target, TimeExit, Trail, check_stop
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.reading import AuthorStop
from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel, stop_level
from alert_trader.domain.market.quotes import TickTable
from alert_trader.domain.money import Price, plain


class PlanPart(StrEnum):
    """A part of a plan that can be removed."""

    TARGETS = "targets"
    STOP = "stop"
    BREAK_EVEN = "break-even"
    TRAIL = "trail"
    TIMES = "times"


_NONE: Mapping[PlanPart, dict[str, Any]] = {
    PlanPart.TARGETS: {"targets": ()},
    PlanPart.STOP: {"stop": None},
    PlanPart.BREAK_EVEN: {"break_even": None},
    PlanPart.TRAIL: {"trail": None},
    PlanPart.TIMES: {"times": ()},
}
_OF_THE_LEVEL = {PlanPart.STOP, PlanPart.BREAK_EVEN, PlanPart.TRAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """What a person changes: a part that is None stays as it is."""

    by: str
    at: datetime
    targets: tuple[Target, ...] | None = None
    stop: StopLoss | None = None
    break_even: BreakEven | None = None
    trail: Trail | None = None
    times: tuple[TimeExit, ...] | None = None
    remove: frozenset[PlanPart] = frozenset()

    def __post_init__(self) -> None:
        """Raise ValueError for a change of nothing, or of a part that is removed too."""
        both = self.remove & self.parts
        if both:
            raise ValueError(f"expected {min(both)} to be set or removed, found both")
        if not self.remove and not self.parts:
            raise ValueError("expected a change of targets, stop, break-even, trail or times, found none")

    @property
    def parts(self) -> frozenset[PlanPart]:
        """The parts that it sets."""
        given = {
            PlanPart.TARGETS: self.targets,
            PlanPart.STOP: self.stop,
            PlanPart.BREAK_EVEN: self.break_even,
            PlanPart.TRAIL: self.trail,
            PlanPart.TIMES: self.times,
        }
        return frozenset(part for part, value in given.items() if value is not None)

    @property
    def moves_stop(self) -> bool:
        """Whether the stop's level follows from something that it changes."""
        return not _OF_THE_LEVEL.isdisjoint(self.parts | self.remove)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopChange:
    """The record of a stop that somebody has moved."""

    by: str
    at: datetime
    before: StopLevel | None
    after: StopLevel | None

    @property
    def lowered(self) -> bool:
        """Whether it protects less than before."""
        return self.before is not None and (self.after is None or self.after.price < self.before.price)

    def __str__(self) -> str:
        """Return it for people."""
        before = None if self.before is None else plain(self.before.price)
        if self.after is None:
            return f"Stop {before} removed by {self.by}" if before else f"No stop (by {self.by})"
        if before is None:
            return f"Stop set to {plain(self.after.price)} by {self.by}"
        how = "lowered" if self.lowered else "raised"
        return f"Stop {how} from {before} to {plain(self.after.price)} by {self.by}"


def changed_plan(plan: ExitPlan, change: PlanChange, *, average_entry: Decimal | None = None) -> ExitPlan:
    """Return the plan after a change. Raise ValueError for one that cannot be; nothing has changed then.

    `average_entry` is None while nothing was bought: a stop price is compared with it once it is known.
    """
    values: dict[str, Any] = {}
    for part in change.remove:
        values |= _NONE[part]
    given = {
        "targets": change.targets,
        "stop": change.stop,
        "break_even": change.break_even,
        "trail": change.trail,
        "times": change.times,
    }
    values |= {name: value for name, value in given.items() if value is not None}
    after = replace(plan, **values)
    if average_entry is not None:
        check_stop(after, average_entry)
    return after


def changed_level(
    plan: ExitPlan, change: PlanChange, facts: StopFacts, *, before: StopLevel | None, ticks: TickTable
) -> StopLevel | None:
    """Return the level of the changed plan: worked out from the plan alone where a person moved the stop."""
    return stop_level(plan, facts, before=None if change.moves_stop else before, ticks=ticks)


def author_level(
    wanted: AuthorStop, facts: StopFacts, *, before: StopLevel | None, ticks: TickTable
) -> StopLevel:
    """Return the level that an author requested: their own price, or our average entry.

    Raise ValueError for one that would lower the stop: only a person may.
    """
    price: Price = ticks.sell(facts.average_entry if wanted.price is None else wanted.price)
    if before is not None and price < before.price:
        raise ValueError(
            f"expected a stop at {plain(before.price)} or above, found {plain(price)}: an author may only "
            "raise it; to lower it, change the exits yourself"
        )
    return StopLevel(price=price, rule=ExitRule.STOP)
