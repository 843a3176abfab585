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
from alert_trader.cli import render
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
from alert_trader.control.queries.trade_views import Filter, TradeDetails
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.portion import read_portion
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.settings.model import Settings
from alert_trader.workflows.interface import Command, CommandReceipt

JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
TRADE = Annotated[str, typer.Argument(help="The trade: trade-X or X.")]
REASON = Annotated[str, typer.Option(help="Why; it goes on the record.")]


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
        bool, typer.Option("--wait", help="Follow it until it is done, or holds with its exits working.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Longest time to follow it, in seconds.", min=1)] = 180,
    as_json: JSON = False,
) -> None:
    """Send an alert: start its trade."""
    loaded = settings()
    message = message_of(
        loaded.settings, alert, author=author, channel=channel, guild=guild, identity=identity
    )

    async def ask(client: Client) -> tuple[IntakeResult, TradeDetails | None]:
        taken = await take(client, message, intake_of(loaded.settings))
        if not as_json:
            err().print(f"{summary_of(taken)}  (mode {loaded.settings.mode})", markup=False)
        trade = taken.workflow_id if isinstance(taken, TradeStarted | PassedToTrade) else None
        return taken, await follow(
            client, trade, timeout, quiet=as_json
        ) if wait and trade is not None else None

    taken, picture = with_client(ask, loaded)
    if as_json:
        print_json(
            {"taken": _KINDS[type(taken)], **dataclasses.asdict(taken), "trade": picture and picture.view}
        )
    elif picture is not None:
        # its events were printed as they came
        render.show_trade(out(), dataclasses.replace(picture, events=()))
    elif isinstance(taken, TradeStarted | PassedToTrade):
        out().print(taken.workflow_id)
    if picture is not None:
        raise typer.Exit(int(code_of(picture)))
    if isinstance(taken, Unmatched):
        raise typer.Exit(int(ExitCode.NOT_FOUND))


_KINDS: dict[type[IntakeResult], str] = {
    TradeStarted: "opened",
    PassedToTrade: "passed on",
    Unmatched: "unmatched",
    Ignored: "left alone",
}


def intake_of(in_force: Settings) -> Intake:
    """Give the rules that messages are taken in by now."""
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
    """Make the message of an alert posted now; ends the command where an id is needed and none is allowed."""
    allowed = in_force.allowlist

    def first(given: str | None, ids: tuple[str, ...], what: str) -> str:
        if given is None and not ids:
            fail(
                ExitCode.USAGE,
                f"expected --{what} or TRADER_{what.upper()}S: mode {in_force.mode} allows no {what} yet, so nothing is traded",
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


async def follow(client: Client, trade: str, timeout: float, *, quiet: bool) -> TradeDetails:  # noqa: ASYNC109 - a person's option
    """Follow a trade until it is settled, printing what happens; raises NoWorkerError after `timeout` seconds."""
    told = 0
    console = err()
    try:
        async with asyncio.timeout(timeout):
            async for picture in trade_views.watch(client, trade):
                if not quiet and picture.events:
                    render.show_events(console, picture.events[told:], since=picture.events[0].at)
                told = max(told, len(picture.events))
                if trade_views.settled(picture):
                    return picture
    except TimeoutError:
        raise NoWorkerError(
            f"{trade} was not settled within {timeout:g} s; it goes on. `trader show {trade}` tells where it is"
        ) from None
    raise NoWorkerError(f"{trade} ended without a word; `trader show {trade}` tells what is known")


def code_of(picture: TradeDetails) -> ExitCode:
    """Give the exit code that a followed trade stands for."""
    if picture.row.status not in {"running", "completed"}:
        return ExitCode.UNEXPECTED
    outcome = (
        picture.view.outcome.value
        if picture.view is not None and picture.view.outcome is not None
        else picture.row.phase
    )
    if outcome in {Outcome.DENIED.value, Outcome.REFUSED.value}:
        return ExitCode.REFUSED
    return ExitCode.UNFILLED if outcome == Outcome.UNFILLED.value else ExitCode.OK


def list_command(
    *,
    symbol: Annotated[str | None, typer.Option(help="Only this underlying.")] = None,
    phase: Annotated[
        str | None, typer.Option(help="Only this phase or outcome (holding, denied, flat ...).")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Only this author's id.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only trades that are not over.")] = False,
    limit: Annotated[int, typer.Option(help="At most this many, the newest.", min=1, max=1000)] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="The index alone: no worker is asked.")] = False,
    as_json: JSON = False,
) -> None:
    """List trades, the newest first."""
    loaded = settings()
    wanted = Filter(symbol=symbol, phase=phase, author=author, open_only=open_only)
    rows = with_client(
        lambda client: trade_views.list_trades(client, wanted, limit=limit, views=not quick), loaded
    )
    if as_json:
        print_json(rows)
    elif not rows:
        out().print(f"no trades in namespace {loaded.settings.namespace}")
    else:
        out().print(render.trades_table(rows))
        if not quick and not any(row.view for row in rows):
            err().print("no worker answers, so this is the index alone; start one with `trader worker`")


