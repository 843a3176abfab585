"""What the words of a message do."""

from enum import StrEnum


class Action(StrEnum):
    """The act an alert's action word stands for."""

    BUY = "buy"
    """Buys to open."""
    SELL = "sell"
    """Sells to close."""
    AVERAGE = "average"
    """Tells a new average: the author added."""
    MENTION_OF_SALE = "mention_of_sale"
    """A plain "sell": not certain enough for an exit, and enough to make an entry uncertain."""
    OTHER = "other"
    """An act this product never takes: selling to open, buying to close."""
