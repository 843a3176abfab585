"""A Temporal server that still waits for an activity's attempt, or does not."""

from types import SimpleNamespace
from typing import Any

from temporalio.service import RPCError, RPCStatusCode


def temporal(*, awaits: bool) -> Any:
    """Return a client of it."""

    async def heartbeat(*_: object, **__: object) -> None:
        if not awaits:
            raise RPCError("activity not found", RPCStatusCode.NOT_FOUND, b"")

    return SimpleNamespace(workflow_service=SimpleNamespace(record_activity_task_heartbeat=heartbeat))
