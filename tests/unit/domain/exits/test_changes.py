"""Changes of a running plan: by a person whatever they want, by the author only upwards, all on record."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alert_trader.domain.exits.changes import (
    PlanChange,
    PlanPart,
    StopChange,
    author_level,
    changed_level,
    changed_plan,
)
from alert_trader.domain.exits.plan import BreakEven, ExitPlan, StopLoss, Target, Trail
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.reading import AuthorStop, read_time
from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel
from alert_trader.domain.market.quotes import PENNY
from alert_trader.domain.money import Price

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
FACTS = StopFacts(average_entry=Decimal("2.005"))
PLAN = ExitPlan(stop=StopLoss(loss=Decimal("0.3")))
STOP = StopLevel(price=Price(Decimal("1.50")), rule=ExitRule.STOP)


def stop_at(text: str) -> StopLoss:
    """Return a stop at a price."""
    return StopLoss(price=Price(Decimal(text)))


def test_a_person_may_lower_the_stop_and_is_on_record() -> None:
    """The level is the changed plan's, lower than before, and the record says by whom."""
    change = PlanChange(by="ann", at=NOW, stop=stop_at("0.90"))
    after = changed_plan(PLAN, change, average_entry=FACTS.average_entry)
    level = changed_level(after, change, FACTS, before=STOP, ticks=PENNY)
    record = StopChange(by="ann", at=NOW, before=STOP, after=level)
    assert record.lowered
    assert str(record) == "Stop lowered from 1.50 to 0.90 by ann"


def test_another_change_leaves_the_level() -> None:
    """A time or a target that is set moves no stop, although the plan alone would have a lower one."""
    change = PlanChange(by="ann", at=NOW, times=(read_time("15:45"),))
    after = changed_plan(PLAN, change)
    assert after.stop == PLAN.stop
    assert changed_level(after, change, FACTS, before=STOP, ticks=PENNY) == STOP


def test_removing_the_stop_is_on_record() -> None:
    """Without a stop there is no level."""
    change = PlanChange(by="ann", at=NOW, remove=frozenset({PlanPart.STOP}))
    after = changed_plan(PLAN, change)
    level = changed_level(after, change, FACTS, before=STOP, ticks=PENNY)
    record = StopChange(by="ann", at=NOW, before=STOP, after=level)
    assert (after.stop, level, record.lowered) == (None, None, True)
    assert str(record) == "Stop 1.50 removed by ann"
    assert str(StopChange(by="ann", at=NOW, before=None, after=STOP)) == "Stop set to 1.50 by ann"
    assert str(StopChange(by="ann", at=NOW, before=None, after=None)) == "No stop (by ann)"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"stop": stop_at("2.10")}, r"average entry of 2\.005, found 2\.10"),
        ({"targets": ()}, "one of the 0 targets"),
        ({"targets": (Target(share=Decimal("0.6"), gain=Decimal(1)),) * 2}, "at most 100 %"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, object], expected: str) -> None:
    """The refusal says what was expected; the plan is as before."""
    plan = PLAN if "stop" in change else ExitPlan(break_even=BreakEven(after_targets=1))
    with pytest.raises(ValueError, match=expected):
        changed_plan(
            plan,
            PlanChange(by="ann", at=NOW, **change),  # type: ignore[arg-type]
            average_entry=FACTS.average_entry,
        )


def test_a_change_of_nothing_and_of_a_part_twice_is_refused() -> None:
    """A command without a part is a mistake."""
    with pytest.raises(ValueError, match="found none"):
        PlanChange(by="ann", at=NOW)
    with pytest.raises(ValueError, match="trail to be set or removed"):
        PlanChange(by="ann", at=NOW, trail=Trail(share=Decimal("0.2")), remove=frozenset({PlanPart.TRAIL}))


def test_an_author_raises_the_stop_only() -> None:
    """Their entry is ours; a lower price is refused, and says who may."""
    assert author_level(AuthorStop(), FACTS, before=STOP, ticks=PENNY).price == Decimal("2.01")
    with pytest.raises(ValueError, match=r"at 1\.50 or above, found 0\.90: an author may only raise it"):
        author_level(AuthorStop(price=Price(Decimal("0.90"))), FACTS, before=STOP, ticks=PENNY)
