"""`trader replay` and `trader history export`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client, WorkflowHistory

from alert_trader.cli import trade_display
from alert_trader.cli.context import fail, out, print_json, run, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.history import Replayed, fetch_runs, read_history, replay, write_runs
from alert_trader.control.queries.history_steps import Step
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.control.queries.trade_views import Filter
from alert_trader.runtime.target import codec_of

history_app = typer.Typer(no_args_is_help=True, help="Export workflow histories to files.")

_MOST = 10_000


def replay_command(
    trade: Annotated[str, typer.Argument(help="A trade, or a file written by `trader history export`.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Do not shorten inputs and results.")] = False,
) -> None:
    """Show a trade's history step by step, and check that the installed code replays it."""
    path = Path(trade)

    async def from_file() -> Replayed:
        return await replay([read_history(path)], codec_of(settings().settings))

    async def from_server(client: Client) -> Replayed:
        return await replay(
            await fetch_runs(client, await find_trade(client, trade)), client.data_converter.payload_codec
        )

    replayed = run(from_file()) if path.suffix == ".json" or path.is_file() else with_client(from_server)
    if as_json:
        print_json(replayed)
    else:
        _show(out(), replayed, full=full)
    if not replayed.deterministic:
        raise typer.Exit(int(ExitCode.NONDETERMINISM))


@history_app.command("export")
def export(
    targets: Annotated[
        list[str], typer.Argument(help="A trade and a directory; with --all only a directory.")
    ],
    *,
    everything: Annotated[bool, typer.Option("--all", help="Export all trades of the namespace.")] = False,
) -> None:
    """Export histories to files for `trader replay`: trader history export ID DIR, or --all DIR."""
    if len(targets) != (1 if everything else 2):
        fail(ExitCode.USAGE, "expected `trader history export ID DIR` or `trader history export --all DIR`")
    directory = Path(targets[-1])

    async def ask(client: Client) -> list[list[WorkflowHistory]]:
        if not everything:
            return [await fetch_runs(client, await find_trade(client, targets[0]))]
        rows = await trade_views.list_trades(client, Filter(), limit=_MOST, views=False)
        return [await fetch_runs(client, row.workflow_id) for row in rows]

    for runs in with_client(ask, settings()):
        for path in write_runs(runs, directory):
            out().print(str(path), markup=False, soft_wrap=True)


def _show(console: Console, replayed: Replayed, *, full: bool) -> None:
    console.print(f"[bold]{escape(replayed.workflow_id)}[/]  {len(replayed.steps)} steps")
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    since = replayed.steps[0].at if replayed.steps else datetime.min  # noqa: DTZ901 - nothing is printed then
    run = 1
    for step in replayed.steps:
        if step.run != run:
            run = step.run
            table.add_row("", f"[bold]run {run}[/]", "")
        table.add_row(trade_display.elapsed(step.at - since), step.kind.value, _line(step))
        for label, value in (*((("in"), each) for each in step.inputs), ("out", step.output)):
            if value is not None:
                table.add_row("", f"[dim]{label}[/]", escape(_data(value, full=full)))
        if step.failure:
            table.add_row("", "[red]failed[/]", escape(step.failure))
    console.print(table)
    if replayed.deterministic:
        console.print("\n[green]replay ok:[/] the installed code makes the same decision at every step")
    else:
        console.print("\n[red]replay failed:[/] the installed code makes a different decision")
    if replayed.fault:
        console.print(escape(replayed.fault))


def _line(step: Step) -> str:
    took = (
        ""
        if step.ended_at is None or step.ended_at == step.at
        else f" [dim]{(step.ended_at - step.at).total_seconds():.3f} s[/]"
    )
    again = f" [yellow](attempt {step.attempts})[/]" if step.attempts > 1 else ""
    return f"{escape(step.name)}{' · ' + escape(step.summary) if step.summary else ''}{again}{took}"


def _data(value: Any, *, full: bool, longest: int = 300) -> str:
    text = _brief(to_jsonable_python(value))
    return (
        text
        if full or len(text) <= longest
        else f"{text[:longest]}… ({len(text)} characters; show all with --full)"
    )


def _brief(value: Any) -> str:
    """Return plain data as key=value, without empty values."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{key}={_brief(each)}" for key, each in value.items() if each not in (None, [], {}, "")
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_brief(each) for each in value) + "]"
    return str(value)