def show(trade: TRADE, *, as_json: JSON = False) -> None:
    """Tell one trade as a story: alert, checks, orders, bumps, fills, exits, P&L."""
    picture = with_client(lambda client: trade_views.show(client, trade))
    if as_json:
        print_json(picture)
    else:
        render.show_trade(out(), picture)


def watch(
    trade: Annotated[
        str | None, typer.Argument(help="The trade; without one, the list is shown again and again.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per change and line.")] = False,
) -> None:
    """Follow a trade, or all of them, until Ctrl-C."""
    if trade is None:
        with_client(_watch_all)
        return
    named = trade

    async def ask(client: Client) -> None:
        told = 0
        async for picture in trade_views.watch(client, named):
            if as_json:
                out().print_json(data=_plain(picture), indent=None)
            elif picture.events:
                render.show_events(out(), picture.events[told:], since=picture.events[0].at)
            elif picture.note:
                err().print(picture.note, markup=False)
            told = max(told, len(picture.events))

    with_client(ask)


def _plain(picture: TradeDetails) -> object:
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - only this rare form needs it

    return to_jsonable_python(picture)


async def _watch_all(client: Client) -> None:
    from rich.live import Live  # noqa: PLC0415 - only this command draws in place

    with Live(console=out(), auto_refresh=False) as live:
        while True:
            rows = await trade_views.list_trades(client, Filter(), limit=20)
            live.update(render.trades_table(rows), refresh=True)
            await asyncio.sleep(1)


def _commanded(
    ask: Callable[[Client, str, Command], Awaitable[CommandReceipt]],
    trade: str,
    reason: str,
    *,
    as_json: bool,
) -> None:
    async def act(client: Client) -> CommandReceipt:
        return await ask(client, trade, Command(by=f"cli:{getpass.getuser()}", reason=reason))

    receipt = with_client(act)
    if as_json:
        print_json(receipt)
    else:
        out().print(receipt.text, markup=False)
        if not receipt.done:
            err().print(f"it goes on; follow it with: trader watch {trade}", markup=False)
    if not receipt.accepted:
        raise typer.Exit(int(ExitCode.REFUSED))


def cancel(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Stop buying: cancel what is left of the entry. What was bought stays, with its exits."""
    _commanded(trade_commands.cancel, trade, reason, as_json=as_json)


def close(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Get out: cancel entry and exits, and sell what is held at the market."""
    _commanded(trade_commands.close, trade, reason, as_json=as_json)


def convert(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Convert what is left of the entry to market now."""
    _commanded(trade_commands.convert_now, trade, reason, as_json=as_json)


def sell(
    trade: TRADE,
    portion: Annotated[
        str, typer.Argument(help="How much of what is held: all, half, 1/3, 25%, or a count of contracts.")
    ],
    *,
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Sell a part of what is held, at the market. What remains is protected again by the exit plan."""
    try:
        part = read_portion(portion)
    except ValueError as error:
        fail(ExitCode.USAGE, str(error))
    _commanded(
        lambda client, named, asked: trade_commands.sell(client, named, asked, part),
        trade,
        reason,
        as_json=as_json,
    )


def approve(
    trade: TRADE,
    *,
    half: Annotated[bool, typer.Option("--half", help="Half of what is offered.")] = False,
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Say yes to what a trade waits for: its entry, or an exit of its author."""
    _commanded(
        lambda client, named, asked: trade_commands.approve(client, named, asked, half=half),
        trade,
        reason,
        as_json=as_json,
    )


def skip(trade: TRADE, *, reason: REASON = "", as_json: JSON = False) -> None:
    """Say no to what a trade waits for."""
    _commanded(trade_commands.skip, trade, reason, as_json=as_json)
