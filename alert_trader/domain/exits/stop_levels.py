"""The stop of a trade as a price: set, raised to break-even, trailing the highest bid. It only rises.

Prices are dollars a share, on valid ticks. A level under one tick is no level.

Invariant (STP-30): a level that follows from plan, fills and quotes is never under the one before it.
"""

from dataclasses import dataclass
from decimal import Decimal

from alert_trader.domain.exits.plan import ExitPlan, StopLoss, Trail
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.market.quotes import TickTable
from alert_trader.domain.money import Price

ALLOWANCE = Decimal("0.10")
"""How far under its trigger the limit of a resting stop is: a momentary bid far below it does not sell the
position; the protective ladder does, seconds later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLevel:
    """The bid at or under which everything is sold, and the rule that put it there."""

    price: Price
    rule: ExitRule
    """STOP or TRAIL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFacts:
    """What a level follows from, besides the plan."""

    average_entry: Decimal
    """Dollars a share, not rounded."""
    targets_filled: int = 0
    """Targets of which every contract was sold."""
    highest_bid: Price | None = None
    """Since the entry, by quotes that were a price."""


def stop_level(
    plan: ExitPlan, facts: StopFacts, *, before: StopLevel | None, ticks: TickTable
) -> StopLevel | None:
    """Return the highest of all levels that hold now and the one before; None where there is none.

    Of two that are equal the stop counts before the trail, and the one before counts before both.
    """
    candidates = [] if before is None else [before]
    stops = (
        None if plan.stop is None else set_level(plan.stop, facts.average_entry, ticks),
        _break_even_level(plan, facts, ticks),
    )
    candidates += [StopLevel(price=price, rule=ExitRule.STOP) for price in stops if price is not None]
    trailing = None if plan.trail is None else _trail_level(plan.trail, facts, ticks)
    if trailing is not None:
        candidates.append(StopLevel(price=trailing, rule=ExitRule.TRAIL))
    return max(candidates, key=lambda each: each.price, default=None)  # the first of equals


def set_level(stop: StopLoss, average_entry: Decimal, ticks: TickTable) -> Price | None:
    """Return the price of a stop that was set: rounded up, so that the loss is not larger than was set.

    Where that would reach the entry, it is rounded down: coarse ticks must not sell what was just bought.
    """
    wanted = stop.price if stop.loss is None else average_entry * (1 - stop.loss)
    assert wanted is not None
    rounded = ticks.sell(wanted)
    if rounded >= average_entry > wanted:
        rounded = ticks.buy(wanted)
    return rounded if rounded > 0 else None


def _break_even_level(plan: ExitPlan, facts: StopFacts, ticks: TickTable) -> Price | None:
    rule = plan.break_even
    if rule is None:
        return None
    if rule.after_targets is not None:
        due = facts.targets_filled >= rule.after_targets
    else:
        assert rule.gain is not None
        due = _gained(facts, rule.gain)
    return ticks.sell(facts.average_entry + rule.plus) if due else None


def _trail_level(trail: Trail, facts: StopFacts, ticks: TickTable) -> Price | None:
    """Return the price that trails the highest bid: rounded down, so that it is always under that bid."""
    if facts.highest_bid is None or not _gained(facts, trail.from_gain):
        return None
    high = facts.highest_bid
    wanted = high - trail.amount if trail.amount is not None else high * (1 - (trail.share or Decimal(0)))
    rounded = ticks.buy(max(wanted, Decimal(0)))
    return rounded if rounded > 0 else None


def _gained(facts: StopFacts, gain: Decimal) -> bool:
    return facts.highest_bid is not None and facts.highest_bid >= facts.average_entry * (1 + gain)


def resting_limit(trigger: Price, lowest: Decimal, ticks: TickTable, allowance: Decimal = ALLOWANCE) -> Price:
    """Return the limit of a stop limit order with this trigger.

    `lowest` is the fraction of the trigger under which nothing is sold (STP-60). Always on a valid tick,
    above 0, and at most the trigger.
    """
    limit = ticks.sell(trigger * max(1 - allowance, lowest))
    return min(limit, trigger)


def may_rest(trigger: Price, bid: Price) -> bool:
    """Whether a stop with this trigger may be sent: it is under the bid. Else everything is sold at once."""
    return trigger < bid
