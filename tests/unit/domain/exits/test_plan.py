"""The exit plan: what can be together, what cannot, and what one contract gets."""

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal

import pytest

from alert_trader.domain.exits.plan import (
    BreakEven,
    ExitPlan,
    Single,
    StopLoss,
    Target,
    TimeExit,
    Trail,
    check_stop,
)
from alert_trader.domain.exits.precedence import ExitRule, stronger, strongest
from alert_trader.domain.money import Price

HALF, STOP = Target(share=Decimal("0.5"), gain=Decimal(1)), StopLoss(loss=Decimal("0.3"))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Target(share=Decimal("1.5"), gain=Decimal(1)), "at most 100 %, found 150%"),
        (lambda: Target(share=Decimal(0), gain=Decimal(1)), "above 0 %"),
        (lambda: Target(share=Decimal(1), gain=Decimal("-0.1")), "0 % or more, found -10%"),
        (StopLoss, "a loss or a price"),
        (lambda: StopLoss(loss=Decimal("0.3"), price=Price(Decimal(1))), "a loss or a price"),
        (lambda: StopLoss(loss=Decimal(1)), "under 100 %"),
        (lambda: StopLoss(price=Price(Decimal(0))), "above 0"),
        (BreakEven, "a number of targets or a gain"),
        (lambda: BreakEven(after_targets=0), "at least 1 target"),
        (lambda: BreakEven(gain=Decimal(0)), "above 0 %"),
        (lambda: BreakEven(gain=Decimal(1), plus=Decimal(-1)), "at the entry or above"),
        (Trail, "a share or an amount"),
        (lambda: Trail(share=Decimal(1)), "under 100 %"),
        (lambda: Trail(amount=Decimal(0)), "more than 0 dollars"),
        (lambda: Trail(share=Decimal("0.2"), from_gain=Decimal(-1)), "0 % or more"),
        (TimeExit, "one time to sell at, found none"),
        (lambda: TimeExit(held=timedelta(minutes=5), days_before_expiry=1), "one time to sell at, found 2"),
        (lambda: TimeExit(at=time(15, 45), held=timedelta(minutes=5)), "a clock time alone"),
        (lambda: TimeExit(held=timedelta(seconds=90)), "whole minutes"),
        (lambda: TimeExit(days_before_expiry=0), "at least 1 trading day"),
        (lambda: ExitPlan(targets=(HALF, Target(share=Decimal("0.6"), gain=Decimal(2)))), "found 110%"),
        (lambda: ExitPlan(targets=(HALF, HALF)), "rising gains"),
        (lambda: ExitPlan(break_even=BreakEven(after_targets=2)), "one of the 1 targets, found after 2"),
        (lambda: ExitPlan(targets=(), single=Single.FIRST_TARGET), "choose stop or nothing"),
        (lambda: ExitPlan(single=Single.STOP), "set one, or choose nothing"),
    ],
)
def test_an_impossible_plan_is_refused(make: Callable[[], object], expected: str) -> None:
    """What cannot be raises, and says what was expected."""
    with pytest.raises(ValueError, match="expected") as refused:
        make()
    assert expected in str(refused.value)


def test_a_stop_above_the_entry_needs_break_even() -> None:
    """A stop price above the average entry would sell at once, or hides that a gain is meant."""
    above = ExitPlan(stop=StopLoss(price=Price(Decimal("2.10"))))
    with pytest.raises(ValueError, match=r"average entry of 2\.00, found 2\.10"):
        check_stop(above, Decimal(2))
    check_stop(above, Decimal("2.10"))
    check_stop(ExitPlan(stop=above.stop, break_even=BreakEven(after_targets=1)), Decimal(2))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (ExitPlan(), None),
        (ExitPlan(stop=STOP), Single.FIRST_TARGET),
        (ExitPlan(targets=(), stop=STOP), Single.STOP),
        (ExitPlan(targets=(Target(share=Decimal("0.5"), gain=Decimal("0.5")),)), Single.FIRST_TARGET),
        (ExitPlan(stop=STOP, single=Single.NOTHING), Single.NOTHING),
        (ExitPlan(targets=()), None),
    ],
)
def test_what_one_contract_gets(plan: ExitPlan, expected: Single | None) -> None:
    """The first target once a stop or a target is set; without, what it got before there were plans."""
    assert plan.single_rule is expected


def test_precedence_is_a_strict_order() -> None:
    """A person comes before time, stop, trail, author and target, in that order."""
    order = [ExitRule.PERSON, ExitRule.TIME, ExitRule.STOP, ExitRule.TRAIL, ExitRule.AUTHOR, ExitRule.TARGET]
    assert [rule for rule in order for than in order if stronger(rule, than)].count(ExitRule.PERSON) == 5
    while order:
        assert strongest(reversed(order)) is order.pop(0)
    assert strongest([]) is None
