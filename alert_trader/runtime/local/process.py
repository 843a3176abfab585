"""A child process of the local stack: it has its own log and always ends with the stack."""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from alert_trader.domain.errors import AlertTraderError
from alert_trader.runtime.local import die_with_parent
from alert_trader.runtime.local.private_files import append_private
from alert_trader.settings.load import PREFIXES

_TERM_WAIT = timedelta(seconds=10)
"""Longer than a worker's graceful shutdown; a process that has not ended by then is killed."""

_PORTS = range(20_000, 32_768)
"""Below the ports that Linux (32768) and macOS (49152) take for outgoing connections."""

_RANDOM = random.SystemRandom()
"""Not seeded: two test processes must not begin at the same port."""

_POLL = 0.02
_TAIL_LINES = 8


class StackError(AlertTraderError):
    """The local stack cannot run; the message says why and what to do."""


class Child:
    """A running child process. Its output goes to `log`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        """Hold a started process; use `start` to make one."""
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The process id of the command: `die_with_parent` replaces itself with it."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it ends."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Send SIGTERM, and SIGKILL when it does not end in time."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            await self.kill(wanted)
            try:
                async with asyncio.timeout(_TERM_WAIT.total_seconds()):
                    await self._process.wait()
            except TimeoutError:
                continue
            return

    async def kill(self, number: signal.Signals) -> None:
        """Send a signal; does nothing when it has ended already."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        if number is signal.SIGKILL:
            await self._process.wait()

    @property
    def last_line(self) -> str:
        """The last line of its log, which says why it ended where it knew."""
        return (self._tail or ["its log is empty"])[-1].removeprefix("error: ").rstrip(".")

    @property
    def _tail(self) -> list[str]:
        try:
            return self.log.read_text(errors="replace").strip().splitlines()[-_TAIL_LINES:]
        except OSError:
            return []

    def failure(self, what: str) -> StackError:
        """Return an error about this process with the end of its log."""
        ended = "" if self.exit_code is None else f" (it ended with code {self.exit_code})"
        lines = "".join(f"\n    {line}" for line in self._tail) or "\n    (empty)"
        return StackError(f"{self.name}: {what}{ended}. The end of its log {self.log}:{lines}")


async def start(
    name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> Child:
    """Start a command in its own session (Ctrl-C reaches only us) that ends with this process.

    Our settings reach it only through `environment`; without one it gets no credentials.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with append_private(log) as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-IS",
            die_with_parent.__file__,
            str(os.getpid()),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
            env={**_without(PREFIXES, os.environ), **environment}
            if environment
            else without_secrets(os.environ),
            start_new_session=True,
        )
    return Child(name, process, log)


def make_folder(path: Path) -> None:
    """Make the folder of the data, and those above it; raises StackError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(
            f"the data folder {path} cannot be made: {os.strerror(error.errno or 0)}. "
            "Set TRADER_DATA_DIR to a folder that can be written"
        ) from None


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without our settings and the credentials of Temporal and the archive's storage."""
    return _without((*PREFIXES, "TEMPORAL_", "AWS_"), variables)


def _without(prefixes: tuple[str, ...], variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.upper().startswith(prefixes)}


def find_program(name: str | Path) -> Path | None:
    """Find a program by its path, or by its name on the absolute entries of the PATH."""
    folders = (each for each in os.get_exec_path() if Path(each).is_absolute())
    found = shutil.which(name, path=os.pathsep.join(folders))
    return None if found is None else Path(found)


async def ready(child: Child, ready_file: Path, *, within: timedelta) -> dict[str, Any]:
    """Wait for the JSON that a child writes when ready; raises StackError when it ends or takes longer."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    while True:
        if child.exit_code is not None:
            raise child.failure("ended before it was ready")
        if (found := _read_ready(ready_file)) is not None:
            return found
        if loop.time() >= deadline:
            raise child.failure(f"was not ready within {within.total_seconds():g} s")
        await asyncio.sleep(_POLL)


def _read_ready(ready_file: Path) -> dict[str, Any] | None:
    """Read the file once; None while it is missing or half written."""
    try:
        found = json.loads(ready_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def free_ports(count: int) -> list[int]:
    """Find ports that nothing listens on, all different.

    They lie below the ports of outgoing connections, and each caller begins elsewhere, so that a port stays
    free until its process listens on it. Raise StackError when there are not enough.
    """
    found: list[int] = []
    for port in _RANDOM.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    between = f"between {_PORTS.start} and {_PORTS.stop - 1}"
    raise StackError(f"{count} free ports are needed {between}, found {len(found)}")


def require_free(port: int, what: str, variable: str) -> None:
    """Raise StackError when something already listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"port {port} for {what} is taken ({error.strerror}). Stop what uses it (another `trader "
                "up`?), "
                f"or set {variable} to another port"
            ) from None
