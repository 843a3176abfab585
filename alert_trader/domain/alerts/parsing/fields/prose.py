"""The fields of a contract in prose: contract, price and quantity in any order, then the commentary.

A few words may stand between the parts. The first other word begins the commentary, which never fills a
field: it can only contradict one, with a second strike or with a number that belongs to nothing.
"""

import re
from collections.abc import Callable

from alert_trader.domain.alerts.parsing.context import RoomDefaults
from alert_trader.domain.alerts.parsing.fields.numbers import has_label, take_number
from alert_trader.domain.alerts.parsing.fields.values import FieldsDraft
from alert_trader.domain.alerts.parsing.fields.walk import Label, Walk
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import REMARKS
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import (
    ARTICLES,
    BETWEEN_LABEL_AND_NUMBER,
    BETWEEN_MARK_AND_PRICE,
    COMMENTARY_LABELS,
    CONTRACT_FILLERS,
    JOINS,
    NEAR_PRICE,
    NO_PRICE,
    PRICE_MARKS,
    RIGHTS,
    STOPS_AND_TARGETS,
    UNITS,
)
from alert_trader.domain.alerts.parsing.vocabulary.tickers import ALSO_TICKERS, may_be_ticker
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_BEHIND_SIZE = words(
    "of position risk size port portfolio account stop sl loss trail trailing target targets"
)
"""Words behind a percentage or fraction that make it a part of the account, or a stop."""
_FRACTIONS = words("1/2 1/3 1/4 2/3 3/4")
"""Dates that are parts of a size behind a complete entry: "1/2 size"."""
_CONTRACTS = words("contract contracts con cons lots")
_DASHED_DATE = re.compile(r"(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])")
"""12-18 between the parts of a contract that has no other date."""
_SPAN_OF_TIME = re.compile(r"[0-9]{1,3}(?:m|min|mins|h|hr|hrs|d|w|ema|sma|ma|dma|k)")


def collect_prose(tokens: tuple[Token, ...], start: int, defaults: RoomDefaults | None = None) -> FieldsDraft:
    """Collect the fields of the contract that is written from token `start` on."""
    walk = Walk(tokens, start, defaults)
    handlers = _HANDLERS
    for index, token in enumerate(tokens[start:], start):
        kind = token.kind
        if kind in handlers:
            walk.index = index
            handlers[kind](walk, token)
        if kind != "NEWLINE":
            walk.before = token
    walk.drop_mark()
    walk.drop_label()
    return walk.draft


def _newline(walk: Walk, _token: Token) -> None:
    walk.drop_label()


def _time(walk: Walk, token: Token) -> None:
    """Ignore a time of day, unless a price mark precedes: the entry may be meant for that time."""
    if walk.mark is not None:
        walk.draft.unexplained += (token,)
    walk.mark = None


def _expiry(walk: Walk, token: Token) -> None:
    draft = walk.draft
    if token.lower in _FRACTIONS and draft.complete and _is_size(walk.following()):
        return
    if walk.label is Label.EXPECTED and draft.complete:
        # "PT 72/75"
        walk.label = Label.GIVEN
        return
    walk.drop_mark()
    walk.drop_label()
    if walk.in_contract:
        draft.expiries += (token,)
    else:
        draft.other_expiries += (token,)


def _relative(walk: Walk, token: Token) -> None:
    """Take an expiration in words, unless there is a date; in the commentary it is ignored."""
    if walk.in_contract and not walk.draft.expiries:
        _expiry(walk, token)


