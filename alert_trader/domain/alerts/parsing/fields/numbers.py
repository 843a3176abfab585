"""The field that a number belongs to: a stop or target, the price, the strike, a count, or none."""

import re
from decimal import Decimal

from alert_trader.domain.alerts.parsing.fields.dates import is_event
from alert_trader.domain.alerts.parsing.fields.values import FieldsDraft
from alert_trader.domain.alerts.parsing.fields.walk import Label, Walk
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import (
    BEFORE_LEVEL,
    BETWEEN_LABEL_AND_NUMBER,
    COUNTED,
    FIRM_PRICE_MARKS,
    MOVES,
    RIGHTS,
    SEVERAL_TARGETS,
    STOPS,
    STOPS_AND_TARGETS,
    TARGETS,
    UNITS,
)
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker
from alert_trader.domain.alerts.parsing.vocabulary.values import number_of, price_of, strike_of

_DATES = frozenset({"DATE", "DTE", "RELATIVE", "STAMP"})
_QUOTE = frozenset({"bid", "ask", "mid", "last", "bids", "asks"})
_AT_RISK = frozenset({"on", "risk", "risked", "total", "max", "position"})
_CENTS = frozenset({"cents", "cent", "\u00a2", "c"})
_PER = frozenset({"a", "per", "each", "/"})
_CONTRACT = frozenset({"contract", "con", "cons", "contracts", "lot"})
_NUMBERS = re.compile(r"[0-9]*\.?[0-9]+")
_STRIKE = frozenset({"strike", "strikes"})
_AVERAGE = frozenset({"avg", "average"})
_REWARD = frozenset({"rr", "r", "reward", "rrr"})
_PLANNED = frozenset({"trim", "trimming", "sell", "selling"})
_ORDINALS = frozenset({"first", "1st", "second", "2nd", "third", "3rd", "next", "final", "last"})
_TRIMS = TARGETS | frozenset({"trim", "trims", "scale"})
_COUNTS = frozenset("123456789")
_MOST_COUNTED = 20
"""Up to this, a number behind "calls" may be a count."""


def take_number(walk: Walk, token: Token) -> None:
    """Assign a number to what it fits first: a stop or target, a price mark, the contract, a count."""
    if walk.before is not None and walk.before.text == "+" and walk.before.end == token.start:
        # "+2.40" is a result
        walk.draft.unexplained += (token,)
    elif not (_is_level(walk, token) or _is_named(walk, token) or _is_hour(walk, token)):
        _place(walk, token)
    walk.mark, walk.comma = None, False


def take_level(walk: Walk, token: Token) -> None:
    """Assign a number to the stop or target that was named last; to a word of the commentary none."""
    if walk.label_token is not None and not walk.remark:
        _name_level(walk, walk.label_token, token)


def _name_level(walk: Walk, name: Token, token: Token) -> None:
    """Keep a number with its name: a stop or a target; a trailing stop and an average are neither."""
    word = name.lower.rstrip("123456789")
    if word in TARGETS:
        walk.draft.levels += (("target", token),)
    elif word in STOPS:
        walk.draft.levels += (("stop", token),)


def has_label(walk: Walk) -> bool:
    """Whether a number belongs to the stop or target just named; a target has several, with commas."""
    if walk.label is Label.EXPECTED:
        return True
    if walk.label is Label.NONE or walk.mark is not None or walk.label_token is None:
        return False
    name = walk.label_token.lower
    if name in SEVERAL_TARGETS:
        return True
    return walk.comma and (walk.remark or name in TARGETS or walk.label_token.kind == "LABEL")


def _is_named(walk: Walk, token: Token) -> bool:
    """Whether a number is the multiplier of an order line, or explained by the words beside it."""
    if has_label(walk):
        return False
    if _is_multiplier(walk, token):
        return True
    if not walk.draft.complete or walk.mark is not None:
        return False
    if _is_trim(walk):
        walk.draft.levels += (("target", token),)
        return True
    return _is_ratio(walk) or _is_explained(walk, token)


def _place(walk: Walk, token: Token) -> None:
    draft, mark = walk.draft, walk.mark
    fractional = "." in token.text or "$" in token.text
    if has_label(walk):
        _take_for_label(walk, token)
    elif walk.label is Label.GIVEN:
        # "SL 598 @ .80": either may be the stop, and either the price
        _take_next(walk, token)
    elif mark is not None:
        if mark.kind == "AT" or fractional or mark.lower in FIRM_PRICE_MARKS:
            _take_price(walk, token, marked=True)
        elif mark.lower == "at":
            _take_price(walk, token, marked=True)
            draft.price_is_rough = True
        else:
            draft.unexplained += (token,)
    elif walk.in_contract and not draft.strikes and not draft.bare_strikes and _is_bare_strike(walk, token):
        draft.bare_strikes += (token,)
    elif walk.in_contract and fractional and not draft.prices and _may_be_bare_price(walk):
        _take_price(walk, token, marked=False)
    elif _is_quantity(walk, token):
        draft.quantities += (token,)
    elif not draft.complete or not (_has_unit(walk.following()) or _is_count(walk, token)):
        draft.unexplained += (token,)


