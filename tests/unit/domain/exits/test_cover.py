"""Which orders a plan wants, by example; the machine in tests/stateful tries everything else."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.execution.exits import exit_target
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.exits.cover import (
    Action,
    Cancel,
    CoverFacts,
    Group,
    GroupKind,
    Place,
    Sale,
    next_actions,
    pair_can_sell,
    spread_over_targets,
    target_quantities,
    targets_filled,
)
from alert_trader.domain.exits.plan import ExitPlan, Single, StopLoss, Target
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.money import Price

STOP = Price(Decimal("1.40"))
PLAN = ExitPlan(stop=StopLoss(loss=Decimal("0.3")))
GAIN = Decimal(1)
THREE = CoverFacts(bought=3, held=3, sold_at_targets=(0,), stop=STOP)
PAIR = Group(name="p", kind=GroupKind.PAIR, target=0, gain=GAIN, stop=STOP, can_sell=1)
REST = Group(name="s", kind=GroupKind.STOP, stop=STOP, can_sell=2)


def place(kind: GroupKind, quantity: int, rule: ExitRule = ExitRule.TARGET) -> Place:
    """Return an order as the plan above sends it."""
    target = 0 if kind in {GroupKind.PAIR, GroupKind.TARGET} else None
    return Place(
        kind=kind,
        quantity=quantity,
        target=target,
        gain=None if target is None else GAIN,
        stop=STOP if kind in {GroupKind.PAIR, GroupKind.STOP} else None,
        rule=rule,
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (THREE, (place(GroupKind.PAIR, 1), place(GroupKind.STOP, 2, ExitRule.STOP))),
        (replace(THREE, groups=(PAIR, REST)), ()),
        (replace(THREE, resting=False), (place(GroupKind.TARGET, 1),)),
        (replace(THREE, stop=None), (place(GroupKind.TARGET, 1),)),
        (replace(THREE, bought=1, held=1), (place(GroupKind.PAIR, 1),)),
        (  # an order of unknown outcome counts with all of it
            replace(THREE, groups=(replace(REST, can_sell=3),)),
            (Cancel(name="s"),),
        ),
        (  # the stop has risen: one order at a time
            replace(THREE, stop=Price(Decimal("1.50")), groups=(PAIR, REST)),
            (Cancel(name="p"),),
        ),
        (
            replace(THREE, stop=Price(Decimal("1.50")), groups=(replace(PAIR, cancelling=True), REST)),
            (),
        ),
        (  # a person sells one: the stop alone makes way, the target keeps its contract
            replace(THREE, sales=(Sale(rule=ExitRule.PERSON, keep=2),), groups=(PAIR, REST)),
            (Cancel(name="s"),),
        ),
        (
            replace(THREE, sales=(Sale(rule=ExitRule.PERSON, keep=2),), groups=(PAIR,)),
            (place(GroupKind.SALE, 1, ExitRule.PERSON), place(GroupKind.STOP, 1, ExitRule.STOP)),
        ),
        (  # the strongest rule sells, down to the least that any keeps
            replace(THREE, sales=(Sale(rule=ExitRule.AUTHOR), Sale(rule=ExitRule.TIME, keep=1))),
            (place(GroupKind.SALE, 3, ExitRule.TIME),),
        ),
        (  # a pair of which a side has filled protects nothing for certain
            replace(THREE, held=2, sold_at_targets=(1,), groups=(replace(PAIR, filled=1),)),
            (Cancel(name="p"), place(GroupKind.STOP, 1, ExitRule.STOP)),
        ),
    ],
)
def test_what_is_sent_and_cancelled(facts: CoverFacts, expected: tuple[Action, ...]) -> None:
    """Targets with a stop as pairs, the rest with a stop alone; a sale first."""
    assert next_actions(PLAN, facts) == expected


def test_a_single_contract_gets_what_is_set() -> None:
    """The first target with the stop, the stop alone, or nothing."""
    one = replace(THREE, bought=1, held=1)
    assert next_actions(replace(PLAN, single=Single.STOP), one) == (place(GroupKind.STOP, 1, ExitRule.STOP),)
    assert next_actions(replace(PLAN, single=Single.NOTHING), one) == ()
    assert next_actions(ExitPlan(), replace(one, stop=None)) == ()


def test_pairs_are_of_one_contract_unless_set() -> None:
    """One contract fills wholly or not at all, so that no variant of a partial fill matters."""
    plan = replace(PLAN, targets=(Target(share=Decimal(1), gain=GAIN),))
    assert next_actions(plan, THREE) == (place(GroupKind.PAIR, 1),) * 3
    assert next_actions(plan, THREE, pair_size=None) == (place(GroupKind.PAIR, 3),)
    assert next_actions(plan, THREE, pair_size=2) == (place(GroupKind.PAIR, 2), place(GroupKind.PAIR, 1))
    with pytest.raises(ValueError, match="pairs of at least 1 contract"):
        next_actions(plan, THREE, pair_size=0)
    assert (pair_can_sell(2, 3), pair_can_sell(0, 0)) == (3, 0)


SHARES = st.lists(st.integers(1, 10).map(lambda tenths: Decimal(tenths) / 10), max_size=4).filter(
    lambda found: sum(found) <= 1
)


@given(shares=SHARES, bought=st.integers(0, 200), sold=st.integers(0, 300))
def test_targets_share_what_was_bought(shares: list[Decimal], bought: int, sold: int) -> None:
    """All targets together sell at most what was bought, and all of it where the shares are 100 %."""
    targets = tuple(Target(share=share, gain=Decimal(n)) for n, share in enumerate(shares, start=1))
    plan = ExitPlan(targets=targets, stop=StopLoss(loss=Decimal("0.3")))
    quantities = target_quantities(plan, bought)
    assert all(quantity >= 0 for quantity in quantities)
    assert sum(quantities) <= bought
    if sum(shares) == 1 and bought > 1:
        assert sum(quantities) == bought
    spread = spread_over_targets(plan, bought=bought, sold=sold)
    assert sum(spread) == (sold if targets else 0)
    facts = CoverFacts(bought=bought, held=max(bought - sold, 0), sold_at_targets=spread)
    assert 0 <= targets_filled(plan, facts) <= len(targets)


@given(bought=st.integers(0, 200))
def test_the_default_plan_sells_as_before(bought: int) -> None:
    """Without stop and further targets, the target is of what the exit policy sells."""
    assert target_quantities(ExitPlan(), bought) == (exit_target(bought, ExitPolicy()),)
