"""A Temporal server that still waits for an activity's attempt, or does not."""

import itertools
from types import SimpleNamespace
from typing import Any

from temporalio.service import RPCError, RPCStatusCode


def temporal(*, awaits: bool, unanswered: int = 0) -> Any:
    """Return a client of it, which first leaves so many questions `unanswered`."""
    asked = itertools.count()

    async def heartbeat(*_: object, **__: object) -> None:
        if next(asked) < unanswered:
            raise RPCError("the server restarts", RPCStatusCode.UNAVAILABLE, b"")
        if not awaits:
            raise RPCError("activity not found", RPCStatusCode.NOT_FOUND, b"")

    return SimpleNamespace(workflow_service=SimpleNamespace(record_activity_task_heartbeat=heartbeat))
