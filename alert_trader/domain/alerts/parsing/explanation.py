"""Stage 9, for people: the shape that read each piece of the text, and the checks that passed or failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from alert_trader.domain.alerts.alert import AlertKind, Considered, ParsedAlert
from alert_trader.domain.alerts.parsing.candidates.candidate import Shape
from alert_trader.domain.alerts.parsing.checks.verdict import Verdict
from alert_trader.domain.alerts.parsing.outline import Outline
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.denial import Code
from alert_trader.domain.money import plain

_IS_ALERT = "an act of buying or selling with a contract"
_SHAPES = {
    Shape.ENTRY: "an entry",
    Shape.SPOKEN_ENTRY: "an entry in other words",
    Shape.FORM_ENTRY: "an entry in a form",
    Shape.BARE_ENTRY: "a contract alone",
    Shape.EXIT: "an exit",
    Shape.SPOKEN_EXIT: "an exit in other words",
    Shape.CONDITIONAL_EXIT: "an exit on a condition",
    Shape.ALL_BUT: "an exit of all but one",
    Shape.AVERAGE: "an addition with its average",
    Shape.ADDITION: "an addition",
    Shape.UNREAD: "a whole contract in talk",
}
_OF_PRICE = frozenset({Code.PARSE_BAD_PRICE, Code.PARSE_TWO_PRICES, Code.PARSE_UNEXPLAINED_NUMBER})
_FIRST_HAND = "a first message"
_LOOKS_LIKE_ALERT = "looks like an alert"
_WITHOUT_FIELD = frozenset({"WORD", "PUNCTUATION", "NEWLINE"})
"""Tokens that are left out where they fill no field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A piece of the text, in the order of the text, and the shape of token it was read as."""

    shape: str
    field: str
    """The field it filled, or empty where it filled none."""
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of a reading."""

    name: str
    passed: bool
    says: str = ""
    """Why it failed."""


class Tried(NamedTuple):
    """One thing that a message was tried as."""

    shape: Shape
    reading: Reading
    verdict: Verdict | None
    """None where it is no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was read, and why."""

    rules: tuple[Rule, ...]
    checks: tuple[Check, ...]
    considered: tuple[Considered, ...] = ()
    """In the order in which it was tried."""
    nearest: str = ""
    """The nearest text that would be read, for a refusal or talk; empty where none is near."""


def explain_chatter(alert: ParsedAlert) -> Explanation:
    """Explain the answer to a text that was not cut into tokens: talk, or a text that is too long."""
    reason = alert.reason or "no word or shape of an alert"
    return Explanation(rules=(), checks=(Check(name=_LOOKS_LIKE_ALERT, passed=False, says=reason),))


def explain(
    shown: str, outline: Outline, verdict: Verdict | None, alert: ParsedAlert, tried: tuple[Tried, ...]
) -> Explanation:
    """Explain an answer by the tokens and the checks that led to it."""
    checks = [Check(name=_LOOKS_LIKE_ALERT, passed=True)]
    if verdict is not None and (verdict.passed or verdict.failed):
        checks += [Check(name=name, passed=True) for name in verdict.passed]
        if verdict.refusal is not None:
            says = f"{verdict.refusal.code}: {verdict.refusal.reason}"
            checks.append(Check(name=verdict.failed, passed=False, says=says))
    elif alert.reason is not None:
        checks.append(Check(name="certain", passed=False, says=alert.reason))
    if alert.reason is not None and checks[-1].passed:
        # the reading is certain, and the message may not do what it says
        checks.append(Check(name=_FIRST_HAND, passed=False, says=f"{alert.code}: {alert.reason}"))
    if alert.kind is AlertKind.CHATTER:
        checks.append(
            Check(name=_IS_ALERT, passed=False, says="neither is named, or not one beside the other")
        )
    return Explanation(
        rules=_rules(shown, outline, alert),
        checks=tuple(checks),
        considered=considered(tried),
        nearest="" if alert.kind not in {AlertKind.REFUSED, AlertKind.CHATTER} else nearest(tried),
    )


def considered(tried: Sequence[Tried]) -> tuple[Considered, ...]:
    """Return what a message was considered to be, and why not."""
    return tuple([Considered(_SHAPES[each.shape], _why_not(each.verdict)) for each in tried])


def _why_not(verdict: Verdict | None) -> str:
    if verdict is None:
        return "it has not the shape of one"
    return "" if verdict.refusal is None else verdict.refusal.reason


def nearest(tried: Sequence[Tried]) -> str:
    """Return the plain alert of the contract that was read; in capitals what is missing.

    Empty where fewer than two of ticker, strike and expiration were read.
    """
    for each in reversed(tried):
        found = each.reading
        if [found.symbol, found.strike, found.expiry].count(None) > 1:
            continue
        closes = each.shape in {Shape.EXIT, Shape.SPOKEN_EXIT, Shape.CONDITIONAL_EXIT}
        needs_day = found.symbol is None or found.strike is None or not closes
        day = f" {found.expiry:%m/%d/%Y}" if found.expiry is not None else " MM/DD" if needs_day else ""
        strike = "STRIKE" if found.strike is None else f"{found.strike.normalize():f}"
        right = found.right or ("" if found.strike is None else "C/P")
        contract = f"{found.symbol or 'TICKER'} {strike}{right}"
        return f"{'STC' if closes else 'BTO'} {contract}{day}{_price(each)}"
    return ""


def _price(tried: Tried) -> str:
    """Return the price of the nearest text; in capitals where the one in the message cannot be read."""
    if tried.reading.price is not None:
        return f" @ {plain(tried.reading.price)}"
    refusal = None if tried.verdict is None else tried.verdict.refusal
    return " @ PRICE" if refusal is not None and refusal.code in _OF_PRICE else ""


def _rules(shown: str, outline: Outline, alert: ParsedAlert) -> tuple[Rule, ...]:
    fields: dict[int, list[str]] = {}
    for span in alert.spans:
        fields.setdefault(span.start, []).append(span.field)
    rules = []
    for token in outline.tokens:
        start, end = outline.text.original(token.start, token.end)
        filled = " and ".join(fields.get(start, ()))
        if filled or token.kind not in _WITHOUT_FIELD:
            rules.append(Rule(shape=token.kind, field=filled, start=start, end=end, text=shown[start:end]))
    return tuple(rules)
