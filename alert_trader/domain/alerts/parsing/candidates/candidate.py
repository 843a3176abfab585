"""One thing that a message may be."""

from enum import StrEnum
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.outline import Outline
from alert_trader.domain.alerts.parsing.tokens import Token


class Shape(StrEnum):
    """What a message may be."""

    ENTRY = "entry"
    """An entry with its action word."""
    SPOKEN_ENTRY = "spoken_entry"
    """An entry in other words that open the message: "took", "BOUGHT |", "I'm entering"."""
    FORM_ENTRY = "form_entry"
    """A form with a contract and the author's own entry, without an action word."""
    BARE_ENTRY = "bare_entry"
    """A contract without an action word: an entry with its price and no doubt, or as the whole message."""
    EXIT = "exit"
    """An exit with "STC" or "sell to close"."""
    SPOKEN_EXIT = "spoken_exit"
    """An exit in other words: a sentence that opens with the act, or with the position and the act."""
    CONDITIONAL_EXIT = "conditional_exit"
    """An exit on a condition: "if TP1 hits trim 50%"."""
    ALL_BUT = "all_but"
    """An exit of everything but what is named: several trades, so it cannot be one exit."""
    AVERAGE = "average"
    """An addition with its new average: "AVG KO 12/18 70c @ 1.40, added @ .98"."""
    ADDITION = "addition"
    """An addition in other words: "added KO 70c at 1.20"."""
    UNREAD = "unread"
    """A whole contract in a message that is none of these: refused, so that it is on record."""


class Candidate(NamedTuple):
    """One thing that a message may be."""

    shape: Shape
    outline: Outline
    tokens: tuple[Token, ...]
    """Where the action was looked for: the whole message, or the title of a form."""
    action: range
    """The indexes in `tokens` of the action; empty for a bare entry."""
    start: int
    """The index in `tokens` from which the contract is read."""
    subject: tuple[Token, ...] = ()
    """The position in front of the act: "KO 70c all out"."""
