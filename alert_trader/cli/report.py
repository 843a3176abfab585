"""`trader report` and `trader timeline`: the results of a day, a week, an author or a channel."""

import os
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli.context import err, fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.fitting_table import Column, facts_table, fitting_table
from alert_trader.cli.trade_display import elapsed, signed, state
from alert_trader.control.reports import report as reports
from alert_trader.control.reports import wording
from alert_trader.control.reports.report import Gathered, wanted
from alert_trader.domain.market.calendar import NEW_YORK, eastern, new_york_date
from alert_trader.domain.reports.figures import Grouping, Report
from alert_trader.domain.reports.month import DayResult, weeks
from alert_trader.domain.reports.timeline import Bar, Timeline, timeline_of
from alert_trader.mirrors.archive import Place
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.settings.model import Settings

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DAY = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A New York day.")]
WIDTH = 48
"""Characters of the time line."""


def report_command(  # noqa: PLR0913 - the options of a command
    grouping: Annotated[
        Grouping, typer.Argument(help="Report on one day, week or month, or group by author or channel.")
    ] = Grouping.DAY,
    *,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="This day, or the week or month of this day. Default: today."
        ),
    ] = None,
    since: DAY = None,
    until: DAY = None,
    author: Annotated[str | None, typer.Option(help="Only this author's id.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel's id.")] = None,
    png: Annotated[Path | None, typer.Option(help="Also write a picture to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a web page to this file.")] = None,
    as_json: JSON = False,
) -> None:
    """Show results: alerts, denials, fills, slippage, P&L and missed trades."""
    in_force = settings()
    now = clock.now()
    try:
        what = wanted(
            grouping,
            now=now,
            on=_day(on),
            since=_day(since),
            until=_day(until),
            author=author,
            channel=channel,
        )
    except ValueError as wrong:
        fail(ExitCode.USAGE, str(wrong))

    async def ask(client: Client) -> Gathered:
        return await reports.gather(client, what, archive=archive_of(in_force.settings))

    found = with_client(ask, in_force)
    made = reports.make(found, what, now=now)
    line = timeline_of(found.trades, what.until, now) if what.since == what.until else None
    _write(made, line, png=png, html=html)
    if as_json:
        print_json(asdict(made))
    else:
        _show(made)


def timeline_command(
    day: Annotated[
        datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="A New York day. Default: today.")
    ] = None,
    *,
    author: Annotated[str | None, typer.Option(help="Only this author's id.")] = None,
    png: Annotated[Path | None, typer.Option(help="Also write a picture to this file.")] = None,
    as_json: JSON = False,
) -> None:
    """Show one day's trades on a time line."""
    in_force, now = settings(), clock.now()
    on = _day(day) or new_york_date(now)
    what = wanted(Grouping.DAY, now=now, on=on, author=author)

    async def ask(client: Client) -> Gathered:
        return await reports.gather(client, what, archive=archive_of(in_force.settings))

    line = timeline_of(with_client(ask, in_force).trades, on, now)
    if png is not None:
        from alert_trader.control.reports.picture import timeline_picture  # noqa: PLC0415 - a second that only a picture needs

        _save(png, timeline_picture(line))
    if as_json:
        print_json(asdict(line))
    elif not line.bars:
        out().print(f"No trades on {on}.")
    else:
        console = out()
        console.print(timeline_table(line, now, width=console.width))


def archive_of(in_force: Settings) -> ArchiveReader:
    """Return the archive of the mode in force."""
    return ArchiveReader(Place.at(in_force.archive_place), in_force.mode.value)


def _day(value: datetime | None) -> date | None:
    return None if value is None else value.date()


def _write(made: Report, line: Timeline | None, *, png: Path | None, html: Path | None) -> None:
    if png is not None:
        from alert_trader.control.reports.picture import picture  # noqa: PLC0415 - a second that only a picture needs

        _save(png, picture(made, timeline=line))
    if html is not None:
        from alert_trader.control.reports.page import page  # noqa: PLC0415 - as above

        _save(html, page(made, timeline=line).encode())


