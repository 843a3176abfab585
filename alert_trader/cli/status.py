"""`trader status`: the account on one screen."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alert_trader.cli.context import out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.fitting_table import Column, facts_table, fitting_table
from alert_trader.cli.trade_display import NONE, contract, filled, price, signed, state
from alert_trader.control.queries import status as status_queries
from alert_trader.control.queries.status import Status
from alert_trader.control.queries.trade_names import short_ids
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.trade.worth import WORKING_EXITS, protection
from alert_trader.runtime.build import build_of
from alert_trader.runtime.kill_switch import kill_switch_of

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def status(*, as_json: JSON = False) -> None:
    """Show one screen: may it trade, open trades with worth and exits, P&L of today, what needs you."""
    loaded = settings()
    in_force = loaded.settings
    switch = kill_switch_of(in_force)
    found = with_client(
        lambda client: status_queries.read_status(client, in_force.account, in_force.mode.value, switch),
        loaded,
    )
    if as_json:
        print_json({**status_queries.as_json(found), "installed_build": build_of(in_force)})
    else:
        show_status(out(), found, installed=build_of(in_force))
    if not found.workers:
        raise typer.Exit(int(ExitCode.TIMEOUT))


_COLUMNS = (
    Column(name="trade", rank=0),
    Column(name="contract", rank=0),
    Column(name="state", rank=4),
    Column(name="held", rank=0, justify="right"),
    Column(name="bid", rank=3, justify="right"),
    Column(name="quoted", rank=5, justify="right"),
    Column(name="unrealised $", rank=0, justify="right"),
    Column(name="exits working", rank=1),
)


def show_status(console: Console, found: Status, *, installed: str) -> None:
    """Print the status: what needs a person comes first."""
    answer = "[green]may trade[/]" if found.may_trade else "[bold red]may not trade[/]"
    mode = f"[bold]{found.mode.upper()}[/] account {escape(found.account)}"
    console.print(f"{mode}  {answer}  {eastern(found.at, '%a %Y-%m-%d %H:%M:%S')}")
    for each in found.stops:
        console.print(f"  [red]entries blocked:[/] {escape(each)}")
    if found.needs:
        console.print("[bold]Needs you[/]")
        for need in found.needs:
            console.print(f"  [yellow]![/] {escape(need.text)}. To do: [bold]{escape(need.fix)}[/]")
    else:
        console.print("  nothing needs you")
    if found.trades:
        console.print(_trades(found, width=console.width))
    console.print(facts_table(_facts(found, installed)))


def _trades(found: Status, *, width: int) -> Table:
    short = short_ids([row.workflow_id for row in found.trades])
    rows = []
    for row in found.trades:
        view, worth = row.view, row.worth
        rows.append(
            (
                escape(short[row.workflow_id]),
                escape(row.symbol or NONE if view is None else contract(view)),
                "[bold red]STUCK[/]" if row.stuck is not None else state(row.phase),
                NONE if view is None else filled(view.position, view.average_entry),
                price(None if worth is None else worth.mark),
                NONE if worth is None else eastern(worth.at),
                signed(None if worth is None else worth.unrealised),
                NONE if view is None else escape(protection(view).removeprefix(WORKING_EXITS) or NONE),
            )
        )
    table = fitting_table(_COLUMNS, rows, width=width)
    table.title, table.title_justify, table.title_style = "Open trades", "left", "bold"
    return table


def _facts(found: Status, installed: str) -> list[tuple[str, str]]:
    view, last = found.view, found.last_alert
    unrealised = "not known" if found.unrealised is None else f"{signed(found.unrealised)} dollars at the bid"
    rows = [
        (
            "open trades",
            f"{len(found.trades)}" + ("" if view is None else f" of {view.limits.max_open_trades}"),
        ),
        (
            "P&L today",
            f"realised {signed(found.realised_today)} dollars, unrealised {unrealised}, before fees",
        ),
    ]
    if found.quotes_missing is not None:
        rows.append(("quotes", f"[yellow]{escape(found.quotes_missing)}[/]"))
    elif found.quotes_at is not None:
        rows.append(("quotes", f"the oldest of {eastern(found.quotes_at)}"))
    if view is not None:
        stream = (
            "[red]not connected[/]"
            if view.stream_since is None
            else f"connected since {eastern(view.stream_since, '%Y-%m-%d %H:%M:%S')}"
        )
        rows.append(("order stream", stream))
    else:
        rows.append(("account", f"[yellow]{escape(found.note or 'not known')}[/]"))
    running = f"{len(found.workers)} running" if found.workers else "[red]none[/]"
    build = found.build or "none set"
    other = "" if found.build in {None, installed} else f" [yellow](this command is build {installed})[/]"
    rows.append(("workers", f"{running}, build {escape(build)}{other}"))
    if last is None:
        rows.append(("last alert", "none yet"))
    else:
        what = last.symbol or "" if last.view is None else contract(last.view)
        at = eastern(last.started_at, "%m-%d %H:%M:%S")
        rows.append(("last alert", f"{at}  {escape(what)}  {state(last.phase)}  [dim]{last.workflow_id}[/]"))
    return rows
