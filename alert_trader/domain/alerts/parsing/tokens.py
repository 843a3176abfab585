"""Stage 2: the text as tokens with their offsets, in one pass and in linear time.

Every character but blanks belongs to exactly one token. A run of letters and digits that fits no shape
becomes one JUNK token, up to the next blank, so that no part of it is ever read as a price or a strike.
Each shape has an example; the first that fits is taken.
"""

import itertools
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
    """Markdown and colour codes around the text."""
    NOISE = "NOISE"
    """Mentions, links, emoji: nothing is read from them."""
    DATE = "DATE"
    DTE = "DTE"
    RELATIVE = "RELATIVE"
    """An expiration in words: "weekly", "next week", "+2w"."""
    STAMP = "STAMP"
    """A date or time that Discord shows in each reader's own zone."""
    TIME = "TIME"
    PAIR = "PAIR"
    """Two numbers joined: a range of prices, two strikes of a spread."""
    PERCENT = "PERCENT"
    STRIKE = "STRIKE"
    """A number with its right."""
    OCC = "OCC"
    """A whole contract as one symbol; it is cut into its ticker, date and strike."""
    FUTURE = "FUTURE"
    """The root of a future: "/ES"."""
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
_RIGHT = r"(?:calls?|puts?|ce|pe|cs|ps|c|p)"
_STRIKE_FOLLOWS = rf"(?=[ \t]+\$?[0-9]{{1,6}}(?:\.[0-9]{{1,2}})?[ \t]?{_RIGHT}(?![^\W_]))"
"""Two digits behind a day and month are the year only where the strike is still to come: 18 DEC 26 295c."""
_EXP_FOLLOWS = r"(?=exp(?:iry|iration|ires|ire)?(?![^\W_]))"
_EXPIRES = r"(?:exp(?:iry|iration|ires|iring|ire)?[ \t]*[:.]?[ \t]*)"

