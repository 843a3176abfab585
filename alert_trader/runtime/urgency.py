"""How loudly an operator hears of a notice: with a ping, quietly, or not at all. Pure."""

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
        EventKind.EXIT_REFUSED,
        EventKind.WARNING,
    }
)
"""Money that moved, what nobody can vouch for, and what a person must look at: they ping whatever level and hours are set."""

_ORDER = (Level.STORY, Level.MONEY, Level.PAGE)


class Urgency(StrEnum):
    """How loudly."""

    PING = "ping"
    QUIET = "quiet"
    """Shown, and nobody is pinged."""
    NOTHING = "nothing"


def urgency(notice: Notice, *, quietest: Level, quiet_hours: bool) -> Urgency:
    """Decide how loudly a notice is told, by the quietest level that is told and whether these are quiet hours."""
    if notice.level is Level.PAGE or any(event.kind in ALWAYS for event in notice.events):
        return Urgency.PING
    if quiet_hours or _ORDER.index(notice.level) < _ORDER.index(quietest):
        return Urgency.NOTHING
    return Urgency.QUIET