def _signed(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    walk.draft.unexplained += (token,)


def _strike(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    walk.drop_label()
    if walk.in_contract:
        walk.draft.strikes += (token,)
    else:
        walk.draft.other_strikes += (token,)


def _percent(walk: Walk, token: Token) -> None:
    if has_label(walk):
        walk.label = Label.GIVEN
    elif not walk.draft.complete or not _is_size(walk.following()):
        walk.draft.unexplained += (token,)
    walk.drop_mark()
    walk.comma = False


def _is_size(after: Token | None) -> bool:
    """Whether the word behind a percentage makes it a part of the account, or a stop."""
    return after is not None and after.lower in _BEHIND_SIZE


def _pair(walk: Walk, token: Token) -> None:
    after, draft = walk.following(), walk.draft
    counts = after is not None and (after.lower in UNITS or after.lower in _CONTRACTS)
    alone = walk.in_contract and walk.mark is None and not draft.expiries and bool(draft.strikes)
    if alone and not counts and _DASHED_DATE.fullmatch(token.text):
        _expiry(walk, token)
        return
    if has_label(walk) and draft.strikes:
        walk.label = Label.GIVEN
    else:
        draft.pairs += (token,)
    walk.mark = None


def _quantity(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    walk.draft.quantities += (token,)


def _label(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    name = token.lower
    if name in walk.labels and (name[-1].isdigit() or name in {"sl", "stop"}):
        walk.draft.repeated_labels += (token,)
    walk.labels.add(name)
    walk.drop_label()
    walk.expect_number(token, remark=False)


def _symbol(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    if walk.in_contract and not walk.draft.symbols and token.text.isascii():
        walk.draft.symbols += (token,)
    elif token.kind == "CASHTAG":
        walk.draft.other_symbols += (token,)
    else:
        walk.end_contract(token)


def _word(walk: Walk, token: Token) -> None:
    """Place a word: ticker, label, price mark, a word between a mark or label and its number, or another."""
    lower, mark = token.lower, walk.mark
    expected = walk.label is Label.EXPECTED
    if walk.in_contract and not walk.draft.symbols and token.text in ALSO_TICKERS:
        _symbol(walk, token)
    elif lower in STOPS_AND_TARGETS and not (lower == "loss" and expected):
        _label(walk, token)
    elif expected and lower in BETWEEN_LABEL_AND_NUMBER:
        pass
    elif lower in PRICE_MARKS:
        walk.drop_mark()
        walk.mark = token
    elif mark is not None and mark.kind == "AT" and lower in NO_PRICE:
        walk.mark = None
    elif mark is not None and lower in BETWEEN_MARK_AND_PRICE:
        pass
    else:
        walk.drop_mark()
        _other_word(walk, token, lower)


def _other_word(walk: Walk, token: Token, lower: str) -> None:
    """Place a word that is no label and no price mark: right, ticker, filler, or commentary."""
    draft = walk.draft
    after = walk.following() if lower in {"and", "then"} and walk.label is Label.GIVEN else None
    if after is not None and after.kind == "NUMBER":
        walk.comma = True
        return
    walk.drop_label()
    if lower in JOINS:
        walk.join = token
        walk.end_contract(token)
    elif walk.in_contract and lower in RIGHTS and len(lower) > 1:
        draft.rights += (token,)
    elif walk.in_contract and not draft.symbols and may_be_ticker(token):
        draft.symbols += (token,)
    elif walk.in_contract and _is_filler(walk, lower):
        pass
    elif _may_be_second_symbol(walk, token):
        draft.other_symbols += (token,)
    else:
        walk.end_contract(token)
        if lower in COMMENTARY_LABELS:
            walk.expect_number(token, remark=True)


def _is_filler(walk: Walk, lower: str) -> bool:
    """Whether a word changes nothing between the parts of a contract."""
    draft = walk.draft
    if lower == "high":
        # "HIGH RISK" is a remark, "high 1.25" a course
        after = walk.following()
        return after is not None and after.lower == "risk"
    if lower in CONTRACT_FILLERS or lower in REMARKS:
        return True
    if draft.contract_complete:
        return lower in NEAR_PRICE and not draft.prices
    return lower in ARTICLES


def _may_be_second_symbol(walk: Walk, token: Token) -> bool:
    """Whether a word in capitals is another ticker: in an incomplete contract, or directly after "and"."""
    joined, walk.join = walk.join is not None, None
    incomplete = walk.in_contract and not walk.draft.contract_complete
    return (joined or incomplete) and token.text.isupper() and len(token.text) > 1 and may_be_ticker(token)


def _at_sign(walk: Walk, token: Token) -> None:
    if walk.label is Label.EXPECTED:
        return
    walk.drop_mark()
    walk.mark = token


def _junk(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    walk.drop_label()
    if walk.draft.complete and _SPAN_OF_TIME.fullmatch(token.lower):
        return
    if any(char.isdigit() for char in token.text):
        walk.draft.unexplained += (token,)
    else:
        walk.end_contract(token)


def _punctuation(walk: Walk, token: Token) -> None:
    match token.text:
        case "," | "/":
            walk.comma = True
        case "(" | "[":
            walk.depth += 1
        case ")" | "]":
            walk.depth = max(walk.depth - 1, 0)
        case "-" if walk.mark is None or walk.mark.kind != "AT":
            # "Price - 1.25"
            pass
        case "-" | "+" | "<" | ">":
            # a signed or bounded number is no price
            walk.drop_mark()
        case _:
            pass


_HANDLERS: dict[str, Callable[[Walk, Token], None]] = {
    "NEWLINE": _newline,
    "DATE": _expiry,
    "DTE": _expiry,
    "RELATIVE": _relative,
    "SIGNED": _signed,
    "TIME": _time,
    "STRIKE": _strike,
    "NUMBER": take_number,
    "PERCENT": _percent,
    "PAIR": _pair,
    "QUANTITY": _quantity,
    "LABEL": _label,
    "CASHTAG": _symbol,
    "SHARE_CLASS": _symbol,
    "WORD": _word,
    "AT": _at_sign,
    "JUNK": _junk,
    "PUNCTUATION": _punctuation,
}
"""What each kind of token does; the others do nothing."""
