"""Why a trade went as it did, or how a text would be traded: every check with its numbers, code and advice.

A text is checked as far as that needs no broker; checks of the broker are listed with their limits. The
checks of a trade are its own events with a code or numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from temporalio.client import Client

from alert_trader.control.queries import trade_views
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.alerts.alert_text import levels_text, words_text
from alert_trader.domain.alerts.allowlist import check_allowlist
from alert_trader.domain.alerts.parser import check_expiry, explain_reading, parse
from alert_trader.domain.alerts.profile import Approval
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.denial import MEANINGS, Code, Denied
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.market.trading_hours import TradingHours
from alert_trader.domain.money import plain
from alert_trader.domain.not_sent import meaning_of


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    AHEAD = "ahead"
    """Not known yet: it depends on the broker, the account or a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyCheck:
    """One check of a trade."""

    name: str
    verdict: Verdict
    says: str = ""
    code: str | None = None
    numbers: dict[str, str] = field(default_factory=dict)
    change: str = ""
    """What to do for another outcome; empty where nothing failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Every check of a trade, in order."""

    about: str
    outcome: str
    checks: tuple[WhyCheck, ...]
    note: str = ""
    """What could not be read, and why."""


NO_CHECKS = frozenset(
    {
        *(
            EventKind.RECEIVED,
            EventKind.COMMANDED,
            EventKind.FILLED,
            EventKind.BUMPED,
            EventKind.EXIT_INTENDED,
            EventKind.EXIT_SUBMITTED,
        ),
        *(
            EventKind.EXIT_FILLED,
            EventKind.EXIT_ENDED,
            EventKind.ENTRY_INTENDED,
            EventKind.ENTRY_SUBMITTED,
            EventKind.CANCELLED,
        ),
        *(
            EventKind.CLOSED,
            EventKind.FOUND,
            EventKind.FOLLOWED_UP,
            EventKind.PART_SOLD,
            EventKind.CONVERTED,
            EventKind.LATE_FILL,
        ),
    }
)
"""Events of what was done; the other kinds are decisions. An event with a code is a check whatever its
kind."""

FAILS = frozenset(
    {EventKind.DENIED, EventKind.REJECTED, EventKind.GIVEN_UP, EventKind.ENTRY_NOT_SENT, EventKind.UNANSWERED}
)


async def why_trade(client: Client, trade: str) -> Why:
    """Return a trade's checks from its events; raises NotFoundError or UnreachableError."""
    details = await trade_views.show(client, trade)
    request = details.request
    reading = _reading(request.alert, request.policy)
    happened = [
        _of_event(event) for event in details.events if event.kind not in NO_CHECKS or "code" in event.facts
    ]
    outcome = details.row.phase or details.row.status
    if details.view is not None and details.view.reason:
        outcome = f"{outcome}: {details.view.reason}"
    return Why(
        about=details.row.workflow_id, outcome=outcome, checks=(*reading, *happened), note=details.note or ""
    )


def why_text(message: AlertMessage, policy: Policy) -> Why:
    """Return the checks of a message that was not traded, as far as they need no broker."""
    parsed = parse(message, policy.profile.room)
    denied = check_allowlist(message, policy.allowlist)
    checks = [_denial("author, channel and server are allowed", denied), *_reading(message, policy)]
    hours = TradingHours(closures=policy.closures)
    unlisted = check_expiry(parsed, message.posted_at, hours) if parsed.kind is AlertKind.ENTRY else None
    if parsed.kind is AlertKind.ENTRY:
        checks.append(_denial("the expiration is a trading day to come", unlisted))
    stopped = denied is not None or unlisted is not None or parsed.kind is not AlertKind.ENTRY
    outcome = _outcome_of(parsed, denied or unlisted, policy)
    return Why(
        about=message.shown,
        outcome=outcome,
        checks=tuple(checks) if stopped else (*checks, *_ahead(parsed, policy)),
    )


def _outcome_of(parsed: ParsedAlert, denied: Denied | None, policy: Policy) -> str:
    if parsed.kind is not AlertKind.ENTRY:
        return f"{parsed.kind}{f': {parsed.code}' if parsed.code else ''}: opens no trade"
    if denied is not None:
        return f"denied: {denied.code}"
    match policy.profile.approval:
        case Approval.WATCH:
            return "would be shown and not traded: the author is only watched"
        case Approval.ASK:
            return "would be sized, and bought when a person approves"
        case Approval.AUTOMATIC if (departs := policy.profile.habits.departure(parsed)) is not None:
            return f"would be sized, and bought when a person approves; unusual for the author: {departs}"
        case Approval.AUTOMATIC:
            return f"would be traded in mode {policy.mode}, if the checks ahead pass"


