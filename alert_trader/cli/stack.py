"""`trader up`, `worker`, `housekeeper`, `api`, `bot`, `chat` and `venue`: run everything, or one process."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from alert_trader import clock
from alert_trader.cli.context import err, fail, out, run, settings
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.market.calendar import is_trading_day, new_york_date
from alert_trader.mirrors.address import without_credentials
from alert_trader.runtime.desk_link import desk_address
from alert_trader.runtime.local.process import make_folder, without_secrets
from alert_trader.runtime.local.running import read_state
from alert_trader.runtime.local.stack import Stack
from alert_trader.settings.load import as_environment
from alert_trader.start import command

DEMO_CASH = 100_000
"""Dollars in the simulated account, so that the default allocation of 2 % buys most alerted contracts."""


def up(
    *,
    free_ports: Annotated[
        bool, typer.Option("--free-ports", help="Use free ports instead of those in the settings.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return once it runs; `trader down` stops it.")
    ] = False,
    with_chat: Annotated[
        bool,
        typer.Option(
            "--chat/--no-chat", help="In demo mode without a Discord token: run the simulated chat."
        ),
    ] = True,
) -> None:
    """Run everything on this machine until Ctrl-C: Temporal, Redis, worker, housekeeper, API and bot.

    The bot needs a Discord token. In demo mode a simulated venue replaces the broker and, without a token,
    a simulated chat replaces Discord.
    """
    in_force = settings(default_mode=Mode.DEMO, use_stack=False).settings
    if detach:
        _detached(in_force.data_dir.absolute())
        return
    venue = {"accounts": [{"number": in_force.account, "cash": DEMO_CASH}]}
    chat = with_chat and in_force.mode is Mode.DEMO and in_force.discord_token is None

    def report(text: str) -> None:
        err().print(text, markup=False)

    async def stay() -> None:
        stack = Stack(in_force, use_free_ports=free_ports, venue_config=venue, with_api=True, with_chat=chat)
        stack.report = report
        async with stopped_by_signal() as stop, started(stack, stop) as running:
            welcome(running)
            supervising = asyncio.ensure_future(running.supervise(report))
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({supervising, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if supervising.done():
                    supervising.result()
            finally:
                supervising.cancel()
                stopping.cancel()
            err().print("stopping …")

    run(stay())


def _detached(folder: Path) -> None:
    """Start `trader up` as a process of its own, and print what it prints until it runs."""
    if (state := read_state(folder)) is not None:
        fail(ExitCode.REFUSED, f"a stack runs in {folder} already, as process {state['pid']}")
    make_folder(folder / "logs")
    log = folder / "logs" / "up.log"
    arguments = [each for each in sys.argv[1:] if each != "--detach"]
    # it shows the key that a demo makes
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own command
            [sys.argv[0], *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    shown = 0
    try:
        while (ended := child.poll()) is None and "list trades" not in log.read_text():
            text = log.read_text()
            err().print(text[shown:], markup=False, end="")
            shown = len(text)
            time.sleep(0.2)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise
    last = log.read_text()[shown:].replace("Ctrl-C stops", "`trader down` stops")
    out().print(last, markup=False, soft_wrap=True, end="")
    if ended is not None:
        fail(ExitCode.UNREACHABLE, f"the stack did not start; its log is {log}")


def worker(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="File to write when the worker is ready.")] = None,
) -> None:
    """Run a worker for the mode in the settings."""
    _become("worker", *_ready(ready_file), environment=_in_force())


def housekeeper(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="File to write when it is ready.")] = None,
) -> None:
    """Run the housekeeper: it archives closed trades and repairs the copy in Redis."""
    _become("housekeeper", *_ready(ready_file), environment=_in_force())


def api(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="File to write when it is ready.")] = None,
) -> None:
    """Run the admin API for the mode in the settings."""
    _become("api", *_ready(ready_file), environment=_in_force())


def bot(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="File to write when the bot is ready.")] = None,
) -> None:
    """Run the Discord bot: it receives alerts and commands and shows cards."""
    _become("bot", *_ready(ready_file), environment=_in_force())


def chat(
    *,
    port: Annotated[int | None, typer.Option(help="Port. Default: TRADER_CHAT_PORT.")] = None,
) -> None:
    """Run the simulated chat: a Discord substitute with a web page, for trying the bot (token `demo`)."""
    in_force = settings(use_stack=False).settings
    _become(
        "chat",
        "--port",
        str(in_force.chat_port if port is None else port),
        environment=without_secrets(os.environ),
    )


def venue(
    *,
    port: Annotated[int | None, typer.Option(help="Port. Default: TRADER_VENUE_PORT.")] = None,
    config: Annotated[Path | None, typer.Option(help="Its configuration, a JSON file.")] = None,
    tape: Annotated[
        Path | None, typer.Option(help="File in which it records every request and fill.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="File that keeps orders and positions across restarts.")
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option("--from", help="Answer from a transcript of `trader certify` instead.")
    ] = None,
) -> None:
    """Run the simulated venue, which is compatible with Tastytrade."""
    in_force = settings(use_stack=False).settings
    options = ["--port", str(in_force.venue_port if port is None else port)]
    for name, value in (("--config", config), ("--tape", tape), ("--state", state), ("--from", transcript)):
        if value is not None:
            options += [name, str(value)]
    _become("venue", "--host", "127.0.0.1", *options, environment=without_secrets(os.environ))


def certify(
    *,
    out: Annotated[Path, typer.Option(help="Folder for report, transcript and settings.")] = Path(
        "var/certify"
    ),
    host: Annotated[
        str, typer.Option(help="The broker's sandbox, in mode sandbox.")
    ] = "api.cert.tastyworks.com",
) -> None:
    """Check what the broker's sandbox answers, with your sandbox credentials; in mode demo, the venue.

    Single contracts far out of the money; everything is cancelled at the end. Never reaches production.
    """
    _become("certify", "--out", str(out), "--host", host, environment=_in_force())


def _ready(file: Path | None) -> tuple[str, ...]:
    return () if file is None else ("--ready-file", str(file))


def _in_force() -> dict[str, str]:
    """Return the environment with the settings in force, so that --mode applies to the program too."""
    return {**os.environ, **as_environment(settings().settings)}


def _become(program: str, *arguments: str, environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by another of our programs: this one must not import the broker's code."""
    sys.stdout.flush()
    sys.stderr.flush()
    line = command(program, *arguments)
    os.execve(line[0], line, environment)  # noqa: S606 - our own program, no shell


