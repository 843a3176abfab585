"""Words of buying and selling, the words that may stand before them, and the labels of an alert."""

from collections.abc import Sequence
from enum import StrEnum

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.words import words


class Action(StrEnum):
    """What an action word orders."""

    BUY = "buy"
    """Buys to open."""
    SELL = "sell"
    """Sells to close."""
    AVERAGE = "average"
    """Reports a new average price: the author added."""
    MENTION_OF_SALE = "mention_of_sale"
    """A plain "sell": not certain enough for an exit, and enough to make an entry uncertain."""
    OTHER = "other"
    """An order that this product never sends: selling to open, buying to close."""


ACTIONS: dict[tuple[str, ...], Action] = {
    ("bto",): Action.BUY,
    ("buy", "to", "open"): Action.BUY,
    ("bought", "to", "open"): Action.BUY,
    ("buying", "to", "open"): Action.BUY,
    ("bot",): Action.BUY,
    ("buy",): Action.BUY,
    ("buying",): Action.BUY,
    ("stc",): Action.SELL,
    ("sell", "to", "close"): Action.SELL,
    ("selling", "to", "close"): Action.SELL,
    ("sold", "to", "close"): Action.SELL,
    ("sell",): Action.MENTION_OF_SALE,
    ("selling",): Action.MENTION_OF_SALE,
    ("sold",): Action.MENTION_OF_SALE,
    ("sto",): Action.OTHER,
    ("btc",): Action.OTHER,
    ("sell", "to", "open"): Action.OTHER,
    ("selling", "to", "open"): Action.OTHER,
    ("sold", "to", "open"): Action.OTHER,
    ("buy", "to", "close"): Action.OTHER,
    ("avg",): Action.AVERAGE,
}
"""Action phrases; the longest that matches is taken."""

FIRST_OF_ACTION = frozenset(phrase[0] for phrase in ACTIONS)

ACTIONS_BY_FIRST: dict[str, tuple[tuple[tuple[str, ...], Action], ...]] = {
    first: tuple(
        sorted(
            ((phrase, action) for phrase, action in ACTIONS.items() if phrase[0] == first),
            key=lambda each: -len(each[0]),
        )
    )
    for first in sorted(FIRST_OF_ACTION)
}
"""The same by first word, the longest phrase first."""

REMARKS = words(
    "risky risk lotto lottos super swing scalp day trade daytrade here small size yolo high leap leaps"
)
"""Remarks that may stand before or between the parts of an alert and change nothing."""

BEFORE_ACTION = (
    REMARKS
    | words("alert alerts new starter play entry option options position i'm im i am we're we are let's lets")
    | words("ok okay alright guys hey team everyone folks call calls put puts just also and now first quick")
    | words("trade half enter")
)
"""Words that may stand before the action."""

LABELS: dict[tuple[str, ...], str] = {
    ("super", "lotto"): "Super Lotto",
    ("lotto",): "Lotto",
    ("half", "size"): "Half size",
    ("alert",): "Alert",
}
"""Labels at the start of a message, each with a colon behind it."""

SIZE_REMARKS: dict[tuple[str, ...], str] = {
    ("super", "lotto"): "Super Lotto",
    ("lotto",): "Lotto",
    ("lottos",): "Lotto",
    ("half", "size"): "Half size",
    ("half", "position"): "Half size",
    ("1/2", "size"): "Half size",
    ("1/2", "position"): "Half size",
}
"""Remarks with the meaning of a label, anywhere in a message. The first in this table counts."""

FIRST_OF_REMARK = frozenset(phrase[0] for phrase in SIZE_REMARKS)

MAY_PRECEDE = frozenset({"NEWLINE", "NOISE", "PUNCTUATION", "CUT"})


def length_of_opening(tokens: Sequence[Token]) -> int:
    """Count the tokens at the start that may precede an action: labels, mentions and remarks."""
    for index, token in enumerate(tokens):
        remark = token.kind == "WORD" and token.lower in BEFORE_ACTION
        if not remark and token.kind not in MAY_PRECEDE:
            return index
    return len(tokens)
