"""Whether an activity may still send an order, however long it was stalled and whatever its clock says.

Temporal counts an activity as lost at its start-to-close timeout. A search may then find nothing while the
stalled process still holds the order. So an order that could not be sent and answered before that timeout is
not sent, and no order is sent unless Temporal has just confirmed that it waits for this attempt. The wall
clock of this machine only ever refuses entries.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.api.workflowservice.v1 import RecordActivityTaskHeartbeatRequest
from temporalio.service import RPCError, RPCStatusCode

from alert_trader import clock

MARGIN = timedelta(milliseconds=500)
"""Time for the activity's answer to reach the Temporal server."""

ANSWER_WITHIN = timedelta(seconds=2)
"""The longest wait for one answer of Temporal. It takes about 2 ms."""

ASK_AGAIN = timedelta(milliseconds=100)
"""Before Temporal is asked again that did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last moment to begin a call, on two clocks.

    The wall clock shows a stall before this code ran. The steady clock is right if the wall clock was set
    back.
    """

    wall: datetime
    steady: float
    started: datetime
    """When the attempt started, by Temporal's clock."""
    began: float
    """When this code began, by the steady clock."""

    @classmethod
    def of(cls, *, started: datetime, start_to_close: timedelta, call: timedelta) -> "Deadline":
        """Return when a call that takes up to `call` must have begun, in an attempt started at `started`."""
        budget, began = start_to_close - call - MARGIN, clock.steady()
        return cls(wall=started + budget, steady=began + budget.total_seconds(), started=started, began=began)

    @property
    def passed(self) -> bool:
        """Whether it is too late to begin, by either clock."""
        return clock.now() >= self.wall or self.used_up

    @property
    def used_up(self) -> bool:
        """Whether the attempt has run for too long here, whatever the wall clock says."""
        return clock.steady() >= self.steady

    @property
    def temporal_time(self) -> datetime:
        """Temporal's time now, at the earliest, whatever the wall clock says.

        While Temporal waits for the attempt, it is later than this by less than the start-to-close timeout.
        """
        return self.started + timedelta(seconds=clock.steady() - self.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Temporal's confirmation that it still waits for this attempt, and how long an order may be sent on it.

    A stall after it is bounded by this: the order reaches the broker long before the last search for it.
    """

    until: float
    """By the steady clock: the longest call to the broker, from before Temporal was asked."""

    @property
    def holds(self) -> bool:
        """Whether an order may still be sent on it."""
        return clock.steady() < self.until


async def confirm_awaited(deadline: Deadline, call: timedelta) -> Awaited | None:
    """Ask Temporal by a heartbeat whether it still waits for this attempt of the activity.

    None: it does not, because another attempt or a search has replaced this one; or it did not answer in
    time.
    """
    info = activity.info()
    request = RecordActivityTaskHeartbeatRequest(namespace=info.namespace, task_token=info.task_token)
    service = activity.client().workflow_service
    while not deadline.used_up:
        asked_at = clock.steady()
        try:
            await service.record_activity_task_heartbeat(request, retry=False, timeout=ANSWER_WITHIN)
        except RPCError as failed:
            if failed.status is RPCStatusCode.NOT_FOUND:
                return None
            await asyncio.sleep(ASK_AGAIN.total_seconds())
        else:
            return Awaited(until=asked_at + (call + MARGIN).total_seconds())
    return None
