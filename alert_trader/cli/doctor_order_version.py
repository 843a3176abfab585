"""The check of `trader doctor` for the version of the broker's order API."""

from alert_trader.cli.doctor_finding import Finding
from alert_trader.settings.broker import ORDER_VERSION
from alert_trader.settings.model import Settings

_NAME = "order API"
_REMOVAL = "2027-04-12"
"""From this day on the broker may no longer serve the version before `ORDER_VERSION`."""


def order_version_finding(in_force: Settings) -> Finding:
    """Warn when the version will not be served for long, or is left to the broker where it can be chosen."""
    version = in_force.order_version
    fix = f"remove TRADER_BROKER_ORDER_VERSION, or set it to {ORDER_VERSION}"
    if version is None:
        chosen = in_force.broker_order_version != "none"
        found = "no version is sent; the broker serves its oldest"
        return Finding(name=_NAME, ok=chosen, found=found, fix="" if chosen else fix, needed=False)
    if version < ORDER_VERSION:
        found = f"version {version} is not served from {_REMOVAL} on; every order call would then be refused"
        return Finding(name=_NAME, ok=False, found=found, fix=fix, needed=False)
    return Finding(name=_NAME, ok=True, found=f"version {version}")
