"""What all commands share: the settings, with a running stack's addresses; consoles; errors as exit codes."""

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar, cast

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from temporalio.client import Client
from typing_extensions import override

from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.options import chosen
from alert_trader.control.errors import (
    ControlError,
    NoAnswerError,
    NotFoundError,
    NotPossibleError,
    UnreachableError,
)
from alert_trader.control.temporal import connect
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.local.process import StackError
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import Loaded, SettingsError, Source, load

T = TypeVar("T")

CONNECT_WITHIN = timedelta(seconds=3)
"""A running server answers in milliseconds."""

STACK_FIELDS = (
    "mode",
    "temporal_address",
    "temporal_namespace",
    "tastytrade_account",
    "venue_url",
    "redis_url",
    "archive",
    "cards",
    "stop_file",
)


PIPE_WIDTH = 10_000
"""Characters of a line when the output is not a terminal: nothing is wrapped or cut there."""


_CONTROLS = dict.fromkeys(
    each
    for each in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(each) not in "\n\t"
)
"""Characters that move the cursor, set colours, rename the window or change the text direction."""


class _Unpadded:
    """A stream for a file or a pipe: it removes the spaces that fill up the lines of a table."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(_PADDING.sub("", text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_PADDING = re.compile(r"[ \t]+(?=\n)")


class SafeConsole(Console):
    """A console that removes control characters: a terminal would obey those in an alert's text."""

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else text.translate(_CONTROLS), style, control)


def out() -> Console:
    """Return the console for answers (stdout)."""
    return _console(sys.stdout)


def err() -> Console:
    """Return the console for everything else (stderr)."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    if stream.isatty() or "COLUMNS" in os.environ:
        return SafeConsole(file=stream, highlight=False)
    return SafeConsole(file=cast(TextIO, _Unpadded(stream)), highlight=False, width=PIPE_WIDTH)


def print_json(value: object) -> None:
    """Write an answer as one JSON document."""
    sys.stdout.write(json.dumps(to_jsonable_python(value), indent=2) + "\n")


def fail(code: ExitCode, message: str) -> NoReturn:
    """Print an error on stderr and end the command with an exit code."""
    console = err()
    first, *more = message.splitlines() or [""]
    console.print("[bold red]error:[/] ", end="")
    console.print(first, markup=False)
    for line in more:
        console.print(f"       {line}", markup=False)
    raise typer.Exit(int(code))


def settings(
    *, flags: dict[str, object] | None = None, default_mode: Mode = Mode.DRY_RUN, use_stack: bool = True
) -> Loaded:
    """Return the settings, with the addresses of a running local stack.

    End the command when they are wrong.
    """
    given = {"mode": chosen.mode, **(flags or {})}
    try:
        if chosen.stack is not None and use_stack:
            return load(
                flags={
                    **_state(chosen.stack, required=True),
                    **{key: value for key, value in given.items() if value is not None},
                }
            )
        without_stack = load(flags=given, default_mode=default_mode)
        if not use_stack:
            return without_stack
        state = _state(without_stack.settings.data_dir / "stack.json", required=False)
        mode_is_set = without_stack.sources["mode"] is not Source.DEFAULT
        other_mode = mode_is_set and without_stack.settings.mode.value != state.get("mode")
        if not state or other_mode:
            return without_stack
        return load(flags=given, stack=state, default_mode=default_mode)
    except SettingsError as error:
        fail(ExitCode.USAGE, str(error))


def _state(path: Path, *, required: bool) -> dict[str, Any]:
    """Return the addresses of a running stack; empty when its process no longer exists."""
    try:
        state = json.loads(path.read_text())
        os.kill(state["pid"], 0)
        return {name: state[name] for name in STACK_FIELDS if state.get(name) is not None}
    except (OSError, ValueError, KeyError, TypeError) as error:
        if required:
            raise SettingsError(
                f"no running stack found in {path} ({error}). Start one with `trader up`, or omit --stack"
            ) from None
        return {}


@contextlib.contextmanager
def errors_reported() -> Iterator[None]:
    """Print expected errors and end the command with their exit code."""
    try:
        yield
    except NotFoundError as error:
        fail(ExitCode.NOT_FOUND, str(error))
    except NotPossibleError as error:
        fail(ExitCode.REFUSED, str(error))
    except NoAnswerError as error:
        fail(ExitCode.TIMEOUT, str(error))
    except (UnreachableError, StackError) as error:
        fail(ExitCode.UNREACHABLE, str(error))
    except ControlError as error:
        fail(ExitCode.USAGE, str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        err().print("interrupted")
        raise typer.Exit(int(ExitCode.INTERRUPTED)) from None


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; report expected errors."""
    with errors_reported():
        return asyncio.run(main)


def with_client(ask: Callable[[Client], Coroutine[Any, Any, T]], loaded: Loaded | None = None) -> T:
    """Connect to Temporal and run `ask` with the client."""
    in_force = (loaded or settings()).settings

    async def main() -> T:
        client = await connect(target_of(in_force), within=CONNECT_WITHIN)
        return await ask(client)

    return run(main())
