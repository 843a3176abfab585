"""The exit plan in words: what it says, and on one line what sells the contracts that are held now."""

from datetime import datetime

from alert_trader.domain.exits.plan import ExitPlan
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.stop_levels import StopLevel
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import plain


def plan_text(plan: ExitPlan) -> str:
    """Return the parts of a plan as they are written in commands and settings."""
    parts = [f"target {each}" for each in plan.targets] or ["no target"]
    parts.append("no stop" if plan.stop is None else f"stop {plan.stop}")
    if plan.break_even is not None:
        parts.append(f"break-even {plan.break_even}")
    if plan.trail is not None:
        parts.append(f"trail {plan.trail}")
    parts += [f"by time {each}" for each in plan.times]
    if plan.single is not None:
        parts.append(f"single contract: {plan.single}")
    return ", ".join(parts)


def protection_text(*, held: int, at_target: int, level: StopLevel | None, by: datetime | None) -> str:
    """Return what sells the `held` contracts: `at_target` of them work at the target.

    A stop and a time sell all of them.
    """
    parts = []
    if at_target > 0:
        parts.append(f"{at_target} of {held} at the target")
    if level is not None:
        name = "trailing stop" if level.rule is ExitRule.TRAIL else "stop"
        parts.append(f"{name} at {plain(level.price)} for all {held}")
    if by is not None:
        parts.append(f"everything by {eastern(by)}")
    if not parts:
        return f"nothing sells the {held} held but a person or the author, until they expire"
    return "; ".join(parts)
