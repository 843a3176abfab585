"""Whether the market is open, and when it opens and closes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alert_trader.simulators.venue.config import SessionMode
from alert_trader.simulators.venue.holidays import LATE, NEW_YORK, hours, is_trading_day, step_day
from alert_trader.simulators.venue.tape import SessionLine

_BEFORE_START = timedelta(hours=2)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNow:
    """The session of one moment, in UTC."""

    open: bool
    open_at: datetime
    close_at: datetime


class SessionBoard:
    """The market's hours: the mode's, unless a person forced them."""

    def __init__(self, mode: SessionMode, started: datetime) -> None:
        """Keep the mode, and the moment an always-open market opened."""
        self.mode = mode
        self.forced: bool | None = None
        self.opened = started - _BEFORE_START

    def now(self, at: datetime) -> SessionNow:
        """Return the session at a moment; outside real hours it is the next one."""
        session = self._always(at) if self.mode is SessionMode.ALWAYS_OPEN else self._real(at)
        if self.forced is None:
            return session
        return SessionNow(open=self.forced, open_at=session.open_at, close_at=session.close_at)

    @property
    def by_hand(self) -> bool:
        """Whether the market ignores the exchange's hours: it is open or closed for everything."""
        return self.mode is SessionMode.ALWAYS_OPEN or self.forced is not None

    def last_close(self, at: datetime) -> date | None:
        """Return the last trading day that has closed, late classes included; None if days end on command."""
        if self.by_hand:
            return None
        day = at.astimezone(NEW_YORK).date()
        return day if is_trading_day(day) and at >= hours(day).close_at + LATE else step_day(day, -1)

    def late(self, at: datetime) -> bool:
        """Return whether stocks have closed and the classes that close late still trade."""
        day = at.astimezone(NEW_YORK).date()
        return (
            not self.by_hand
            and is_trading_day(day)
            and hours(day).close_at <= at < hours(day).close_at + LATE
        )

    def line(self, at: datetime) -> SessionLine:
        """Return the session of a moment for the tape."""
        session, day = self.now(at), at.astimezone(NEW_YORK).date()
        return SessionLine(open=session.open, opened=hours(day).open_at if self.late(at) else session.open_at)

    def _always(self, at: datetime) -> SessionNow:
        opened = self.opened + ((at - self.opened) // _DAY) * _DAY
        return SessionNow(open=True, open_at=opened, close_at=opened + _DAY)

    @staticmethod
    def _real(at: datetime) -> SessionNow:
        day = at.astimezone(NEW_YORK).date()
        if not is_trading_day(day) or at >= hours(day).close_at:
            day = step_day(day, 1)
        today = hours(day)
        return SessionNow(
            open=today.open_at <= at < today.close_at, open_at=today.open_at, close_at=today.close_at
        )
