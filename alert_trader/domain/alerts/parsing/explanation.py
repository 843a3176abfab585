"""Stage 9, for people: the shape that read each piece of the text, and the checks that passed or failed."""

from dataclasses import dataclass

from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.alerts.parsing.checks.check import Verdict
from alert_trader.domain.alerts.parsing.outline import Outline

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was read, and why."""

    rules: tuple[Rule, ...]
    checks: tuple[Check, ...]


def explain_chatter(alert: ParsedAlert) -> Explanation:
    """Explain the answer to a text that was not cut into tokens: talk, or a text that is too long."""
    reason = alert.reason or "no word or shape of an alert"
    return Explanation(rules=(), checks=(Check(name=_LOOKS_LIKE_ALERT, passed=False, says=reason),))


def explain(shown: str, outline: Outline, verdict: Verdict | None, alert: ParsedAlert) -> Explanation:
    """Explain an answer by the tokens and the checks that led to it."""
    checks = [Check(name=_LOOKS_LIKE_ALERT, passed=True)]
    if verdict is not None and (verdict.passed or verdict.failed):
        checks += [Check(name=name, passed=True) for name in verdict.passed]
        if verdict.refusal is not None:
            says = f"{verdict.refusal.code}: {verdict.refusal.reason}"
            checks.append(Check(name=verdict.failed, passed=False, says=says))
    elif alert.reason is not None:
        checks.append(Check(name="certain", passed=False, says=alert.reason))
    return Explanation(rules=_rules(shown, outline, alert), checks=tuple(checks))


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
