"""Checks of exits and additions."""

from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate
from alert_trader.domain.alerts.parsing.candidates.positions import tickers_listed
from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.checks.verdict import CERTAIN, Verdict
from alert_trader.domain.alerts.parsing.checks.wording import (
    check_after_exit,
    check_before_exit,
    check_not_cancelled,
    check_wording,
    is_quoted,
)
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import BEFORE_PAST, PAST
from alert_trader.domain.alerts.parsing.vocabulary.expirations import may_expire
from alert_trader.domain.alerts.parsing.vocabulary.tickers import names_position
from alert_trader.domain.alerts.parsing.vocabulary.values import right_of, strike_of, symbol_of
from alert_trader.domain.alerts.parsing.vocabulary.words import words
from alert_trader.domain.denial import Code

_REFUSES_ADDITION = frozenset(
    {Code.PARSE_CONDITIONAL, Code.PARSE_NEGATED, Code.PARSE_NOT_FIRST_HAND, Code.PARSE_SPREAD}
)


def check_exit(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> Verdict:
    """Refuse an exit that is quoted, negated, conditional, cancelled, or of an impossible part."""
    if is_quoted(candidate.outline.text):
        reason = "expected the author's own exit, found a quoted line: send it as a new message"
        return Verdict(Refusal(Code.PARSE_NOT_FIRST_HAND, reason))
    refusal = check_before_exit(candidate.tokens, candidate.action)
    refusal = refusal or check_after_exit(candidate.tokens, candidate.action)
    refusal = refusal or _check_day(reading, context)
    return Verdict(refusal or _check_one_position(candidate, fields) or _check_closing(candidate, reading))


def _check_one_position(candidate: Candidate, fields: Fields) -> Refusal | None:
    """Refuse an exit beside a second contract, or a new position: neither may be ignored silently."""
    names = [token for token in candidate.subject if token.kind != "STRIKE" and names_position(token)]
    tokens = candidate.tokens
    listed = tickers_listed(tokens, candidate.action.stop, len(tokens))
    names += [tokens[index] for index in listed]
    if len({symbol_of(token) for token in names}) > 1:
        reason = (
            f"expected one position to close, found {quote(names[0].text)} and {quote(names[-1].text)}: "
            "send one message for each"
        )
        return Refusal(Code.PARSE_TWO_CONTRACTS, reason, names[-1])
    strikes = fields.strikes + fields.other_strikes
    if len(strikes) > 1 and len({(strike_of(token), right_of(token)) for token in strikes}) > 1:
        reason = (
            f"expected one contract to close, found {quote(strikes[0].text)} and {quote(strikes[-1].text)}: "
            "send one message for each"
        )
        return Refusal(Code.PARSE_TWO_CONTRACTS, reason, strikes[-1])
    if "into" not in candidate.outline.words:
        return None
    for index, token in enumerate(tokens):
        behind = tokens[index + 1 : index + 5]
        moves = token.lower in _MOVES and any(each.lower == "into" for each in behind[:3])
        if moves or (token.lower == "into" and any(each.kind == "STRIKE" for each in behind)):
            reason = f"expected one action, found {quote(token.text)} into another: send one message for each"
            return Refusal(Code.PARSE_TWO_ACTIONS, reason, token)
    return None


def _check_now(candidate: Candidate) -> Refusal | None:
    """Refuse an exit that was made some time ago: "sold KO 70c yesterday"."""
    tokens = candidate.tokens
    if _PAST.isdisjoint(candidate.outline.words):
        return None
    for index in range(candidate.action.start, len(tokens)):
        token = tokens[index]
        if token.text in _ENDS_SENTENCE:
            return None
        pair = (token.lower, tokens[index + 1].lower if index + 1 < len(tokens) else "")
        if token.lower in PAST or pair in BEFORE_PAST:
            reason = f"expected an exit made now, found {quote(token.text)}: send it when it is made"
            return Refusal(Code.PARSE_NOT_NOW, reason, token)
    return None


def _check_idea(candidate: Candidate) -> Refusal | None:
    """Refuse what is only an idea or an example, and a short sale: "covered call idea: sell KO 70c"."""
    for token in candidate.tokens[: candidate.action.start]:
        if token.lower in _IDEAS:
            reason = f"expected an exit made now, found {quote(token.text)} in front: send it when it is made"
            return Refusal(Code.PARSE_CONDITIONAL, reason, token)
    return None


_IDEAS = words("idea ideas example hypothetical covered csp csps strategy strategies plan planning tip")
_PAST = PAST | {first for first, _ in BEFORE_PAST}
_ENDS_SENTENCE = frozenset(".!;,\n\r")
_MOVES = words("rolling rolled roll moving moved switching switched rotating rotated going jumping")


def _check_day(reading: Reading, context: Context) -> Refusal | None:
    """Refuse a day on which hardly an option expires, beside no strike: "5/3 KO sold" may be a part."""
    written = reading.source.expiry
    if written is None or reading.strike is not None or may_expire(reading.expiry, context.posted):
        return None
    found = quote(written.text)
    reason = f"expected an expiration or a part of the position, found {found}: write the strike, or trim 50%"
    return Refusal(Code.PARSE_BAD_EXPIRY, reason, written)


def check_spoken_exit(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Verdict | None:
    """Refuse an exit in other words that is cancelled, or of an impossible part; a quoted one is talk."""
    if is_quoted(candidate.outline.text):
        return None
    refusal = _check_one_position(candidate, fields) or _check_now(candidate) or _check_day(reading, context)
    refusal = refusal or _check_idea(candidate)
    return Verdict(refusal or _check_closing(candidate, reading))


def _check_closing(candidate: Candidate, reading: Reading) -> Refusal | None:
    cancelled = check_not_cancelled(candidate.tokens)
    if cancelled is not None or reading.closed.wrong is None:
        return cancelled
    wanted = "expected a part between 1% and 100% of the position or a count of at least 1"
    reason = f"{wanted}, found {quote(reading.closed.wrong)}: write trim 50%"
    return Refusal(Code.PARSE_BAD_QUANTITY, reason)


def check_conditional_exit(candidate: Candidate, _f: Fields, _r: Reading, _c: Context) -> Verdict | None:
    """Refuse an exit on a condition; a quoted one is talk."""
    if is_quoted(candidate.outline.text):
        return None
    condition = candidate.tokens[candidate.action.start]
    reason = (
        f"expected an exit to make now, found {quote(condition.text)} on a condition: send it when it is met"
    )
    return Verdict(Refusal(Code.PARSE_CONDITIONAL, reason, condition))


def check_all_but(candidate: Candidate, _f: Fields, _r: Reading, _c: Context) -> Verdict:
    """Refuse an exit of everything but what is named: it is one of several trades."""
    act = candidate.tokens[candidate.action.start]
    reason = (
        "expected an exit of one position, found one of all but the position that is named: "
        "close each trade by its own message"
    )
    return Verdict(Refusal(Code.PARSE_TWO_CONTRACTS, reason, act))


def check_average(candidate: Candidate, _f: Fields, reading: Reading, _c: Context) -> Verdict:
    """Refuse an addition that is planned, negated or quoted: an author's profile may have it bought."""
    end: int | None = None
    if reading.price is not None and reading.contract:
        end = max(token.start for token in reading.contract)
    refusal = check_wording(candidate.outline.text, candidate.outline.tokens, (), end)
    return Verdict(refusal) if refusal is not None and refusal.code in _REFUSES_ADDITION else CERTAIN


def check_addition(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Verdict | None:
    """Check an addition in other words; one that is quoted, or without price and strike, is talk."""
    if is_quoted(candidate.outline.text) or (reading.price is None and reading.strike is None):
        return None
    return check_average(candidate, fields, reading, context)
