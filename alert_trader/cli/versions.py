"""`trader versions`: the builds of the workers, which of them runs the trades, and how to go back."""

import getpass
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli.context import err, fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control import upgrades
from alert_trader.control.deployments import Build
from alert_trader.control.queries.compatibility import Compatibility, replay_open_workflows
from alert_trader.domain.market.calendar import eastern
from alert_trader.runtime.build import build_of

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]

versions_app = typer.Typer(
    help="Show the workers' builds, check an upgrade, or change the build that runs the trades.",
    invoke_without_command=True,
)


@versions_app.callback()
def versions(context: typer.Context, *, as_json: JSON = False) -> None:
    """Show the builds, which of them is current, and how many open trades each holds."""
    if context.invoked_subcommand is not None:
        return
    loaded = settings()
    found = with_client(lambda client: upgrades.versions(client, loaded.settings.account), loaded)
    installed = build_of(loaded.settings)
    if as_json:
        print_json(_as_json(found, installed))
    else:
        _show(out(), found, installed)


@versions_app.command("check")
def check(*, as_json: JSON = False) -> None:
    """Replay every open workflow on the installed code. Changes nothing: run it before an upgrade."""
    loaded = settings()
    found = with_client(lambda client: replay_open_workflows(client, loaded.settings.account), loaded)
    if as_json:
        print_json({"build_id": build_of(loaded.settings), **_compatibility(found)})
    else:
        _show_compatibility(out(), found, build_of(loaded.settings))
    if found.failures:
        raise typer.Exit(int(ExitCode.NONDETERMINISM))


@versions_app.command("use")
def use(
    build_id: Annotated[str, typer.Argument(metavar="BUILD", help="A build that `trader versions` lists.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Also when open trades do not replay on the build.")
    ] = False,
) -> None:
    """Run the trades on another build from now on: a rollback, or an upgrade by hand. Its worker must run."""
    loaded = settings()
    account, installed = loaded.settings.account, build_of(loaded.settings)

    async def change(client: Client) -> None:
        found = await upgrades.versions(client, account)
        build = upgrades.usable(found, build_id)
        if build.is_current:
            out().print(f"Build {build_id} is current already.", markup=False)
            return
        if build_id == installed:
            await require_replay(client)
        elif not unchecked:
            err().print(
                f"Histories not checked: this command has build {installed}. To check, run "
                f"`trader versions check` where build {build_id} is installed.",
                markup=False,
            )
        total = sum(found.open_trades.values())
        if not yes:
            typer.confirm(f"Continue {total} open trades on build {build_id}?", abort=True)
        await upgrades.use(client, account, found, build, by=f"cli:{getpass.getuser()}")
        out().print(
            f"Build {build_id} is current. {total} open trades continue on it, each with its next step.",
            markup=False,
        )

    async def require_replay(client: Client) -> None:
        found = await replay_open_workflows(client, account)
        if found.failures and not unchecked:
            _show_compatibility(err(), found, installed)
            fail(
                ExitCode.NONDETERMINISM,
                f"build {build_id} was not made current: {len(found.failures)} of {found.replayed} open "
                "workflows do not replay on it. With --unchecked they stop until another build runs them",
            )

    with_client(change, loaded)


def _as_json(found: upgrades.Versions, installed: str) -> dict[str, object]:
    deployment = found.deployment
    builds = () if deployment is None else deployment.builds
    return {
        "deployment": None if deployment is None else deployment.name,
        "installed": installed,
        "current": None if deployment is None or deployment.current is None else deployment.current.build_id,
        "builds": [
            {
                "build_id": each.build_id,
                "is_current": each.is_current,
                "has_worker": each.has_worker,
                "registered_at": each.registered_at,
                "last_current_at": each.last_current_at,
                "polled_at": each.polled_at,
                "open_trades": found.open_trades.get(each.build_id, 0),
            }
            for each in builds
        ],
        "open_trades_without_build": found.open_trades.get("", 0),
        "open_trades_to_move": found.waiting,
        "moved_by": upgrades.moved_by(clock.now()) if found.waiting else None,
    }


def _show(console: Console, found: upgrades.Versions, installed: str) -> None:
    if found.deployment is None:
        console.print("No worker has registered a build. Start one: trader worker", markup=False)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("build", "state", "worker", "registered"):
        table.add_column(name, no_wrap=True)
    table.add_column("open trades", justify="right")
    for each in found.deployment.builds:
        table.add_row(
            escape(each.build_id),
            _state(each),
            "polls" if each.has_worker else "[yellow]none polls[/]",
            eastern(each.registered_at, "%Y-%m-%d %H:%M:%S"),
            str(found.open_trades.get(each.build_id, 0)),
        )
    console.print(table)
    console.print(f"installed here: {installed}", markup=False)
    if found.waiting:
        console.print(
            f"{found.waiting} open trades move to the current build with their next step, the last one by "
            f"{eastern(upgrades.moved_by(clock.now()), '%Y-%m-%d %H:%M')}",
            markup=False,
        )


def _state(build: Build) -> str:
    if build.is_current:
        return "[green]current[/]"
    return "new" if build.last_current_at is None else "earlier"


def _compatibility(found: Compatibility) -> dict[str, object]:
    return {"replayed": found.replayed, "failures": list(found.failures)}


def _show_compatibility(console: Console, found: Compatibility, installed: str) -> None:
    for each in found.failures:
        console.print(f"{each.workflow_id}: {each.reason}", markup=False)
    good = found.replayed - len(found.failures)
    console.print(f"{good} of {found.replayed} open workflows replay on build {installed}", markup=False)
