"""Start and end of every process: settings, logging, expected errors, and the exit code."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import NoReturn

from alert_trader.control.errors import ControlError
from alert_trader.runtime import logs
from alert_trader.runtime.namespace import NamespaceError
from alert_trader.settings.load import SettingsError, load
from alert_trader.settings.model import Settings

UNUSABLE = 5
"""Exit code when something that a process needs cannot be reached or is not set; the CLI uses the same."""


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
        logs.set_up(settings.log_level, settings.log_format)
        for name, level in (quiet or {}).items():
            logging.getLogger(name).setLevel(level)
        asyncio.run(todo(settings))
    except expected as fault:
        sys.stderr.write(f"error: {fault}\n")
        return UNUSABLE
    except KeyboardInterrupt:
        return 0
    return 0


def end(code: int) -> NoReturn:
    """Flush and exit. The SDK's core can abort a process that ends normally (temporalio/sdk-python#300)."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
