"""Exits: a cumulative share of what was bought, whatever the slices, and never below the target price."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.execution.exits import exit_target, next_exit
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.ids import FillId
from alert_trader.domain.market.quotes import PENNY, Tick, TickTable
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill, average_price

NICKELS = TickTable((Tick(value=Decimal("0.05"), threshold=Decimal(3)), Tick(value=Decimal("0.10"))))
HALF_AT_DOUBLE = ExitPolicy()
ALL_AT_HALF = ExitPolicy(fraction=Decimal(1), gain=Decimal("0.5"))

SLICES = st.lists(
    st.tuples(st.integers(1, 20), st.decimals(min_value="0.01", max_value=50, places=2)),
    min_size=1,
    max_size=12,
)
POLICIES = st.builds(
    ExitPolicy,
    fraction=st.decimals(min_value=0, max_value=1, places=2),
    gain=st.decimals(min_value=0, max_value=3, places=2),
    min_quantity=st.integers(1, 4),
)


def fill(quantity: int, price: str | Decimal, name: str = "f") -> Fill:
    """Make a fill."""
    return Fill(
        fill_id=FillId(name),
        quantity=quantity,
        price=Price(Decimal(price)),
        at=datetime(2026, 11, 23, 15, tzinfo=UTC),
    )


def run(slices: list[tuple[int, Decimal]], policy: ExitPolicy, ticks: TickTable) -> int:
    """Feed slices one by one and give the contracts planned; checks every plan on the way."""
    bought = planned = 0
    uncovered: list[Fill] = []
    for quantity, price in slices:
        bought += quantity
        uncovered.append(fill(quantity, price))
        plan = next_exit(bought=bought, uncovered=uncovered, planned=planned, policy=policy, ticks=ticks)
        if plan is None:
            continue
        planned += plan.quantity
        assert plan.quantity >= policy.min_quantity
        assert planned <= bought
        assert plan.limit >= average_price(uncovered) * (1 + policy.gain)
        assert ticks.valid(plan.limit)
        assert next_exit(bought=bought, uncovered=[], planned=planned, policy=policy, ticks=ticks) is None
        uncovered = []
    return planned


@given(slices=SLICES, policy=POLICIES, ticks=st.sampled_from([PENNY, NICKELS]))
def test_planned_exits_never_exceed_what_was_bought(
    slices: list[tuple[int, Decimal]], policy: ExitPolicy, ticks: TickTable
) -> None:
    """EXT-10: over any slices, each exit is covered by entry fills, on a valid tick.

    Not below its slice's target price.
    """
    bought = sum(quantity for quantity, _ in slices)
    planned = run(slices, policy, ticks)
    assert planned <= exit_target(bought, policy) <= bought
    # what the minimum holds back is always less than one more exit
    assert exit_target(bought, policy) - planned < policy.min_quantity


@given(
    slices=SLICES,
    fraction=st.decimals(min_value=0, max_value=1, places=2),
    shuffle=st.randoms(use_true_random=False),
)
def test_the_total_does_not_depend_on_slicing_or_order(
    slices: list[tuple[int, Decimal]], fraction: Decimal, shuffle: object
) -> None:
    """EXT-10: with a minimum of one contract, any order.

    Any slicing of the same fills plans the same number of contracts.
    """
    policy = ExitPolicy(fraction=fraction)
    shuffled = list(slices)
    shuffle.shuffle(shuffled)  # type: ignore[attr-defined]
    bought = sum(quantity for quantity, _ in slices)
    whole = run([(bought, Decimal(1))], policy, PENNY)
    assert run(slices, policy, PENNY) == run(shuffled, policy, PENNY) == whole == exit_target(bought, policy)


@pytest.mark.parametrize(("bought", "target"), [(0, 0), (1, 0), (2, 1), (3, 1), (5, 2), (7, 3)])
def test_a_share_is_rounded_down_to_contracts(bought: int, target: int) -> None:
    """EXT-10: half of an odd number leaves the odd contract with the position."""
    assert exit_target(bought, HALF_AT_DOUBLE) == target


def test_half_of_each_slice_is_sold_at_double() -> None:
    """Four contracts at 1.20: two are offered at 2.40."""
    plan = next_exit(bought=4, uncovered=[fill(4, "1.20")], planned=0, policy=HALF_AT_DOUBLE, ticks=PENNY)
    assert plan is not None
    assert (plan.quantity, plan.limit) == (2, Decimal("2.40"))


def test_all_at_half_sells_everything_at_fifty_percent_more() -> None:
    """The other preset: the whole position at +50 %."""
    plan = next_exit(bought=3, uncovered=[fill(3, "1.20")], planned=0, policy=ALL_AT_HALF, ticks=PENNY)
    assert plan is not None
    assert (plan.quantity, plan.limit) == (3, Decimal("1.80"))


def test_single_contracts_add_up_to_an_exit() -> None:
    """Half of one contract is none; the second makes one, priced from the average of both."""
    first = fill(1, "1.00", "a")
    assert next_exit(bought=1, uncovered=[first], planned=0, policy=HALF_AT_DOUBLE, ticks=PENNY) is None
    plan = next_exit(
        bought=2, uncovered=[first, fill(1, "1.25", "b")], planned=0, policy=HALF_AT_DOUBLE, ticks=PENNY
    )
    assert plan is not None
    assert (plan.quantity, plan.limit, plan.average_entry) == (1, Decimal("2.25"), Decimal("1.125"))


def test_a_sell_rounds_up_to_a_tick() -> None:
    """Double of 1.52 is 3.04: above three dollars the tick is 0.10, so the order asks 3.10."""
    plan = next_exit(bought=2, uncovered=[fill(2, "1.52")], planned=0, policy=HALF_AT_DOUBLE, ticks=NICKELS)
    assert plan is not None
    assert plan.limit == Decimal("3.10")


def test_an_exit_below_the_minimum_waits() -> None:
    """Under the minimum there is no order; the contracts join the next one."""
    policy = ExitPolicy(min_quantity=2)
    assert next_exit(bought=2, uncovered=[fill(2, "1")], planned=0, policy=policy, ticks=PENNY) is None
    plan = next_exit(bought=4, uncovered=[fill(4, "1")], planned=0, policy=policy, ticks=PENNY)
    assert plan is not None
    assert plan.quantity == 2


def test_an_exit_without_fills_to_price_it_from_is_a_bug() -> None:
    """When an exit ended and is due again, its fills must be passed again."""
    with pytest.raises(ValueError, match="fills"):
        next_exit(bought=4, uncovered=[], planned=0, policy=HALF_AT_DOUBLE, ticks=PENNY)


def test_an_average_of_nothing_is_a_bug() -> None:
    """There is no average price without a contract."""
    with pytest.raises(ValueError, match="at least 1 contract"):
        average_price([])
