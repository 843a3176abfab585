"""`trader send`, `list`, `show`, `watch`, `cancel`, `close` and `convert`."""

import asyncio
import dataclasses
import getpass
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli import trade_display
from alert_trader.cli.context import err, fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import NoWorkerError
from alert_trader.control.intake.message import (
    Ignored,
    Intake,
    IntakeResult,
    PassedToTrade,
    TradeStarted,
    Unmatched,
    summary_of,
    take,
)
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.stuck import marked, stuck_workflows
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.control.queries.trade_views import Filter, TradeDetails, TradeRow
from alert_trader.control.queries.worth import with_worth, with_worths
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.portion import read_portion
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.settings.model import Settings
from alert_trader.workflows.interface import Command, CommandReceipt

TRADE_HELP = "The trade: its id, the beginning or the end of it, or its contract, such as SPY600C."
JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TRADE = Annotated[str, typer.Argument(help=TRADE_HELP)]
REASON = Annotated[str, typer.Option(help="Why. Written to the audit trail.")]


def send(
    alert: Annotated[str, typer.Argument(help="The alert's text.")],
    *,
    author: Annotated[
        str | None, typer.Option(help="Author id. Default: the first on the allowlist.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Channel id. Default: the first on the allowlist.")
    ] = None,
    guild: Annotated[str | None, typer.Option(help="Server id. Default: the first on the allowlist.")] = None,
    identity: Annotated[
        str | None, typer.Option("--id", help="Message id. The same id never opens a second trade.")
    ] = None,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Follow the trade until it is closed, or holding with working exits."),
    ] = False,
    timeout: Annotated[float, typer.Option(help="How long to follow it, in seconds.", min=1)] = 180,
    as_json: JSON = False,
) -> None:
    """Send an alert, which opens a trade."""
    loaded = settings()
    message = message_of(
        loaded.settings, alert, author=author, channel=channel, guild=guild, identity=identity
    )

    async def ask(client: Client) -> tuple[IntakeResult, TradeDetails | None]:
        taken = await take(client, message, intake_of(loaded.settings))
        if not as_json:
            err().print(f"{summary_of(taken)}  (mode {loaded.settings.mode})", markup=False)
        trade = taken.workflow_id if isinstance(taken, TradeStarted | PassedToTrade) else None
        if not wait or trade is None:
            return taken, None
        return taken, await with_worth(client, await follow(client, trade, timeout, quiet=as_json))

    taken, details = with_client(ask, loaded)
    if as_json:
        print_json(
            {"result": _RESULTS[type(taken)], **dataclasses.asdict(taken), "trade": details and details.view}
        )
    elif details is not None:
        # the events were printed while following
        trade_display.show_trade(out(), dataclasses.replace(details, events=()))
    elif isinstance(taken, TradeStarted | PassedToTrade):
        out().print(taken.workflow_id)
    if details is not None:
        raise typer.Exit(int(exit_code_of(details)))
    if isinstance(taken, Unmatched):
        raise typer.Exit(int(ExitCode.NOT_FOUND))


_RESULTS: dict[type[IntakeResult], str] = {
    TradeStarted: "opened",
    PassedToTrade: "forwarded",
    Unmatched: "unmatched",
    Ignored: "ignored",
}


def intake_of(in_force: Settings) -> Intake:
    """Return the rules for processing messages, from the settings."""
    return Intake(policy=in_force.policy(), account=in_force.account, profiles=in_force.author_profiles)


