"""The virtual clock of a workflow in tests: where it begins, and how it is moved."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from temporalio.client import Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.testing._timeskipping import FastForwardConfig, TimeSkippingConfig
from typing_extensions import override

from alert_trader import clock
from tests.support.waiting import eventually

SKIPS = 1_000_000
"""Timers that one fast-forward may pass. The server's default is 200: a loop that reads an order every few
minutes over a weekend fires more, and then the clock stops short and the server only answers False."""


async def forward(
    env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], duration: timedelta, *, may_end: bool = False
) -> None:
    """Move the workflow's clock ahead by `duration`.

    Fails when the clock stops short, or when the workflow ends unless it `may_end`.
    """
    moved = await env.fast_forward(handle, duration)
    ended = not moved and (await handle.describe()).close_time is not None
    why = "it ended" if ended else f"it passed more than {SKIPS} timers"
    assert moved or (may_end and ended), f"the clock of {handle.id} did not move {duration} ahead: {why}"


class StartsNow(Interceptor):
    """Starts every workflow at the clock of the test: its virtual time is moved there before its first task.

    Put it around the client of a time-skipping server. Where time is not skipped afterwards, the workflow
    lives in real time from there.
    """

    @override
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        """Intercept what starts workflows."""
        return _Starts(next)


class _Starts(OutboundInterceptor):
    @override
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        ahead = clock.now() - datetime.now(UTC)
        if ahead < timedelta(seconds=1):
            return await super().start_workflow(input)  # the clock was not moved
        input.start_delay = ahead
        once = FastForwardConfig(id=str(uuid.uuid4()), duration=ahead)
        input.time_skipping_config = TimeSkippingConfig(fast_forward_config=once)._to_proto()
        handle = await super().start_workflow(input)
        await eventually(partial(_has_a_task, handle), f"{handle.id} to begin at {clock.now()}", every=0.002)
        return handle


async def _has_a_task(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether the start's delay is over.

    After the start and the skipped time its first task is in history.
    """
    return (await handle.describe()).history_length >= 3


async def forward_to(
    env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], moment: datetime, *, may_end: bool = False
) -> None:
    """Move the workflow's clock to a moment, which must be ahead of it."""
    await forward(env, handle, moment - await env.get_current_time(handle), may_end=may_end)
