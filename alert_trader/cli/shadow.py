"""`trader shadow`: a channel scored from its messages alone."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from alert_trader.cli import parse as parsing
from alert_trader.cli.context import out, print_json
from alert_trader.control.reports import wording as words
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.reports.figures import Share
from alert_trader.domain.reports.shadow import Shadow, score

_FILE = "As `trader parse --jsonl` takes it, with author_id and author_name in each line; - is stdin."


def shadow_command(
    file: Annotated[str, typer.Argument(help=_FILE)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Score a channel from its messages alone, trading nothing: what would be read and refused, and what its authors claim."""
    messages = [_message(number, given) for number, given in parsing.json_rows(file)]
    told = score([(message, parse(message)) for message in messages])
    if as_json:
        print_json(asdict(told))
    else:
        _show(told)


def _message(number: int, given: Any) -> AlertMessage:
    message = parsing.message_from_row(number, given)
    return replace(
        message,
        author_id=str(given.get("author_id") or "unknown"),
        author_name=str(given.get("author_name") or ""),
    )


def _show(told: Shadow) -> None:
    console = out()
    if told.since is None or told.until is None:
        console.print("no messages")
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in told.kinds.items())
    console.print(
        f"[bold]{told.messages} messages[/]  {told.since:%Y-%m-%d} to {told.until:%Y-%m-%d}: {kinds}"
    )
    table = _table("By author, as the messages claim")
    table.add_column("author", overflow="fold")
    for name in ("entries", "refused", "priced", "exited", "won", "+50 %", "+100 %", "median"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in told.authors:
        shares = [_share(value) for value in (each.won, each.reached_half, each.reached_double)]
        counts = [str(value.count) for value in (each.priced, each.exited)]
        table.add_row(
            escape(each.author),
            str(each.entries),
            str(each.refused),
            *counts,
            *shares,
            words.percent(each.median_gain),
        )
    console.print(table)
    if told.refusals:
        table = _table("Refused")
        table.add_column("code", no_wrap=True)
        table.add_column("times", justify="right")
        for code, count in told.refusals.items():
            table.add_row(code, str(count))
        console.print(table)
    facts_from_events = "Gains are the authors' own: entry at the price alerted, exit at the prices they wrote. No fill is behind them."
    console.print(f"[dim]Won, +50 % and +100 % are of the entries with both prices. {facts_from_events}[/]")


def _share(value: Share) -> str:
    """Write so many of so many, and the percentage, in little room."""
    return words.NONE if value.fraction is None else f"{value.count}/{value.of} {value.fraction:.0%}"


def _table(title: str) -> Table:
    return Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title=f"\n{title}",
        title_justify="left",
        title_style="bold",
    )
