"""The urgency of a notice for an operator: with a ping, without one, or not sent. Pure."""

from enum import StrEnum

from alert_trader.activities.messages import Level, Notice
from alert_trader.domain.audit.event import EventKind

ALWAYS = frozenset(
    {
        EventKind.FILLED,
        EventKind.EXIT_FILLED,
        EventKind.LATE_FILL,
        EventKind.EXPIRED,
        EventKind.UNKNOWN,
        EventKind.NOT_FOUND,
        EventKind.EXIT_REJECTED,
        EventKind.WARNING,
    }
)
"""Fills, orders of unknown outcome, and what a person must look at: they ping at every level and hour."""

_ORDER = (Level.INFO, Level.MONEY, Level.PAGE)


class Urgency(StrEnum):
    """How a notice is sent."""

    PING = "ping"
    QUIET = "quiet"
    """Sent without a ping."""
    NOTHING = "nothing"


def urgency(notice: Notice, *, lowest_level: Level, quiet_hours: bool) -> Urgency:
    """Return the urgency of a notice, by the lowest level to send and whether these are quiet hours."""
    if notice.level is Level.PAGE or any(event.kind in ALWAYS for event in notice.events):
        return Urgency.PING
    if quiet_hours or _ORDER.index(notice.level) < _ORDER.index(lowest_level):
        return Urgency.NOTHING
    return Urgency.QUIET
