"""`trader config show`."""

from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from alert_trader.cli.context import out, print_json, settings
from alert_trader.settings.load import Source, describe

config_app = typer.Typer(no_args_is_help=True, help="Show the settings in force.")


@config_app.command()
def show(*, as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False) -> None:
    """Show every setting, its value, where the value comes from, and its purpose. Secrets are hidden."""
    rows = describe(settings())
    if as_json:
        print_json(rows)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", no_wrap=True)
    table.add_column("purpose", style="dim", overflow="fold")
    for row in rows:
        where = row.source.value if row.source is Source.DEFAULT else f"[bold]{row.source}[/]"
        table.add_row(row.name, escape(row.value), where, escape(row.description))
    out().print(table)
