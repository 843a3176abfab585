"""The moment after which an activity must not send any more, however long it was stalled on the way.

Temporal declares an activity lost at its start-to-close timeout, and a look-up may then find nothing while the stalled process still
has the order in its hands. So a send that could not be over before that timeout is not begun.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_trader import clock

MARGIN = timedelta(milliseconds=500)
"""Left over for the answer to travel back to the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last moment to begin a call, on two clocks: the wall clock sees a stall before our code ran, the other one a clock set back."""

    wall: datetime
    monotonic: float

    @classmethod
    def of(cls, *, started: datetime, start_to_close: timedelta, call: timedelta) -> "Deadline":
        """Work out when a call that may take `call` must have begun, in an attempt the server saw start at `started`."""
        budget = start_to_close - call - MARGIN
        return cls(wall=started + budget, monotonic=time.monotonic() + budget.total_seconds())

    @property
    def passed(self) -> bool:
        """Whether it is too late to begin."""
        return clock.now() >= self.wall or time.monotonic() >= self.monotonic
