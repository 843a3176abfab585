"""The names of the values in a form, and what each value is: "Ticker: KO", "Strike: 70"."""

import re
from collections.abc import Mapping
from enum import StrEnum

_DECORATION = re.compile(r"[^a-z0-9/& ]+|:[a-z_]\w*:")
_UNDERLYING = re.compile(r"\b(?:underlying|spot|index|shares?)\b")


class Part(StrEnum):
    """What a named value of a form is."""

    SYMBOL = "symbol"
    EXPIRY = "expiry"
    STRIKE = "strike"
    PRICE = "price"
    RIGHT = "right"
    QUANTITY = "quantity"
    ACTION = "action"
    STOP = "stop"
    TARGET = "target"
    LEVEL = "level"
    """A price of the underlying: as a stop or target never the price of the entry."""
    RESULT = "result"
    """A profit or loss: the message reports a trade made before."""
    COMMENT = "comment"
    RUNNING = "running"
    """A price since the entry: "Current: 5.10"."""
    STATUS = "status"
    UNKNOWN = "unknown"
    """A short name that is in no table."""


NAMES: dict[str, Part] = {
    **dict.fromkeys(("ticker", "symbol", "stock", "underlying", "asset", "instrument"), Part.SYMBOL),
    **dict.fromkeys(
        ("expiry", "expiration", "exp", "exp date", "expiry date", "expiration date", "expires"), Part.EXPIRY
    ),
    **dict.fromkeys(("strike", "strike price"), Part.STRIKE),
    **dict.fromkeys(
        ("entry", "entry price", "price", "premium", "cost", "buy price", "contract price", "option price"),
        Part.PRICE,
    ),
    **dict.fromkeys(
        (
            "entry premium",
            "limit",
            "limit price",
            "open price",
            "fill",
            "fill price",
            "filled",
            "filled at",
            "avg",
            "average",
            "avg price",
            "average price",
            "avg cost",
            "average cost",
            "avg fill",
            "avg entry",
            "entry cost",
            "paid",
            "price paid",
            "bought at",
            "my entry",
            "our entry",
            "entered at",
            "entries",
        ),
        Part.PRICE,
    ),
    **dict.fromkeys(
        (
            "current",
            "current price",
            "last",
            "last price",
            "high",
            "highest",
            "max",
            "peak",
            "now",
            "mark",
            "close price",
            "volume",
            "vol",
            "oi",
            "open interest",
            "bid",
            "ask",
        ),
        Part.RUNNING,
    ),
    **dict.fromkeys(("status", "state"), Part.STATUS),
    **dict.fromkeys(
        (
            *("type", "option", "option type", "right", "direction", "call/put", "side", "contract"),
            *("option contract", "play", "trade", "position"),
        ),
        Part.RIGHT,
    ),
    **dict.fromkeys(("quantity", "qty", "contracts", "size", "cons"), Part.QUANTITY),
    **dict.fromkeys(("action", "order"), Part.ACTION),
    **dict.fromkeys(("stop loss", "stoploss", "stop", "sl", "stops"), Part.STOP),
    **dict.fromkeys(
        (
            "target",
            "targets",
            "price target",
            "pt",
            "tp",
            "take profit",
            "trim targets",
            "profit target",
            "profit targets",
            "trims",
            "trim",
        ),
        Part.TARGET,
    ),
    **dict.fromkeys(("invalidation", "support", "resistance"), Part.LEVEL),
    **dict.fromkeys(
        (f"{name}{number}" for name in ("pt", "tp", "target", "target ") for number in range(1, 6)),
        Part.TARGET,
    ),
    **dict.fromkeys(("p/l", "pnl", "p&l", "profit", "gain", "result", "exit", "exit price"), Part.RESULT),
    **dict.fromkeys(
        (
            *("comment", "comments", "note", "notes", "analyst", "trader", "author", "risk", "confidence"),
            *(
                "reason",
                "thesis",
                "why",
                "timeframe",
                "time frame",
                "hold",
                "style",
                "user",
                "conviction",
            ),
            *("total", "total cost", "cost basis", "position size", "capital"),
        ),
        Part.COMMENT,
    ),
}

_BY_WORD: dict[str, Part] = {
    **dict.fromkeys(("exit", "sold", "profit", "gain", "return", "roi"), Part.RESULT),
    **dict.fromkeys(("invalidation",), Part.LEVEL),
    **dict.fromkeys(("stop", "sl"), Part.STOP),
    **dict.fromkeys(("target", "targets", "tp", "pt", "trim", "trims"), Part.TARGET),
    **dict.fromkeys(("current", "now", "high", "peak"), Part.RUNNING),
    **dict.fromkeys(("exp", "expiry", "expiration", "expires"), Part.EXPIRY),
    **dict.fromkeys(("strike",), Part.STRIKE),
    **dict.fromkeys(("entry", "fill", "filled", "paid", "bought"), Part.PRICE),
}
"""What a name of several words is that is in no table, by the first of these that it has: "option entry"."""
_LONGEST_OF_WORDS = 3

LEVELS = frozenset({Part.STOP, Part.TARGET, Part.LEVEL})
"""Parts whose numbers are never the price of the entry."""

_OWN_ENTRY = frozenset(
    name
    for name, part in NAMES.items()
    if part is Part.PRICE and name not in {"price", "premium", "cost", "limit", "limit price"}
)


def name_of(written: str) -> str:
    """Return a name as it is looked up: in small letters, without markup, emoji and marks."""
    return " ".join(_DECORATION.sub(" ", written.lower()).split())


def part_of(written: str, agreed: Mapping[str, Part]) -> tuple[Part | None, bool]:
    """Return what a value with this name is, and whether it is the author's own entry; None for prose.

    `agreed` are the names that this author's profile explains.
    """
    name = name_of(written)
    if name in agreed:
        return agreed[name], agreed[name] is Part.PRICE
    part = NAMES.get(name)
    if _UNDERLYING.search(name) and part is not Part.SYMBOL:
        return part if part in LEVELS else Part.LEVEL, False
    if part is None:
        part = _by_word(name.split())
        return part, part is Part.PRICE
    return part, name in _OWN_ENTRY


def _by_word(spoken: list[str]) -> Part | None:
    """Return what a name is by one of its words; a name of one word is in the table or unknown."""
    if not 1 < len(spoken) <= _LONGEST_OF_WORDS:
        return None
    return next((part for word, part in _BY_WORD.items() if word in spoken), None)
