"""Reads an alert that is written as a form, one named value a line: "Ticker: KO", "Expiry: 12/18", "Strike: 70".

Bots write them, in embeds most of all. Each name is one entry of `NAMES`; a value says its field, what stands behind it is talk.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.fields import Fields, names_symbol
from alert_trader.domain.alerts.parsing.normalize import Seen
from alert_trader.domain.alerts.parsing.tokens import Token


class Part(StrEnum):
    """What a named value of a form says."""

    SYMBOL = "symbol"
    EXPIRY = "expiry"
    STRIKE = "strike"
    PRICE = "price"
    RIGHT = "right"
    QUANTITY = "quantity"
    ACTION = "action"
    LEVEL = "level"
    """A stop or target: never the price."""
    RESULT = "result"
    """What was made or lost: the message tells of a trade that was made before."""
    TALK = "talk"


NAMES: dict[str, Part] = {
    **dict.fromkeys(("ticker", "symbol", "stock", "underlying"), Part.SYMBOL),
    **dict.fromkeys(
        ("expiry", "expiration", "exp", "exp date", "expiry date", "expiration date", "expires"), Part.EXPIRY
    ),
    **dict.fromkeys(("strike", "strike price"), Part.STRIKE),
    **dict.fromkeys(
        ("entry", "entry price", "price", "premium", "cost", "buy price", "contract price", "option price"),
        Part.PRICE,
    ),
    **dict.fromkeys(
        ("type", "option", "option type", "right", "direction", "call/put", "side", "contract"), Part.RIGHT
    ),
    **dict.fromkeys(("quantity", "qty", "contracts", "size"), Part.QUANTITY),
    **dict.fromkeys(("action", "order"), Part.ACTION),
    **dict.fromkeys(
        (
            "stop loss",
            "stoploss",
            "stop",
            "sl",
            "target",
            "targets",
            "price target",
            "pt",
            "tp",
            "take profit",
        ),
        Part.LEVEL,
    ),
    **dict.fromkeys(
        (f"{name}{number}" for name in ("pt", "tp", "target", "target ") for number in range(1, 6)),
        Part.LEVEL,
    ),
    **dict.fromkeys(("p/l", "pnl", "p&l", "profit", "gain", "result", "exit", "exit price"), Part.RESULT),
    **dict.fromkeys(
        ("comment", "comments", "note", "notes", "analyst", "trader", "author", "risk", "confidence"),
        Part.TALK,
    ),
}

_IS_FORM = re.compile(r"\b(?:ticker|symbol|stock|underlying)\b[^\w\n]{0,6}[:=]")
_LINE = re.compile(r"[^\n\r|]+")
_NAME_ENDS = re.compile(r"[:=]")
_DECORATION = re.compile(r"[^a-z0-9/& ]+|:[a-z_]\w*:")


@dataclass(slots=True)
class Form:
    """The fields of a form, and the tokens of the message by the weight their words have."""

    fields: Fields = field(default_factory=Fields)
    title: list[Token] = field(default_factory=list)
    """Outside the named values: the action stands here."""
    said: list[Token] = field(default_factory=list)
    """Inside the values that make the contract."""
    talk: list[Token] = field(default_factory=list)
    result: Token | None = None
    """The value of a result, where the form has one."""


def read_form(sight: Seen, tokens: list[Token]) -> Form | None:
    """Give the fields of a form, or None when the message is none."""
    if (":" not in sight.lower and "=" not in sight.lower) or not _IS_FORM.search(sight.lower):
        return None
    form = Form()
    at = 0
    for line in _LINE.finditer(sight.lower):
        mark = _NAME_ENDS.search(line[0])
        name = "" if mark is None else " ".join(_DECORATION.sub(" ", line[0][: mark.start()]).split())
        part = NAMES.get(name)
        starts = line.start() if part is None or mark is None else line.start() + mark.end()
        while at < len(tokens) and tokens[at].start < starts:
            at += 1
        value: list[Token] = []
        while at < len(tokens) and tokens[at].start < line.end():
            if tokens[at].kind != "NEWLINE":
                value.append(tokens[at])
            at += 1
        _take(form, part, value)
    return form


def _take(form: Form, part: Part | None, value: list[Token]) -> None:
    fields = form.fields
    if part is None or part is Part.ACTION:
        form.title += value
        fields.rights += [
            token
            for token in value
            if token.kind == "WORD" and token.lower in vocabulary.RIGHTS and len(token.lower) > 1
        ]
    elif part is Part.LEVEL or part is Part.TALK:
        # "Comments: No" says that there are none
        form.talk += [] if len(value) == 1 and value[0].lower in {"no", "none", "nope"} else value
    elif part is Part.RESULT:
        form.talk += value
        form.result = value[0] if value else None
    else:
        form.said += value
        _fill(fields, part, value)


def _fill(fields: Fields, part: Part, value: list[Token]) -> None:
    """Give the value of a line to its field. A second number in a line that has its own is one nothing explains."""
    takes = {
        Part.EXPIRY: (fields.expiries, {"DATE", "DTE", "RELATIVE"}),
        Part.STRIKE: (fields.bare_strikes, {"NUMBER"}),
        Part.PRICE: (fields.prices, {"NUMBER"}),
        Part.QUANTITY: (fields.quantities, {"NUMBER", "QUANTITY"}),
    }
    found, kinds = takes.get(part, ([], set()))
    for token in value:
        kind = token.kind
        if kind in kinds and not (part is Part.PRICE and fields.prices):
            found.append(token)
        elif kind == "STRIKE" and part in {Part.STRIKE, Part.RIGHT}:
            fields.strikes.append(token)
        elif kind == "DATE" and part is Part.RIGHT:
            # "Contract: 70C 12/18"
            fields.expiries.append(token)
        elif kind == "PAIR" or (kind == "DATE" and part is not Part.EXPIRY):
            fields.pairs.append(token)
        elif kind in {"NUMBER", "PERCENT", "JUNK", "STRIKE"}:
            fields.unexplained.append(token)
        elif kind in {"WORD", "CASHTAG", "SHARE_CLASS"}:
            _name(fields, part, token)
        elif kind == "AT" and part is Part.SYMBOL:
            # "A@D" is a slip for another ticker
            fields.symbols.clear()
            return
    fields.price_is_marked = bool(fields.prices)


def _name(fields: Fields, part: Part, token: Token) -> None:
    """Give a word of a line to the ticker or to the right."""
    if part is Part.SYMBOL and not fields.symbols and names_symbol(token):
        fields.symbols.append(token)
    elif part in {Part.RIGHT, Part.STRIKE} and token.lower in vocabulary.RIGHTS:
        fields.rights.append(token)
