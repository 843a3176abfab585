"""The stop as a price: on a tick, under the bid it follows, and only rising."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.exits.plan import BreakEven, ExitPlan, StopLoss, Trail
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.stop_levels import (
    StopFacts,
    StopLevel,
    may_rest,
    resting_limit,
    set_level,
    stop_level,
)
from alert_trader.domain.market.quotes import PENNY, Tick, TickTable
from alert_trader.domain.money import Price

NICKELS = TickTable((Tick(value=Decimal("0.05"), threshold=Decimal(3)), Tick(value=Decimal("0.10"))))
TABLES = st.sampled_from([PENNY, NICKELS])
PRICES = st.decimals(min_value="0.01", max_value=50, places=2).map(Price)
SHARES = st.decimals(min_value="0.01", max_value="0.99", places=2)
PLANS = st.builds(
    ExitPlan,
    stop=st.one_of(st.none(), st.builds(StopLoss, loss=SHARES), st.builds(StopLoss, price=PRICES)),
    break_even=st.one_of(
        st.none(),
        st.builds(BreakEven, gain=SHARES, plus=st.sampled_from([Decimal(0), Decimal("0.05")])),
        st.just(BreakEven(after_targets=1)),
    ),
    trail=st.one_of(
        st.none(), st.builds(Trail, share=SHARES, from_gain=SHARES), st.builds(Trail, amount=PRICES)
    ),
)


@given(plan=PLANS, average=PRICES, bids=st.lists(PRICES, max_size=8), filled=st.integers(0, 1), ticks=TABLES)
def test_a_level_only_rises(
    plan: ExitPlan, average: Price, bids: list[Price], filled: int, ticks: TickTable
) -> None:
    """Whatever the bid does and whichever targets fill, no level is under the one before it."""
    level: StopLevel | None = None
    high: Price | None = None
    for number, bid in enumerate(bids):
        high = bid if high is None else max(high, bid)
        facts = StopFacts(average_entry=average, targets_filled=filled if number > 3 else 0, highest_bid=high)
        after = stop_level(plan, facts, before=level, ticks=ticks)
        assert after is None or ticks.valid(after.price)
        if level is not None:
            assert after is not None
            assert after.price >= level.price
        if after is not None and after.rule is ExitRule.TRAIL and after != level:
            assert after.price < high
        level = after


@given(stop=st.builds(StopLoss, loss=SHARES), average=PRICES, ticks=TABLES)
def test_a_loss_is_never_at_the_entry(stop: StopLoss, average: Price, ticks: TickTable) -> None:
    """Coarse ticks never make a stop that sells what was just bought at the same price."""
    level = set_level(stop, average, ticks)
    assert level is None or level < average


@given(trigger=PRICES, lowest=SHARES, ticks=TABLES)
def test_a_resting_stop_has_a_limit_above_its_lowest_price(
    trigger: Price, lowest: Decimal, ticks: TickTable
) -> None:
    """The limit of a stop limit is a valid price from the lowest one up to the trigger."""
    trigger = ticks.sell(trigger)
    limit = resting_limit(trigger, lowest, ticks)
    assert ticks.valid(limit)
    assert trigger * lowest <= limit <= trigger


@pytest.mark.parametrize(
    ("plan", "facts", "expected"),
    [
        (
            ExitPlan(stop=StopLoss(loss=Decimal("0.3"))),
            StopFacts(average_entry=Decimal("2.01")),
            ("1.41", ExitRule.STOP),
        ),
        (
            ExitPlan(stop=StopLoss(loss=Decimal("0.3")), break_even=BreakEven(after_targets=1)),
            StopFacts(average_entry=Decimal("2.005"), targets_filled=1),
            ("2.01", ExitRule.STOP),
        ),
        (
            ExitPlan(trail=Trail(share=Decimal("0.2"), from_gain=Decimal("0.5"))),
            StopFacts(average_entry=Decimal(2), highest_bid=Price(Decimal("3.01"))),
            ("2.40", ExitRule.TRAIL),
        ),
        (
            ExitPlan(trail=Trail(share=Decimal("0.2"), from_gain=Decimal("0.5"))),
            StopFacts(average_entry=Decimal(2), highest_bid=Price(Decimal("2.99"))),
            None,
        ),
        (
            ExitPlan(trail=Trail(amount=Decimal(5))),
            StopFacts(average_entry=Decimal(2), highest_bid=Price(Decimal(3))),
            None,
        ),
    ],
)
def test_levels_by_example(plan: ExitPlan, facts: StopFacts, expected: tuple[str, ExitRule] | None) -> None:
    """A set stop is rounded up, break-even too, a trail down; a trail begins at its gain."""
    level = stop_level(plan, facts, before=None, ticks=PENNY)
    assert (None if level is None else (str(level.price), level.rule)) == expected


def test_a_stop_at_the_bid_may_not_rest() -> None:
    """The broker may reject it: everything is sold by the ladder instead."""
    assert may_rest(Price(Decimal("0.90")), Price(Decimal("0.91")))
    assert not may_rest(Price(Decimal("0.90")), Price(Decimal("0.90")))
