"""Workers in the process of a test, which end as a worker's own process does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from temporalio.worker import Worker

from alert_trader.runtime.stopping import STOP_WITHIN


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """Run a worker, and wait for its end no longer than its own process would (`STOP_WITHIN`)."""
    await worker.__aenter__()
    kind: type[BaseException] | None = None
    try:
        yield
    except BaseException as raised:
        kind = type(raised)
        raise
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN.total_seconds()):
                await worker.__aexit__(kind)
