"""The actions of a card's buttons, and the custom ids by which Discord returns a press. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

_ID = r"[A-Za-z0-9_-]{1,30}"
BUTTON_ID = rf"trade:(?P<action>[a-z-]+):(?P<trade>{_ID})(?::(?P<offer>{_ID}))?"
"""The custom id of a card's button. It holds everything, so a button works after any restart."""

CONFIRM_ID = rf"confirm:(?P<action>[a-z-]+):(?P<trade>{_ID}):(?P<contracts>[0-9]+):(?P<asked_at>[0-9]+)"
"""The custom id of a confirm button, with the number of contracts in the question and when it was asked."""

CONFIRM_WITHIN = 60
"""Seconds in which a question can be confirmed: after that the price may have moved."""


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    """Cancel the rest of the entry."""
    CONVERT = "convert"
    """Buy the rest of the entry now, up to the ceiling."""
    CLOSE_HALF = "close-half"
    CLOSE_ALL = "close-all"
    APPROVE = "approve"
    APPROVE_HALF = "half"
    SKIP = "skip"

    @property
    def needs_confirmation(self) -> bool:
        """Whether it sells or buys at once, so that it is confirmed first."""
        return self in {Action.CONVERT, Action.CLOSE_HALF, Action.CLOSE_ALL}


class Style(StrEnum):
    """Discord's button styles."""

    PRIMARY = "primary"
    SUCCESS = "success"
    SECONDARY = "secondary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of a card."""

    action: Action
    label: str
    style: Style
    trade: str
    offer: str = ""

    @property
    def custom_id(self) -> str:
        """The id that Discord returns when it is pressed."""
        return f"trade:{self.action}:{self.trade}" + (f":{self.offer}" if self.offer else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question that a person was asked before an action."""

    action: Action
    trade: str
    contracts: int
    """Contracts held, or still to buy, when it was asked."""
    asked_at: int
    """Unix time in seconds, by Discord's clock."""

    @property
    def custom_id(self) -> str:
        """The id that Discord returns when its confirm button is pressed."""
        return f"confirm:{self.action}:{self.trade}:{self.contracts}:{self.asked_at}"


def read_question(custom_id: str) -> Question | None:
    """Return the question of a confirm button's custom id; None when it is not one."""
    found = re.fullmatch(CONFIRM_ID, custom_id)
    if found is None:
        return None
    return Question(
        action=Action(found["action"]),
        trade=found["trade"],
        contracts=int(found["contracts"]),
        asked_at=int(found["asked_at"]),
    )
