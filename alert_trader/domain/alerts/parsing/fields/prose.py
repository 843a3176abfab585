"""The fields of a contract in prose: contract, price and quantity in any order, then the commentary.

A few words may stand between the parts. The first other word begins the commentary, which never fills a
field: it can only contradict one, with a second strike or with a number that belongs to nothing.
"""

import re
from collections.abc import Callable

from alert_trader.domain.alerts.parsing.context import RoomDefaults
from alert_trader.domain.alerts.parsing.fields.dates import (
    FRACTIONS,
    is_class_of_dates,
    is_day_of_expiry,
    is_event,
    is_grade,
)
from alert_trader.domain.alerts.parsing.fields.numbers import (
    has_label,
    is_range_of_levels,
    take_level,
    take_number,
)
from alert_trader.domain.alerts.parsing.fields.values import FieldsDraft
from alert_trader.domain.alerts.parsing.fields.walk import Label, Walk
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import REMARKS
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import (
    ARTICLES,
    BEHIND_PRICE,
    BETWEEN_LABEL_AND_NUMBER,
    BETWEEN_MARK_AND_PRICE,
    COMMENTARY_LABELS,
    COMPARES,
    CONTRACT_FILLERS,
    JOINS,
    NEAR_PRICE,
    NO_PRICE,
    PRICE_MARKS,
    RIGHTS,
    STOPS_AND_TARGETS,
    UNITS,
    WEEKDAYS,
)
from alert_trader.domain.alerts.parsing.vocabulary.tickers import (
    ALSO_TICKERS,
    LONGEST_TICKER,
    may_be_ticker,
)
from alert_trader.domain.alerts.parsing.vocabulary.values import right_of, strike_of
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_BEHIND_SIZE = words(
    "of position risk size port portfolio account stop sl loss trail trailing target targets"
)
"""Words behind a percentage or fraction that make it a part of the account, or a stop."""
_RISKS = words("risk risking risked size")
"""Words whose percentage, behind a whole entry, is a part of the account or of the position."""
_AVERAGES = words("avg average averaged")
_FILLS = words("fill price cost entry")
_EXPIRES = words("exp expiry expiration expires expiring")
_DAYS = words("today tomorrow tmrw friday fri")
_MOST_COUNTED = 20
_LONGEST_COMPANY = 5
_CONTRACTS = words("contract contracts con cons lots")
_DASHED_DATE = re.compile(r"(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])")
"""12-18 between the parts of a contract that has no other date."""
_QUARTER = re.compile(r"(?:q[1-4]|[1-4]q|fy[0-9]{2}|h[12])")
_SPAN_OF_TIME = re.compile(r"[0-9]{1,3}(?:m|min|mins|h|hr|hrs|d|w|ema|sma|ma|dma|k)")


def collect_prose(
    tokens: tuple[Token, ...],
    start: int,
    defaults: RoomDefaults | None = None,
    *,
    average_is_price: bool = False,
    acted: bool = True,
) -> FieldsDraft:
    """Collect the fields of the contract that is written from token `start` on."""
    walk = Walk(tokens, start, defaults, average_is_price=average_is_price, acted=acted)
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
    if token.lower in FRACTIONS and _is_size(walk.following()):
        return
    if draft.complete and (is_grade(walk, token) or (not walk.in_contract and is_event(walk))):
        return
    if walk.label is Label.EXPECTED and draft.complete:
        # "PT 72/75"
        take_level(walk, token)
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
    if walk.in_contract and not walk.draft.expiries and not is_class_of_dates(walk):
        _expiry(walk, token)


def _stamp(walk: Walk, token: Token) -> None:
    """Take a date that Discord shows where an expiration is named; elsewhere it is the time of a post."""
    draft, before = walk.draft, walk.before
    named = before is not None and (before.kind == "STRIKE" or before.lower in _EXPIRES)
    if (
        walk.in_contract
        and not draft.expiries
        and draft.symbols
        and named
        and not token.lower.endswith(":r>")
    ):
        _expiry(walk, token)


