"""The check of `trader doctor` for stuck trades. It asks Temporal, and needs no worker."""

from temporalio.client import Client

from alert_trader.cli.doctor_finding import Finding
from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries.stuck import stuck_workflows
from alert_trader.settings.model import Settings

NAME = "stuck trades"


async def examine_stuck(client: Client, in_force: Settings) -> list[Finding]:
    """Return one finding for each stuck workflow of the account; one that is ok when there is none."""
    try:
        stuck = await stuck_workflows(client, in_force.account)
    except UnreachableError:
        return []  # reported by the check of the namespace
    if not stuck:
        return [Finding(name=NAME, ok=True, found="none")]
    return [
        Finding(
            name=NAME, ok=False, found=f"{each.workflow_id}. {each.what}. {each.protection}", fix=each.fix
        )
        for each in stuck
    ]
