"""What `trader audit` prints, and how it asks."""

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

from alert_trader.cli import render
from alert_trader.cli.context import CONNECT_WITHIN, err, fail, out, print_json, run, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.mirrors import rebuild as rebuilding
from alert_trader.control.mirrors.repair import Mirrors
from alert_trader.control.queries import audit
from alert_trader.control.temporal import connect
from alert_trader.mirrors.schema import EventRow
from alert_trader.runtime.mirrors import mirrors as mirrors_of
from alert_trader.runtime.target import target_of

T = TypeVar("T")

SHOWN_ROWS = 200
"""Rows of an SQL answer shown in a terminal; JSON and files have all."""
_ROOMY = 120
"""Columns of a terminal from which on an event's kind has a column of its own."""
_FOLDED = 30
"""Characters of a column that is folded rather than shown whole."""
_BETWEEN = 3
"""Characters between two columns."""
_SHOWN_DIFFERENCES = 20
_ROUNDS = 3
"""Rounds of housekeeping within which a closed trade is archived, at the latest."""


def recent(*, limit: int, before: str | None, as_json: bool) -> None:
    """Answer `trader audit recent`."""
    page = _looked_up(lambda temporal, kept: audit.recent(temporal, kept, limit=limit, before=before))
    if as_json:
        print_json(page)
        return
    _note(page.note)
    if page.events:
        out().print(_events(page.events, with_trade=True))
    else:
        err().print("no events")
    if page.cursor is not None:
        err().print(f"[dim]more: trader audit recent --before {page.cursor}[/]")


def trade(name: str, *, as_json: bool) -> None:
    """Answer `trader audit trade`."""
    found = _looked_up(lambda temporal, kept: audit.trade(temporal, kept, name))
    if as_json:
        print_json(found)
    else:
        _show_trade(found)
    if found.fault is not None:
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def _show_trade(found: audit.AuditedTrade) -> None:
    row = found.trade
    name, state = escape(row.contract or row.underlying or ""), render.state(row.outcome or row.phase)
    out().print(f"[bold]{escape(row.workflow_id)}[/]  {name}  {state}  [dim]{row.mode} · {row.account}[/]")
    out().print(f"  [dim]alert[/]    {escape(row.text)}")
    out().print(f"  [dim]P&L[/]      {render.signed(row.pnl)}, fees about {render.price(row.fees)}")
    out().print(f"  [dim]told by[/]  {found.source.value}")
    _note(found.note)
    out().print(_events(found.events, with_trade=False))
    if found.fault is None:
        out().print(f"hash chain [green]whole[/]: {row.events} events, ending in {row.chain[:16]}…")
    else:
        out().print(f"hash chain [red]broken[/]: {escape(found.fault)}", soft_wrap=True)


def search(
    text: str | None, *, first: datetime | None, last: datetime | None, as_json: bool, **parts: Any
) -> None:
    """Answer `trader audit search`."""
    wanted = audit.Search(text=text, first=_day(first), last=_day(last), **parts)
    found = run(audit.search(_mirrors(), wanted))
    if as_json:
        print_json(found)
    elif not found:
        err().print(
            "nothing in the archive matches; trades that are not over, or not archived yet, are in `trader audit recent`"
        )
    else:
        out().print(_events(found, with_trade=True))


def sql(query: str, *, as_json: bool) -> None:
    """Answer `trader audit sql`."""
    answer = run(audit.sql(_mirrors(), query))
    if as_json:
        print_json(answer.as_dicts())
        return
    rows = [[_cell(value) for value in row] for row in answer.rows[:SHOWN_ROWS]]
    if not rows:
        err().print("no rows")
    elif _fits(answer.columns, rows):
        table = Table(*map(escape, answer.columns), box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*map(escape, row))
        out().print(table)
    else:
        for number, row in enumerate(rows, start=1):
            out().print(_one_below_the_other(number, answer.columns, row))
    if len(answer.rows) > SHOWN_ROWS:
        err().print(
            f"[dim]{SHOWN_ROWS} of {len(answer.rows)} rows; --json or `trader audit export --sql` has all[/]"
        )


def _cell(value: object) -> str:
    """Write a value in one piece; a map comes as its pairs."""
    if isinstance(value, list) and value and all(isinstance(each, tuple) for each in value):
        value = dict(value)
    plain = to_jsonable_python(value)
    return (
        "-" if plain is None else plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    )


