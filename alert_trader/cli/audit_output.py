"""The work and the output of `trader audit`."""

import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic_core import to_jsonable_python
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from temporalio.client import Client

from alert_trader.cli import trade_display
from alert_trader.cli.context import CONNECT_WITHIN, err, fail, out, print_json, run, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.mirrors import rebuild as rebuilding
from alert_trader.control.queries import audit
from alert_trader.control.temporal import connect
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.schema import EventRow
from alert_trader.runtime.mirrors import mirrors as mirrors_of
from alert_trader.runtime.target import target_of

T = TypeVar("T")

SHOWN_ROWS = 200
"""Rows of an SQL result shown in a terminal; JSON and files have all."""
_WIDE = 120
"""Width of a terminal from which an event's kind has its own column."""
_MAX_COLUMN = 30
"""Characters after which a column is folded."""
_COLUMN_GAP = 3
"""Characters between two columns."""
_SHOWN_DIFFERENCES = 20
_ROUNDS = 3
"""A closed trade must be archived within this many runs of housekeeping."""


def recent(*, limit: int, before: str | None, as_json: bool) -> None:
    """Run `trader audit recent`."""
    page = _with_mirrors(lambda temporal, kept: audit.recent(temporal, kept, limit=limit, before=before))
    if as_json:
        print_json(page)
        return
    _note(page.note)
    if page.events:
        out().print(_events(page.events, with_trade=True))
    else:
        err().print("No events.")
    if page.cursor is not None:
        err().print(f"[dim]older events: trader audit recent --before {page.cursor}[/]")


def trade(name: str, *, as_json: bool) -> None:
    """Run `trader audit trade`."""
    found = _with_mirrors(lambda temporal, kept: audit.trade(temporal, kept, name))
    if as_json:
        print_json(found)
    else:
        _show_trade(found)
    if found.fault is not None:
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def _show_trade(found: audit.AuditedTrade) -> None:
    row = found.trade
    name, state = escape(row.contract or row.underlying or ""), trade_display.state(row.outcome or row.phase)
    out().print(f"[bold]{escape(row.workflow_id)}[/]  {name}  {state}  [dim]{row.mode} · {row.account}[/]")
    out().print(f"  [dim]alert[/]    {escape(row.text)}")
    fees = trade_display.price(row.fees)
    out().print(f"  [dim]P&L[/]      {trade_display.signed(row.pnl)}, estimated fees {fees}")
    out().print(f"  [dim]source[/]   {found.source.value}")
    _note(found.note)
    out().print(_events(found.events, with_trade=False))
    if found.fault is None:
        out().print(f"hash chain [green]intact[/]: {row.events} events, last hash {row.chain[:16]}…")
    else:
        out().print(f"hash chain [red]broken[/]: {escape(found.fault)}", soft_wrap=True)


def search(
    text: str | None, *, first: datetime | None, last: datetime | None, as_json: bool, **parts: Any
) -> None:
    """Run `trader audit search`."""
    wanted = audit.Search(text=text, first=_day(first), last=_day(last), **parts)
    found = _with_mirrors(lambda temporal, kept: audit.search(temporal, kept, wanted))
    _note(found.note)
    if as_json:
        print_json(found.events)
    elif not found.events:
        err().print("No matches.")
    else:
        out().print(_events(found.events, with_trade=True))


def sql(query: str, *, as_json: bool) -> None:
    """Run `trader audit sql`."""
    answer = run(audit.sql(_mirrors(), query))
    if as_json:
        print_json(answer.as_dicts())
        return
    rows = [[_cell(value) for value in row] for row in answer.rows[:SHOWN_ROWS]]
    if not rows:
        err().print("No rows.")
    elif _fits(answer.columns, rows):
        table = Table(*map(escape, answer.columns), box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*map(escape, row))
        out().print(table)
    else:
        for number, row in enumerate(rows, start=1):
            out().print(_vertical(number, answer.columns, row))
    if len(answer.rows) > SHOWN_ROWS:
        err().print(
            f"[dim]{SHOWN_ROWS} of {len(answer.rows)} rows. For all: --json, or trader audit export --sql[/]"
        )


def _cell(value: object) -> str:
    """Return a value as text; DuckDB returns a map as a list of pairs."""
    if isinstance(value, list) and value and all(isinstance(each, tuple) for each in value):
        value = dict(value)
    plain = to_jsonable_python(value)
    return (
        "-" if plain is None else plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    )