def _signed(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    if walk.before is None and token.text[0] == "+":
        # "BUY +2 KO" in an order line
        walk.draft.quantities += (token,)
    else:
        walk.draft.unexplained += (token,)


def _strike(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    walk.drop_label()
    if walk.draft.complete and _counts_contracts(walk, token):
        walk.draft.quantities += (token,)
    elif walk.in_contract:
        walk.draft.strikes += (token,)
    else:
        walk.draft.other_strikes += (token,)


def _counts_contracts(walk: Walk, token: Token) -> bool:
    """Whether "4 calls" behind a whole entry of another strike counts the author's contracts."""
    spelled = token.lower[-1] in "lts" and "$" not in token.text and "." not in token.text
    number, strike = strike_of(token), walk.draft.strikes[0] if walk.draft.strikes else None
    return (
        spelled
        and strike is not None
        and right_of(strike) == right_of(token)
        and number <= _MOST_COUNTED
        and number * 4 < strike_of(strike)
    )


def _percent(walk: Walk, token: Token) -> None:
    if has_label(walk):
        take_level(walk, token)
        walk.label = Label.GIVEN
    elif not walk.draft.complete or not (_is_size(walk.following()) or _is_risk(walk.before)):
        walk.draft.unexplained += (token,)
    walk.drop_mark()
    walk.comma = False


def _is_size(after: Token | None) -> bool:
    """Whether the word behind a percentage makes it a part of the account, or a stop."""
    return after is not None and after.lower in _BEHIND_SIZE


def _is_risk(before: Token | None) -> bool:
    """Whether the word before a percentage makes it what is at risk: "risk 50%"."""
    return before is not None and before.lower in _RISKS


def _pair(walk: Walk, token: Token) -> None:
    after, draft = walk.following(), walk.draft
    counts = after is not None and (after.lower in UNITS or after.lower in _CONTRACTS)
    alone = walk.in_contract and walk.mark is None and not draft.expiries and bool(draft.strikes)
    if alone and not counts and _DASHED_DATE.fullmatch(token.text):
        _expiry(walk, token)
        return
    if has_label(walk) and draft.strikes:
        take_level(walk, token)
        walk.label = Label.GIVEN
    elif draft.complete and draft.strikes and not walk.in_contract and is_range_of_levels(draft, token):
        pass
    else:
        draft.pairs += (token,)
    walk.mark = None


def _quantity(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    walk.draft.quantities += (token,)


def _label(walk: Walk, token: Token) -> None:
    walk.drop_mark()
    name = token.lower
    if walk.before is not None and walk.before is walk.named_behind:
        # "3.3 stop"
        walk.labels.add(name)
        walk.drop_label()
        return
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
    if lower in _AVERAGES and (walk.average_is_price or _names_fill(walk)):
        walk.drop_mark()
        walk.mark = token
    elif lower in _DAYS and is_day_of_expiry(walk):
        walk.draft.expiries += (token,)
    elif walk.in_contract and not walk.draft.symbols and token.text in ALSO_TICKERS:
        _symbol(walk, token)
    elif (
        walk.in_contract
        and not walk.draft.symbols
        and walk.acted
        and not token.text.isupper()
        and _is_company(walk, token)
    ):
        pass
    elif lower in STOPS_AND_TARGETS and not (lower == "loss" and expected):
        _label(walk, token)
    elif expected and lower in BETWEEN_LABEL_AND_NUMBER:
        pass
    elif lower in PRICE_MARKS:
        walk.drop_mark()
        walk.mark = None if _is_behind_price(walk, lower) else token
    elif mark is not None and mark.kind == "AT" and (lower in NO_PRICE or lower == "m"):
        walk.mark = None
    elif mark is not None and lower in BETWEEN_MARK_AND_PRICE:
        pass
    else:
        walk.drop_mark()
        _other_word(walk, token, lower)


def _names_fill(walk: Walk) -> bool:
    """Whether "avg" only describes the price behind it: "avg fill 3.45"."""
    after = walk.following()
    return after is not None and after.lower in _FILLS and not walk.draft.prices


def _is_behind_price(walk: Walk, lower: str) -> bool:
    """Whether a price mark stands behind its price: "4.45 entry"."""
    prices = walk.draft.prices
    return lower in BEHIND_PRICE and bool(prices) and walk.before is prices[-1]


def _other_word(walk: Walk, token: Token, lower: str) -> None:
    """Place a word that is no label and no price mark: right, ticker, filler, or commentary."""
    draft = walk.draft
    after = walk.following() if lower in {"and", "then"} and walk.label is Label.GIVEN else None
    if after is not None and after.kind == "NUMBER":
        walk.comma = True
        return
    walk.drop_label()
    if lower in JOINS and not (lower in COMPARES and draft.complete):
        walk.join = token
        walk.end_contract(token)
    elif walk.in_contract and lower in RIGHTS and len(lower) > 1:
        draft.rights += (token,)
    elif lower == "x" and walk.before is not None and walk.before.kind == "NUMBER" and not draft.strikes:
        pass
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


def _is_company(walk: Walk, token: Token) -> bool:
    """Whether a word is a company's name, with its ticker behind it: "Coca-Cola (KO)", "Netflix $NFLX"."""
    if not token.text[0].isupper():
        return False
    for steps in range(1, _LONGEST_COMPANY):
        behind = walk.ahead(steps)
        if behind is None:
            return False
        if behind.text == "(":
            ticker, closed = walk.ahead(steps + 1), walk.ahead(steps + 2)
            return (
                may_be_ticker(ticker)
                and ticker is not None
                and ticker.text.isupper()
                and (closed is not None and closed.text == ")")
            )
        if behind.kind == "CASHTAG":
            return steps == 1
        if behind.kind != "WORD" or not behind.text[0].isupper() or behind.text.isupper():
            return behind.text in {"&", "-", "'"}
    return False


def _is_filler(walk: Walk, lower: str) -> bool:
    """Whether a word changes nothing between the parts of a contract."""
    draft, before = walk.draft, walk.before
    if before is not None and (
        (lower in _BEHIND_SIZE and before.lower in FRACTIONS) or _is_name_in_brackets(walk, before, lower)
    ):
        return True
    if lower == "high":
        # "HIGH RISK" is a remark, "high 1.25" a course
        after = walk.following()
        return after is not None and after.lower == "risk"
    if lower in WEEKDAYS:
        # in front of everything it may be the day on which to buy
        return bool(draft.symbols or draft.expiries or walk.acted)
    if lower in CONTRACT_FILLERS or lower in REMARKS:
        return True
    if draft.contract_complete:
        return lower in NEAR_PRICE and not draft.prices
    return lower in ARTICLES


def _is_name_in_brackets(walk: Walk, before: Token, lower: str) -> bool:
    """Whether a word is the company's name behind its ticker: "NFLX (Netflix)"."""
    draft = walk.draft
    named = before.text == "(" and bool(draft.symbols) and not draft.strikes
    return walk.depth > 0 and named and lower.isalpha() and len(lower) > LONGEST_TICKER


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
    if token.text.isdigit() and walk.label is Label.GIVEN and has_label(walk):
        # the last of "PT 5/6/8"
        take_level(walk, token)
        return
    walk.drop_mark()
    walk.drop_label()
    if walk.draft.complete and (_SPAN_OF_TIME.fullmatch(token.lower) or _QUARTER.fullmatch(token.lower)):
        return
    if any(char.isdigit() for char in token.text):
        walk.draft.unexplained += (token,)
    else:
        walk.end_contract(token)


def _punctuation(walk: Walk, token: Token) -> None:
    match token.text:
        case "\U0001f3af" | "\U0001f6d1" if walk.draft.complete:
            # a target or a stop sign in place of the word
            _label(walk, token)
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
    "STAMP": _stamp,
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
