"""What an author's profile changes: a message with it, beside the same message without."""

from dataclasses import dataclass, replace

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.alerts.alert_text import levels_text
from alert_trader.domain.alerts.parser import check_expiry, parse
from alert_trader.domain.alerts.profile import Approval, OnAdd, OnExit, Profile
from alert_trader.domain.money import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a message does without a profile and with it."""

    text: str
    before: str
    after: str
    differs: bool


def compare(message: AlertMessage, profile: Profile) -> Change:
    """Compare what a message does without a profile and with this one."""
    before, after = consequence(message, Profile()), consequence(message, profile)
    return Change(text=message.shown, before=before, after=after, differs=before != after)


def consequence(message: AlertMessage, profile: Profile) -> str:
    """Return what a message does under a profile, as far as that needs no broker."""
    parsed = parse(message, profile.room)
    match parsed.kind:
        case AlertKind.ENTRY:
            denied = check_expiry(parsed, message.posted_at)
            return f"denied: {denied.code}" if denied is not None else _entry(parsed, profile)
        case AlertKind.EXIT:
            return _exit(parsed, profile)
        case AlertKind.ADD:
            return _ADDS[profile.adds]
        case AlertKind.REFUSED:
            return f"denied: {parsed.code}"
        case AlertKind.CHATTER:
            return "chatter"


_ENTRIES = {Approval.AUTOMATIC: "buy", Approval.ASK: "ask, then buy", Approval.WATCH: "watch only:"}
_ADDS = {OnAdd.IGNORED: "add: recorded only", OnAdd.APPROVAL: "add: ask, then buy", OnAdd.ADDED: "add: buy"}


def _entry(parsed: ParsedAlert, profile: Profile) -> str:
    price = "the mid" if parsed.price is None else plain(parsed.price)
    factor = profile.factor(parsed.label)
    size = "" if factor == 1 else f", {factor.normalize():f} of a full size"
    departs = profile.habits.departure(parsed)
    approval = profile.approval
    if departs is not None and approval is Approval.AUTOMATIC:
        approval = Approval.ASK
    unusual = "" if departs is None else f"; unusual: {departs}"
    used = replace(parsed, stop=profile.stop_of(parsed), targets=profile.targets_of(parsed))
    levels = f"; from the alert: {levels_text(used)}" if levels_text(used) else ""
    return (
        f"{_ENTRIES[approval]} {parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry} at "
        f"{price}{size}{levels}{unusual}"
    )


def _exit(parsed: ParsedAlert, profile: Profile) -> str:
    portion = profile.portion(parsed, None)
    match profile.exits:
        case OnExit.AUTOMATIC:
            return f"exit: sell {portion}"
        case OnExit.APPROVAL:
            return f"exit: ask, then sell {portion}"
        case OnExit.IGNORED:
            return "exit: recorded only"
