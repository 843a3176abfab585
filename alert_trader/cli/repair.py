"""`trader repair`: repair a stuck trade."""

import getpass
from typing import Annotated

import typer
from rich.console import Console
from temporalio.client import Client

from alert_trader.cli.context import err, fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.commands.repair import RepairPlan, plan_repair
from alert_trader.control.commands.repair import repair as carry_out
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.workflows.interface import Command


def repair(
    trade: Annotated[str, typer.Argument(help="The trade: its id, a part of it, or its contract.")],
    *,
    reason: Annotated[str, typer.Option(help="Why. Written to the audit trail.")] = "",
    hand_over: Annotated[
        bool,
        typer.Option(
            "--hand-over", help="Terminate the trade; its orders and position become yours to manage."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON. Needs --yes or --dry-run.")] = False,
) -> None:
    """Repair a stuck trade: show what is wrong and what would be done, ask, and do it."""
    if as_json and not (yes or dry_run):
        fail(ExitCode.USAGE, "--json asks nothing: use it with --yes or --dry-run")
    if yes and not dry_run and not reason.strip():
        fail(ExitCode.USAGE, "--yes needs --reason")
    loaded = settings()
    plan = with_client(lambda client: _plan(client, trade, hand_over=hand_over), loaded)
    if not as_json:
        show_plan(out(), plan)
    if dry_run:
        if as_json:
            print_json(plan)
        return
    if not yes:
        reason = reason.strip() or typer.prompt("Reason, for the audit trail", err=True)
        if not typer.confirm(f"Repair {plan.trade} ({plan.kind})?", err=True):
            err().print("Nothing was changed.")
            raise typer.Exit(int(ExitCode.INTERRUPTED))
    command = Command(by=f"cli:{getpass.getuser()}", reason=reason)
    repaired = with_client(lambda client: carry_out(client, plan, command), loaded)
    if as_json:
        print_json(repaired)
    else:
        out().print(repaired.text, markup=False)
    if not repaired.well:
        raise typer.Exit(int(ExitCode.TIMEOUT))


async def _plan(client: Client, trade: str, *, hand_over: bool) -> RepairPlan:
    return await plan_repair(client, await find_trade(client, trade), hand_over=hand_over)


def show_plan(console: Console, plan: RepairPlan) -> None:
    """Print what is wrong, what would be done, and what that does to orders and position."""
    for name, text in (
        ("trade", plan.trade),
        ("found", plan.stuck.what),
        ("position", plan.stuck.protection),
        ("repair", f"{plan.kind}: {plan.why}"),
        ("effect", plan.effect),
    ):
        console.print(f"{name:>9}  {text}", markup=False)