def _reading(message: AlertMessage, policy: Policy) -> Iterator[WhyCheck]:
    """Yield the checks of parsing, and what was parsed."""
    parsed = parse(message, policy.profile.room)
    failed = "read with certainty"
    explanation = explain_reading(message, policy.profile.room)
    for check in explanation.checks:
        if check.passed:
            yield WhyCheck(name=check.name, verdict=Verdict.PASSED)
        else:
            failed = check.name
    if parsed.code is not None:
        shown = {f"not {each.what}": each.why_not for each in explanation.considered[:-1]}
        if explanation.nearest:
            shown["would be read"] = explanation.nearest
        yield _failed(failed, parsed.code, parsed.reason or "", shown)
        return
    named = (
        "symbol",
        "strike",
        "right",
        "expiry",
        "price",
        "average",
        "quantity",
        "portion",
        "fraction",
        "label",
    )
    numbers = {name: str(getattr(parsed, name)) for name in named if getattr(parsed, name) is not None}
    if parsed.stop is not None or parsed.targets:
        numbers["the alert names"] = levels_text(parsed)
    opens = parsed.kind is AlertKind.ENTRY
    yield WhyCheck(
        name=f"read as {parsed.kind}",
        verdict=Verdict.PASSED if opens else Verdict.FAILED,
        code=None if opens else Code.ALERT_NOT_ENTRY,
        says=f"from the words: {words_text(parsed)}" if parsed.spans else "",
        numbers=numbers,
        change="" if opens else MEANINGS[Code.ALERT_NOT_ENTRY].to_do,
    )


def _ahead(parsed: ParsedAlert, policy: Policy) -> Iterator[WhyCheck]:
    """Yield the checks that depend on the broker, the account or a person, with their limits."""
    safety, ladder, sizing = policy.safety, policy.ladder, policy.sizing_of(parsed.label)

    def ahead(name: str, code: Code, **numbers: object) -> WhyCheck:
        limits = {each: str(value) for each, value in numbers.items()}
        return WhyCheck(
            name=name, verdict=Verdict.AHEAD, code=code, numbers=limits, change=MEANINGS[code].to_do
        )

    yield ahead(
        "the alert is fresh when it is sent",
        Code.ALERT_TOO_OLD,
        max_alert_age=_seconds(safety.max_alert_age.total_seconds()),
    )
    yield ahead("the market is open", Code.MARKET_CLOSED)
    needed = ladder.window + ladder.grace + ladder.conversion_wait
    yield ahead(
        "the session is long enough for the entry",
        Code.SESSION_ENDS_SOON,
        needed=_seconds(needed.total_seconds()),
        near_close=ladder.near_close,
    )
    yield ahead("the broker's chain has the contract", Code.CONTRACT_NOT_LISTED)
    yield ahead("the contract stands for 100 shares", Code.CONTRACT_ADJUSTED)
    yield ahead(
        "a fresh two-sided quote",
        Code.QUOTE_STALE,
        max_quote_age=_seconds(safety.max_quote_age.total_seconds()),
    )
    if parsed.price is not None:
        low, high = parsed.price * (1 - safety.max_price_gap), parsed.price * (1 + safety.max_price_gap)
        yield ahead(
            "the mid is near the alert's price",
            Code.PRICE_FAR_FROM_MARKET,
            mid_from=plain(low),
            mid_to=plain(high),
        )
        yield ahead(
            "the ask is within the ceiling",
            Code.LADDER_ABOVE_CEILING,
            ceiling=plain(parsed.price * (1 + ladder.ceiling)),
        )
    factor = policy.profile.factor(parsed.label)
    yield ahead(
        "room for at least one contract",
        Code.SIZE_ZERO,
        allocation=format(sizing.allocation.normalize(), "f"),
        max_contracts=sizing.max_contracts,
        max_notional=plain(sizing.max_notional),
        label_factor=format(factor.normalize(), "f"),
    )
    if policy.profile.approval is Approval.ASK:
        yield ahead(
            "a person approves in time",
            Code.APPROVAL_EXPIRED,
            window=_seconds(safety.approval_window.total_seconds()),
        )


def _seconds(value: float) -> str:
    return f"{value:g} s"


def _of_event(event: TradeEvent) -> WhyCheck:
    numbers = {name: value for name, value in event.facts.items() if name not in {"code", "reason"}}
    code = event.facts.get("code")
    name = event.kind.replace("_", " ")
    if code is not None or event.kind in FAILS:
        return _failed(name, code, event.text, numbers)
    return WhyCheck(name=name, verdict=Verdict.PASSED, says=event.text, numbers=numbers)


def _denial(name: str, denied: Denied | None) -> WhyCheck:
    if denied is None:
        return WhyCheck(name=name, verdict=Verdict.PASSED)
    return _failed(name, denied.code, denied.reason, denied.facts)


def _failed(name: str, code: str | None, says: str, numbers: dict[str, str]) -> WhyCheck:
    meaning = meaning_of(code)
    change = "Read the broker's reason: `trader show`." if meaning is None else meaning.to_do
    return WhyCheck(name=name, verdict=Verdict.FAILED, code=code, says=says, numbers=numbers, change=change)
