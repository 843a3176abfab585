"""Waiting with a bound, in a workflow."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

TURNS = 3
"""Waits that end one after another, at most, from a command or a report to the call that follows it."""


async def let_others_run() -> None:
    """Let what follows from the same event happen first. It takes no time."""
    for _ in range(TURNS):
        await workflow.wait_condition(lambda: True)


async def wait(until: Callable[[], bool], bound: timedelta | datetime | None, why: str) -> bool:
    """Wait for a condition, at most for a time or until a moment; return whether it holds.

    `why` names the timer in the Web UI.
    """
    if isinstance(bound, datetime):
        bound = bound - workflow.now()
    if bound is None:
        await workflow.wait_condition(until)
        return True
    if until() or bound <= timedelta(0):
        return until()
    # not `wait_condition(timeout=...)`: that uses `wait_for` of asyncio, which lets coroutines run in another
    # order from Python 3.12 on, and a history recorded by one version would not replay under the other
    over = False

    async def run_out() -> None:
        nonlocal over
        await workflow.sleep(bound, summary=why)
        over = True

    timer = asyncio.create_task(run_out())
    try:
        await workflow.wait_condition(lambda: over or until())
    finally:
        timer.cancel()
    return until()