def message_of(
    in_force: Settings,
    text: str,
    *,
    author: str | None = None,
    channel: str | None = None,
    guild: str | None = None,
    identity: str | None = None,
) -> AlertMessage:
    """Return the message of an alert posted now. End the command when an id is missing."""
    allowed = in_force.allowlist

    def first(given: str | None, ids: tuple[str, ...], what: str) -> str:
        if given is None and not ids:
            fail(
                ExitCode.USAGE,
                f"no {what} is on the allowlist of mode {in_force.mode}: "
                f"use --{what}, or set TRADER_{what.upper()}S{_without_stack(in_force)}",
            )
        return given or ids[0]

    now = clock.now()
    try:
        named = message_id(identity or f"{now:%Y%m%d%H%M%S}-{secrets.token_hex(4)}")
    except ValueError as error:
        fail(ExitCode.USAGE, f"--id: {error}")
    return AlertMessage(
        message_id=named,
        text=text,
        author_id=first(author, allowed.authors, "author"),
        channel_id=first(channel, allowed.channels, "channel"),
        guild_id=first(guild, allowed.guilds, "guild"),
        posted_at=now,
    )


def _without_stack(in_force: Settings) -> str:
    """Return what to do where no stack runs in the data folder: its settings would have been used."""
    if (in_force.data_dir / "stack.json").exists():
        return ""
    return f". No stack runs in {in_force.data_dir}: `trader up` starts one, in demo mode without settings"


async def follow(client: Client, trade: str, timeout: float, *, quiet: bool) -> TradeDetails:  # noqa: ASYNC109 - a person's option
    """Print a trade's events until it is settled. Raise NoWorkerError after `timeout` seconds."""
    printed = 0
    console = err()
    try:
        async with asyncio.timeout(timeout):
            async for details in trade_views.watch(client, trade):
                if not quiet and details.events:
                    trade_display.show_events(console, details.events[printed:], since=details.events[0].at)
                printed = max(printed, len(details.events))
                if trade_views.settled(details):
                    return details
    except TimeoutError:
        raise NoWorkerError(
            f"{trade} is not finished after {timeout:g} s and continues. See: trader show {trade}"
        ) from None
    raise NoWorkerError(f"{trade} ended, but no worker answered. See: trader show {trade}")


def exit_code_of(details: TradeDetails) -> ExitCode:
    """Return the exit code for a followed trade."""
    if details.row.status not in {"running", "completed"}:
        return ExitCode.UNEXPECTED
    outcome = (
        details.view.outcome.value
        if details.view is not None and details.view.outcome is not None
        else details.row.phase
    )
    if outcome in {Outcome.DENIED.value, Outcome.REJECTED.value}:
        return ExitCode.REFUSED
    return ExitCode.UNFILLED if outcome == Outcome.UNFILLED.value else ExitCode.OK


def list_command(
    *,
    symbol: Annotated[str | None, typer.Option(help="Only this underlying.")] = None,
    phase: Annotated[
        str | None, typer.Option(help="Only this phase or outcome (holding, denied, flat ...).")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Only this author's id.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only open trades.")] = False,
    limit: Annotated[int, typer.Option(help="At most this many.", min=1, max=1000)] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="Do not ask a worker for prices and fills.")] = False,
    as_json: JSON = False,
) -> None:
    """List trades, newest first."""
    loaded = settings()
    only = Filter(symbol=symbol, phase=phase, author=author, open_only=open_only)

    async def ask(client: Client) -> tuple[list[TradeRow], list[StuckWorkflow], str | None]:
        rows = await trade_views.list_trades(client, only, limit=limit, views=not quick)
        stuck = await stuck_workflows(client, loaded.settings.account)
        valued, missing = await with_worths(client, marked(rows, stuck))
        return valued, stuck, missing

    rows, stuck, missing = with_client(ask, loaded)
    if as_json:
        print_json(rows)
    elif not rows:
        out().print(f"No trades in namespace {loaded.settings.namespace}.")
    else:
        console = out()
        console.print(trade_display.trades_table(rows, width=console.width))
        trade_display.show_stuck(out(), stuck)
        if missing is not None:
            err().print(f"Unrealised P&L is not complete: {missing}", markup=False)
        if not quick and not any(row.view for row in rows):
            err().print("No worker answered: prices and fills are missing. Start one with: trader worker")


