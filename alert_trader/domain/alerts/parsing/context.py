"""What is known of a message besides its text: the day it was posted, and the defaults of its room."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.vocabulary.expirations import default_expiration
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import Right

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class RoomDefaults(NamedTuple):
    """The right and expiration that an author's room means where an alert names none."""

    right: Right | None = None
    expiry: date | None = None


class Context(NamedTuple):
    """What is known of a message besides its text."""

    posted: date | None
    """The message's New York date, or None for a time no alert can have."""
    defaults: RoomDefaults | None
    """None where the room has none: what is missing is then a refusal."""
    bare_contracts: bool
    """Whether a contract that is the whole message is an alert in this room."""


def context_of(posted_at: datetime, room: RoomRule) -> Context:
    """Return the context of a message; a time without a zone is UTC."""
    aware = posted_at if posted_at.tzinfo is not None else posted_at.replace(tzinfo=UTC)
    posted = new_york_date(aware) if _EARLIEST <= aware < _LATEST else None
    defaults = None
    if posted is not None and (room.right is not None or room.expiry is not None):
        defaults = RoomDefaults(
            room.right, None if room.expiry is None else default_expiration(room.expiry, posted)
        )
    return Context(posted, defaults, room.alone)
