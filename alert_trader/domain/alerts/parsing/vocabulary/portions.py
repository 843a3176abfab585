"""How much of a position the words of an exit close: all, a half, a fraction, a count, or some of it.

An amount that is written outweighs all words; "all out" outweighs talk; words for what is kept make it a
part: closing too little can be corrected, closing too much cannot.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from alert_trader.domain.alerts.alert import Share
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_CLOSES = (
    r"(?:trim(?:s|med|ming)?|sell(?:ing)?|sold|clos(?:e|ed|ing)|tak(?:e|ing|en)|took|cut(?:ting)?|exit(?:ed|ing)?"
    r"|scal(?:e|ed|ing)(?: out)?|out|stc|dump(?:ed|ing)?|unload(?:ed|ing)?|lighten(?:ed|ing)?|peel(?:ed|ing)?"
    r"|bail(?:ed|ing)?)"
)
_LINK = r"(?:off |another |the |my |about |up to |here |of |last |final |more )?"
_FRACTION = re.compile(r"(?:[1-4]/5|[1-3]/4|[1-2]/3|1/2|[1-5]/6|1/8|3/8|5/8|7/8|1/10|3/10)")
_DIGITS = r"(?:[1-4]/5|[1-3]/4|[1-2]/3|1/2|[1-5]/6|1/8|3/8|5/8|7/8|1/10|3/10)"
_KEPT = r"(?:still |left|remain|runn|stay|rid|hold|on the|keep)"

_ALL = re.compile(
    r"\ball (?:out|gone|of (?:it|them)|closed|sold|off|done)\b|\bout (?:of )?(?:all|everything)\b"
    r"|\b(?:fully|completely|totally) (?:out|closed|flat)\b|\b(?:full|complete) (?:exit|close|sell)\b"
    rf"|\b{_CLOSES} (?:it |them )?(?:all|everything|full|fully)\b"
    r"|\b(?:full|whole|entire) position\b|\b(?:nothing|none|0|zero) left\b|\bflat (?:here|now)\b"
    r"|\bstopped out\b"
    r"|^[^a-z\n/%]*(?:i'm |im |i am )?out[^a-z\n]*$",
    re.MULTILINE,
)
_REST = re.compile(
    rf"\b{_CLOSES} (?:of |out |the |my |on |off ){{0,3}}(?:rest|remaining|remainder|last|final)\b"
    r"|\bon the (?:rest|remaining|remainder)\b|^(?:the )?(?:rest|remainder) (?:out|gone|closed|sold)\b"
    r"|\b(?:last|final) (?:ones?|contracts?|cons?|piece|runners?) (?:out|gone|closed|sold|here)\b"
    rf"|\b{_CLOSES} (?:of |out |the |my |off ){{0,3}}runners?\b",
    re.MULTILINE,
)
"""All that is left of a position."""
_KEEPS = re.compile(
    r"\b(?:leav(?:e|ing)|left|hold(?:ing)?|keep(?:ing)?|kept|with|let(?:ting)?|riding|but|except|besides)"
    r" (?:me |on |just |only |\w+ing )?(?:a |an |one |two |three |my |the |some |few |last |[0-9]+ ){0,2}"
    r"(?:(?:runners?|cons?|contracts?|piece|half|one|two|three|couple|rest(?! of the)|lotto|remainder"
    r"|[0-9]+)\b"
    r"|(?:some|few)(?= (?:runner|con|contract|on\b|open|in\b|to\b|for\b|just|here|left)"
    r"| ?[.,;!)]|$))"
    r"|\b(?:[0-9]+|one|two|three|few|some|half|runners?|cons?|contracts?|couple|bit)"
    r" (?:are |is )?(?:left|remain\w*)\b"
    r"|\brunners? (?:only|on|left|from|still|stay\w*|rid\w*|going)\b|\b(?:free|small|keep|one|few) runners?\b"
    r"|\brest (?:rid|run|stay|is |are |on\b|still|hold|for\b|to\b|with\b|goes|free)"
    r"|\bmost(?:ly)?\b|\b(?:the )?bulk\b|\bone (?:stays|left|on)\b"
    r"|(?<!are )(?<!you )(?<!if )(?<!you're )\bstill (?:hold|in\b|have|running)"
)
_OF_ALL = words(
    "all out everything fully completely totally full complete whole entire nothing none 0 zero flat stopped"
)
_OF_REST = words("rest remaining remainder last final runner runners")
_OF_KEPT = words(
    "leave leaving left hold holding keep keeping kept with let letting riding but except besides remain "
    "remains remained remaining remainder runner runners rest most mostly bulk the one still"
)
"""Words without one of which the pattern is not looked for: a search costs more than a look-up."""
_PARTIAL = re.compile(r"\bpartials?\b|\bpartial(?:ly)?\b")
_SOME = re.compile(
    r"\bsome\b|\b(?:lighten|peel)\w*"
    r"|\btrim(?:s|med|ming)?\b|\bscal(?:e|ed|ing) out\b|\bleav(?:e|ing)\b|\bleft\b|\ba few\b"
    r"|\bpieces?\b|\bmore off\b|\btak(?:e|ing) profits?\b|\btook profits?\b|\block(?:ed|ing) in\b"
)
_BEFORE_AMOUNT = words(
    "trim trimmed trimming sell selling sold close closed closing take taking took cut cutting exit exited "
    "exiting out stc another last final off dumped unloaded more"
)
_BEHIND_AMOUNT = words(
    "off out of pos position sold closed done size still left running remaining stays here trimmed more"
)
"""Words beside a fraction that make it a part of a position."""
_LEAVES_TALK = re.compile(r"\bleav(?:e|ing)\b|\bleft\b")
_HALF = re.compile(r"\bhalf\b|\u00bd")
_SPELLED = (
    (re.compile(r"\btwo[ -]thirds\b|\u2154"), Decimal(2) / 3),
    (re.compile(r"\b(?:a |one[ -])?third\b|\u2153"), Decimal(1) / 3),
    (re.compile(r"\bthree[ -]quarters\b|\u00be"), Decimal("0.75")),
    (re.compile(r"\b(?:a |one[ -])?quarter\b|\u00bc"), Decimal("0.25")),
)
_SOLD_FRACTION = re.compile(
    rf"\b{_CLOSES} {_LINK}({_DIGITS})(?![/0-9])(?! {_KEPT})"
    rf"|\b({_DIGITS})(?![/0-9]) (?:off|out|of (?:the |my )?(?:position|pos|size|it)|pos(?:ition)?|sold|closed"
    r"|done|size)\b"
    rf"|\( ?({_DIGITS}) ?(?:pos(?:ition)?|off|out|sold)?\)"
)
_PERCENT = re.compile(
    rf"\b{_CLOSES} (?:off |another |about |out |up to |here |of |: )?([0-9]{{1,4}})[ \t]?%"
    r"|\b([0-9]{1,4})[ \t]?% (?:off|out|of (?:the |my )?(?:position|contracts|size|it)|sold|closed|trimmed)\b"
    r"|\bscal(?:e|ed|ing) out\b[^.!\n%]{0,24}?[,;:-] ([0-9]{1,3})[ \t]?%(?= (?:here|now|first|this|at|@)|$)"
)
_OF = re.compile(r"\b([0-9]{1,4}) (?:out )?of (?:my )?([0-9]{1,4})\b(?! ?(?:days|trades|weeks))")
_COUNT = re.compile(
    rf"\b{_CLOSES} (?:another |off |the )?([0-9]{{1,4}})"
    r"(?= (?:of|more|contracts?|cons?|here|at|@|for|off|\$?[a-z]{1,5} |[,;(])|$)"
    r"|\b([0-9]{1,4}) ?(?:contracts?|cons)\b|\bx([0-9]{1,4})\b|\b([0-9]{1,4})x\b",
    re.MULTILINE,
)


_SPELLED_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_OF_SPELLED = words("one two three four five couple few another")
_COUNT_SPELLED = re.compile(
    rf"\b{_CLOSES} (?:off |out |the |my )?(one|two|three|four|five|a couple|a few|another)\b"
    r"(?! (?:half|third|quarter))"
)
"""A count in words: "sold one more"; "a couple", "another" are some of it."""


class Closed(NamedTuple):
    """How much an exit closes; `wrong` is a percentage or count that is impossible."""

    portion: Share | None
    fraction: Decimal | None = None
    quantity: int | None = None
    wrong: str | None = None


def is_fraction(token: Token) -> bool:
    """Whether a token is written as a usual fraction, which may be a date as well."""
    return token.kind == "DATE" and _FRACTION.fullmatch(token.text) is not None


def is_amount(tokens: Sequence[Token], index: int) -> bool:
    """Whether a fraction is how much is closed or kept, and no date: "trim 1/4", "(1/2)", "1/3 off"."""
    if not is_fraction(tokens[index]):
        return False
    before = tokens[index - 1].lower if index > 0 else ""
    behind = tokens[index + 1].lower if index + 1 < len(tokens) else ""
    return before in _BEFORE_AMOUNT or behind in _BEHIND_AMOUNT or (before == "(" and behind == ")")


def closed_portion(lower: str) -> Closed:
    """Return how much an exit closes, from its text in lower case."""
    amount = _amount(lower)
    if amount.wrong is not None:
        return amount
    spoken = lower.split()
    everything = not _OF_ALL.isdisjoint(spoken) and _ALL.search(lower) is not None
    rest = not _OF_REST.isdisjoint(spoken) and _REST.search(lower) is not None
    keeps = not _OF_KEPT.isdisjoint(spoken) and _KEEPS.search(lower) is not None
    if amount.portion is Share.COUNT and (everything or rest) and not keeps:
        return Closed(Share.ALL)
    if amount.portion not in {None, Share.ALL}:
        return Closed(Share.PARTIAL) if everything and not keeps else amount
    if everything or rest or amount.portion is Share.ALL:
        return Closed(Share.PARTIAL if keeps or _PARTIAL.search(lower) else Share.ALL)
    return Closed(Share.PARTIAL) if keeps or _PARTIAL.search(lower) or _some(lower) else Closed(None)


def _some(lower: str) -> bool:
    """Whether a part is closed, without an amount; "leaving early" is talk behind a whole exit."""
    found = _SOME.search(lower)
    while found is not None and _LEAVES_TALK.fullmatch(found[0]):
        found = _SOME.search(lower, found.end())
    return found is not None


def _amount(lower: str) -> Closed:
    """Return the amount that is written: a percentage, a fraction, or a count."""
    percent = _PERCENT.search(lower) if "%" in lower else None
    if percent is not None:
        share = int(percent[1] or percent[2] or percent[3])
        if not 0 < share <= 100:
            return Closed(None, wrong=percent[0].strip())
        return Closed(Share.ALL) if share == 100 else _part(Decimal(share) / 100)
    of = _OF.search(lower) if " of " in lower else None
    if of is not None and 0 < int(of[1]) == int(of[2]):
        return Closed(Share.ALL)
    if of is not None and 0 < int(of[1]) < int(of[2]):
        return _part(Decimal(int(of[1])) / int(of[2]))
    digits = _SOLD_FRACTION.search(lower) if "/" in lower else None
    if digits is not None:
        part, _, whole = next(group for group in digits.groups() if group).partition("/")
        return _part(Decimal(int(part)) / int(whole))
    spelled = _spelled(lower)
    return _count(lower) if spelled is None else _part(spelled)


def _spelled(lower: str) -> Decimal | None:
    """Return the fraction that is written in words or as one sign; None without one."""
    if "half" not in lower and "third" not in lower and "quarter" not in lower and lower.isascii():
        return None
    if _HALF.search(lower):
        return Decimal("0.5")
    return next((fraction for written, fraction in _SPELLED if written.search(lower)), None)


def _part(fraction: Decimal) -> Closed:
    return Closed(Share.HALF if fraction == Decimal("0.5") else Share.FRACTION, fraction)


def _count(lower: str) -> Closed:
    count = _COUNT.search(lower)
    if count is None:
        spelled = None if _OF_SPELLED.isdisjoint(lower.split()) else _COUNT_SPELLED.search(lower)
        if spelled is None:
            return Closed(None)
        number = _SPELLED_COUNTS.get(spelled[1])
        return Closed(Share.PARTIAL) if number is None else Closed(Share.COUNT, quantity=number)
    contracts = int(next(group for group in count.groups() if group))
    return Closed(Share.COUNT, quantity=contracts) if contracts > 0 else Closed(None, wrong=count[0].strip())
