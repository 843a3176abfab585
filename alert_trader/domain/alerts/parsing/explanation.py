"""Explains a reading: which rule read each piece of the text, and which checks it stood or fell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert
from alert_trader.domain.alerts.parsing.action import Action
from alert_trader.domain.alerts.parsing.reading import MessageText, entry_checks, fields_of, opened
from alert_trader.domain.alerts.profile import RoomRule


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
    """A check that a reading went through."""

    name: str
    passed: bool
    says: str = ""
    """Why it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was read, and why."""

    rules: tuple[Rule, ...]
    checks: tuple[Check, ...]


def explain(text: str, moment: datetime, parsed: ParsedAlert, room: RoomRule, *, longest: int) -> Explanation:
    """Explain the reading of a text posted at a moment."""
    letter = opened(text, moment, room, longest)
    if letter is None or len(text) > longest:
        return Explanation(
            rules=(),
            checks=(
                Check(
                    name="worth reading", passed=False, says=parsed.reason or "no word or shape of an alert"
                ),
            ),
        )
    checks = [Check(name="worth reading", passed=True)]
    if _is_entry(letter, parsed):
        checks += _entry_checks(letter)
    elif parsed.reason is not None:
        checks.append(Check(name="certain", passed=False, says=parsed.reason))
    return Explanation(rules=_rules(letter, text, parsed), checks=tuple(checks))


def _is_entry(letter: MessageText, parsed: ParsedAlert) -> bool:
    """Whether the message went the way of an entry: it is one, or its first action would have made it one."""
    return (
        bool(letter.hits)
        and letter.hits[0].action in {Action.BUY, Action.OTHER}
        and parsed.kind in {AlertKind.ENTRY, AlertKind.REFUSED}
    )


def _rules(letter: MessageText, text: str, parsed: ParsedAlert) -> tuple[Rule, ...]:
    fields: dict[int, list[str]] = {}
    for span in parsed.spans:
        fields.setdefault(span.start, []).append(span.field)
    rules = []
    for token in letter.tokens:
        start, end = letter.sight.place(token.start, token.end)
        filled = " and ".join(fields.get(start, ()))
        if filled or token.kind not in {"WORD", "PUNCTUATION", "NEWLINE"}:
            rules.append(Rule(shape=token.kind, field=filled, start=start, end=end, text=text[start:end]))
    return tuple(rules)


def _entry_checks(letter: MessageText) -> Iterator[Check]:
    """Run the checks of an entry one after another, up to the first that fails."""
    hit = letter.hits[0]
    action = range(hit.first, hit.last + 1)
    for name, doubt in entry_checks(letter, fields_of(letter, action), action):
        yield Check(
            name=name, passed=doubt is None, says="" if doubt is None else f"{doubt.code}: {doubt.reason}"
        )
        if doubt is not None:
            return
