"""The denials of an entry by the account: each with its code, its text for people, and its numbers."""

from datetime import datetime, timedelta

from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.market.calendar import NEW_YORK
from alert_trader.domain.money import plain


def account_halted(
    state: AccountState, epoch: int, *, at: datetime | None, by: str | None, reason: str | None
) -> Denied:
    """Deny an entry of an account that is halted, or being flattened, since `at`."""
    since = "" if at is None else at.isoformat(timespec="seconds")
    when = "" if at is None else f" at {at.astimezone(NEW_YORK):%Y-%m-%d %H:%M} ET"
    what = "halted" if state is AccountState.HALTED else "being flattened"
    text = f"Account {what} by {by}{when} (reason: {reason}). To trade again: `trader resume 'why'`"
    facts = {"state": state, "epoch": str(epoch), "since": since}
    return Denied(code=Code.ACCOUNT_HALTED, reason=text, facts=facts)


def preflight_failed(wrong: Check | None) -> Denied:
    """Deny an entry because of a failed check; None: the preflight has not run yet."""
    reason = (
        "Preflight has not run yet; see `trader doctor`"
        if wrong is None
        else f"Preflight failed: {wrong.name}: {wrong.found}; {wrong.fix or 'see `trader doctor`'}"
    )
    facts = {"check": "" if wrong is None else wrong.name}
    return Denied(code=Code.PREFLIGHT_FAILED, reason=reason, facts=facts)


def unexplained_difference(found: Difference) -> Denied:
    """Deny an entry while account and trades disagree."""
    reason = f"Account and trades disagree: {found}. To trade again: `trader account explain`"
    facts = {"kind": str(found.kind), "expected": str(found.expected), "found": str(found.found)}
    return Denied(code=Code.ACCOUNT_DIFFERENCE, reason=reason, facts=facts)


def no_entry_window(where: str, window: timedelta, found: timedelta) -> Denied:
    """Deny an entry within a limit's window; `where` is "after the open" or "before the close"."""
    facts = {"window_seconds": f"{window.total_seconds():g}", "seconds": f"{found.total_seconds():.0f}"}
    reason = (
        f"No entries within {window.total_seconds():g} s {where}; it is {found.total_seconds():.0f} s {where}"
    )
    return Denied(code=Code.NO_ENTRY_WINDOW, reason=reason, facts=facts)


def reposted(request: AdmitRequest) -> Denied:
    """Deny an alert of an author that was traded before, at the same price."""
    price = "no price" if request.alert_price is None else plain(request.alert_price)
    reason = (
        f"Already traded: author {request.author}, {request.contract} at {price}. "
        f"To trade it again: `trader account allow {request.trade}`, then send the alert again"
    )
    facts = {"author": request.author, "contract": str(request.contract), "price": price}
    return Denied(code=Code.ALERT_REPOSTED, reason=reason, facts=facts)


def limit_reached(code: Code, name: str, found: str, most: str) -> Denied:
    """Deny an entry at the limit `name`."""
    reason = f"{name} reached: {found} of at most {most}; wait, or raise the limit with `trader limits set`"
    return Denied(code=code, reason=reason, facts={"limit": most, "found": found})
