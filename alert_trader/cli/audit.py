"""`trader audit`: search, check and export the audit trail. The work is done in `audit_output`."""

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

audit_app = typer.Typer(
    no_args_is_help=True,
    help="Search and export the audit trail: recent events from Redis, all others from the archive.",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_DAY = ["%Y-%m-%d"]
First = Annotated[
    datetime | None,
    typer.Option("--from", formats=_DAY, help="First New York day on which the alert was posted."),
]
Last = Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last New York day.")]


def _output() -> Any:
    """Import the implementation only when needed: Arrow, DuckDB and Redis take a second to load."""
    return import_module("alert_trader.cli.audit_output")


@audit_app.command("recent")
def recent(
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many events.")] = 30,
    before: Annotated[
        str | None, typer.Option(help="Show older events: the cursor of an earlier page.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the last events of all trades, newest first: from Redis, or from Temporal without Redis."""
    _output().recent(limit=limit, before=before, as_json=as_json)


@audit_app.command("trade")
def trade(
    trade: Annotated[str, typer.Argument(help="The trade: trade-X or X.")], *, as_json: Json = False
) -> None:
    """Show one trade with all its events, and check its hash chain."""
    _output().trade(trade, as_json=as_json)


@audit_app.command("search")
def search(
    text: Annotated[str | None, typer.Argument(help="Part of an event's text or of the alert.")] = None,
    *,
    kind: Annotated[
        str | None, typer.Option(help="Kind of event: filled, denied, exit_submitted ...")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Author's id.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Underlying.")] = None,
    first: First = None,
    last: Last = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many events.")] = 50,
    as_json: Json = False,
) -> None:
    """Find events, newest first: of archived trades, and of the open and last closed ones in Temporal."""
    _output().search(
        text, kind=kind, author=author, symbol=symbol, first=first, last=last, limit=limit, as_json=as_json
    )


@audit_app.command("sql")
def sql(
    query: Annotated[str, typer.Argument(help="DuckDB SQL over the tables trades, orders and events.")],
    *,
    as_json: Json = False,
) -> None:
    """Run read-only SQL over the archive's tables."""
    _output().sql(query, as_json=as_json)


@audit_app.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="File to write: .csv, .parquet or .jsonl.")],
    *,
    table: Annotated[str, typer.Option(help="trades, orders or events.")] = "trades",
    query: Annotated[str | None, typer.Option("--sql", help="SQL instead of a whole table.")] = None,
    first: First = None,
    last: Last = None,
) -> None:
    """Export a table of the archive, or the result of SQL, to a file."""
    _output().export(target, table=table, query=query, first=first, last=last)


@audit_app.command("rebuild")
def rebuild(*, as_json: Json = False) -> None:
    """Rebuild Redis and the archive from Temporal. Trades that Temporal no longer keeps stay archived.

    Trading continues meanwhile.
    """
    _output().rebuild(as_json=as_json)


@audit_app.command("verify")
def verify(*, as_json: Json = False) -> None:
    """Check that Redis, the archive and Temporal are equal, and that each trade's hash chain is intact."""
    _output().verify(as_json=as_json)
