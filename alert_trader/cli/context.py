"""What every command shares: the settings with the running stack taken in, the consoles, and how errors become words and codes."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

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
"""A person waits for this: a server that is there answers in milliseconds."""

STACK_FIELDS = (
    "mode",
    "temporal_address",
    "temporal_namespace",
    "tastytrade_account",
    "venue_url",
    "redis_url",
    "archive",
    "cards",
)


PIPE_WIDTH = 140
"""Characters of a line when the output is no terminal."""


_CONTROLS = dict.fromkeys(
    each
    for each in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(each) not in "\n\t"
)
"""What moves the cursor, colours, renames the window or turns the direction of reading, and is no text."""


class SafeConsole(Console):
    """Prints what other people wrote as text: a terminal would obey the codes that an alert holds."""

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else text.translate(_CONTROLS), style, control)


def out() -> Console:
    """Give the console for answers."""
    # a file or a pipe has no width of its own: tables are written whole there
    unbounded = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return SafeConsole(highlight=False, soft_wrap=False, width=PIPE_WIDTH if unbounded else None)


def err() -> Console:
    """Give the console for everything that is not an answer."""
    return SafeConsole(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Write an answer as one JSON document."""
    sys.stdout.write(json.dumps(to_jsonable_python(value), indent=2) + "\n")


def fail(code: ExitCode, message: str) -> NoReturn:
    """End with words on stderr and a code."""
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
    """Load the settings, with the addresses of a local stack that runs; ends the command when they are wrong."""
    given = {"mode": chosen.mode, **(flags or {})}
    try:
        if chosen.stack is not None and use_stack:
            return load(
                flags={
                    **_state(chosen.stack, required=True),
                    **{key: value for key, value in given.items() if value is not None},
                }
            )
        alone = load(flags=given, default_mode=default_mode)
        if not use_stack:
            return alone
        state = _state(alone.settings.data_dir / "stack.json", required=False)
        asked_for_other = alone.sources[
            "mode"
        ] is not Source.DEFAULT and alone.settings.mode.value != state.get("mode")
        return (
            alone
            if not state or asked_for_other
            else load(flags=given, stack=state, default_mode=default_mode)
        )
    except SettingsError as error:
        fail(ExitCode.USAGE, str(error))


def _state(path: Path, *, required: bool) -> dict[str, Any]:
    """Read where a running stack is; one whose process is gone is none."""
    try:
        state = json.loads(path.read_text())
        os.kill(state["pid"], 0)
        return {name: state[name] for name in STACK_FIELDS if state.get(name) is not None}
    except (OSError, ValueError, KeyError, TypeError) as error:
        if required:
            raise SettingsError(
                f"{path} does not lead to a running stack ({error}). Start one with `trader up`, or leave --stack out"
            ) from None
        return {}


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn every expected error into its words and exit code."""
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
    """Run a command's coroutine to its end, with errors told."""
    with told():
        return asyncio.run(main)


def with_client(ask: Callable[[Client], Coroutine[Any, Any, T]], loaded: Loaded | None = None) -> T:
    """Connect to the Temporal of the settings and ask it something."""
    in_force = (loaded or settings()).settings

    async def main() -> T:
        client = await connect(target_of(in_force), within=CONNECT_WITHIN)
        return await ask(client)

    return run(main())
