"""The stage: the checks of each shape, in their order."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.candidates import Candidate, Shape
from alert_trader.domain.alerts.parsing.checks.actions import check_action_first, check_one_action
from alert_trader.domain.alerts.parsing.checks.contract import CONTRACT_CHECKS, check_contract
from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.checks.wording import (
    check_before_exit,
    check_not_cancelled,
    check_wording,
    is_quoted,
)
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.alerts.parsing.vocabulary.action_words import BOUGHT
from alert_trader.domain.denial import Code

MOST_OF_A_BARE_ENTRY = 100
"""Contracts; a bare contract with more of them is a print of the tape, not an author's trade."""

_REFUSES_ADDITION = frozenset(
    {Code.PARSE_CONDITIONAL, Code.PARSE_NEGATED, Code.PARSE_NOT_FIRST_HAND, Code.PARSE_SPREAD}
)
_BESIDE_BARE_CONTRACT = frozenset(
    {"WORD", "CASHTAG", "STRIKE", "DATE", "DTE", "RELATIVE", "NOISE", "SHARE_CLASS"}
)


class Verdict(NamedTuple):
    """Whether a candidate's reading is certain."""

    refusal: Refusal | None = None
    """None when the reading is certain."""
    passed: tuple[str, ...] = ()
    """The names of the checks of an entry that passed, in their order."""
    failed: str = ""
    """The name of the check of an entry that failed."""


CERTAIN = Verdict()


