"""The one clock of a process: every moment that product code reads comes from here.

A test moves it with `moved_to`; nothing else replaces it. Durations are measured with `time.monotonic`, which
no clock change touches, or with `steady`, which also counts the time that the machine sleeps. Workflows never
import this: they ask Temporal for the time of their own history. `domain` never imports it either: its rules
take moments as arguments.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux has it; elsewhere, as on macOS, the monotonic clock itself counts sleep."""

_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Return the present moment, in UTC."""
    return _source()


def steady() -> float:
    """Return seconds by a clock that nothing sets, and that runs on while the machine sleeps."""
    return time.clock_gettime(_STEADY)


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """Let the clock of this process begin at `moment` and run on from there, until left.

    `moment` has a time zone.
    """
    global _source  # noqa: PLW0603 - the one place where the clock of the process is replaced
    ahead, before = moment.astimezone(UTC) - _system(), _source
    _source = lambda: _system() + ahead  # noqa: E731
    try:
        yield
    finally:
        _source = before
