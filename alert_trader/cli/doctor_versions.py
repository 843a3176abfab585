"""The check of `trader doctor` for the builds of the workers."""

from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli.doctor_finding import Finding
from alert_trader.control import upgrades
from alert_trader.control.errors import UnreachableError
from alert_trader.domain.market.calendar import eastern
from alert_trader.settings.model import Settings


async def examine_versions(client: Client, in_force: Settings) -> Finding:
    """Check that the current build has a worker, and count the open trades of each build."""
    try:
        found = await upgrades.versions(client, in_force.account)
    except UnreachableError as error:
        return Finding(name="build", ok=False, found=str(error), fix="check address and credentials")
    return build_finding(found)


def build_finding(found: upgrades.Versions) -> Finding:
    """Return what is known of the builds, and what to do when the trades have no worker."""
    total = sum(found.open_trades.values())
    if found.deployment is None:
        text = f"no worker has registered a build; {total} open trades"
        return Finding(name="build", ok=False, found=text, fix="start one: trader worker")
    current = found.deployment.current
    if current is None:
        text = f"no build is current: {total} open trades have no worker"
        return Finding(name="build", ok=False, found=text, fix="choose one: trader versions use BUILD")
    if not current.has_worker:
        return Finding(
            name="build",
            ok=False,
            found=f"{current.build_id} is current, and no worker of it polls: {total} open trades wait",
            fix="start its worker, or go to a build that has one: trader versions use BUILD",
        )
    held = found.open_trades.get(current.build_id, 0)
    text = f"{current.build_id} is current, with {held} open trades"
    if found.waiting:
        others = ", ".join(
            f"{count} on {build or 'no build yet'}"
            for build, count in found.open_trades.items()
            if build != current.build_id
        )
        by = eastern(upgrades.moved_by(clock.now()), "%Y-%m-%d %H:%M")
        text += f"; {others}, which move with their next step, the last by {by}"
    return Finding(name="build", ok=True, found=text)
