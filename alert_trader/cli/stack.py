"""`trader up`, `trader worker`, `trader api` and `trader venue`: run the product, or one process of it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from alert_trader.cli.context import err, out, run, settings
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.local.process import without_secrets
from alert_trader.runtime.local.stack import Stack
from alert_trader.settings.load import as_environment
from alert_trader.start import command

DEMO_CASH = 100_000
"""Dollars in the account of the local venue: enough that the default 2 % allocation buys most contracts alerted."""


def up(
    *,
    free_ports: Annotated[
        bool, typer.Option("--free-ports", help="Use ports that are free instead of those in the settings.")
    ] = False,
    with_chat: Annotated[
        bool, typer.Option("--chat/--no-chat", help="In demo mode: run the bundled chat with the bot in it.")
    ] = True,
) -> None:
    """Run everything on this machine until Ctrl-C: Temporal, Redis, worker, housekeeper, admin API, and the bot where its token is set.

    In demo mode the venue stands in for the broker; without a token the chat does for Discord, so that the bot can be tried.
    """
    in_force = settings(default_mode=Mode.DEMO, use_stack=False).settings

    venue = {"accounts": [{"number": in_force.account, "cash": DEMO_CASH}]}
    chat = with_chat and in_force.mode is Mode.DEMO and in_force.discord_token is None

    async def stay() -> None:
        async with (
            stopped_by_signal() as stop,
            Stack(
                in_force, use_free_ports=free_ports, venue_config=venue, with_api=True, with_chat=chat
            ) as running,
        ):
            welcome(running)
            keeping = asyncio.ensure_future(running.supervise(lambda text: err().print(text, markup=False)))
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if keeping.done():
                    keeping.result()
            finally:
                keeping.cancel()
                stopping.cancel()
            err().print("stopping …")

    run(stay())


def worker(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="Written when the worker polls.")] = None,
) -> None:
    """Run a worker for the mode in the settings, until it is told to stop."""
    _become("worker", *_ready(ready_file), environment=_in_force())


def housekeeper(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="Written when it works.")] = None,
) -> None:
    """Keep the mirrors of the mode in the settings: archive closed trades, mend Redis; until it is told to stop."""
    _become("housekeeper", *_ready(ready_file), environment=_in_force())


def api(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="Written when it serves.")] = None,
) -> None:
    """Serve the admin API for the mode in the settings, until it is told to stop."""
    _become("api", *_ready(ready_file), environment=_in_force())


def bot(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="Written when the bot listens.")] = None,
) -> None:
    """Run the Discord bot, until it is told to stop: alerts in, cards and commands."""
    _become("bot", *_ready(ready_file), environment=_in_force())


def chat(
    *,
    port: Annotated[int | None, typer.Option(help="Port; default: TRADER_CHAT_PORT.")] = None,
) -> None:
    """Run the bundled chat: enough of Discord for the bot, with a page to look at and to type in. Its bot's token is `demo`."""
    in_force = settings(use_stack=False).settings
    _become(
        "chat",
        "--port",
        str(in_force.chat_port if port is None else port),
        environment=without_secrets(os.environ),
    )


def venue(
    *,
    port: Annotated[int | None, typer.Option(help="Port; default: TRADER_VENUE_PORT.")] = None,
    config: Annotated[Path | None, typer.Option(help="The venue's own configuration, JSON.")] = None,
    tape: Annotated[Path | None, typer.Option(help="Where everything that reaches it is written.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Its memory, to go on from when it is started again.")
    ] = None,
) -> None:
    """Run the local venue: a Tastytrade-compatible exchange, for trying things out."""
    in_force = settings(use_stack=False).settings
    options = ["--port", str(in_force.venue_port if port is None else port)]
    for name, value in (("--config", config), ("--tape", tape), ("--state", state)):
        if value is not None:
            options += [name, str(value)]
    _become("venue", "--host", "127.0.0.1", *options, environment=without_secrets(os.environ))


def _ready(file: Path | None) -> tuple[str, ...]:
    return () if file is None else ("--ready-file", str(file))


def _in_force() -> dict[str, str]:
    """Give the environment with the settings in force, so that a flag of this command counts in another program too."""
    return {**os.environ, **as_environment(settings().settings)}


def _become(program: str, *arguments: str, environment: Mapping[str, str]) -> NoReturn:
    """Become another of our programs: this process imports none of the broker's code."""
    sys.stdout.flush()
    sys.stderr.flush()
    line = command(program, *arguments)
    os.execve(line[0], line, environment)  # noqa: S606 - our own program, no shell


@contextlib.asynccontextmanager
async def stopped_by_signal() -> AsyncIterator[asyncio.Event]:
    """Give an event that SIGINT and SIGTERM set, in place of their usual effect."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _without_password(url: str) -> str:
    """Write an address without who logs in there."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def welcome(running: Stack) -> None:
    """Print where everything is, and what to type next."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("mode", f"[bold]{running.settings.mode}[/], account {escape(running.settings.account)}")
    if running.ui_url is not None:
        table.add_row("Web UI", running.ui_url)
    table.add_row("Temporal", f"{running.temporal_address}, namespace {running.namespace}")
    if running.chat_url is not None:
        table.add_row("chat", f"{running.chat_url}  [dim](type an alert there, and see its card)[/]")
    if running.venue_url is not None:
        table.add_row("venue", f"{running.venue_url}, tape {escape(str(running.tape_path))}")
    if running.redis_url is None:
        table.add_row(
            "hot mirror", "[yellow]off[/]: no redis-server was found; recent events are told by Temporal"
        )
    else:
        table.add_row("hot mirror", escape(_without_password(running.redis_url)))
    table.add_row("archive", escape(running.settings.archive_place))
    if running.api_url is not None:
        keys = running.settings.api_key_ring
        # only the key that this run made up is shown; one that was set is known to who set it
        shown = (
            f"x-api-key: {keys[0][1]}"
            if running.made_key
            else f"keys: {', '.join(name for name, _ in keys) or 'set TRADER_API_KEYS'}"
        )
        table.add_row("admin API", f"{running.api_url}, {escape(shown)}")
        if running.settings.codec_token is not None and running.settings.encryption_keys is not None:
            table.add_row(
                "codec server",
                f"{running.api_url}/codec/TRADER_CODEC_TOKEN  [dim](the Web UI's codec endpoint, under its glasses)[/]",
            )
    table.add_row("logs", escape(str(running.data_dir / "logs")))
    default = running.state_path == Path("var/stack.json").absolute()
    stack = "" if default else f"--stack {running.state_path} "
    table.add_row("send an alert", escape(f"trader {stack}send --wait 'BTO SPY 600c 1DTE'"))
    table.add_row("look", escape(f"trader {stack}list"))
    out().print("[bold green]running[/] (Ctrl-C stops everything)")
    out().print(table)