def _save(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        found = os.strerror(error.errno or 0)
        fail(ExitCode.USAGE, f"{path} cannot be written: {found}. Name a file in a writable folder")
    err().print(f"wrote {path}", markup=False)


def _show(made: Report) -> None:
    console = out()
    console.print(f"[bold]{escape(made.scope.title)}[/]  [dim]mode {', '.join(made.modes) or 'none'}[/]")
    console.print(facts_table((name, escape(value)) for name, value in wording.figures(made)))
    if made.scope.grouping is Grouping.MONTH:
        console.print(calendar_table(made))
    if made.lines:
        console.print(_lines(made))
    if made.steps:
        console.print(_steps(made))
    if made.not_bought:
        console.print(_not_bought(made))
    if made.missed:
        console.print(_missed(made))
    for note in wording.notes(made):
        console.print(f"[dim]{escape(note)}[/]")


def calendar_table(made: Report) -> Table:
    """Return the realised P&L of each day of a month as a calendar."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_lines=True)
    table.title, table.title_justify, table.title_style = "\nP&L by day of the alert", "left", "bold"
    for name in ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"):
        table.add_column(name, justify="right", no_wrap=True, min_width=8)
    for week in weeks(made):
        table.add_row(*(_day_cell(each) for each in week))
    return table


def _day_cell(each: DayResult | None) -> str:
    if each is None:
        return ""
    result = "" if each.line is None else signed(each.line.pnl) if each.line.bought else "[dim]none[/]"
    return f"[dim]{each.day.day}[/]\n{result}"


def _lines(made: Report) -> Table:
    head = wording.HEADS[made.scope.grouping]
    table = _table(f"By {head}", head)
    for name in ("alerts", "bought", "denied or\nrejected", "contracts filled", "won", "P&L $", "fees $"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in made.lines:
        counts = (
            str(line.alerts),
            str(line.bought),
            str(line.denied_or_rejected),
            wording.share(line.contracts),
            wording.share(line.wins),
        )
        table.add_row(escape(line.label), *counts, signed(line.pnl), f"{line.fees:,.2f}")
    return table


def _steps(made: Report) -> Table:
    table = _table("Price ladder", "step")
    table.add_column("trades", justify="right")
    table.add_column("contracts filled", justify="right")
    for step in made.steps:
        table.add_row(step.step, str(step.trades), wording.share(step.contracts))
    return table


def _not_bought(made: Report) -> Table:
    table = _table("Why alerts were not, or not fully, bought", "code")
    table.add_column("times", justify="right")
    table.add_column("meaning", overflow="fold")
    for each in made.not_bought:
        table.add_row(escape(each.code), str(each.count), escape(each.meaning))
    return table


def _missed(made: Report) -> Table:
    table = _table("Missed", "contract")
    for name in ("author", "why"):
        table.add_column(name, overflow="fold")
    for name in ("qty", "would have paid", "best price later", "would have made $"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in made.missed:
        made_then = "not known" if each.would_have_made is None else signed(each.would_have_made)
        cells = (
            escape(each.author),
            each.code or wording.NONE,
            str(each.quantity),
            wording.price(each.would_pay),
            wording.price(each.best_later),
        )
        table.add_row(escape(each.contract), *cells, made_then)
    return table


def _table(title: str, first: str) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title=f"\n{title}",
        title_justify="left",
        title_style="bold",
    )
    table.add_column(first, no_wrap=True)
    return table


_TIMELINE_COLUMNS = (
    Column(name="contract", rank=0),
    Column(name="time line", rank=0),
    Column(name="first fill", rank=3, justify="right"),
    Column(name="state", rank=1),
    Column(name="P&L $", rank=2, justify="right"),
)


def timeline_table(line: Timeline, now: datetime, *, width: int) -> Table:
    """Return a day's trades on a time line, which is never left out, in at most `width` characters."""
    hours = f"{line.begins.astimezone(NEW_YORK):%H:%M} to {eastern(line.ends, '%H:%M')}"
    rows = []
    for bar in line.bars:
        fill = wording.NONE if bar.filled_at is None else elapsed(bar.filled_at - bar.received_at)
        rows.append(
            (escape(bar.label), escape(drawn(bar, line, now)), fill, state(bar.outcome), signed(bar.pnl))
        )
    table = fitting_table(_TIMELINE_COLUMNS, rows, width=width)
    table.title = f"\n{line.day:%a %Y-%m-%d}  ·  {hours}\n> alert, - entering, = holding, x sale, | closed"
    table.title_justify, table.title_style = "left", "bold"
    return table


def drawn(bar: Bar, line: Timeline, now: datetime) -> str:
    """Return the time line of one trade; in each cell the latest event is shown."""
    whole = (line.ends - line.begins).total_seconds() or 1.0

    def cell(moment: datetime) -> int:
        return min(max(int((moment - line.begins).total_seconds() / whole * (WIDTH - 1)), 0), WIDTH - 1)

    cells = [" "] * WIDTH
    begun, over = cell(bar.received_at), cell(bar.ended_at or min(now, line.ends))
    for at in range(begun, over + 1):
        cells[at] = "-" if bar.filled_at is None or at < cell(bar.filled_at) else "="
    if bar.ended_at is not None:
        cells[over] = "|"
    for sale in bar.sold_at:
        cells[cell(sale)] = "x"
    cells[begun] = ">"
    return "".join(cells)
