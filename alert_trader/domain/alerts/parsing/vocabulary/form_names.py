"""The names of the values in a form, and what each value is: "Ticker: KO", "Strike: 70"."""

from enum import StrEnum


class Part(StrEnum):
    """What a named value of a form is."""

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
    """A profit or loss: the message reports a trade made before."""
    COMMENT = "comment"


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
        Part.COMMENT,
    ),
}
