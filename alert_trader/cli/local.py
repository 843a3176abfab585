"""`trader down`, `logs`, `open` and `notify test`: what a person does with a stack that runs."""

import asyncio
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from alert_trader.cli.context import err, fail, out, run, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.options import chosen
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.runtime.desk_link import desk_address
from alert_trader.runtime.local import running

notify_app = typer.Typer(help="Test the notifications.")
_POLL = 0.3


def _data_dir() -> Path:
    """Return the folder of the stack that is meant."""
    if chosen.stack is not None:
        return chosen.stack.absolute().parent
    return settings(use_stack=False).settings.data_dir.absolute()


def down() -> None:
    """Stop the stack that `trader up` started. Orders that work at the broker stay there."""
    folder = _data_dir()
    state = running.read_state(folder)
    if state is None:
        fail(ExitCode.NOT_FOUND, f"no stack runs in {folder}")
    err().print(f"stopping the stack of {folder} …", markup=False)

    async def wait() -> None:
        await asyncio.to_thread(running.stop, int(state["pid"]))

    run(wait())
    out().print("Stopped.")


def logs(
    names: Annotated[
        list[str] | None, typer.Argument(help="Processes, such as worker or bot. Default: all.")
    ] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Continue with new lines until Ctrl-C.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="Lines to begin with.", min=0)] = 40,
    trade: Annotated[str | None, typer.Option(help="Only lines about this trade.")] = None,
) -> None:
    """Show the logs of the stack of this machine, the lines of all processes by their time."""
    folder = _data_dir() / "logs"
    if not folder.is_dir():
        fail(ExitCode.NOT_FOUND, f"there are no logs in {folder}: no stack was started there")
    known = sorted(each.stem for each in folder.glob("*.log"))
    if unknown := set(names or ()) - set(known):
        fail(ExitCode.USAGE, f"expected one of {', '.join(known)}; found {', '.join(sorted(unknown))}")
    text = "" if trade is None else with_client(lambda client: find_trade(client, trade))
    reader = running.LogReader(folder, names or (), text.removeprefix("trade-"))
    console = out()
    for line in reader.last(lines):
        console.print(line, markup=False, soft_wrap=True)
    try:
        while follow:
            time.sleep(_POLL)
            for line in reader.new():
                console.print(line, markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        raise typer.Exit(int(ExitCode.INTERRUPTED)) from None


def open_command(
    trade: Annotated[str | None, typer.Argument(help="The trade. Without it: the desk page.")] = None,
    *,
    show: Annotated[bool, typer.Option("--print", help="Only print the address.")] = False,
) -> None:
    """Open a trade's history in Temporal's Web UI, or the desk page, in a browser."""
    state = running.read_state(_data_dir()) or {}
    if trade is None:
        address = f"{state.get('api_url') or desk_address(settings().settings)}/desk"
    else:
        named = trade

        async def ask(client: Client) -> str:
            return await find_trade(client, named)

        page = state.get("ui_url")
        if page is None:
            fail(
                ExitCode.NOT_FOUND,
                "no Web UI of a stack runs here. Open your Temporal's Web UI and search for the trade's id",
            )
        address = f"{page}/{with_client(ask)}"
    out().print(address, markup=False, soft_wrap=True)
    if not show and not webbrowser.open(address):
        err().print("No browser was found: open the address yourself.")


@notify_app.callback()
def notify() -> None:
    """Test the notifications."""


@notify_app.command("test")
def notify_test() -> None:
    """Send a test to every configured service now, whatever the level and the quiet hours are."""
    from alert_trader.activities.messages import Level, Notice  # noqa: PLC0415 - with aiohttp, for this alone
    from alert_trader.runtime.channels import services_of  # noqa: PLC0415 - as above

    in_force = settings().settings
    try:
        services = services_of(in_force)
    except ValueError as error:
        fail(ExitCode.USAGE, str(error))
    if not services:
        fail(
            ExitCode.USAGE, "no service is configured: set TRADER_OPERATOR_WEBHOOK_URL or TRADER_NOTIFY_URLS"
        )
    notice = Notice(
        level=Level.MONEY,
        workflow_id=f"account-{in_force.account}",
        title="Test notification",
        note=f"`trader notify test` in mode {in_force.mode}. Nothing happened to a trade.",
    )

    async def send() -> int:
        failed = 0
        for number, service in enumerate(services, 1):
            try:
                await service.send(notice, ping=True)
            except ConnectionError as error:
                failed += 1
                out().print(f"{number}. FAILED: {error}", markup=False)
            else:
                out().print(f"{number}. {type(service).__name__}: accepted", markup=False)
        return failed

    if run(send()):
        raise typer.Exit(int(ExitCode.UNEXPECTED))
