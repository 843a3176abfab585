"""The field that a number belongs to: a stop or target, the price, the strike, a count, or none."""

from alert_trader.domain.alerts.parsing.fields.walk import Label, Walk
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import (
    BEFORE_LEVEL,
    COUNTED,
    FIRM_PRICE_MARKS,
    RIGHTS,
    SEVERAL_TARGETS,
    TARGETS,
    UNITS,
)
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker
from alert_trader.domain.alerts.parsing.vocabulary.values import number_of, price_of, strike_of

_STRIKE = frozenset({"strike", "strikes"})
_AVERAGE = frozenset({"avg", "average"})
_COUNTS = frozenset("123456789")
_MOST_COUNTED = 20
"""Up to this, a number behind "calls" may be a count."""


def take_number(walk: Walk, token: Token) -> None:
    """Assign a number to the first that claims it: a stop or target, a price mark, the contract, a count."""
    if not _is_level(walk, token):
        _place(walk, token)
    walk.mark, walk.comma = None, False


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


def _place(walk: Walk, token: Token) -> None:
    draft, mark = walk.draft, walk.mark
    fractional = "." in token.text or "$" in token.text
    if has_label(walk):
        _take_for_label(walk, token)
    elif walk.label is Label.GIVEN:
        # "SL 598 @ .80": either may be the stop, and either the price
        draft.unexplained += (token,)
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
    elif walk.in_contract and fractional and draft.contract_complete and not draft.prices:
        _take_price(walk, token, marked=False)
    elif walk.before is None and token.text.isdigit() and may_be_ticker(walk.following()):
        draft.quantities += (token,)
    elif not draft.complete or not (_has_unit(walk.following()) or _is_count(walk, token)):
        draft.unexplained += (token,)


def _take_for_label(walk: Walk, token: Token) -> None:
    """Assign a number to the stop or target just named, unless it only numbers it ("TP 1: 2.00")."""
    after = walk.following()
    if walk.label is Label.EXPECTED and token.text in _COUNTS and after is not None and after.text == ":":
        return
    walk.label = Label.GIVEN
    if walk.label_token is not None and walk.label_token.lower in _AVERAGE and not walk.draft.prices:
        # an average without a price in front may be the price
        walk.draft.unexplained += (token,)


def _take_price(walk: Walk, token: Token, *, marked: bool) -> None:
    draft = walk.draft
    if walk.in_contract:
        draft.price_is_marked = draft.price_is_marked if draft.prices else marked
        draft.prices += (token,)
    else:
        draft.other_prices += (token,)


def _is_level(walk: Walk, token: Token) -> bool:
    """Whether a number is a level of the underlying: "could run to 255", of a strike of 250 at 2.10."""
    draft, before = walk.draft, walk.before
    if walk.in_contract or before is None or before.lower not in BEFORE_LEVEL:
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
    if (after is not None and after.lower in _STRIKE) or (before is not None and before.lower in _STRIKE):
        return True
    if draft.defaults is not None and draft.defaults.right is not None and draft.symbols:
        return "$" not in token.text
    spelled = before is not None and before.lower in RIGHTS and len(before.lower) > 1
    return spelled and token.text.isdigit() and int(token.text) > _MOST_COUNTED


def _has_unit(after: Token | None) -> bool:
    """Whether the word behind a number names what it counts: "5 min"."""
    return after is not None and after.kind == "WORD" and after.lower in UNITS
