"""Watch how far this machine's clock is from Temporal's and from the broker's, and report it to the account.

    Temporal   every activity carries when the server started it: not later than now. That bounds the offset
               on one side. The other side takes a round trip: a heartbeat, whose time the server keeps, and a
               read of that time. It is right to half of the round trip, some milliseconds.
    the broker the Date of every HTTP answer (`OrderReader.clock_offset`), cut to the second: one answer is
               right to half a second, some minutes of answers to about the length of a request. The stream's
               heartbeats carry no time.

Nothing here delays or refuses an order. The account is signalled when an offset crosses a limit.
"""

import asyncio
import logging
import math
from collections.abc import Coroutine
from datetime import UTC, timedelta
from typing import Any

from temporalio import activity
from temporalio.api.workflowservice.v1 import RecordActivityTaskHeartbeatRequest
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.service import RPCError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor
from typing_extensions import override

from alert_trader import clock
from alert_trader.activities.messages import CLOCKS_SIGNAL
from alert_trader.broker.port import OrderReader
from alert_trader.domain.account.clocks import ClockComparison, ClockReport
from alert_trader.domain.ids import account_workflow_id

log = logging.getLogger("alert-trader.clocks")

SKEW = "trader_clock_skew_seconds"
SKEW_ERROR = "trader_clock_skew_error_seconds"
"""The gauges' whole names, each with the label `clock`: temporal or broker. The skew is there twice, as
`direction` ahead and behind, since the SDK takes no negative value; one of both is 0."""

COMPARE_EVERY = timedelta(seconds=10)
"""Between two round trips to Temporal, while an activity runs; the order stream is one that always does."""

LOOK_EVERY = timedelta(seconds=5)
"""Between two checks of the offsets. What two in a row find is reported: one answer may be wrong."""

REPEAT_WRONG = timedelta(minutes=1)
REPEAT = timedelta(hours=1)

_ANSWER = timedelta(seconds=2)


class ClockWatch:
    """The offsets that one worker process has found."""

    def __init__(self, reader: OrderReader, worker: str) -> None:
        """Watch the clocks of the process `worker`, which calls the broker through `reader`."""
        self._reader = reader
        self._worker = worker
        self._temporal = ClockComparison()
        self._compared_at = -math.inf
        self._found: ClockReport | None = None
        self._reported: ClockReport | None = None
        self._reported_at = -math.inf

    @property
    def report(self) -> ClockReport:
        """What is known now."""
        offset = self._temporal.offset(clock.now(), clock.steady())
        return ClockReport(worker=self._worker, temporal=offset, broker=self._reader.clock_offset)

    @property
    def interceptor(self) -> Interceptor:
        """What a worker needs to compare its clock at every activity."""
        return _Interceptor(self)

    async def compare(self) -> None:
        """Compare with Temporal while an activity runs, until cancelled; raise nothing."""
        info = activity.info()
        now = clock.steady()
        self._temporal.add(highest=now - info.started_time.timestamp(), at=now)
        if info.heartbeat_details:
            return  # a heartbeat without details would delete them
        while True:
            wait = self._compared_at + COMPARE_EVERY.total_seconds() - clock.steady()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            self._compared_at = clock.steady()
            try:
                await self._round_trip()
            except RPCError as failed:
                log.debug("Temporal's clock could not be read: %s", failed)

    async def _round_trip(self) -> None:
        info, client = activity.info(), activity.client()
        beat = RecordActivityTaskHeartbeatRequest(namespace=info.namespace, task_token=info.task_token)
        asked_at = clock.steady()
        await client.workflow_service.record_activity_task_heartbeat(beat, retry=False, timeout=_ANSWER)
        workflow = client.get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
        described = await workflow.describe(rpc_timeout=_ANSWER)
        now = clock.steady()
        for each in described.raw_description.pending_activities:
            if each.activity_id == info.activity_id and each.HasField("last_heartbeat_time"):
                theirs = each.last_heartbeat_time.ToDatetime(tzinfo=UTC).timestamp()
                self._temporal.add(lowest=asked_at - theirs, highest=now - theirs, at=now)

    async def run(self, client: Client, meter: MetricMeter) -> None:
        """Set the gauges, and report to the account what has changed, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            try:
                await self._look(client, meter)
            except Exception as failed:  # noqa: BLE001 - a watch that ends would report nothing any more
                log.warning("the clocks could not be reported: %s", failed)

    async def _look(self, client: Client, meter: MetricMeter) -> None:
        report = self.report
        set_gauges(meter, report)
        if self.due(report, clock.steady()):
            account = client.get_workflow_handle(account_workflow_id(self._reader.account))
            await account.signal(CLOCKS_SIGNAL, report, rpc_timeout=_ANSWER)
            self.reported(report, clock.steady())

    def due(self, report: ClockReport, at: float) -> bool:
        """Whether to report: two checks in a row found something new, or the last report is old."""
        before, self._found = self._found, report
        if before is None or _level(before) != _level(report):
            return False
        if self._reported is None or _level(report) != _level(self._reported):
            return True
        return at - self._reported_at >= (REPEAT_WRONG if report.wrong else REPEAT).total_seconds()

    def reported(self, report: ClockReport, at: float) -> None:
        """Remember what was reported last."""
        self._reported, self._reported_at = report, at


def _level(report: ClockReport) -> tuple[bool, bool, bool]:
    return report.known, report.noted, report.wrong


def set_gauges(meter: MetricMeter, report: ClockReport) -> None:
    """Set the gauges of the offsets that are known."""
    skew = meter.create_gauge_float(SKEW, "How far this machine's clock is from another, in seconds.")
    error = meter.create_gauge_float(SKEW_ERROR, "By how much the skew may be wrong, in seconds.")
    for name, offset in (("temporal", report.temporal), ("broker", report.broker)):
        if offset is not None:
            ahead = offset.middle.total_seconds()
            skew.set(max(ahead, 0), {"clock": name, "direction": "ahead"})
            skew.set(max(-ahead, 0), {"clock": name, "direction": "behind"})
            error.set(offset.error.total_seconds(), {"clock": name})


class _Interceptor(Interceptor):
    def __init__(self, watch: ClockWatch) -> None:
        self._watch = watch

    @override
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Compares(next, self._watch)


class _Compares(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, watch: ClockWatch) -> None:
        super().__init__(inner)
        self._watch = watch

    @override
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        if activity.info().is_local:
            return await super().execute_activity(input)
        return await _beside(self._watch.compare(), super().execute_activity(input))


async def _beside(beside: Coroutine[Any, Any, None], work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine while another does its work; how it ends does not matter."""
    comparing = asyncio.create_task(beside)
    try:
        return await work
    finally:
        comparing.cancel()