def show(trade: TRADE, *, as_json: JSON = False) -> None:
    """Show one trade: alert, checks, orders, price steps, fills, exits, worth, P&L."""

    async def ask(client: Client) -> TradeDetails:
        return await with_worth(client, await trade_views.show(client, await find_trade(client, trade)))

    details = with_client(ask)
    if as_json:
        print_json(details)
    else:
        trade_display.show_trade(out(), details)


def watch(
    trade: Annotated[
        str | None, typer.Argument(help="The trade. Without it: a live list of all trades.")
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per change, one per line.")
    ] = False,
) -> None:
    """Follow one trade, or all trades, until Ctrl-C."""
    if trade is None:
        with_client(_watch_all)
        return
    named = trade

    async def ask(client: Client) -> None:
        printed = 0
        async for details in trade_views.watch(client, await find_trade(client, named)):
            if as_json:
                out().print_json(data=_plain(details), indent=None)
            elif details.events:
                trade_display.show_events(out(), details.events[printed:], since=details.events[0].at)
            elif details.note:
                err().print(details.note, markup=False)
            printed = max(printed, len(details.events))

    with_client(ask)


def _plain(details: TradeDetails) -> object:
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - only this rare form needs it

    return to_jsonable_python(details)


async def _watch_all(client: Client) -> None:
    from rich.live import Live  # noqa: PLC0415 - only this command draws in place

    console = out()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            rows = await trade_views.list_trades(client, Filter(), limit=20)
            live.update(trade_display.trades_table(rows, width=console.width), refresh=True)
            await asyncio.sleep(1)


def run_command(
    ask: Callable[[Client, str, Command], Awaitable[CommandReceipt]],
    trade: str,
    reason: str,
    *,
    as_json: bool,
) -> None:
    """Send a command to a trade and print its receipt; exit with the code of a refusal."""

    async def act(client: Client) -> CommandReceipt:
        found = await find_trade(client, trade)
        if not as_json and found != trade:
            err().print(found, markup=False)
        return await ask(client, found, Command(by=f"cli:{getpass.getuser()}", reason=reason))

    receipt = with_client(act)
    if as_json:
        print_json(receipt)
    else:
        out().print(receipt.text, markup=False)
        if not receipt.done:
            err().print(f"Not finished yet. Follow it with: trader watch {trade}", markup=False)
    if not receipt.accepted:
        raise typer.Exit(int(ExitCode.REFUSED))


def cancel(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Cancel the rest of the entry. Contracts already bought keep their exits."""
    run_command(trade_commands.cancel, trade, reason, as_json=as_json)


def close(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Close a trade: cancel its orders and sell its position, from the bid down."""
    run_command(trade_commands.close, trade, reason, as_json=as_json)


def convert(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Buy the rest of the entry now, up to the ceiling."""
    run_command(trade_commands.convert_now, trade, reason, as_json=as_json)


def sell(
    trade: TRADE,
    portion: Annotated[
        str, typer.Argument(help="Part of the position: all, half, 1/3, 25%, or a number of contracts.")
    ],
    *,
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Sell part of a position, from the bid down. The exit plan applies again to the rest."""
    try:
        part = read_portion(portion)
    except ValueError as error:
        fail(ExitCode.USAGE, str(error))
    run_command(
        lambda client, named, asked: trade_commands.sell(client, named, asked, part),
        trade,
        reason,
        as_json=as_json,
    )


def approve(
    trade: TRADE,
    *,
    half: Annotated[bool, typer.Option("--half", help="Approve half of it.")] = False,
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Approve what a trade waits for: its entry, or an exit by its author."""
    run_command(
        lambda client, named, asked: trade_commands.approve(client, named, asked, half=half),
        trade,
        reason,
        as_json=as_json,
    )


def skip(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Reject what a trade waits for."""
    run_command(trade_commands.skip, trade, reason, as_json=as_json)
