"""Which orders are to be sent and cancelled so that the plan holds: targets, stops, pairs of both, sales.

The caller passes what the broker has reported, or may have: an order of unknown outcome counts with all its
contracts. The answer is repeated after every report until there is nothing to do.

A pair (OCO) is a target and a stop for the same contracts. What a partial fill of one side does to the other
is documented nowhere, so a pair is for one contract unless the caller sets another size: one contract fills
wholly or not at all.

Invariant (STP-20): what is sent is at most what is held less all that may still sell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from alert_trader.domain.exits.plan import ExitPlan, Single
from alert_trader.domain.exits.precedence import ExitRule, strongest
from alert_trader.domain.money import Price


class GroupKind(StrEnum):
    """What is sent in one request."""

    PAIR = "pair"
    """A target and a stop, of which one cancels the other."""
    STOP = "stop"
    TARGET = "target"
    SALE = "sale"
    """A protective sale: by a person, a time, a stop, a trail or the author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An order, or a pair, that may still sell."""

    name: str
    kind: GroupKind
    target: int | None = None
    """Which target it is for, counting from 0."""
    gain: Decimal | None = None
    """The gain of that target when it was sent."""
    stop: Price | None = None
    """Its trigger."""
    can_sell: int
    """The most contracts it may still sell; see `pair_can_sell`."""
    filled: int = 0
    cancelling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A request to sell down to so many contracts."""

    rule: ExitRule
    keep: int = 0
    """Contracts that are not sold: what other rules sell in the meantime counts for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverFacts:
    """What is known of a trade's contracts."""

    bought: int
    held: int
    """Bought less everything sold, and less what is no longer in the account."""
    sold_at_targets: tuple[int, ...]
    """Contracts sold by each target of the plan."""
    stop: Price | None = None
    """The stop's level now."""
    resting: bool = True
    """Whether stops are sent to the broker; without it a watcher triggers them."""
    sales: tuple[Sale, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Send an order or a pair."""

    kind: GroupKind
    quantity: int
    target: int | None = None
    gain: Decimal | None = None
    stop: Price | None = None
    rule: ExitRule
    """The rule that sells by it; for a pair the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Cancel an order, or both sides of a pair."""

    name: str


Action = Place | Cancel


def pair_can_sell(limit_open: int, stop_open: int) -> int:
    """Return the most that a pair may still sell, if one side filling ends the other: the larger side."""
    return max(limit_open, stop_open)


def target_quantities(plan: ExitPlan, bought: int) -> tuple[int, ...]:
    """Return how many of `bought` contracts each target sells.

    Shares are cumulative and rounded down, so that two targets of a half sell everything of any quantity.
    """
    if bought == 1 and (single := plan.single_rule) is not None and plan.targets:
        return (1 if single is Single.FIRST_TARGET else 0, *([0] * (len(plan.targets) - 1)))
    total, before, quantities = Decimal(0), 0, []
    for target in plan.targets:
        total += target.share
        until = int((total * bought).to_integral_value(ROUND_FLOOR))
        quantities.append(until - before)
        before = until
    return tuple(quantities)


def targets_filled(plan: ExitPlan, facts: CoverFacts) -> int:
    """Return the number of the last target that has filled, with all before it; 0 for none.

    A target for no contract is passed over.
    """
    count = 0
    quantities = target_quantities(plan, facts.bought)
    for number, (wanted, sold) in enumerate(zip(quantities, facts.sold_at_targets, strict=True), start=1):
        if sold < wanted:
            break
        if wanted > 0:
            count = number
    return count


def spread_over_targets(plan: ExitPlan, *, bought: int, sold: int) -> tuple[int, ...]:
    """Return how many of the contracts sold at targets each target of a changed plan has sold.

    The first target counts first; what is more than all of them sell counts for the last.
    """
    spread, left = [], sold
    for wanted in target_quantities(plan, bought):
        spread.append(min(wanted, left))
        left -= spread[-1]
    if spread:
        spread[-1] += left
    return tuple(spread)


def stop_applies(plan: ExitPlan, bought: int) -> bool:
    """Whether a stop sells these contracts: not a single one for which nothing was chosen."""
    return bought != 1 or plan.single_rule is not Single.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    kind: GroupKind
    target: int | None
    gain: Decimal | None
    stop: Price | None
    quantity: int

    def same(self, group: Group) -> bool:
        """Whether the group has these prices."""
        return (group.gain, group.stop) == (self.gain, self.stop)


def next_actions(plan: ExitPlan, facts: CoverFacts, *, pair_size: int | None = 1) -> tuple[Action, ...]:
    """Return what to send and to cancel now. `pair_size` is the most contracts of a pair; None for no limit.

    A sale comes first. Contracts under an order that must be cancelled first are sent for when that has
    ended. A price that only moves is moved one order at a time, so that the others protect meanwhile.
    """
    if pair_size is not None and pair_size < 1:
        raise ValueError(f"expected pairs of at least 1 contract, found {pair_size}")
    groups = [each for each in facts.groups if each.can_sell > 0]
    to_sell = _to_sell(facts)
    wanted = _wanted(plan, facts, max(facts.held - to_sell, 0))
    kept, moved, cancelled = _sort(groups, wanted, to_sell)
    actions: list[Action] = [Cancel(name=each.name) for each in cancelled if not each.cancelling]
    if moved and not any(each.cancelling for each in moved):
        actions.append(Cancel(name=moved[0].name))
    free = facts.held - sum(each.can_sell for each in groups)
    return (*actions, *_placed(wanted, (*kept, *moved), to_sell, facts, free=free, pair_size=pair_size))


def _to_sell(facts: CoverFacts) -> int:
    if not facts.sales:
        return 0
    return max(facts.held - min(max(each.keep, 0) for each in facts.sales), 0)


def _wanted(plan: ExitPlan, facts: CoverFacts, covered: int) -> list[_Wanted]:
    """Return what is to work for the contracts that no sale is for: targets first, then the stop alone."""
    stop = facts.stop if facts.resting and stop_applies(plan, facts.bought) else None
    wanted, left = [], covered
    kind = GroupKind.TARGET if stop is None else GroupKind.PAIR
    quantities = target_quantities(plan, facts.bought)
    for number, (quantity, sold) in enumerate(zip(quantities, facts.sold_at_targets, strict=True)):
        remaining = min(max(quantity - sold, 0), left)
        left -= remaining
        gain = plan.targets[number].gain
        wanted.append(_Wanted(kind=kind, target=number, gain=gain, stop=stop, quantity=remaining))
    if stop is not None:
        wanted.append(_Wanted(kind=GroupKind.STOP, target=None, gain=None, stop=stop, quantity=left))
    return [each for each in wanted if each.quantity > 0]


def _sort(
    groups: Sequence[Group], wanted: Sequence[_Wanted], to_sell: int
) -> tuple[list[Group], list[Group], list[Group]]:
    """Sort what works into what stays, what stays until its price is moved, and what is cancelled."""
    by_key = {(each.kind, each.target): each for each in wanted}
    left = {key: each.quantity for key, each in by_key.items()}
    left[(GroupKind.SALE, None)] = to_sell

    def has_its_price(group: Group) -> bool:
        if group.kind is GroupKind.SALE:
            return True
        found = by_key.get((group.kind, group.target))
        return found is not None and found.same(group)

    kept: list[Group] = []
    moved: list[Group] = []
    cancelled: list[Group] = []
    # first those that need nothing: where there are too many, the others are cancelled
    for group in sorted(groups, key=lambda each: (each.cancelling, not has_its_price(each))):
        key = (group.kind, group.target)
        # a pair of which a side has filled in part protects nothing for certain
        fits = group.can_sell <= left.get(key, 0) and not (group.kind is GroupKind.PAIR and group.filled)
        if not fits or (group.cancelling and has_its_price(group)):
            cancelled.append(group)
            continue
        left[key] -= group.can_sell
        (kept if has_its_price(group) else moved).append(group)
    return kept, moved, cancelled


def _placed(
    wanted: Sequence[_Wanted],
    working: Iterable[Group],
    to_sell: int,
    facts: CoverFacts,
    *,
    free: int,
    pair_size: int | None,
) -> list[Place]:
    """Return what is to be sent for contracts that nothing works for, up to the free ones."""
    covered: dict[tuple[GroupKind, int | None], int] = {}
    for group in working:
        key = (group.kind, group.target)
        covered[key] = covered.get(key, 0) + group.can_sell
    placed: list[Place] = []
    rule = strongest(sale.rule for sale in facts.sales)
    selling = min(to_sell - covered.get((GroupKind.SALE, None), 0), free)
    if rule is not None and selling > 0:
        placed.append(Place(kind=GroupKind.SALE, quantity=selling, rule=rule))
        free -= selling
    for each in wanted:
        missing = min(each.quantity - covered.get((each.kind, each.target), 0), free)
        by = ExitRule.STOP if each.kind is GroupKind.STOP else ExitRule.TARGET
        while missing > 0:
            size = (
                missing if each.kind is not GroupKind.PAIR or pair_size is None else min(pair_size, missing)
            )
            placed.append(
                Place(
                    kind=each.kind,
                    quantity=size,
                    target=each.target,
                    gain=each.gain,
                    stop=each.stop,
                    rule=by,
                )
            )
            missing -= size
            free -= size
    return placed
