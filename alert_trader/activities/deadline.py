"""The moment after which an activity must not send an order any more, however long it was stalled.

Temporal counts an activity as lost at its start-to-close timeout. A search may then find nothing while the
stalled process still holds the order. So an order that could not be sent and answered before that timeout is
not sent.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_trader import clock

MARGIN = timedelta(milliseconds=500)
"""Time for the activity's answer to reach the Temporal server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last moment to begin a call, on two clocks.

    The wall clock shows a stall before this code ran. The monotonic clock is right if the wall clock was set
    back.
    """

    wall: datetime
    monotonic: float

    @classmethod
    def of(cls, *, started: datetime, start_to_close: timedelta, call: timedelta) -> "Deadline":
        """Return when a call that takes up to `call` must have begun, in an attempt started at `started`."""
        budget = start_to_close - call - MARGIN
        return cls(wall=started + budget, monotonic=time.monotonic() + budget.total_seconds())

    @property
    def passed(self) -> bool:
        """Whether it is too late to begin, by either clock."""
        return clock.now() >= self.wall or self.used_up

    @property
    def used_up(self) -> bool:
        """Whether the attempt has run for too long here, whatever the wall clock says."""
        return time.monotonic() >= self.monotonic
