"""The check of `trader doctor` for the clocks, from what the workers reported to the account."""

from alert_trader.cli.doctor_finding import Finding
from alert_trader.domain.account.clocks import clock_check
from alert_trader.domain.account.view import AccountView


def clock_finding(view: AccountView) -> Finding:
    """Return how far the clocks are apart: it fails at 1 s, and notes 0.25 s and what is not known."""
    if not view.clocks:
        fix = "a worker reports within 15 s of its start; if this stays, see the worker's log"
        return Finding(name="clocks", ok=False, found="no worker has reported", fix=fix, needed=False)
    check = clock_check(view.clocks)
    if not check.ok:
        return Finding(name="clocks", ok=False, found=check.found, fix=check.fix)
    noted = any(each.noted for each in view.clocks)
    fix = "check NTP on the worker's machine; at 1 s people are paged and entries are refused"
    return Finding(name="clocks", ok=not noted, found=check.found, fix=fix if noted else "", needed=False)
