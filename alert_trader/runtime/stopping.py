"""Stop a process in bounded time, whatever does not answer."""

import asyncio
import logging
import os
import signal
import sys
import threading
from datetime import timedelta

log = logging.getLogger("alert-trader.stopping")


STOP_WITHIN = timedelta(seconds=9)
"""From the request to the end of the process. Docker and the local stack kill after 10 s."""


def stop_requested(within: timedelta = STOP_WITHIN) -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set.

    The process ends by force when it still runs `within` after the first of them: a Temporal server that
    accepts connections and does not answer would keep a worker's shutdown waiting for 30 s. Nothing is lost:
    what was in flight is in Temporal's history, or is looked up at the broker.
    """
    stop = asyncio.Event()

    def request() -> None:
        if not stop.is_set():
            stop.set()
            timer = threading.Timer(within.total_seconds(), _end, args=(within,))
            timer.daemon = True
            timer.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, request)
    return stop


def _end(within: timedelta) -> None:
    log.warning(
        "still not stopped after %g s: ending now. Temporal or the broker does not answer",
        within.total_seconds(),
    )
    sys.stderr.flush()
    os._exit(0)
