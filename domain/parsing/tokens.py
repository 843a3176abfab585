"""Cuts a message into tokens with their places in the text, in one pass and in linear time.

Every character belongs to exactly one token. A run of letters and digits that no shape explains becomes one JUNK token, up to the next
blank, so that a part of it can never pass for a price or a strike. Shapes are listed with an example each; the first that fits wins.
"""

import re
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a token is."""

    NEWLINE = "NEWLINE"
    SPACE = "SPACE"
    CUT = "CUT"
    """Markup or an invisible character in the middle of a word or number: it can hide one from people."""
    STRUCK = "STRUCK"
    """Strike-through: the author took it back."""
    MARKUP = "MARKUP"
    NOISE = "NOISE"
    """Mentions, links, emoji: nothing is read from them."""
    DATE = "DATE"
    DTE = "DTE"
    TIME = "TIME"
    PAIR = "PAIR"
    """Two numbers joined: a range of prices, two strikes of a spread."""
    PERCENT = "PERCENT"
    STRIKE = "STRIKE"
    """A number with its right."""
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
    """A piece of the message: `text` is `message[start:end]`."""

    kind: str
    """The value of a `Kind`: a plain string, as this is made for each token of each message."""
    start: int
    end: int
    text: str

    @property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()


BLANK = frozenset({"SPACE", "NEWLINE", "MARKUP"})
"""Kinds that may stand anywhere between two tokens."""

_NUM = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,4})?|[0-9]{1,6}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})"
_CLEAN = r"(?<![0-9.,_/-])"
"""Where a number may begin: never in the middle of another."""
_ENDS = r"(?![^\W_]|[%/]|[.,][0-9])"
"""Where a number or date may end."""
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"

_SHAPES: tuple[tuple[Kind, str], ...] = (
    (Kind.NEWLINE, r"[\n\r]"),
    (Kind.SPACE, r"[^\S\n\r]+"),
    (Kind.STRUCK, r"~~"),
    (Kind.CUT, rf"(?:(?<=[^\W_])|(?<=[.$]))[*_~`|{_INVISIBLE}]++(?=[^\W_]|[.$][0-9])"),  # 4*50c
    (Kind.MARKUP, rf"[*_~`|{_INVISIBLE}]+"),
    (Kind.NOISE, r"<(?:@[!&]?|[#:]|a:)[^<>\s]{0,80}>|@(?!lim)[a-z]\w*+|:[a-z_]\w{1,31}:|https?://\S++"),
    (Kind.DATE, rf"{_CLEAN}[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?![^\W_]|[%/-])"),  # 2026-04-17
    (Kind.DATE, rf"{_CLEAN}[0-9]{{1,2}}-[0-9]{{1,2}}-(?:[0-9]{{4}}|[0-9]{{2}})(?![^\W_]|[%/-]|\.[0-9])"),  # 04-17-2026
    (Kind.DATE, rf"{_CLEAN}[0-9]{{1,2}}/[0-9]{{1,2}}(?:/(?:[0-9]{{4}}|[0-9]{{2}}))?(?![^\W_]|[%/-]|[.,][0-9])"),  # 4/17, 4/17/26
    (
        Kind.DATE,
        rf"{_MONTH}\.?[ \t][0-9]{{1,2}}(?:st|nd|rd|th)?(?:,?[ \t]?20[0-9]{{2}}(?![^\W_]|[%/$.-]))?(?![^\W_]|[%/$-]|[.,][0-9])",
    ),  # Apr 17th
    (Kind.DATE, rf"{_CLEAN}[0-9]{{1,2}}(?:st|nd|rd|th)?[ \t]?{_MONTH}\.?(?:[ \t]?,?20[0-9]{{2}}|[0-9]{{2}})?{_ENDS}"),  # 17APR2026
    (Kind.DTE, rf"{_CLEAN}[0-9]{{1,3}}[ \t]?dte(?![^\W_])"),  # 0DTE
    (Kind.TIME, rf"{_CLEAN}[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?:[ \t]?[ap]m)?(?![^\W_])|{_CLEAN}[0-9]{{1,2}}[ \t]?[ap]m(?![^\W_])"),
    (Kind.PAIR, rf"{_CLEAN}\$?{_NUM}(?:c|p)?(?:[ \t]?[-\u2013\u2014][ \t]?|/|[ \t]to[ \t])\$?{_NUM}(?:c|p)?(?![^\W_]|%)"),  # 100/110C
    (Kind.PERCENT, rf"{_CLEAN}[+-]?{_NUM}[ \t]?%"),
    (
        Kind.STRIKE,  # 450c, $250 CALLS, 104$ calls
        rf"{_CLEAN}\$?{_NUM}\$?[ \t]?(?:calls?|puts?|c|p)(?![^\W_]|[/+'\u2019-]|\.[0-9])",
    ),
    (
        Kind.QUANTITY,  # x10, 10x, qty 2, 3 contracts
        (
            rf"x[0-9]{{1,4}}(?![^\W_]|[.,%])|{_CLEAN}[0-9]{{1,4}}x(?![^\W_])"
            rf"|(?:qty|quantity)[ \t]*:?[ \t]*[0-9]{{1,4}}(?![^\W_]|[.,%])"
            rf"|{_CLEAN}[0-9]{{1,4}}[ \t]?(?:contracts?|cons?)(?![^\W_])"
        ),
    ),
    (Kind.LABEL, r"(?:pt|tp)[1-9](?![^\W_]|[.%])|(?:pt|tp|sl|ts)(?=\$?\.?[0-9])"),  # TP1, SL.80
    (Kind.CASHTAG, r"\$[a-z]{1,4}[./][ab](?![^\W_])|\$[a-z]{1,6}(?![^\W_]|[./][a-z](?![^\W_]))"),  # $BRK.B, $SPY
    (Kind.SHARE_CLASS, r"[a-z]{2,4}[./][ab](?![^\W_])"),  # BRK.B
    (Kind.WORD, r"[^\W\d_]++(?:['\u2019][^\W\d_]++)*+(?!\d)"),
    (Kind.ORDINAL, rf"{_CLEAN}[0-9]{{1,2}}(?:st|nd|rd|th)(?![^\W_])"),
    (Kind.NUMBER, rf"{_CLEAN}(?:\$[ \t]?)?{_NUM}\$?(?=x[0-9]|(?![^\W_]|[%/]|[.,][0-9]))"),
    (Kind.AT, r"@"),
    (Kind.JUNK, r"\w[^\s*~`|()<>]*+"),
    (Kind.PUNCTUATION, r"."),
)


_TOKEN = re.compile("|".join(f"({shape})" for _, shape in _SHAPES), re.IGNORECASE | re.DOTALL)
_KINDS = ("", *(str(kind) for kind, _ in _SHAPES))
"""By group number: no shape has a group of its own inside."""

_DIGITS = re.compile(_NUM)


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens; joined again, they are the text."""
    return [Token(_KINDS[found.lastindex or 0], found.start(), found.end(), found[0]) for found in _TOKEN.finditer(text)]


def number_in(token: Token) -> str:
    """Give the digits of a number, strike or quantity token, without $ and thousands' commas."""
    found = _DIGITS.search(token.text)
    return "" if found is None else found[0].replace(",", "")


def right_in(token: Token) -> str:
    """Give "C" or "P" of a strike token, or of the word for a right."""
    return next((letter for letter in reversed(token.text.upper()) if letter in "CP"), "")
