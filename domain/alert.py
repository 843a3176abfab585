"""An alert as it came, and what it was read as."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.contract import Right
from domain.ids import MessageId
from domain.money import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """A message that may be an alert: who wrote what, where and when. The text is data and nothing else."""

    message_id: MessageId
    text: str
    author_id: str
    channel_id: str
    guild_id: str
    posted_at: datetime
    """The message's own time, in UTC: it resolves years and weekdays, and it alone tells the alert's age."""
    author_name: str = ""
    """For people; nothing is decided by it."""


class AlertKind(StrEnum):
    """What a message is."""

    ENTRY = "entry"
    """Buy to open one contract."""
    EXIT = "exit"
    """Sell to close."""
    ADD = "add"
    """The author added to a position (AVG)."""
    CHATTER = "chatter"
    """Not an alert at all."""
    REFUSED = "refused"
    """Looks like an alert and is not certain enough to trade; `code` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The characters of the text that one field was read from."""

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedAlert:
    """The one reading of a message. Fields are None where the message does not say."""

    kind: AlertKind
    symbol: str | None = None
    strike: Decimal | None = None
    right: Right | None = None
    expiry: date | None = None
    price: Price | None = None
    """Dollars a share, as alerted; None means the mid of bid and ask."""
    quantity: int | None = None
    """Contracts named in the alert: a cap, not an order."""
    label: str | None = None
    code: str | None = None
    """Why it was refused: a `Code` value with its family PARSE."""
    reason: str | None = None
    """The refusal for people: what was expected, what was found."""
    spans: tuple[Span, ...] = ()
