"""Moves a workflow's virtual clock in tests, and fails when it did not move."""

from datetime import date, datetime, time, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from domain.calendar import NEW_YORK, is_half_day, is_trading_day

SKIPS = 1_000_000
"""Timers that one fast-forward may pass. The server's default is 200: a loop that reads an order every few minutes over a weekend fires
more, and then the clock stops short and the server only answers False."""


async def forward(env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], duration: timedelta) -> None:
    """Move the workflow's clock ahead by `duration`; fails when the workflow ends first or the clock stops short."""
    moved = await env.fast_forward(handle, duration)
    assert moved, f"the clock of {handle.id} did not move {duration} ahead: the workflow ended, or passed more than {SKIPS} timers"


async def forward_to(env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], moment: datetime) -> None:
    """Move the workflow's clock to a moment, which must be ahead of it."""
    await forward(env, handle, moment - await env.get_current_time(handle))


def next_week(now: datetime) -> date:
    """Give the next Monday that a full week and the two days after it begin with, so that a test is the same on every day."""
    day = now.astimezone(NEW_YORK).date()
    day += timedelta(days=7 - day.weekday())
    while not all(is_trading_day(each) and not is_half_day(each) for each in (day + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8))):
        day += timedelta(days=7)
    return day


def at(week: date, day: int, clock: str) -> datetime:
    """Give a New York time of the day that comes `day` days after the week's Monday."""
    return datetime.combine(week + timedelta(days=day), time.fromisoformat(clock), NEW_YORK)
