"""`trader shadow`: score a channel from its messages alone."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from alert_trader.cli import parse as parsing
from alert_trader.cli.context import out, print_json
from alert_trader.control.reports import wording
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.reports.figures import Share
from alert_trader.domain.reports.shadow import Shadow, score

_FILE = "A file as for `trader parse --jsonl`, with author_id and author_name in each line; - is stdin."


def shadow_command(
    file: Annotated[str, typer.Argument(help=_FILE)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score a channel from its messages alone: what would be traded, and what its authors claim."""
    messages = [_message(number, given) for number, given in parsing.json_rows(file)]
    found = score([(message, parse(message)) for message in messages])
    if as_json:
        print_json(asdict(found))
    else:
        _show(found)


def _message(number: int, given: Any) -> AlertMessage:
    message = parsing.message_from_row(number, given)
    return replace(
        message,
        author_id=str(given.get("author_id") or "unknown"),
        author_name=str(given.get("author_name") or ""),
    )


def _show(found: Shadow) -> None:
    console = out()
    if found.since is None or found.until is None:
        console.print("No messages.")
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    console.print(
        f"[bold]{found.messages} messages[/]  {found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}: {kinds}"
    )
    table = _table("By author, as they claim")
    table.add_column("author", overflow="fold")
    for name in ("entries", "denied", "priced", "exited", "won", "+50 %", "+100 %", "median"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found.authors:
        shares = [_share(value) for value in (each.won, each.reached_half, each.reached_double)]
        counts = [str(value.count) for value in (each.priced, each.exited)]
        table.add_row(
            escape(each.author),
            str(each.entries),
            str(each.denied),
            *counts,
            *shares,
            wording.percent(each.median_gain),
        )
    console.print(table)
    if found.denials:
        table = _table("Rejected")
        table.add_column("code", no_wrap=True)
        table.add_column("times", justify="right")
        for code, count in found.denials.items():
            table.add_row(code, str(count))
        console.print(table)
    console.print(
        "[dim]Gains are what authors claim, from the alerted price to the exit prices posted; not fills. "
        "Won, +50 % and +100 % count entries that have both prices.[/]"
    )


def _share(value: Share) -> str:
    """Return a share as count/total and percentage."""
    return wording.NONE if value.fraction is None else f"{value.count}/{value.of} {value.fraction:.0%}"


def _table(title: str) -> Table:
    return Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title=f"\n{title}",
        title_justify="left",
        title_style="bold",
    )
