"""The switch that stops entries without Temporal, from the settings."""

from alert_trader.activities.account_client import KillSwitch
from alert_trader.settings.model import Settings


def kill_switch_of(settings: Settings) -> KillSwitch:
    """Return the switch as it is on this machine; a worker elsewhere has its own."""
    return KillSwitch(file=settings.stop_path.absolute(), always=settings.stop)
