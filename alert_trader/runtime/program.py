"""How our processes begin and end: settings, the log, what is unusable in words, and an end that the SDK's core cannot spoil."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import NoReturn

from alert_trader.control.errors import ControlError
from alert_trader.runtime.namespace import NamespaceError
from alert_trader.settings.load import SettingsError, load
from alert_trader.settings.model import Settings

UNUSABLE = 5
"""Exit code when something that a process needs cannot be reached or is not set: the same as the command's."""


def arguments(name: str, doc: str | None, *, ready: str) -> argparse.ArgumentParser:
    """Begin the arguments of the program behind `trader NAME`; the ready file is written when, as `ready` says, it does its work."""
    parser = argparse.ArgumentParser(prog=f"trader {name}", description=doc)
    parser.add_argument("--ready-file", type=Path, help=f"written when it {ready}")
    return parser


def work(
    todo: Callable[[Settings], Coroutine[None, None, None]],
    *,
    quiet: Mapping[str, int] | None = None,
    unusable: tuple[type[Exception], ...] = (),
) -> int:
    """Do something under the settings, and give the exit code; `quiet` are loggers of libraries that say too much, with their level."""
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


def end(code: int) -> NoReturn:
    """End the process with everything written; the SDK's core can abort one that ends the ordinary way (temporalio/sdk-python#300)."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