def _fits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether all columns fit side by side, where long values may be folded."""
    widths = [
        max(cell_len(name), min(_MAX_COLUMN, max(cell_len(row[at]) for row in rows)))
        for at, name in enumerate(columns)
    ]
    return sum(widths) + _COLUMN_GAP * len(widths) <= out().width


def _vertical(number: int, columns: Sequence[str], row: Sequence[str]) -> Table:
    table = Table(
        box=None,
        show_header=False,
        title=f"row {number}",
        title_justify="left",
        title_style="bold",
        padding=(0, 2, 0, 0),
    )
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in zip(columns, row, strict=True):
        table.add_row(escape(name), escape(value))
    return table


def export(
    target: Path, *, table: str, query: str | None, first: datetime | None, last: datetime | None
) -> None:
    """Run `trader audit export`."""
    try:
        form = audit.Format(target.suffix.removeprefix("."))
    except ValueError:
        fail(ExitCode.USAGE, f"expected a file name ending in .csv, .parquet or .jsonl, found {target.name}")
    if not target.absolute().parent.is_dir():
        fail(ExitCode.USAGE, f"folder {target.absolute().parent} does not exist: create it first")

    async def write() -> int:
        text = audit.table_query(table) if query is None else query
        return await audit.export(_mirrors(), text, target, form, first=_day(first), last=_day(last))

    rows = run(write())
    out().print(f"Wrote {rows} rows to {target}", markup=False)


def rebuild(*, as_json: bool) -> None:
    """Run `trader audit rebuild`."""
    with _progress("rebuilding") as progress:
        done = _with_temporal_and_mirrors(lambda client, kept: rebuilding.rebuild(client, kept, progress))
    if as_json:
        print_json(done)
    else:
        redis = f"{done.in_redis} in Redis" if done.redis is None else f"Redis skipped ({done.redis})"
        text = f"Rebuilt {done.trades} trades with {done.events} events"
        out().print(f"{text}: {done.in_archive} in the archive, {redis}", markup=False)
        for aside in done.damaged:
            err().print(f"A damaged archive file was renamed to {aside}", markup=False)
        for fault in done.unreadable:
            err().print(fault, markup=False)
    if done.unreadable:
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def verify(*, as_json: bool) -> None:
    """Run `trader audit verify`."""
    in_force = settings().settings
    bounds = {
        "archived_within": _ROUNDS * in_force.housekeeping_every + timedelta(minutes=1),
        "retention": timedelta(days=in_force.temporal_retention_days),
    }
    with _progress("comparing") as progress:
        proof = _with_temporal_and_mirrors(
            lambda client, kept: rebuilding.verify(client, kept, progress, **bounds)
        )
    if as_json:
        print_json({"equal": proof.equal, **to_jsonable_python(proof)})
    else:
        _show_proof(proof)
    if not proof.equal:
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def _show_proof(proof: rebuilding.Verification) -> None:
    redis = f"{proof.in_redis} in Redis" if proof.redis is None else f"Redis skipped ({proof.redis})"
    waiting = f", {proof.waiting} waiting for the next run of housekeeping" if proof.waiting else ""
    older = f", {proof.older} archived ones that Temporal no longer keeps" if proof.older else ""
    text = f"Compared {proof.trades} trades of Temporal: {redis}, {proof.in_archive} in the archive"
    out().print(f"{text}{waiting}{older}", markup=False, soft_wrap=True)
    if proof.equal:
        out().print("[green]Equal[/], and every hash chain is intact.")
        return
    out().print(f"[red]{len(proof.differences)} differences:[/]")
    for each in proof.differences[:_SHOWN_DIFFERENCES]:
        out().print(f"  {escape(each.trade)} in {each.place.value}: {escape(each.what)}", soft_wrap=True)
    out().print(
        "Rebuild Redis and the archive with: trader audit rebuild. Report a difference in Temporal itself."
    )


def _with_temporal_and_mirrors(ask: Callable[[Client, Mirrors], Coroutine[Any, Any, T]]) -> T:
    """Run `ask` with Temporal and the mirrors."""
    loaded = settings()

    async def main(client: Client) -> T:
        kept = mirrors_of(loaded.settings)
        try:
            return await ask(client, kept)
        finally:
            if kept.hot is not None:
                await kept.hot.aclose()

    return with_client(main, loaded)


def _with_mirrors(ask: Callable[[audit.Temporal, Mirrors], Coroutine[Any, Any, T]]) -> T:
    """Run `ask` with the mirrors, and with a function that connects to Temporal if they lack the answer."""
    in_force = settings().settings

    async def main() -> T:
        kept = mirrors_of(in_force)
        try:
            return await ask(lambda: connect(target_of(in_force), within=CONNECT_WITHIN), kept)
        finally:
            if kept.hot is not None:
                await kept.hot.aclose()

    return run(main())


def _mirrors() -> Mirrors:
    """Return the mirrors of the settings."""
    return mirrors_of(settings().settings)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr."""
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trades"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _events(events: Sequence[EventRow], *, with_trade: bool) -> Table:
    """Return events as a table.

    In a narrow terminal the kind precedes the text instead of having a column.
    """
    narrow = out().width < _WIDE
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("time (ET)", no_wrap=True)
    if with_trade:
        table.add_column("trade", no_wrap=True)
    table.add_column("#", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("event", no_wrap=True)
    table.add_column("event" if narrow else "", overflow="fold")
    for event in events:
        trade = [escape(event.workflow_id)] if with_trade else []
        kind, text = escape(event.kind), escape(event.text)
        cells = [f"[dim]{kind}[/] {text}"] if narrow else [kind, text]
        table.add_row(f"{event.at_new_york:%m-%d %H:%M:%S}", *trade, str(event.sequence), *cells)
    return table


def _note(text: str | None) -> None:
    if text is not None:
        err().print(f"[yellow]note:[/] {escape(text)}", soft_wrap=True)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
