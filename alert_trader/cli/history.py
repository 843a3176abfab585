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
from alert_trader.control.queries.history import Replayed, fetch_history, read_history, replay, write_history
from alert_trader.control.queries.history_steps import Step
from alert_trader.control.queries.trade_views import Filter
from alert_trader.runtime.target import codec_of

history_app = typer.Typer(no_args_is_help=True, help="Histories as files.")

_MOST = 10_000


def replay_command(
    trade: Annotated[str, typer.Argument(help="A trade, or a file that `trader history export` wrote.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Show every input and result whole.")] = False,
) -> None:
    """Tell a history step by step, and check that the installed code still decides the same."""
    path = Path(trade)

    async def from_file() -> Replayed:
        return await replay(read_history(path), codec_of(settings().settings))

    async def from_server(client: Client) -> Replayed:
        return await replay(await fetch_history(client, trade), client.data_converter.payload_codec)

    told = run(from_file()) if path.suffix == ".json" or path.is_file() else with_client(from_server)
    if as_json:
        print_json(told)
    else:
        _tell(out(), told, full=full)
    if not told.deterministic:
        raise typer.Exit(int(ExitCode.NONDETERMINISM))


@history_app.command("export")
def export(
    targets: Annotated[
        list[str], typer.Argument(help="A trade and a directory; with --all, a directory alone.")
    ],
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every trade of the namespace.")] = False,
) -> None:
    """Write histories as files that `trader replay` reads: trader history export ID DIR, or --all DIR."""
    if len(targets) != (1 if everything else 2):
        fail(ExitCode.USAGE, "expected `trader history export ID DIR` or `trader history export --all DIR`")
    directory = Path(targets[-1])

    async def ask(client: Client) -> list[WorkflowHistory]:
        if not everything:
            return [await fetch_history(client, targets[0])]
        rows = await trade_views.list_trades(client, Filter(), limit=_MOST, views=False)
        return [await fetch_history(client, row.workflow_id) for row in rows]

    for history in with_client(ask, settings()):
        out().print(str(write_history(history, directory)), markup=False, soft_wrap=True)


def _tell(console: Console, told: Replayed, *, full: bool) -> None:
    console.print(f"[bold]{escape(told.workflow_id)}[/]  {len(told.steps)} steps")
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    since = told.steps[0].at if told.steps else datetime.min  # noqa: DTZ901 - nothing is printed then
    for step in told.steps:
        table.add_row(trade_display.elapsed(step.at - since), step.kind.value, _line(step))
        for label, value in (*((("in"), each) for each in step.inputs), ("out", step.output)):
            if value is not None:
                table.add_row("", f"[dim]{label}[/]", escape(_data(value, full=full)))
        if step.failure:
            table.add_row("", "[red]failed[/]", escape(step.failure))
    console.print(table)
    if told.deterministic:
        console.print("\n[green]replays:[/] the installed code decides the same at every step")
    else:
        console.print("\n[red]does not replay:[/] the installed code decides otherwise")
    if told.fault:
        console.print(escape(told.fault))


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
        else f"{text[:longest]}… ({len(text)} characters; --full shows all)"
    )


def _brief(value: Any) -> str:
    """Write plain data shortly: key=value, without what is empty."""
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
