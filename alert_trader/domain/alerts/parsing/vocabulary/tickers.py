"""Which words can be a ticker where one is expected. A word in none of the tables is a possible one."""

from functools import lru_cache

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import REMARKS
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import (
    CONTRACT_FILLERS,
    JOINS,
    NO_PRICE,
    PRICE_MARKS,
    RIGHTS,
    STOPS_AND_TARGETS,
    WEEKDAYS,
)
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import DOUBTFUL_WORDS
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import BOUGHT
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_NAMING = frozenset({"WORD", "SHARE_CLASS", "CASHTAG"})
LONGEST_TICKER = 5

ALSO_TICKERS = frozenset({"TGT"})
"""Words of the trading floor that are tickers when written in capitals where a ticker is expected."""

BEFORE_STRIKE = frozenset(
    {"ALL", "BE", "COST", "ED", "HAS", "IT", "LMT", "NOW", "ON", "OPEN", "PM", "SO", "ARE", "DAY", "MAIN"}
)
"""Words that are tickers when written in capitals right before a strike or its date."""

_GRAMMAR = words(
    "bto stc sto btc avg buy buying sell selling dte itm otm atm qty quantity contract contracts con cons "
    "each per lim limit order orders week weekly weeklies weeks month monthly daily today next this eod "
    "eow day days min mins hr hrs am pm est edt et pst"
)
_ENGLISH = words(
    "a an and are as at be been but by can did do does for get go going good got great has have he her him "
    "his how i in into is it its just let lets like make many me more most much my new now of off on one "
    "or our own put real same see she so some such than that the their them then there these they this "
    "those to too try two us very we well what which who why will with you your all any another back again "
    "added adding add also am because both each even every few first full guys half here high hold holding "
    "large light little long lower main max mid might min nearly pay play please quick quickly right left "
    "left leaving letting apart riding "
    "runner says scalp second set sized slow stock tight time took trying under using way while yes yet "
    "yolo"
)
_MONTHS = words(
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august "
    "september october november december"
)
_PARTS = words("pos rest remaining remainder half partial partials everything out runner runners closing")

NEVER_A_TICKER = (
    _GRAMMAR
    | _ENGLISH
    | _MONTHS
    | _PARTS
    | frozenset(DOUBTFUL_WORDS)
    | (RIGHTS - {"c", "p"})
    | STOPS_AND_TARGETS
    | REMARKS
    | CONTRACT_FILLERS
    | WEEKDAYS
    | PRICE_MARKS
    | BOUGHT
    | NO_PRICE
    | JOINS
    | {"alert"}
)
"""Words that are a ticker only when written with a $."""

LOWER_CASE_ONLY = words(
    "low big cheap fast deep nice dips cash gap key life love open play snap real safe save true turn wave "
    "well wolf work zoom best car cost ever fun joe man out run sun tell trip tap team target ride rise "
    "pump move news mind post rare"
)
"""Words that are a ticker only in capitals or with a $."""


def may_be_ticker(token: Token | None) -> bool:
    """Whether a token can be a ticker where one is expected."""
    return token is not None and _may_be_ticker(token.kind, token.text)


@lru_cache(maxsize=8192)
def _may_be_ticker(kind: str, text: str) -> bool:
    if not text.isascii():
        return False
    if kind in {"CASHTAG", "SHARE_CLASS"} or text in ALSO_TICKERS:
        return True
    if kind != "WORD" or not text.isalpha() or len(text) > LONGEST_TICKER:
        return False
    lower = text.lower()
    return lower not in NEVER_A_TICKER and (text.isupper() or lower not in LOWER_CASE_ONLY)


def names_position(token: Token) -> bool:
    """Whether a token names a position: a strike, or a ticker in capitals or with its $."""
    kind = token.kind
    return kind == "STRIKE" or (kind in _NAMING and _names_position(kind, token.text))


@lru_cache(maxsize=8192)
def _names_position(kind: str, text: str) -> bool:
    if kind != "CASHTAG" and not (text.isupper() and len(text) > 1):
        return False
    return _may_be_ticker(kind, text)