def check(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> Verdict | None:
    """Check a reading; None where the message is no such thing after all, and the next candidate is tried."""
    return _CHECKS[candidate.shape](candidate, fields, reading, context)


def _check_entry(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> Verdict:
    """Run the checks of an entry up to the first that fails."""
    passed: list[str] = []
    for name, check_message in _PROSE_CHECKS if candidate.outline.form is None else _FORM_CHECKS:
        refusal = check_message(candidate, fields)
        if refusal is not None:
            return Verdict(refusal, tuple(passed), name)
        passed.append(name)
    refusal = _check_day(reading, context)
    if refusal is not None:
        return Verdict(refusal, tuple(passed), _DAY_CHECK)
    for name, check_fields in CONTRACT_CHECKS:
        refusal = check_fields(fields, reading)
        if refusal is not None:
            return Verdict(refusal, tuple(passed), name)
        passed.append(name)
    return Verdict(None, tuple(passed))


def _check_prose(candidate: Candidate, fields: Fields) -> Refusal | None:
    return check_wording(candidate.outline.text, candidate.tokens, candidate.action, fields.entry_end)


def _check_prose_action(candidate: Candidate, fields: Fields) -> Refusal | None:
    tokens, outline = candidate.tokens, candidate.outline
    refusal = check_one_action(tokens, outline.actions, fields.entry_end)
    return refusal or check_action_first(tokens, outline.actions[0], outline.opening)


def _check_result(candidate: Candidate, _fields: Fields) -> Refusal | None:
    form = candidate.outline.form
    if form is None or form.result is None:
        return None
    reason = "expected an entry, found the result of a trade: send the alert alone"
    return Refusal(Code.PARSE_NOT_NOW, reason, form.result)


def _check_form(candidate: Candidate, _fields: Fields) -> Refusal | None:
    """Refuse doubtful words in the title and the contract of a form, beside its action."""
    outline, form = candidate.outline, candidate.outline.form
    assert form is not None
    action = candidate.tokens[candidate.action.start : candidate.action.stop]
    tokens = [token for token in form.title + form.contract if token not in action]
    return check_wording(outline.text, tokens, range(0), None)


def _check_comments(candidate: Candidate, _fields: Fields) -> Refusal | None:
    """Refuse doubtful words in the comments of a form; fewer are doubtful there, as behind an entry."""
    outline, form = candidate.outline, candidate.outline.form
    assert form is not None
    return check_wording(outline.text, form.comments, range(0), 0)


def _check_form_action(candidate: Candidate, _fields: Fields) -> Refusal | None:
    tokens, outline, form = candidate.tokens, candidate.outline, candidate.outline.form
    assert form is not None
    titled = [phrase for phrase in outline.actions if tokens[phrase.first] in form.title]
    if titled:
        return check_one_action(tokens, titled, None)
    reason = "expected the action in the form's title, found it in a value"
    return Refusal(Code.PARSE_UNCLEAR, reason, tokens[outline.actions[0].first])


_PROSE_CHECKS: tuple[tuple[str, Callable[[Candidate, Fields], Refusal | None]], ...] = (
    ("no word contradicts it", _check_prose),
    ("one action, in front", _check_prose_action),
)
_FORM_CHECKS: tuple[tuple[str, Callable[[Candidate, Fields], Refusal | None]], ...] = (
    ("the form has no result", _check_result),
    ("no word contradicts it", _check_form),
    ("no word of the comments contradicts it", _check_comments),
    ("one action", _check_form_action),
)
"""The checks of the message around a contract, in their order; the checks of the contract follow."""
_DAY_CHECK = "posted on the date in its header"
"""Named only where it fails, as most messages have no header."""


def _check_day(reading: Reading, context: Context) -> Refusal | None:
    """Refuse an impossible time, and a header whose date is not today or later."""
    if reading.today is None:
        reason = "expected a message from this century, found another time: check the sender's clock"
        return Refusal(Code.PARSE_BAD_EXPIRY, reason)
    if reading.header is None or isinstance(reading.today, date):
        return None
    found = quote(reading.header.text)
    reason = f"expected a message of {context.posted}, found {found} in its header: send a new one"
    return Refusal(Code.PARSE_NOT_NOW, reason, reading.header)


def _check_bare_entry(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Verdict | None:
    """Accept a bare contract that is the whole message, without doubt; every other one is talk."""
    return CERTAIN if _is_bare_entry(candidate, fields, reading, context) else None


def _is_bare_entry(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> bool:
    """Whether a bare contract is the whole message, without commentary, with its price or exact date."""
    if context.posted is None or fields.commentary or not fields.contract_complete:
        return False
    if not fields.symbols[0].text.isupper() or not fields.strikes:
        return False
    if not (fields.prices or _is_alone(candidate, fields, reading, context)):
        return False
    tokens, before = candidate.tokens, range(candidate.start)
    if check_wording(candidate.outline.text, tokens, before, None) is not None:
        return False
    if check_contract(fields, reading) is not None:
        return False
    return reading.quantity is None or reading.quantity <= MOST_OF_A_BARE_ENTRY


def _is_alone(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> bool:
    """Whether a bare contract without a price is all there is, in a room where that is an alert.

    Its day must be certain: a date, or the day of the message, as some authors count "1DTE" in calendar days.
    An emoji may be a comment on the market.
    """
    text = candidate.outline.text.text
    tokens = [token for token in candidate.tokens if token.kind != "NEWLINE"]
    acted = any(token.lower in BOUGHT for token in candidate.tokens[: candidate.start])
    written, day = reading.expirations[0]
    certain = written.kind == "DATE" or day == context.posted
    plain = text.isascii() and all(
        token.kind in _BESIDE_BARE_CONTRACT or token.text in ":-" for token in tokens
    )
    one_line = text.strip().count("\n") == 0
    return context.bare_contracts and plain and one_line and certain and not acted and not fields.unexplained


def _check_exit(candidate: Candidate, _f: Fields, reading: Reading, _c: Context) -> Verdict:
    """Refuse an exit that is quoted, uncertain before its action, cancelled, or of an impossible part."""
    if is_quoted(candidate.outline.text):
        reason = "expected the author's own exit, found a quoted line: send it as a new message"
        return Verdict(Refusal(Code.PARSE_NOT_FIRST_HAND, reason))
    refusal = check_before_exit(candidate.tokens, candidate.action)
    return Verdict(refusal or _check_closing(candidate, reading))


def _check_spoken_exit(candidate: Candidate, _f: Fields, reading: Reading, _c: Context) -> Verdict | None:
    """Refuse an exit in other words that is cancelled, or of an impossible part; a quoted one is talk."""
    return None if is_quoted(candidate.outline.text) else Verdict(_check_closing(candidate, reading))


def _check_closing(candidate: Candidate, reading: Reading) -> Refusal | None:
    cancelled = check_not_cancelled(candidate.tokens)
    if cancelled is not None or reading.closed.wrong is None:
        return cancelled
    wanted = "expected a part between 1% and 100% of the position or a count of at least 1"
    reason = f"{wanted}, found {quote(reading.closed.wrong)}: write trim 50%"
    return Refusal(Code.PARSE_BAD_QUANTITY, reason)


def _check_conditional_exit(candidate: Candidate, _f: Fields, _r: Reading, _c: Context) -> Verdict | None:
    """Refuse an exit on a condition; a quoted one is talk."""
    if is_quoted(candidate.outline.text):
        return None
    condition = candidate.tokens[candidate.action.start]
    reason = f"expected an exit to make now, found {quote(condition.text)}: send it when the condition is met"
    return Verdict(Refusal(Code.PARSE_CONDITIONAL, reason, condition))


def _check_average(candidate: Candidate, _f: Fields, reading: Reading, _c: Context) -> Verdict:
    """Refuse an addition that is planned, negated or quoted: an author's profile may have it bought."""
    end: int | None = None
    if reading.price is not None and reading.contract:
        end = max(token.start for token in reading.contract)
    refusal = check_wording(candidate.outline.text, candidate.outline.tokens, range(0), end)
    return Verdict(refusal) if refusal is not None and refusal.code in _REFUSES_ADDITION else CERTAIN


def _check_addition(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Verdict | None:
    """Check an addition in other words; one that is quoted, or without price and strike, is talk."""
    if is_quoted(candidate.outline.text) or (reading.price is None and reading.strike is None):
        return None
    return _check_average(candidate, fields, reading, context)


_CHECKS: dict[Shape, Callable[[Candidate, Fields, Reading, Context], Verdict | None]] = {
    Shape.ENTRY: _check_entry,
    Shape.BARE_ENTRY: _check_bare_entry,
    Shape.EXIT: _check_exit,
    Shape.SPOKEN_EXIT: _check_spoken_exit,
    Shape.CONDITIONAL_EXIT: _check_conditional_exit,
    Shape.AVERAGE: _check_average,
    Shape.ADDITION: _check_addition,
}