_CLEAN: tuple[tuple[Kind, str], ...] = (
    (Kind.NOISE, r"(?:0|100)[ \t]+(?:or|to)[ \t]+(?:hero|0|zero|100)(?![^\W_])"),  # 0 or hero
    (Kind.DATE, r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![^\W_]|[%/-])"),  # 2026-04-17
    (Kind.DATE, r"[0-9]{1,2}-[0-9]{1,2}-(?:[0-9]{4}|[0-9]{2})(?![^\W_]|[%/-]|\.[0-9])"),  # 04-17-2026
    (
        Kind.DATE,
        (
            r"[0-9]{1,2}/[0-9]{1,2}(?:/(?:[0-9]{4}|[0-9]{2}))?"
            rf"(?:{_EXP_FOLLOWS}|(?![^\W_]|[%/-]|[.,][0-9]))"
        ),
    ),  # 4/17, 4/17/26, 4/17exp
    (
        Kind.DATE,
        (
            rf"[0-9]{{1,2}}(?:st|nd|rd|th)?[ \t]?{_MONTH}\.?"
            rf"(?:[ \t]'?[0-9]{{2}}{_STRIKE_FOLLOWS}"
            rf"|(?:[ \t]?,?20[0-9]{{2}}|[ \t]?'[0-9]{{2}}|[0-9]{{2}})?{_ENDS})"
        ),
    ),  # 17APR2026, 17 APR 26 before a strike
    (Kind.DTE, r"[0-9]{1,3}[ \t-]?dte(?![^\W_])"),  # 0DTE
    (
        Kind.TIME,
        r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[ \t]?[ap]m)?(?![^\W_])|[0-9]{1,2}[ \t]?[ap]m(?![^\W_])",
    ),
    (
        Kind.PAIR,
        (
            rf"\$?{NUMBER}(?:c|p)?(?:[ \t]?-[ \t]?(?!{NUMBER}/[0-9])|/|[ \t]to[ \t])"
            rf"\$?{NUMBER}(?:c|p)?(?![^\W_]|%)"
        ),
    ),  # 100/110C
    (Kind.PERCENT, rf"[+-]?{NUMBER}[ \t]?%"),
    (
        Kind.STRIKE,
        rf"\$?{NUMBER}\$?[ \t]?{_RIGHT}(?![^\W_]|[/+'&-]|[ \t]?&[ \t]?l\b|\.[0-9])",
    ),  # 450c, $250 CALLS, 104$ calls
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
        Kind.NOISE,  # idioms whose words mean something else alone
        (
            r"(?:all|double)[ \t]+or[ \t]+nothing(?![^\W_])|boom[ \t]+or[ \t]+bust(?![^\W_])"
            r"|make[ \t]+or[ \t]+break(?![^\W_])|do[ \t]+or[ \t]+die(?![^\W_])"
            r"|one[ \t]+and[ \t]+done(?![^\W_])"
            r"|full[ \t]+send(?![^\W_])|hero[ \t]+or[ \t]+(?:zero|0)(?![^\W_])"
        ),
    ),
    (Kind.OCC, r"(?<!\$)[a-z]{1,6}+[ ]{0,5}+[0-9]{6}[cp][0-9]{1,8}(?:\.[0-9]{1,3})?(?![^\W_]|[.,%][0-9])"),
    (Kind.DTE, r"o[ \t-]?dte(?![^\W_])"),  # ODTE
    (
        Kind.DATE,  # Apr 17th, Apr17, Jan 2027
        (
            rf"{_MONTH}\.?[ \t]?[0-9]{{1,2}}[ \t]'?[0-9]{{2}}{_STRIKE_FOLLOWS}"
            rf"|{_MONTH}\.?[ \t][0-9]{{1,2}}(?:st|nd|rd|th)?(?:,?[ \t]?(?:20|')[0-9]{{2}}(?![^\W_]|[%/$.-]))?"
            r"(?![^\W_]|[%/$-]|[.,][0-9])"
            rf"|{_MONTH}[0-9]{{1,2}}(?![^\W_]|[%/$-]|[.,][0-9])"
            rf"|{_MONTH}[ \t]?20[0-9]{{2}}(?![^\W_]|[%/$-]|[.,][0-9])"
        ),
    ),
    (
        Kind.RELATIVE,  # weekly, expiration this week, exp Friday
        (
            rf"{_EXPIRES}(?:today|tomorrow|tmrw|(?:this[ \t]+)?fri(?:day)?)(?![^\W_])"
            r"|(?:today|tomorrow|tmrw|fri(?:day)?)(?:'s)?[ \t]+(?=exp(?:iry|iration|ires|iring)?(?![^\W_]))"
            r"|(?:this[ \t]+week(?:'s)?|this[ \t]+fri(?:day)?|next[ \t]+week(?:'s)?|weekl(?:y|ys|ies)"
            r"|eow|end[ \t]+of[ \t]+(?:the[ \t]+)?week|opex|m(?:o)?opex|dail(?:y|ies))(?![^\W_])"
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
    (
        Kind.MARKUP,
        r"```(?:ansi|diff|yaml|yml|fix|css|ini|json|md|txt|text|arm|apache|py|js|bash)(?=\n)|[*_~`|]+",
    ),
    (Kind.MARKUP, r"\x1b\[[0-9;]{0,16}m|\[(?:[0-9]{1,2};){1,4}[0-9]{1,2}m|\[0m"),  # colours of an ansi block
    (Kind.STAMP, r"<t:[0-9]{9,11}(?::[a-z])?>"),
    (Kind.FUTURE, r"(?<![^\s*_`(\[|:])/[a-z]{1,3}(?:[fghjkmnquvxz][0-9]{1,2})?(?![^\W_]|/)"),
    (Kind.NOISE, "<(?:@[!&]?|[#:/]|a:|t:|id:)[^<>\\s]{0,80}>|(?<![a-z])@(?!lim)[a-z]\\w*+|:[a-z_]\\w{1,31}:"),
    (Kind.AT, r"@(?:[ \t]*lim(?:it)?[ \t]*(?=[$.0-9]))?"),
    (
        Kind.NOISE,  # a link under words that say nothing of a trade
        (
            r"\[(?![^\]\n]{0,60}\b(?:not|no|don't|cancel|cancelled|void|closed|sold|exit|exited|expired|if)\b)"
            r"[^\]\n0-9]{1,60}\]\(https?://[^\s)]{1,300}\)"
        ),
    ),
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

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

_token = tuple.__new__
"""Makes a token without the cost of a named tuple's own constructor: each message has a dozen of them."""


def tokenize(normalized: NormalizedText, most: int | None = None) -> list[Token]:
    """Cut a text into tokens; between them are only blanks. After `most` of them the rest is left out."""
    text, lower, _ = normalized
    tokens: list[Token] = []
    for found in itertools.islice(_TOKEN.finditer(lower), most):
        group = found.lastindex
        if group is not None:
            start, end = found.span(group)
            kind = _KINDS[group]
            if kind == "OCC":
                tokens += _parts_of_symbol(text, start, end)
            else:
                tokens.append(_token(Token, (kind, start, end, text[start:end], lower[start:end])))
    return tokens


def _parts_of_symbol(text: str, start: int, end: int) -> list[Token]:
    """Cut "KO   261218C00070000" or "KO261218C70" into the tokens of its ticker, date and strike."""
    written = text[start:end]
    root = len(written) - len(written.lstrip(_LETTERS))
    day = len(written) - len(written[root:].lstrip(" "))
    cuts = (("CASHTAG", 0, root), ("DATE", day, day + 6), ("STRIKE", day + 6, len(written)))
    return [
        Token(kind, start + first, start + past, written[first:past], written[first:past].lower())
        for kind, first, past in cuts
    ]
