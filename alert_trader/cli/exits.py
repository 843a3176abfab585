"""`trader exits`: show what sells a trade's position, and change it."""

from typing import Annotated

import typer
from temporalio.client import Client

from alert_trader.cli.context import fail, out, print_json, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.trades import JSON, REASON, TRADE, run_command
from alert_trader.control.commands import trade_commands
from alert_trader.control.commands.exit_change import NONE, read_exit_change
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.control.queries.trade_views import view_of
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import Command, ExitChange


def exits(
    trade: TRADE,
    *,
    stop: Annotated[
        str, typer.Option(help="Sell everything at this bid (0.90) or loss (-30%); none removes it.")
    ] = "",
    trail: Annotated[
        str, typer.Option(help="Trailing stop under the highest bid: 20%, 0.15, '20% from +50%', or none.")
    ] = "",
    break_even: Annotated[
        bool | None,
        typer.Option(
            "--break-even/--no-break-even", help="Raise the stop to the average entry after the target."
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(help="Sell everything by: 15:45, '30m before close', '45m held', or none; repeatable."),
    ] = None,
    target: Annotated[str, typer.Option(help="Profit-take, share and gain: 50%@+100%, or none.")] = "",
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Show what sells a trade's position, or change it."""
    level = {None: "", True: "1", False: NONE}[break_even]
    if not (stop or trail or level or at or target):
        _show(trade, as_json=as_json)
        return

    def read(command: Command) -> ExitChange:
        return read_exit_change(
            command, target=target, stop=stop, break_even=level, trail=trail, times=at or ()
        )

    try:
        read(Command(by=""))
    except ValueError as error:
        fail(ExitCode.USAGE, str(error))
    run_command(
        lambda client, named, asked: trade_commands.change_exits(client, named, read(asked)),
        trade,
        reason,
        as_json=as_json,
    )


def _show(trade: str, *, as_json: bool) -> None:
    async def ask(client: Client) -> TradeView:
        return await view_of(client, await find_trade(client, trade))

    view = with_client(ask)
    if as_json:
        print_json({"plan": view.exit_plan, "protection": view.protection, "position": view.position})
        return
    out().print(f"Plan:    {view.exit_plan or 'none yet: the entry has not begun'}", markup=False)
    out().print(f"Sold by: {view.protection or 'nothing is held'}", markup=False)