def _take_next(walk: Walk, token: Token) -> None:
    """Assign a number behind the one of a stop or target: a further target, or nothing that is known."""
    name, mark = walk.label_token, walk.mark
    planned = walk.remark and mark is not None and mark.lower == "at" and walk.draft.complete
    if planned and name is not None and name.lower in _PLANNED:
        # "will trim 50% at 3"
        walk.draft.levels += (("target", token),)
    elif _is_next_target(walk, token):
        take_level(walk, token)
    else:
        walk.draft.unexplained += (token,)


def _is_next_target(walk: Walk, token: Token) -> bool:
    """Whether a number right behind a target is a further one: "tp 2.2 2.8", above a known price."""
    name, before, prices = walk.label_token, walk.before, walk.draft.prices
    if name is None or name.lower not in TARGETS or walk.mark is not None or not prices:
        return False
    adjacent = before is not None and before.kind == "NUMBER"
    return adjacent and price_of(prices[0]) < number_of(before if before is not None else token) < number_of(
        token
    )


def _may_be_bare_price(walk: Walk) -> bool:
    """Whether a number without a mark is the price: behind a whole contract, or before its date."""
    draft = walk.draft
    if draft.contract_complete:
        return True
    strike = draft.strikes or (draft.bare_strikes and draft.rights)
    after = walk.following()
    return (
        bool(draft.symbols and strike) and not draft.expiries and after is not None and after.kind in _DATES
    )


def _is_quantity(walk: Walk, token: Token) -> bool:
    """Whether a number right behind the act counts the contracts: "3 KO", "(1) KO"."""
    if not token.text.isdigit() or walk.draft.symbols:
        return False
    if walk.before is None:
        return _is_counted(walk.following())
    closed, behind = walk.ahead(1), walk.ahead(2)
    boxed = walk.before.text == "(" and closed is not None and closed.text == ")"
    return boxed and may_be_ticker(behind)


def _is_counted(after: Token | None) -> bool:
    """Whether a number at the start counts what follows: "3 KO", "5 of the", "3 x"."""
    return may_be_ticker(after) or (after is not None and after.lower in {"of", "x"})


def _is_multiplier(walk: Walk, token: Token) -> bool:
    """Whether 100 is the multiplier of an order line: "KO 100 18 DEC 26 70 CALL", "KO 100 (Weeklys) ..."."""
    if token.text != "100":
        return False
    draft, after = walk.draft, walk.following()
    if not draft.symbols or draft.strikes or draft.expiries or walk.mark is not None:
        return False
    return (
        after is not None and (after.text == "(" or after.kind == "DATE") and walk.before is draft.symbols[0]
    )


def _is_explained(walk: Walk, token: Token) -> bool:
    """Whether a number behind a whole entry is the quote, money at risk, a count, or nothing at all."""
    after, before = walk.following(), walk.before
    if number_of(token) == 0:
        return before is not None and before.lower == "to"
    if after is None:
        return before is not None and before.lower in _QUOTE
    if after.lower in STOPS_AND_TARGETS and _is_named_behind(walk, token):
        walk.named_behind = token
        _name_level(walk, after, token)
        return True
    if after.lower in _QUOTE or (before is not None and before.lower in _QUOTE):
        return True
    if "$" in token.text and after.lower in _AT_RISK:
        return True
    # "1 for the small account"
    small = token.text.isdigit() and int(token.text) <= _MOST_COUNTED
    behind = walk.ahead(2)
    return (
        small and after.lower == "for" and behind is not None and behind.lower in {"the", "my", "our", "each"}
    )


def _is_hour(walk: Walk, token: Token) -> bool:
    """Whether a number behind a whole entry is the hour of an event: "Fed speaks at 2"."""
    timed = walk.mark is not None and walk.mark.lower == "at" and token.text.isdigit()
    return timed and walk.draft.complete and not walk.in_contract and is_event(walk)


def _is_ratio(walk: Walk) -> bool:
    """Whether a number is one of a ratio of risk and reward: "R/R 1:3"."""
    tokens, index = walk.tokens, walk.index
    after, before = walk.ahead(1), walk.before
    joined = (after is not None and after.text == ":") or (before is not None and before.text == ":")
    return joined and any(token.lower in _REWARD for token in tokens[max(index - 5, 0) : index])


