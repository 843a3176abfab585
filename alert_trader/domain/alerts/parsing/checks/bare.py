"""Checks of a contract without any act: an entry with its price and no doubt, or as the whole message."""

import itertools

from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate
from alert_trader.domain.alerts.parsing.checks.contract import check_contract
from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.checks.verdict import CERTAIN, Verdict
from alert_trader.domain.alerts.parsing.checks.wording import check_wording
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.outline import names_spread
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import STOPS_AND_TARGETS
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import EVIDENCE, RESULTS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import PARTS
from alert_trader.domain.alerts.parsing.vocabulary.marks import DECORATING, is_alarm, is_harmless
from alert_trader.domain.denial import Code

MOST_OF_A_BARE_ENTRY = 100
"""Contracts; a bare contract with more of them is a print of the tape, not an author's trade."""

_BESIDE_BARE_CONTRACT = frozenset(
    {"WORD", "CASHTAG", "STRIKE", "DATE", "DTE", "RELATIVE", "NOISE", "SHARE_CLASS", "QUANTITY"}
)
_AVERAGES = frozenset({"avg", "average", "averaged"})
_SIZES = frozenset({"size", "sized", "sizing"})
_SIZED = frozenset({"half", "quarter", "third", "small", "starter", "tiny"})
_COURSES = frozenset({"high", "now"})
_WHOSE = frozenset({"my", "our", "your", "his", "her", "their", "the", "up", "down"})
"""Words in front of a contract that is reported, not bought."""
_RESULT_KINDS = frozenset({"SIGNED", "TIME"})


def check_unread(candidate: Candidate, fields: Fields, reading: Reading, _x: Context) -> Verdict | None:
    """Refuse a whole contract, or a spread, in a message that is nothing else, so that it is on record."""
    if not is_whole(fields, reading):
        legs = fields.unexplained + fields.pairs
        if reading.symbol is None or not legs or not fields.expiries or not names_spread(candidate.outline):
            return None
        reason = f"expected one strike, found {quote(legs[0].text)}: spreads are traded by hand"
        return Verdict(Refusal(Code.PARSE_SPREAD, reason, legs[0]), failed="one contract")
    return Verdict(_no_act(fields), failed="an act of buying or selling")


def is_whole(fields: Fields, reading: Reading) -> bool:
    """Whether a message names a contract: ticker, strike with right, and an expiration or a price."""
    righted = (
        bool(fields.strikes or fields.pairs)
        or any("c" in t.lower or "p" in t.lower for t in fields.unexplained)
        or (reading.strike is not None and reading.right is not None)
    )
    priced = fields.prices or fields.pairs or any("." in token.text for token in fields.unexplained)
    dated = fields.expiries or fields.other_expiries
    return reading.symbol is not None and righted and bool(dated or priced or fields.other_prices)


