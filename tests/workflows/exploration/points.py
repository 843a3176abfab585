"""What can go wrong, and where: a fault at a call to the broker, or the death of a worker in an activity."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor
from typing_extensions import override

from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.tape import RequestLine

STALL = 3.0
"""Seconds; the adapter of tests waits 2 s for an answer."""

WRITES: dict[str, dict[str, Any]] = {
    "lost before": {"kind": FaultKind.LOST_BEFORE},
    "lost after": {"kind": FaultKind.LOST_AFTER},
    "stall before": {"kind": FaultKind.STALL_BEFORE, "seconds": STALL},
    "stall after": {"kind": FaultKind.STALL_AFTER, "seconds": STALL},
    "late accept": {"kind": FaultKind.LATE_ACCEPT, "seconds": STALL},
    "500": {"kind": FaultKind.STATUS, "status": 500},
    "502 HTML": {"kind": FaultKind.STATUS, "status": 502, "html": True},
    "500 accepted": {"kind": FaultKind.STATUS, "status": 500, "accept": True},
    "429": {"kind": FaultKind.STATUS, "status": 429, "code": "too_many_requests"},
    "422": {"kind": FaultKind.STATUS, "status": 422, "code": "margin_check_failed"},
    "truncated": {"kind": FaultKind.TRUNCATED},
    "cut": {"kind": FaultKind.CUT},
    "empty": {"kind": FaultKind.EMPTY_DATA},
    "unknown status": {"kind": FaultKind.UNKNOWN_STATUS},
    "hidden": {"kind": FaultKind.HIDDEN, "seconds": STALL},
    "token expires": {"kind": FaultKind.TOKENS_EXPIRE},
}
"""At a call that changes something."""

READS = {
    name: WRITES[name]
    for name in ("lost before", "stall before", "500", "429", "truncated", "empty", "token expires")
} | {"short list": {"kind": FaultKind.SHORT_LIST}}
"""At a call that only reads."""

MESSAGES: dict[str, dict[str, Any]] = {
    "dropped": {"kind": FaultKind.STREAM_DROP},
    "twice": {"kind": FaultKind.STREAM_DUPLICATE},
    "reordered": {"kind": FaultKind.STREAM_REORDER},
    "unknown status": {"kind": FaultKind.STREAM_UNKNOWN_STATUS},
    "mute from here": {"kind": FaultKind.STREAM_MUTE},
    "closed": {"kind": FaultKind.STREAM_CLOSE},
}
"""At a message of the order stream."""

DEATHS = ("before it ran", "after it ran")
"""Where a worker dies in an activity."""

LIVING = frozenset({"follow_orders", "watch_trades"})
"""Activities that run as long as the account: their end is the account's matter."""


@dataclass(frozen=True)
class Call:
    """A call of a scenario: the nth with this method, path and client order id."""

    method: str
    path: str
    client_id: str
    nth: int

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        """What can go wrong with it."""
        return READS if self.method == "GET" else WRITES

    def __str__(self) -> str:
        """Name it."""
        which = "" if self.client_id == "*" else f" {self.client_id}"
        return f"{self.method} {self.path}{which} no. {self.nth}"


@dataclass(frozen=True)
class Point:
    """One thing that goes wrong in one place. Exactly one of the first three is set."""

    kind: str
    call: Call | None = None
    message: int | None = None
    """The nth message of the order stream."""
    activity: tuple[str, int] | None = None
    """The nth run of this type."""

    @property
    def group(self) -> str:
        """What the table counts it under."""
        if self.call is not None:
            return f"call: {self.kind}"
        return f"stream: {self.kind}" if self.message is not None else f"worker dies {self.kind}"

    @property
    def rule(self) -> FaultRule | None:
        """The venue's fault; None for a death."""
        if self.call is not None:
            where = {"method": self.call.method, "path": self.call.path, "nth": self.call.nth}
            if self.call.client_id != "*":
                where["client_id"] = self.call.client_id
            return FaultRule(**where, **self.call.kinds[self.kind])
        if self.message is not None:
            return FaultRule(path="Order", nth=self.message, **MESSAGES[self.kind])
        return None

    def __str__(self) -> str:
        """Name it, so that it can be looked for."""
        if self.activity is not None:
            return f"worker dies {self.kind}: {self.activity[0]} no. {self.activity[1]}"
        where = self.call or (f"message no. {self.message}" if self.message else "worker")
        return f"{self.kind}: {where}"


class Deaths(Interceptor):
    """Counts activities. The chosen ones never report, as if their worker had died."""

    def __init__(self, points: Sequence[Point] = ()) -> None:
        """Store which runs are lost, and where."""
        self.ran: Counter[str] = Counter()
        self._lost = {point.activity: point.kind for point in points if point.activity is not None}

    @override
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Intercept what runs activities."""
        return _Lost(next, self.ran, self._lost)


class _Lost(ActivityInboundInterceptor):
    def __init__(
        self, inner: ActivityInboundInterceptor, ran: Counter[str], lost: dict[tuple[str, int], str]
    ) -> None:
        super().__init__(inner)
        self._ran, self._lost = ran, lost

    @override
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        if info.is_local or info.activity_type in LIVING or info.workflow_type == "AccountWorkflow":
            return await super().execute_activity(input)
        self._ran[info.activity_type] += 1
        lost = self._lost.get((info.activity_type, self._ran[info.activity_type]))
        if lost is None:
            return await super().execute_activity(input)
        if lost == DEATHS[1]:
            await super().execute_activity(input)
        await asyncio.Event().wait()  # until its time is over: nobody reports it
        raise AssertionError("unreachable")


def calls_of(lines: Sequence[object]) -> list[Call]:
    """Return the calls on a tape, with what a fault needs to meet the same ones in another run."""
    seen: Counter[tuple[str, str, str]] = Counter()
    calls = []
    for line in lines:
        if not isinstance(line, RequestLine):
            continue
        path = re.sub(r"/(5WT\d+|\d+)(?=/|$)", "/*", line.path)
        leg = "*" if line.client_id is None else f"*-{line.client_id.rpartition('-')[2]}"
        key = (line.method, path, leg)
        seen[key] += 1
        calls.append(Call(*key, seen[key]))
    return calls


def points_of(calls: Sequence[Call], messages: int, ran: Counter[str]) -> list[Point]:
    """Return every single thing that can go wrong in a scenario that made these calls when nothing did."""
    return [
        *(Point(kind, call=call) for call in calls for kind in call.kinds),
        *(Point(kind, message=nth) for nth in range(1, messages + 1) for kind in MESSAGES),
        *(
            Point(kind, activity=(name, nth))
            for name, count in sorted(ran.items())
            for nth in range(1, count + 1)
            for kind in DEATHS
        ),
    ]
