"""How much of a position the words of an exit close: all, a half, a fraction, a count, or some of it.

Words for all and for a part together are a part: closing too little can be corrected, closing too much
cannot.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from alert_trader.domain.alerts.alert import Share

_CLOSES = (
    r"(?:trim(?:s|med|ming)?|sell(?:ing)?|sold|clos(?:e|ed|ing)|tak(?:e|ing|en)|took|cut(?:ting)?|exit(?:ed|ing)?"
    r"|scal(?:e|ed|ing) out|out|stc)"
)


def _written(word: str, digits: str, sign: str) -> str:
    """Return the pattern of a fraction: a word, a sign, or digits beside a word of closing.

    Digits alone may be a date: "1/2".
    """
    closed = rf"\b{_CLOSES} (?:off |another )?{digits}\b|\b{digits} (?:off|out|of (?:the |my )?position)\b"
    return rf"\b{word}\b|{sign}|{closed}"


_ALL = re.compile(
    r"\ball (?:out|gone|of (?:it|them)|closed|sold)\b|\bout (?:of )?(?:all|everything|the rest)\b"
    r"|\b(?:fully|completely) (?:out|closed)\b"
    rf"|\b{_CLOSES} (?:it |them )?(?:all|everything|full|fully)\b"
    r"|\b(?:on|of|the|my|closing|sold|selling) (?:rest|remaining|remainder)\b"
    r"|\b(?:last|final) (?:ones?|contracts?|cons?|piece|runners?|of)\b|\b(?:full|whole|entire) position\b"
    r"|\bstopped out\b"
    r"|^[^a-z]*(?:i'm |im |i am )?out[^a-z]*$",
    re.MULTILINE,
)
_PART = re.compile(
    r"\bpartials?\b|\bsome\b|\bmost(?:ly)?\b|\btrim(?:s|med|ming)?\b|\bscal(?:e|ed|ing) out\b"
    r"|\bleav(?:e|ing)\b|\bleft\b|\ba few\b"
    r"|\brunners only\b|\b(?:leaving|left|holding|keeping|with|a) (?:\w+ ){0,2}runners?\b|\bpieces?\b"
    r"|\bmore off\b|\btak(?:e|ing) profits?\b|\btook profits?\b"
)
_HALF = re.compile(_written("half", "1/2", "\u00bd"))
_FRACTIONS = (
    (re.compile(_written("two thirds", "2/3", "\u2154")), Decimal(2) / 3),
    (re.compile(_written("third", "1/3", "\u2153")), Decimal(1) / 3),
    (re.compile(_written("three quarters", "3/4", "\u00be")), Decimal("0.75")),
    (re.compile(_written("quarter", "1/4", "\u00bc")), Decimal("0.25")),
)
_PERCENT = re.compile(
    rf"\b{_CLOSES} (?:off |another |about |out |up to |here )?([0-9]{{1,4}})[ \t]?%"
    r"|\b([0-9]{1,4})[ \t]?% (?:off|out|of (?:the |my )?(?:position|contracts|size|it))\b"
)
_COUNT = re.compile(
    rf"\b{_CLOSES} (?:another |off )?([0-9]{{1,4}})"
    r"(?= (?:of|more|contracts?|cons?|here|at|@|for|\$?[a-z]{1,5} )|$)"
    r"|\b([0-9]{1,4}) ?(?:contracts?|cons)\b|\bx([0-9]{1,4})\b|\b([0-9]{1,4})x\b",
    re.MULTILINE,
)


class Closed(NamedTuple):
    """How much an exit closes; `wrong` is a percentage or count that is impossible."""

    portion: Share | None
    fraction: Decimal | None = None
    quantity: int | None = None
    wrong: str | None = None


def closed_portion(lower: str) -> Closed:
    """Return how much an exit closes, from its text in lower case."""
    percent = _PERCENT.search(lower)
    if percent is not None:
        share = int(percent[1] or percent[2])
        if not 0 < share <= 100:
            return Closed(None, wrong=percent[0].strip())
        part = (
            Closed(Share.ALL)
            if share == 100
            else Closed(Share.HALF if share == 50 else Share.FRACTION, Decimal(share) / 100)
        )
    else:
        part = _spelled(lower)
    everything = _ALL.search(lower) is not None
    if everything and part.portion in {None, Share.ALL, Share.COUNT}:
        return Closed(Share.ALL)
    return Closed(Share.PARTIAL) if everything else part


def _spelled(lower: str) -> Closed:
    if _HALF.search(lower):
        return Closed(Share.HALF, Decimal("0.5"))
    for written, fraction in _FRACTIONS:
        if written.search(lower):
            return Closed(Share.FRACTION, fraction)
    count = _COUNT.search(lower)
    if count is not None:
        contracts = int(next(group for group in count.groups() if group))
        return (
            Closed(Share.COUNT, quantity=contracts) if contracts > 0 else Closed(None, wrong=count[0].strip())
        )
    return Closed(Share.PARTIAL) if _PART.search(lower) else Closed(None)