def _is_trim(walk: Walk) -> bool:
    """Whether a trim or target is named behind its number: "1.50 first trim"."""
    after = walk.following()
    named = walk.ahead(2) if after is not None and after.lower in _ORDINALS else after
    return walk.comma and named is not None and named.lower in _TRIMS


def _is_named_behind(walk: Walk, token: Token) -> bool:
    """Whether a number, with the price known, has its name behind it: "4.45 entry, 3.3 stop"."""
    behind = walk.ahead(2)
    own = behind is not None and (
        behind.kind in {"NUMBER", "AT", "PERCENT", "PAIR", "JUNK"}
        or behind.text in ":=-"
        or behind.lower in BETWEEN_LABEL_AND_NUMBER
    )
    return walk.comma and "." in token.text and not own


def is_range_of_levels(draft: FieldsDraft, token: Token) -> bool:
    """Whether two joined numbers are levels of the underlying: "aiming for 121-124" of a strike of 118."""
    strike, price = strike_of(draft.strikes[0]), price_of(draft.prices[0])
    return all(
        level * 2 > strike and level > 4 * price
        for level in (Decimal(n) for n in _NUMBERS.findall(token.text))
    )


def _has_other_unit(walk: Walk) -> bool:
    """Whether the words behind a price make it cents, or dollars for a contract: "$380 a contract"."""
    one = walk.ahead(1)
    if one is None:
        return False
    if one.lower in _CENTS:
        return True
    if one.lower not in _PER:
        return False
    two = walk.ahead(2)
    return two is not None and two.lower in _CONTRACT


def _take_for_label(walk: Walk, token: Token) -> None:
    """Assign a number to the stop or target just named, unless it only numbers it ("TP 1: 2.00")."""
    after = walk.following()
    if walk.label is Label.EXPECTED and token.text in _COUNTS and after is not None and after.text == ":":
        return
    walk.label = Label.GIVEN
    take_level(walk, token)
    if walk.label_token is not None and walk.label_token.lower in _AVERAGE and not walk.draft.prices:
        # an average without a price in front may be the price
        walk.draft.unexplained += (token,)


def _take_price(walk: Walk, token: Token, *, marked: bool) -> None:
    draft = walk.draft
    if _has_other_unit(walk):
        draft.other_units += (token,)
    if walk.in_contract:
        draft.price_is_marked = draft.price_is_marked if draft.prices else marked
        draft.prices += (token,)
    else:
        draft.other_prices += (token,)


def _is_level(walk: Walk, token: Token) -> bool:
    """Whether a number is a level of the underlying: "could run to 255", of a strike of 250 at 2.10."""
    draft, before = walk.draft, walk.before
    if walk.in_contract or before is None:
        return False
    moves = before.lower == "to" and walk.index > 1 and walk.tokens[walk.index - 2].lower in MOVES
    if before.lower not in BEFORE_LEVEL and not moves:
        return False
    if not draft.complete or not draft.strikes:
        return False
    level = number_of(token)
    return level * 2 > strike_of(draft.strikes[0]) and level > 4 * price_of(draft.prices[0])


def _is_count(walk: Walk, token: Token) -> bool:
    """Whether a small number counts the author's contracts or trades: "took 3", "trade #2", "1 more"."""
    if not token.text.isdigit() or len(token.text) > 2 or walk.before is None:
        return False
    after = walk.following()
    return (
        walk.before.text == "#"
        or walk.before.lower in COUNTED
        or (after is not None and after.lower == "more")
    )


def _is_bare_strike(walk: Walk, token: Token) -> bool:
    """Whether a number is called a strike, or directly follows the word for its right and is no count."""
    draft, after, before = walk.draft, walk.following(), walk.before
    if _is_dollar_strike(walk, token):
        return True
    if (after is not None and after.lower in _STRIKE) or (before is not None and before.lower in _STRIKE):
        return True
    if draft.defaults is not None and draft.defaults.right is not None and draft.symbols:
        return "$" not in token.text
    spelled = before is not None and before.lower in RIGHTS and len(before.lower) > 1
    return spelled and token.text.isdigit() and int(token.text) > _MOST_COUNTED


def _is_dollar_strike(walk: Walk, token: Token) -> bool:
    """Whether $41 is the strike: right behind the word for its right, with the price right behind it."""
    before, after = walk.before, walk.following()
    if "$" not in token.text or before is None or before.lower not in RIGHTS or len(before.lower) < 2:
        return False
    number = number_of(token)
    priced = (
        after is not None and after.kind == "NUMBER" and "." in after.text and number_of(after) * 2 < number
    )
    return priced and number * 2 == int(number * 2)


def _has_unit(after: Token | None) -> bool:
    """Whether the word behind a number names what it counts: "5 min"."""
    return after is not None and after.kind == "WORD" and after.lower in UNITS
