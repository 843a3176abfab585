"""What a card's buttons do, and the names they go by on Discord's side. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

_ID = r"[A-Za-z0-9_-]{1,30}"
BUTTON_ID = rf"trade:(?P<action>[a-z-]+):(?P<trade>{_ID})(?::(?P<offer>{_ID}))?"
"""The custom id of a card's button: it alone says what is meant, so a button works after any restart."""

CONFIRM_ID = rf"sure:(?P<action>[a-z-]+):(?P<trade>{_ID}):(?P<seen>[0-9]+):(?P<asked>[0-9]+)"
"""The custom id of the answer "yes" to a question, with the contracts that it was asked about and when."""


class Action(StrEnum):
    """What a button asks for."""

    CANCEL = "cancel"
    """Stop buying."""
    CONVERT = "convert"
    """Buy what is left at the market now."""
    CLOSE_HALF = "close-half"
    CLOSE_ALL = "close-all"
    APPROVE = "approve"
    APPROVE_HALF = "half"
    SKIP = "skip"

    @property
    def needs_confirmation(self) -> bool:
        """Whether it moves money the wrong way, so that it is asked about once."""
        return self in {Action.CONVERT, Action.CLOSE_HALF, Action.CLOSE_ALL}


class Style(StrEnum):
    """How a button looks; its words say what it does."""

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
        """Its name on Discord's side."""
        return f"trade:{self.action}:{self.trade}" + (f":{self.offer}" if self.offer else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question asked before an action, as it was seen."""

    action: Action
    trade: str
    seen: int
    """Contracts held, or still to buy, when it was asked."""
    asked: int
    """When, in seconds."""

    @property
    def custom_id(self) -> str:
        """The name of its "yes" on Discord's side."""
        return f"sure:{self.action}:{self.trade}:{self.seen}:{self.asked}"


def read_question(custom_id: str) -> Question | None:
    """Read a question back from the name of its answer."""
    found = re.fullmatch(CONFIRM_ID, custom_id)
    if found is None:
        return None
    return Question(
        action=Action(found["action"]),
        trade=found["trade"],
        seen=int(found["seen"]),
        asked=int(found["asked"]),
    )
