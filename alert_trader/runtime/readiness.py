"""Tell from outside that a process is ready, and that it still runs.

The ready file is written once the process does its work. It is touched every few seconds by the event loop,
and a container's health check looks at its age: a process that is frozen stays in the process table.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

from temporalio.common import MetricMeter

from alert_trader import clock

EVERY = timedelta(seconds=5)

ALIVE = "trader_process_alive_seconds"
"""When the event loop of a process last ran, in seconds since 1970; the gauge's whole name."""


def announce_ready(path: Path | None, facts: Mapping[str, object] | None = None) -> None:
    """Write the ready file; without a path, nothing."""
    if path is not None:
        path.write_text(json.dumps({"pid": os.getpid(), **(facts or {})}))


@contextlib.asynccontextmanager
async def kept_alive(
    path: Path | None, meter: MetricMeter | None = None, *, every: timedelta = EVERY
) -> AsyncIterator[None]:
    """Touch the ready file, where it exists, and set the gauge, every few seconds while the body runs."""
    gauge = None if meter is None else meter.create_gauge(ALIVE, "When the event loop last ran, since 1970.")

    async def beat() -> None:
        while True:
            if gauge is not None:
                gauge.set(int(clock.now().timestamp()))
            if path is not None:
                # `trader up` reads the file once and deletes it
                with contextlib.suppress(FileNotFoundError):
                    os.utime(path)
            await asyncio.sleep(every.total_seconds())

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
