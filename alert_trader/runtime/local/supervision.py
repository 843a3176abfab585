"""Start a process of the local stack again whenever it ends."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from alert_trader.runtime.local.process import Child, StackError

RESTARTS = 5
RESTART_WINDOW = 60.0
"""Seconds in which `RESTARTS` restarts of one process are too many: restarting does not help."""

_RESTART_PAUSE = 1.0

NEEDED = frozenset({"temporal", "venue", "worker"})
"""What trading needs. Any other process may keep ending: it is tried again, and trading continues."""

RETRY_PAUSES = (5.0, 15.0, 60.0)
"""Seconds before a process that trading does not need is started again. The last one repeats."""


async def keep(
    name: str,
    current: Callable[[], Child],
    start: Callable[[], Awaitable[None]],
    report: Callable[[str], None],
) -> None:
    """Start one process again whenever `current` has ended; never returns.

    Raises StackError when one that trading needs keeps ending or cannot be started.
    """
    ended: deque[float] = deque(maxlen=RESTARTS)
    failures = 0
    while True:
        child = current()
        await child.wait()
        now = asyncio.get_running_loop().time()
        often = len(ended) == RESTARTS and now - ended[0] < RESTART_WINDOW
        if often and name in NEEDED:
            raise child.failure("ended too often, and is not started again")
        failures = failures if ended and now - ended[-1] < 2 * RESTART_WINDOW else 0
        ended.append(now)
        first = failures == 0 or name in NEEDED
        pause = _RESTART_PAUSE if first else RETRY_PAUSES[min(failures, len(RETRY_PAUSES)) - 1]
        report(
            f"{name} ended with code {child.exit_code} ({child.last_line}); "
            f"restarting in {pause:g} s (log: {child.log})"
        )
        failures += 1
        await asyncio.sleep(pause)
        try:
            await start()
        except StackError:
            if name in NEEDED:
                raise
        else:
            report(f"{name} restarted")
