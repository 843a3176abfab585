"""Stage 2: the text as tokens with their offsets, in one pass and in linear time.

Every character but blanks belongs to exactly one token. A run of letters and digits that fits no shape
becomes one JUNK token, up to the next blank, so that a part of it can never pass for a price or a strike.
Each shape has an example; the first that fits is taken.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.normalize import NormalizedText


class Kind(StrEnum):
    """What a token is."""

    NEWLINE = "NEWLINE"
    CUT = "CUT"
    """Markup in the middle of a word or number: it can hide one from people."""
    STRUCK = "STRUCK"
    """Strike-through: the author cancelled it."""
    MARKUP = "MARKUP"
    NOISE = "NOISE"
    """Mentions, links, emoji: nothing is read from them."""
    DATE = "DATE"
    DTE = "DTE"
    RELATIVE = "RELATIVE"
    """An expiration in words: "weekly", "next week", "+2w"."""
    TIME = "TIME"
    PAIR = "PAIR"
    """Two numbers joined: a range of prices, two strikes of a spread."""
    PERCENT = "PERCENT"
    STRIKE = "STRIKE"
    """A number with its right."""
    SIGNED = "SIGNED"
    """A signed count in front of a ticker: contracts bought or sold."""
    QUANTITY = "QUANTITY"
    LABEL = "LABEL"
    """A stop or target with its number following; never the price."""
    CASHTAG = "CASHTAG"
    SHARE_CLASS = "SHARE_CLASS"
    WORD = "WORD"
    ORDINAL = "ORDINAL"
    NUMBER = "NUMBER"
    AT = "AT"
    JUNK = "JUNK"
    PUNCTUATION = "PUNCTUATION"


class Token(NamedTuple):
    """A piece of the normalized text: `text` is `text[start:end]` there."""

    kind: str
    """The value of a `Kind`, as a plain string: an enum costs more, and a token is made for each word."""
    start: int
    end: int
    text: str
    lower: str
    """The text in lower case."""


NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,4})?|[0-9]{1,6}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})"
"""The pattern of a number: 1,250.50, 1.25 or .80."""
_ENDS = r"(?![^\W_]|[%/]|[.,][0-9])"
"""Where a number or date may end."""
_GLUED = (
    r"(?=(?:partial|half|all|stop|risky|lotto|swing|scalp|each|here|ish)(?![^\W_])|(?:sl|pt|tp)[\s:$.0-9])"
)
"""Words that are written right behind a price."""
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_RIGHT = r"(?:calls?|puts?|ce|pe|c|p)"
_EXPIRES = r"(?:exp(?:iry|iration|ires|iring|ire)?[ \t]*[:.]?[ \t]*)"

_CLEAN: tuple[tuple[Kind, str], ...] = (
    (Kind.DATE, r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![^\W_]|[%/-])"),  # 2026-04-17
    (Kind.DATE, r"[0-9]{1,2}-[0-9]{1,2}-(?:[0-9]{4}|[0-9]{2})(?![^\W_]|[%/-]|\.[0-9])"),  # 04-17-2026
    (
        Kind.DATE,
        r"[0-9]{1,2}/[0-9]{1,2}(?:/(?:[0-9]{4}|[0-9]{2}))?(?![^\W_]|[%/-]|[.,][0-9])",
    ),  # 4/17, 4/17/26
    (
        Kind.DATE,
        rf"[0-9]{{1,2}}(?:st|nd|rd|th)?[ \t]?{_MONTH}\.?(?:[ \t]?,?20[0-9]{{2}}|[0-9]{{2}})?{_ENDS}",
    ),  # 17APR2026
    (Kind.DTE, r"[0-9]{1,3}[ \t-]?dte(?![^\W_])"),  # 0DTE
    (
        Kind.TIME,
        r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[ \t]?[ap]m)?(?![^\W_])|[0-9]{1,2}[ \t]?[ap]m(?![^\W_])",
    ),
    (
        Kind.PAIR,
        rf"\$?{NUMBER}(?:c|p)?(?:[ \t]?-[ \t]?|/|[ \t]to[ \t])\$?{NUMBER}(?:c|p)?(?![^\W_]|%)",
    ),  # 100/110C
    (Kind.PERCENT, rf"[+-]?{NUMBER}[ \t]?%"),
    (Kind.STRIKE, rf"\$?{NUMBER}\$?[ \t]?{_RIGHT}(?![^\W_]|[/+'-]|\.[0-9])"),  # 450c, $250 CALLS, 104$ calls
    (
        Kind.QUANTITY,
        r"[0-9]{1,4}x(?![^\W_])|[0-9]{1,4}[ \t]?(?:contracts?|cons?|lots?)(?![^\W_])",
    ),  # 10x, 3 contracts
    (Kind.ORDINAL, r"[0-9]{1,2}(?:st|nd|rd|th)(?![^\W_])"),
    (Kind.NUMBER, rf"(?:\$[ \t]?)?{NUMBER}\$?(?:(?=x[0-9])|{_GLUED}|(?![^\W_]|[%/]|[.,][0-9]))"),
)
"""What begins with a digit, a $, a sign or a point, and never in the middle of another number."""

_SIGNED: tuple[tuple[Kind, str], ...] = (
    (Kind.NOISE, "[0-9]\ufe0f?\u20e3"),  # a digit on a key cap
    (Kind.RELATIVE, r"(?<![^\W_])\+[0-9]{1,2}[ \t]?w(?:k|ks|eek|eeks)?(?![^\W_])"),  # +2w
    (Kind.SIGNED, r"(?<![^\s*_`])[+-][0-9]{1,3}(?=[ \t]+\$?[a-z])"),  # +1 $SPY
    (
        Kind.CASHTAG,
        r"\$[a-z]{1,4}[./][ab](?![^\W_])|\$[a-z]{1,6}(?![^\W_]|[./][a-z](?![^\W_]))",
    ),  # $BRK.B, $SPY
)
"""What begins with the same, and may stand anywhere."""

_WORDED: tuple[tuple[Kind, str], ...] = (
    (Kind.NOISE, r"https?://[^\s)>\]]++"),
    (
        Kind.DATE,  # Apr 17th, Apr17, Jan 2027
        (
            rf"{_MONTH}\.?[ \t][0-9]{{1,2}}(?:st|nd|rd|th)?(?:,?[ \t]?(?:20|')[0-9]{{2}}(?![^\W_]|[%/$.-]))?"
            r"(?![^\W_]|[%/$-]|[.,][0-9])"
            rf"|{_MONTH}[0-9]{{1,2}}(?![^\W_]|[%/$-]|[.,][0-9])"
            rf"|{_MONTH}[ \t]?20[0-9]{{2}}(?![^\W_]|[%/$-]|[.,][0-9])"
        ),
    ),
    (
        Kind.RELATIVE,  # weekly, expiration this week, exp Friday
        (
            rf"{_EXPIRES}(?:today|tomorrow|tmrw|(?:this[ \t]+)?fri(?:day)?)(?![^\W_])"
            r"|(?:this[ \t]+week(?:'s)?|this[ \t]+fri(?:day)?|next[ \t]+week(?:'s)?|weekl(?:y|ys|ies)"
            r"|dail(?:y|ies))(?![^\W_])"
        ),
    ),
    (
        Kind.STRIKE,
        (
            r"[cp][ \t]?\$?[0-9]{2,5}(?:\.[05]0?)?"
            rf"(?![^\W_]|[%/-]|[.,][0-9]|[ \t]?\$?[ \t]?{_RIGHT}(?![^\W_]))"
        ),
    ),  # P 653
    (
        Kind.QUANTITY,
        r"x[ \t]?[0-9]{1,4}(?![^\W_]|[.,%])|(?:qty|quantity)[ \t]*:?[ \t]*[0-9]{1,4}(?![^\W_]|[.,%])",
    ),  # x10, qty 2
    (Kind.LABEL, r"(?:pt|tp)[1-9](?![^\W_]|[.%])|(?:pt|tp|sl|ts)(?=\$?\.?[0-9])"),  # TP1, SL.80
    (Kind.SHARE_CLASS, r"[a-z]{2,4}[./][ab](?![^\W_])"),  # BRK.B
    (
        Kind.WORD,
        r"[^\W\d_]++(?:'[^\W\d_]++)*+(?!\d)|[a-z]{1,5}(?=[0-9]{1,5}(?:\.[0-9])?[cp](?![^\W_]))",
    ),  # SPY of SPY600c
)
"""What begins with a letter."""

_OTHER: tuple[tuple[Kind, str], ...] = (
    (Kind.NEWLINE, r"[\n\r]"),
    (Kind.STRUCK, "~~|[\u0335-\u0338]"),
    (Kind.CUT, r"(?:(?<=[^\W_])|(?<=[.$]))[*_~`|]++(?=[^\W_]|[.$][0-9])"),  # 4*50c
    (Kind.MARKUP, r"[*_~`|]+"),
    (Kind.NOISE, "<(?:@[!&]?|[#:/]|a:|t:|id:)[^<>\\s]{0,80}>|(?<![a-z])@(?!lim)[a-z]\\w*+|:[a-z_]\\w{1,31}:"),
    (Kind.AT, r"@(?:[ \t]*lim(?:it)?[ \t]*(?=[$.0-9]))?"),
    (Kind.JUNK, r"\w[^\s*~`|()<>]*+"),
    (Kind.PUNCTUATION, r"."),
)

_SHAPES = (*_SIGNED, *_CLEAN, *_WORDED, *_OTHER)


def _any(shapes: tuple[tuple[Kind, str], ...]) -> str:
    return "|".join(f"({shape})" for _, shape in shapes)


# blanks belong to no token; a group of shapes is tried only where its first character fits
_TOKEN = re.compile(
    rf"[^\S\n\r]*+(?:(?=[0-9$.+-])(?:{_any(_SIGNED)}|(?<![0-9.,/-])(?<![a-z0-9]_)(?:{_any(_CLEAN)}))|(?=[a-z])(?:{_any(_WORDED)})|{_any(_OTHER)})",
    re.DOTALL,
)
_KINDS = ("", *(str(kind) for kind, _ in _SHAPES))
"""By group number."""

_token = tuple.__new__
"""Makes a token without the cost of a named tuple's own constructor: each message has a dozen of them."""


def tokenize(normalized: NormalizedText) -> list[Token]:
    """Cut a text into tokens; between them are only blanks."""
    text, lower, _ = normalized
    tokens = []
    for found in _TOKEN.finditer(lower):
        group = found.lastindex
        if group is not None:
            start, end = found.span(group)
            tokens.append(_token(Token, (_KINDS[group], start, end, text[start:end], lower[start:end])))
    return tokens
