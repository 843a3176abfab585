"""Moves a workflow's virtual clock in tests, and fails when it did not move."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

SKIPS = 1_000_000
"""Timers that one fast-forward may pass. The server's default is 200: a loop that reads an order every few minutes over a weekend fires
more, and then the clock stops short and the server only answers False."""


async def forward(env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], duration: timedelta) -> None:
    """Move the workflow's clock ahead by `duration`; fails when the workflow ends first or the clock stops short."""
    moved = await env.fast_forward(handle, duration)
    assert moved, f"the clock of {handle.id} did not move {duration} ahead: the workflow ended, or passed more than {SKIPS} timers"