def _fits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether rows can be read side by side: each column as wide as its longest value, or as a line that may be folded."""
    widths = [
        max(cell_len(name), min(_FOLDED, max(cell_len(row[at]) for row in rows)))
        for at, name in enumerate(columns)
    ]
    return sum(widths) + _BETWEEN * len(widths) <= out().width


def _one_below_the_other(number: int, columns: Sequence[str], row: Sequence[str]) -> Table:
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
    """Answer `trader audit export`."""
    try:
        form = audit.Format(target.suffix.removeprefix("."))
    except ValueError:
        fail(ExitCode.USAGE, f"expected a file that ends in .csv, .parquet or .jsonl, found {target.name}")
    if not target.absolute().parent.is_dir():
        fail(ExitCode.USAGE, f"expected a folder at {target.absolute().parent}, found none: create it first")

    async def write() -> int:
        text = audit.table_query(table) if query is None else query
        return await audit.export(_mirrors(), text, target, form, first=_day(first), last=_day(last))

    rows = run(write())
    out().print(f"{rows} rows in {target}", markup=False)


def rebuild(*, as_json: bool) -> None:
    """Answer `trader audit rebuild`."""
    with _progress("rebuilding") as progress:
        done = _asked(lambda client, kept: rebuilding.rebuild(client, kept, progress))
    if as_json:
        print_json(done)
    else:
        redis = f"{done.in_redis} of them in Redis" if done.redis is None else f"Redis left out: {done.redis}"
        out().print(
            f"rebuilt {done.trades} trades with {done.events} events: {done.in_archive} in the archive, {redis}",
            markup=False,
        )
        for aside in done.damaged:
            err().print(f"a damaged file of the archive was set aside as {aside}", markup=False)
        for fault in done.unreadable:
            err().print(fault, markup=False)
    if done.unreadable:
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def verify(*, as_json: bool) -> None:
    """Answer `trader audit verify`."""
    in_force = settings().settings
    bounds = {
        "archived_within": _ROUNDS * in_force.housekeeping_every + timedelta(minutes=1),
        "retention": timedelta(days=in_force.temporal_retention_days),
    }
    with _progress("comparing") as progress:
        proof = _asked(lambda client, kept: rebuilding.verify(client, kept, progress, **bounds))
    if as_json:
        print_json({"equal": proof.equal, **to_jsonable_python(proof)})
    else:
        _show_proof(proof)
    if not proof.equal:
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def _show_proof(proof: rebuilding.Verification) -> None:
    redis = f"{proof.in_redis} in Redis" if proof.redis is None else f"Redis left out ({proof.redis})"
    waiting = f", {proof.waiting} to be archived in the next round" if proof.waiting else ""
    older = f", {proof.older} older than Temporal keeps" if proof.older else ""
    text = f"{proof.trades} trades of Temporal compared: {redis}, {proof.in_archive} in the archive{waiting}{older}"
    out().print(text, markup=False, soft_wrap=True)
    if proof.equal:
        out().print("[green]equal[/], and every hash chain is whole")
        return
    first, *others = proof.differences
    out().print(
        f"[red]{len(proof.differences)} differ[/]; the first: {escape(first.trade)} in {first.place.value}: {escape(first.what)}",
        soft_wrap=True,
    )
    for each in others[: _SHOWN_DIFFERENCES - 1]:
        out().print(f"  {escape(each.trade)} in {each.place.value}: {escape(each.what)}", soft_wrap=True)
    out().print(
        "`trader audit rebuild` writes the mirrors anew; a difference in Temporal itself is for a person to look at"
    )


def _asked(ask: Callable[[Client, Mirrors], Coroutine[Any, Any, T]]) -> T:
    """Ask Temporal and the mirrors of the settings."""
    loaded = settings()

    async def main(client: Client) -> T:
        kept = mirrors_of(loaded.settings)
        try:
            return await ask(client, kept)
        finally:
            if kept.hot is not None:
                await kept.hot.aclose()

    return with_client(main, loaded)


def _looked_up(ask: Callable[[audit.Temporal, Mirrors], Coroutine[Any, Any, T]]) -> T:
    """Ask the mirrors of the settings, and Temporal only where they do not have the answer."""
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
    """Give the mirrors for what asks the archive alone."""
    return mirrors_of(settings().settings)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on stderr."""
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
    """Lay events out; where there is little room the kind stands before the sentence, which would be a word wide beside it."""
    narrow = out().width < _ROOMY
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("New York", no_wrap=True)
    if with_trade:
        table.add_column("trade", no_wrap=True)
    table.add_column("#", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("what", no_wrap=True)
    table.add_column("what" if narrow else "", overflow="fold")
    for event in events:
        trade = [escape(event.workflow_id)] if with_trade else []
        kind, text = escape(event.kind), escape(event.text)
        told = [f"[dim]{kind}[/] {text}"] if narrow else [kind, text]
        table.add_row(f"{event.at_new_york:%m-%d %H:%M:%S}", *trade, str(event.sequence), *told)
    return table


def _note(words: str | None) -> None:
    if words is not None:
        err().print(f"[yellow]note:[/] {escape(words)}", soft_wrap=True)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
