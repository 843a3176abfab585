"""`trader audit`: the audit trail. The options are here; what answers is in `audit_output`."""

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

audit_app = typer.Typer(
    no_args_is_help=True, help="The audit trail: the last days from Redis, everything from the archive."
)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
_DAY = ["%Y-%m-%d"]
First = Annotated[
    datetime | None,
    typer.Option("--from", formats=_DAY, help="From this New York day on, by when the alert was posted."),
]
Last = Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Up to this New York day.")]


def _output() -> Any:
    """Load what answers: Arrow, DuckDB and Redis take a second, which no other command needs."""
    return import_module("alert_trader.cli.audit_output")


@audit_app.command("recent")
def recent(
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Events.")] = 30,
    before: Annotated[str | None, typer.Option(help="Go on from the cursor of an earlier answer.")] = None,
    as_json: Json = False,
) -> None:
    """Show the last events over all trades, the newest first: from Redis, or from Temporal when Redis is away."""
    _output().recent(limit=limit, before=before, as_json=as_json)


@audit_app.command("trade")
def trade(
    trade: Annotated[str, typer.Argument(help="The trade: trade-X or X.")], *, as_json: Json = False
) -> None:
    """Show one trade with its whole trail, and whether its hash chain is whole."""
    _output().trade(trade, as_json=as_json)


@audit_app.command("search")
def search(
    text: Annotated[str | None, typer.Argument(help="Part of an event's sentence or of the alert.")] = None,
    *,
    kind: Annotated[
        str | None, typer.Option(help="Kind of event: filled, denied, exit_submitted ...")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Author's id.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Underlying.")] = None,
    first: First = None,
    last: Last = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Events.")] = 50,
    as_json: Json = False,
) -> None:
    """Find events of trades that are over, the newest first."""
    _output().search(
        text, kind=kind, author=author, symbol=symbol, first=first, last=last, limit=limit, as_json=as_json
    )


@audit_app.command("sql")
def sql(
    query: Annotated[
        str, typer.Argument(help="SQL over the tables trades, orders and events, which DuckDB runs.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Run SQL over the archive. It can read the archive's tables and nothing else, and change nothing."""
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
    """Write the archive, or what SQL gives, to a file."""
    _output().export(target, table=table, query=query, first=first, last=last)


@audit_app.command("rebuild")
def rebuild(*, as_json: Json = False) -> None:
    """Write Redis and the archive anew from Temporal alone. Trades go on meanwhile; what Temporal no longer keeps stays archived."""
    _output().rebuild(as_json=as_json)


@audit_app.command("verify")
def verify(*, as_json: Json = False) -> None:
    """Prove Redis, the archive and Temporal equal, and each trade's hash chain whole; names the first difference."""
    _output().verify(as_json=as_json)