@contextlib.asynccontextmanager
async def stopped_by_signal() -> AsyncIterator[asyncio.Event]:
    """Yield an event that SIGINT and SIGTERM set, instead of ending the process."""
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


@contextlib.asynccontextmanager
async def started(stack: Stack, stop: asyncio.Event) -> AsyncIterator[Stack]:
    """Start a stack, and end it after; `stop` ends it while it starts, with KeyboardInterrupt."""
    starting = asyncio.ensure_future(stack.__aenter__())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            raise KeyboardInterrupt
        running = starting.result()
    finally:
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
    try:
        yield running
    finally:
        await stack.__aexit__(None, None, None)


def _without_password(url: str) -> str:
    """Return an address without user and password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def sample_alert(now: datetime) -> str:
    """Return an alert that can be traded today; on a day without trading with the date of the next one."""
    day = new_york_date(now)
    if is_trading_day(day):
        return "BTO SPY 600c 1DTE"
    following = next(later for days in range(1, 8) if is_trading_day(later := day + timedelta(days=days)))
    return f"BTO SPY 600c {following:%m/%d/%Y}"


def welcome(running: Stack) -> None:
    """Print the addresses of everything, and what to type next."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("mode", f"[bold]{running.settings.mode}[/], account {escape(running.settings.account)}")
    if running.ui_url is not None:
        table.add_row("Web UI", running.ui_url)
    table.add_row("Temporal", f"{running.temporal_address}, namespace {running.namespace}")
    if running.chat_url is not None:
        table.add_row("chat", f"{running.chat_url}  [dim](type an alert there to see its card)[/]")
    elif running.invite is not None:
        table.add_row("Discord", f"connected; invite the bot with {running.invite}")
    elif running.settings.discord_token is not None:
        table.add_row("Discord", "[yellow]not connected[/]: trading continues, and the bot is tried again")
    if running.venue_url is not None:
        table.add_row("venue", f"{running.venue_url}, records in {escape(str(running.tape_path))}")
    if running.redis_url is None:
        table.add_row("Redis", "[yellow]off[/]: no redis-server found; recent events are read from Temporal")
    else:
        table.add_row("Redis", escape(_without_password(running.redis_url)))
    table.add_row("archive", escape(without_credentials(running.settings.archive_place)))
    if running.api_url is not None:
        desk = desk_address(running.settings)
        how = " with the key below" if running.made_key else ""
        table.add_row("desk page", f"{escape(desk)}/desk  [dim](sign in{how}, or ask the bot: /desk)[/]")
        keys = running.settings.api_key_ring
        # show only a key that this run generated, never one from the settings
        shown = (
            f"x-api-key: {keys[0][1]}"
            if running.made_key
            else f"keys: {', '.join(name for name, _ in keys) or 'set TRADER_API_KEYS'}"
        )
        table.add_row("admin API", f"{running.api_url}, {escape(shown)}")
        if running.settings.codec_token is not None and running.settings.encryption_keys is not None:
            table.add_row(
                "codec server",
                f"{running.api_url}/codec/TRADER_CODEC_TOKEN  "
                "[dim](enter it in the Web UI as the codec server, under the glasses icon)[/]",
            )
    table.add_row("logs", escape(str(running.data_dir / "logs")))
    default = running.state_path == Path("var/stack.json").absolute()
    stack = "" if default else f"--stack {running.state_path} "
    table.add_row("send an alert", escape(f"trader {stack}send --wait '{sample_alert(clock.now())}'"))
    table.add_row("list trades", escape(f"trader {stack}list"))
    out().print("[bold green]Running.[/] Ctrl-C stops everything.")
    out().print(table)
