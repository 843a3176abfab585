"""`trader demo`: trade scripted alerts on a local stack of real components, and check the results."""

import asyncio
import secrets
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli import trade_display
from alert_trader.cli.context import err, out, run, settings
from alert_trader.cli.demo_actions import DemoActions, DemoError
from alert_trader.cli.demo_cases import CASES, Case, demo_expiry
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.stack import started, stopped_by_signal, welcome
from alert_trader.cli.trades import message_of
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_views import TradeDetails
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import connect
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.target import target_of
from alert_trader.settings.model import Settings
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.oracle import Expectation, Violation, check
from alert_trader.simulators.venue.tape import read_tape
from alert_trader.workflows.interface import TradeRequest

LADDER: dict[str, object] = {
    "ladder_step": "4",
    "ladder_window": "18",
    "ladder_conversion_wait": "4",
    "safety_late_fill_watch": "5",
}
"""Shorter than the defaults of 20 s a step and a window of 90 s; the demo prints that."""

CASH = 60000
NO_SECOND_TRADE = "no second trade"
CASE_TIMEOUT = timedelta(seconds=75)
"""Longest time of one case: window, conversion, watch for late fills, and reserve for a slow machine."""


@dataclass(slots=True, kw_only=True)
class CaseResult:
    """The result of one case."""

    case: Case
    picture: TradeDetails | None = None
    failure: str | None = None
    resent: str | None = None
    """The result of sending the same message twice."""


ALERT_COLUMNS = ("contract", "alert", "quote")
RESULT_COLUMNS = ("qty", "bought", "exits", "ended", "P&L $")
"""Columns of the table of results: the alert, and its trade."""