def check_bare_entry(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Verdict | None:
    """Accept a contract with its price and no doubt, or one that is the whole message; refuse another."""
    if context.posted is None or not is_whole(fields, reading):
        return None
    for name, check in _BARE_CHECKS:
        refusal = check(candidate, fields, reading, context)
        if refusal is not None:
            return Verdict(refusal, failed=name)
    return CERTAIN


def _check_contract(
    _candidate: Candidate, fields: Fields, reading: Reading, _context: Context
) -> Refusal | None:
    return check_contract(fields, reading)


def _check_words(candidate: Candidate, fields: Fields, _reading: Reading, context: Context) -> Refusal | None:
    """Refuse doubtful words: behind a contract with its price fewer are doubtful, in front every one."""
    announced = next((token for token in candidate.tokens if token.lower in context.get_ready), None)
    if announced is not None:
        return _doubt(announced)
    own = {token.start for token in fields.expiries}
    return check_wording(candidate.outline.text, candidate.tokens, own, fields.entry_end)


def _check_remarks(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Refusal | None:
    """Refuse a part of a position, a result, a mark of one, and talk that says nothing of an entry."""
    doubt = _doubtful_token(candidate, fields, spoken=_says_entry(candidate, context))
    if doubt is not None:
        return _doubt(doubt)
    if reading.quantity is not None and reading.quantity > MOST_OF_A_BARE_ENTRY:
        return _doubt(fields.quantities[0])
    if fields.prices and (not fields.commentary or _says_entry(candidate, context)):
        return None
    if not fields.prices and _is_alone(candidate, fields, reading, context):
        return None
    return _no_act(fields)


def _doubtful_token(candidate: Candidate, fields: Fields, *, spoken: bool) -> Token | None:
    """Find a part of a position, a result, whose position it is, or a mark of one of these.

    `spoken` is whether the talk is that of an entry, which marks may decorate.
    """
    end = fields.entry_end or (fields.strikes[0].end if fields.strikes else 0)
    for token, following in itertools.pairwise((*candidate.tokens, candidate.tokens[-1])):
        behind = token.start >= end
        if token.lower in _COURSES and following.lower != "risk":
            # "new high", but "HIGH RISK"
            return token
        if (
            (
                token.lower in PARTS
                and following.lower not in _SIZES
                and not (behind and (fields.levels or (spoken and _is_size(token, following))))
            )
            or token.kind in _RESULT_KINDS
            or token.lower in (RESULTS if behind else _WHOSE)
        ):
            return token
        if behind and token.kind == "QUANTITY" and token.lower[-1] == "x":
            # "3x" behind a contract is its result
            return token
        decorates = is_harmless(token.text) or (spoken and token.text in DECORATING)
        names_level = behind and token.text in STOPS_AND_TARGETS
        if _is_mark(token) and not decorates and not names_level:
            return token
    return None


def _is_size(token: Token, following: Token) -> bool:
    """Whether a part is the size of an entry: "half position", "starter position"."""
    return token.lower == "position" or (token.lower in _SIZED and following.lower == "position")


def _says_entry(candidate: Candidate, context: Context) -> bool:
    """Whether the talk around a contract is that of an entry: of size, risk, a stop, or under an alarm."""
    if context.average_is_price and any(token.lower in _AVERAGES for token in candidate.tokens):
        return True
    tokens = candidate.tokens
    if any(
        token.lower in _SIZED and behind.lower == "position" for token, behind in itertools.pairwise(tokens)
    ):
        return True
    return any(
        token.lower in EVIDENCE or token.kind == "LABEL" or (_is_mark(token) and is_alarm(token.text))
        for token in tokens
    )


def _check_symbol(
    candidate: Candidate, fields: Fields, _reading: Reading, context: Context
) -> Refusal | None:
    """Refuse a ticker in small letters, unless its price and the talk of an entry make it one."""
    if fields.symbols[0].text.isupper():
        return None
    return None if fields.prices and _says_entry(candidate, context) else _no_act(fields)


def _is_alone(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> bool:
    """Whether a bare contract without a price is all there is, in a room where that is an alert.

    Its day must be certain: a date, or the day of the message, as some authors count "1DTE" in calendar days.
    An emoji may be a comment on the market.
    """
    text = candidate.outline.text.text
    tokens = [token for token in candidate.tokens if token.kind != "NEWLINE"]
    if not reading.expirations or fields.commentary:
        return False
    written, day = reading.expirations[0]
    certain = written.kind == "DATE" or day == context.posted
    plain = text.isascii() and all(
        token.kind in _BESIDE_BARE_CONTRACT or token.text in ":-" for token in tokens
    )
    one_line = text.strip().count("\n") == 0
    return context.bare_contracts and plain and one_line and certain and not fields.unexplained


def _is_mark(token: Token) -> bool:
    """Whether a token is an emoji or another mark that is no punctuation of a sentence."""
    if token.kind == "PUNCTUATION":
        return not token.text.isascii()
    return token.kind == "NOISE" and token.text[:1] in {"<", ":"} and token.text[:2] not in {"<@", "<#"}


def _doubt(token: Token) -> Refusal:
    reason = (
        f"expected an entry, found a contract with {quote(token.text)} and no act of buying: "
        "write BTO in front to trade it"
    )
    return Refusal(Code.PARSE_UNCLEAR, reason, token)


def _no_act(fields: Fields) -> Refusal:
    token = fields.strikes[0] if fields.strikes else None
    reason = "expected an act of buying or selling, found a contract without one: write BTO or STC in front"
    return Refusal(Code.PARSE_UNCLEAR, reason, token)


_BARE_CHECKS = (
    ("no word contradicts it", _check_words),
    ("the contract is whole and certain", _check_contract),
    ("a ticker in capitals", _check_symbol),
    ("no result, and the talk of an entry", _check_remarks),
)
