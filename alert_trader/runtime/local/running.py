"""The stack that runs in a data folder: is it there, where are its logs, and how it is stopped."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from alert_trader.runtime.local.process import StackError

STOPPED_WITHIN = timedelta(seconds=60)
"""Every process ends in order, each within a few seconds; the worker finishes what it sends."""

_POLL = 0.2
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}")


def read_state(data_dir: Path) -> Mapping[str, Any] | None:
    """Return what the running stack of a folder wrote about itself; None when none runs."""
    try:
        state: Mapping[str, Any] = json.loads((data_dir / "stack.json").read_text())
        return state if alive(int(state["pid"])) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def stop(pid: int, *, within: timedelta = STOPPED_WITHIN) -> None:
    """Stop a stack as Ctrl-C does. Raise StackError when it still runs after `within`."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + within.total_seconds()
    while alive(pid):
        if time.monotonic() > deadline:
            raise StackError(
                f"the stack (process {pid}) still runs after {within.total_seconds():g} s. See its log up.log"
            )
        time.sleep(_POLL)


class LogReader:
    """The lines of several logs, each with the name of its process; new ones are read as they come."""

    def __init__(self, folder: Path, names: Sequence[str], text: str = "") -> None:
        """Read the logs `names` of a folder, or all of them; only lines with `text`, where it is given."""
        self._folder = folder
        self._names = frozenset(names)
        self._text = text
        self._read: dict[Path, int] = {}

    def files(self) -> list[Path]:
        """List the logs, in the order of their names."""
        found = sorted(self._folder.glob("*.log"))
        return [each for each in found if not self._names or each.stem in self._names]

    def last(self, lines: int) -> list[str]:
        """Return the last lines of all logs, by their time; a line without one belongs to the line before."""
        found: list[tuple[str, int, str]] = []
        for file in self.files():
            stamp = ""
            content, self._read[file] = _from(file, 0)
            for line in content:
                if (begun := _STAMP.match(line)) is not None:
                    stamp = begun[0]
                if self._text in line:
                    found.append((stamp, len(found), f"{file.stem:11} {line}"))
        return [line for _, _, line in sorted(found)[-lines:]] if lines else []

    def new(self) -> Iterator[str]:
        """Yield the lines that were written since the last reading."""
        for file in self.files():
            begun = self._read.get(file, 0)
            if file.stat().st_size < begun:  # begun anew
                begun = 0
            content, self._read[file] = _from(file, begun)
            for line in content:
                if self._text in line:
                    yield f"{file.stem:11} {line}"


def _from(file: Path, begin: int) -> tuple[list[str], int]:
    """Return the whole lines of a file from a place on, and where they end."""
    with file.open("rb") as opened:
        opened.seek(begin)
        content = opened.read()
    end = content.rfind(b"\n") + 1
    return content[:end].decode(errors="replace").splitlines(), begin + end
