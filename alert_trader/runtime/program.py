"""Start and end of every process: settings, logging, expected errors, and the exit code."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from alert_trader.control.errors import ControlError
from alert_trader.runtime.namespace import NamespaceError
from alert_trader.settings.load import SettingsError, load
from alert_trader.settings.model import Settings

UNUSABLE = 5
"""Exit code when something that a process needs cannot be reached or is not set; the CLI uses the same."""

STOP_WITHIN = timedelta(seconds=9)
"""From a request to stop to the end of the process, at the latest. The SDK waits longer for a Temporal
server that does not answer; Docker and the local stack kill after 10 s."""


def arguments(name: str, doc: str | None, *, ready: str) -> argparse.ArgumentParser:
    """Return the parser of `trader NAME`; `ready` says in the help when the ready file is written."""
    parser = argparse.ArgumentParser(prog=f"trader {name}", description=doc)
    parser.add_argument("--ready-file", type=Path, help=f"written when it {ready}")
    return parser


def work(
    todo: Callable[[Settings], Coroutine[None, None, None]],
    *,
    quiet: Mapping[str, int] | None = None,
    unusable: tuple[type[Exception], ...] = (),
) -> int:
    """Load the settings, run `todo` with them and return the exit code.

    `quiet` are levels of noisy loggers.
    """
    expected: tuple[type[Exception], ...] = (
        SettingsError,
        ControlError,
        NamespaceError,
        ValueError,
        *unusable,
    )
    try:
        settings = load().settings
        logging.basicConfig(
            level=settings.log_level.upper(),
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )
        for name, level in (quiet or {}).items():
            logging.getLogger(name).setLevel(level)
        asyncio.run(todo(settings))
    except expected as fault:
        sys.stderr.write(f"error: {fault}\n")
        return UNUSABLE
    except KeyboardInterrupt:
        return 0
    return 0


def stop_requested() -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets; the process then ends within `STOP_WITHIN`."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def request() -> None:
        if not stop.is_set():
            stop.set()
            loop.call_later(STOP_WITHIN.total_seconds(), _give_up_waiting)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request)
    return stop


def _give_up_waiting() -> None:
    logging.getLogger("alert-trader").warning(
        "not stopped within %g s, perhaps because Temporal does not answer: ending now",
        STOP_WITHIN.total_seconds(),
    )
    end(0)


def end(code: int) -> NoReturn:
    """Flush and exit. The SDK's core can abort a process that ends normally (temporalio/sdk-python#300)."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
