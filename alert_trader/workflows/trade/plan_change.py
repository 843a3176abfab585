"""A change of a running trade's exit plan by a person: `trader exits`, `/exits`, the card's button."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SizedEntry
    from alert_trader.domain.execution.policy import ExitPolicy
    from alert_trader.domain.exits.changes import PlanChange, StopChange, changed_level, changed_plan
    from alert_trader.domain.exits.plan import ExitPlan
    from alert_trader.domain.exits.sale_times import check_times
    from alert_trader.domain.exits.watch import WatchState
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.workflows.interface import ExitChange
    from alert_trader.workflows.trade.timed_sale import time_facts
    from alert_trader.workflows.trade_state import ExitState


def plan_change(asked: ExitChange, now: datetime) -> PlanChange:
    """Return the change that a person requested; raise ValueError for one of nothing."""
    return PlanChange(
        by=asked.command.by,
        at=now,
        targets=None if asked.target is None else (asked.target,),
        stop=asked.stop,
        break_even=asked.break_even,
        trail=asked.trail,
        times=asked.times or None,
        remove=frozenset(asked.remove),
    )


def check_change(
    policy: ExitPolicy,
    change: PlanChange,
    *,
    sized: SizedEntry,
    hours: TradingHours,
    average_entry: Decimal | None,
) -> ExitPolicy:
    """Return the changed policy; raise ValueError for one that cannot be, and nothing has changed then."""
    plan = changed_plan(policy.plan, change, average_entry=average_entry)
    if change.times is not None:
        facts = time_facts(sized, change.at)
        only_times = ExitPlan(times=change.times)
        check_times(only_times, facts, now=change.at, window=timedelta(0), hours=hours)
    return policy.with_plan(plan)


def changed_watch(
    state: ExitState, policy: ExitPolicy, change: PlanChange, sized: SizedEntry
) -> tuple[WatchState | None, StopChange | None]:
    """Return the watch after a change, and the record of a stop that it moved; None without one.

    A level that follows from what is changed is worked out from the changed plan alone.
    """
    watch = state.watch
    if watch is None:
        return None, None
    level = changed_level(policy.plan, change, watch.facts, before=watch.level, ticks=sized.listing.ticks)
    moved = None
    if change.moves_stop and level != watch.level:
        moved = StopChange(by=change.by, at=change.at, before=watch.level, after=level)
    return replace(watch, level=level, pending=None), moved