FULL_WIDTH = 110
"""Width of a terminal that shows all columns."""


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep everything running at the end, until Ctrl-C.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="Folder for its data. Default: a new folder in var.")
    ] = None,
) -> None:
    """Trade ten scripted alerts on a simulated venue, show the results, and check its records."""
    begun = time.monotonic()
    directory = data or Path("var") / f"demo-{clock.now():%Y%m%d-%H%M%S}"
    flags: dict[str, object] = {**LADDER, "mode": Mode.DEMO, "data_dir": directory}
    in_force = settings(flags=flags, use_stack=False).settings.model_copy(
        update={"temporal_address": None, "venue_url": None}
    )

    async def main() -> bool:
        venue = {"accounts": [{"number": in_force.account, "cash": CASH}]}
        async with (
            stopped_by_signal() as stop,
            started(Stack(in_force, use_free_ports=True, venue_config=venue, with_api=True), stop) as running,
        ):
            console = out()
            console.print(
                f"[bold]alert-trader demo[/]  started in {time.monotonic() - begun:.1f} s · "
                f"Web UI {running.ui_url}"
            )
            step, window = _seconds(in_force.ladder_step), _seconds(in_force.ladder_window)
            console.print(
                f"[dim]The venue is simulated. The limit price is raised every {step} s for {window} s "
                "(defaults: 20 s and 90 s). Temporal, worker, broker SDK and order stream are real.[/]\n"
            )
            running_cases = asyncio.ensure_future(_run_all(running, in_force))
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait({running_cases, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running_cases.done():
                running_cases.cancel()
                raise KeyboardInterrupt
            stopping.cancel()
            results = running_cases.result()
            fine = _report(console, results, _tape_violations(running, results), time.monotonic() - begun)
            if keep:
                welcome(running)
                await stop.wait()
            return fine

    if not run(main()):
        raise typer.Exit(int(ExitCode.UNEXPECTED))


def _seconds(value: timedelta) -> str:
    return f"{value.total_seconds():g}"


async def _run_all(running: Stack, in_force: Settings) -> list[CaseResult]:
    client = await connect(target_of(running.settings))
    started_at = time.monotonic()
    async with VenueControl(str(running.venue_url)) as venue:
        return list(
            await asyncio.gather(*(_run_case(case, client, venue, in_force, started_at) for case in CASES))
        )


async def _run_case(
    case: Case, client: Client, venue: VenueControl, in_force: Settings, started_at: float
) -> CaseResult:
    result = CaseResult(case=case)
    expiry = demo_expiry(new_york_date(clock.now()))
    identity = f"demo-{secrets.token_hex(5)}"
    symbol = case.contract(expiry).occ_symbol
    try:
        await venue.set_quote(symbol, bid=case.bid, ask=case.ask)
        message = message_of(in_force, case.alert(expiry), author=case.author, identity=identity)
        policy = in_force.policy()
        if case.exits is not None:
            policy = replace(policy, exits=case.exits)
        request = TradeRequest(alert=message, policy=policy, account=in_force.account)
        sent = await start_trade(client, request)
        actions = DemoActions(client=client, venue=venue, symbol=symbol, message=identity)
        async with asyncio.timeout(CASE_TIMEOUT.total_seconds()), asyncio.TaskGroup() as together:
            together.create_task(_script(case, actions))
            following = together.create_task(_follow(case, client, sent.workflow_id, started_at))
        result.picture = following.result()
        if case.send_twice:
            second = await start_trade(client, request)
            result.resent = "opened a second trade" if second.started else NO_SECOND_TRADE
        result.failure = _failure(result)
    except TimeoutError:
        result.failure = f"not finished after {CASE_TIMEOUT.total_seconds():g} s"
        result.picture = await trade_views.show(client, identity)
    except ExceptionGroup as group:
        result.failure = "; ".join(f"{type(each).__name__}: {each}" for each in group.exceptions)
    return result


async def _script(case: Case, actions: DemoActions) -> None:
    await case.script(actions)


async def _follow(case: Case, client: Client, trade: str, started_at: float) -> TradeDetails:
    """Print a trade's events until it is closed, or holding as the case expects."""
    printed = 0
    async for picture in trade_views.watch(client, trade):
        for event in picture.events[printed:]:
            console = out()
            # cut to one line on a screen, not in a file
            line = f"[dim]{time.monotonic() - started_at:6.1f} s[/]  {case.name:<29}  {escape(event.text)}"
            console.print(
                line,
                overflow="ellipsis",
                no_wrap=True,
                crop=console.is_terminal,
                soft_wrap=not console.is_terminal,
            )
        printed = max(printed, len(picture.events))
        if picture.row.closed_at is not None or (case.ends == "holding" and trade_views.settled(picture)):
            return picture
    raise DemoError(f"{trade} ended, but no worker answered")


def _failure(result: CaseResult) -> str | None:
    """Return how a case differs from what is expected; None when it does not."""
    case, view = result.case, None if result.picture is None else result.picture.view
    if view is None:
        return "no worker answered"
    ended = (view.outcome or view.phase).value
    if ended != case.ends:
        return f"expected {case.ends}, found {ended}"
    bought = "none" if view.bought == 0 else "all" if view.bought == view.quantity else "some"
    if bought != case.bought:
        return f"expected {case.bought} bought, found {view.bought} of {view.quantity}"
    if case.send_twice and result.resent != NO_SECOND_TRADE:
        return result.resent
    return None


def _tape_violations(running: Stack, results: list[CaseResult]) -> list[Violation]:
    closed = [
        each.picture.row.workflow_id.removeprefix("trade-")
        for each in results
        if each.picture and each.picture.row.closed_at
    ]
    return check(
        read_tape(running.tape_path),
        Expectation(closed=closed, exit_fraction=running.settings.policy().exits.fraction),
    )


def _report(console: Console, results: list[CaseResult], violations: list[Violation], seconds: float) -> bool:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title="\nResults",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("case, and why it ended", overflow="fold", min_width=24)
    # a narrow terminal leaves out the columns of the alert; `trader show` has them
    narrow = console.width < FULL_WIDTH
    for name in RESULT_COLUMNS if narrow else (*ALERT_COLUMNS, *RESULT_COLUMNS):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        about, cells = _row(result)
        table.add_row(about, *(cells[len(ALERT_COLUMNS) :] if narrow else cells))
    console.print(table)
    for violation in violations:
        console.print(f"[red]violation[/] {escape(str(violation))}")
    wrong = [result for result in results if result.failure is not None]
    console.print(
        f"{len(results) - len(wrong)} of {len(results)} cases as expected · [bold]rule violations: "
        f"{len(violations)}[/] (checked in the venue's records) · {seconds:.0f} s"
    )
    for result in wrong:
        err().print(f"[red]not as expected:[/] {escape(result.case.name)}: {escape(result.failure or '')}")
    return not wrong and not violations


def _row(result: CaseResult) -> tuple[str, list[str]]:
    """Return the first cell of a case (its name, and why it ended), and its other cells."""
    view = None if result.picture is None else result.picture.view
    about = [escape(result.case.name)]
    if result.failure is not None:
        about.append(f"[red]not as expected: {escape(result.failure)}[/]")
    if view is None:
        return "\n".join(about), [trade_display.NONE] * len(ALERT_COLUMNS + RESULT_COLUMNS)
    if view.reason:
        about.append(f"[dim]{escape(view.reason)}[/]")
    if result.resent is not None:
        about.append(f"[dim]sent twice: {escape(result.resent)}[/]")
    quote = (
        trade_display.NONE
        if view.quote_bid is None
        else f"{trade_display.price(view.quote_bid)}/{trade_display.price(view.quote_ask)}"
    )
    working = f"{view.exits_working} working" if view.exits_working else trade_display.NONE
    return "\n".join(about), [
        escape("\n".join(trade_display.contract(view).rsplit(" ", 1))),
        trade_display.price(view.alert_price),
        quote,
        str(view.quantity) if view.quantity else trade_display.NONE,
        trade_display.filled(view.bought, view.average_entry),
        trade_display.filled(view.sold, view.average_exit) if view.sold else working,
        trade_display.state((view.outcome or view.phase).value),
        trade_display.signed(view.pnl),
    ]
