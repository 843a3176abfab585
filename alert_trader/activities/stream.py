"""Follow an account's order stream, and signal each report to its trade.

Nothing on the stream is repeated after a gap. So every subscription begins with a read of all orders since
the day before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import inf

from temporalio import activity
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.activities.held_reports import HeldReports
from alert_trader.activities.messages import (
    FOLLOW_ORDERS,
    FOREIGN_SIGNAL,
    ORDER_REPORT_SIGNAL,
    STREAM_SIGNAL,
    FollowRequest,
    Level,
    Notice,
    StreamStatus,
)
from alert_trader.activities.notify import Channel
from alert_trader.activities.reconciliation import Reconciliation
from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.broker.port import OrderReader, RejectedError, UnavailableError
from alert_trader.domain.account.reconciliation import ForeignOrder
from alert_trader.domain.account.stuck import PAGE_EVERY
from alert_trader.domain.ids import (
    AccountNumber,
    Leg,
    OrderId,
    account_workflow_id,
    read_client_order_id,
    trade_workflow_id,
)
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.orders.order import OrderReport

HEARD = "trader_stream_heard_seconds"
"""The gauge's whole name: the SDK adds a unit to the name of a histogram, and to no gauge's."""

HEARTBEAT = timedelta(seconds=2)
"""Well inside the activity's heartbeat timeout, so that only a dead worker misses it."""

REMEMBERED_CHAINS = 10_000
"""Order ids kept to route a replacement, which has no client order id, to the trade of the order it
replaces."""


HANDOVER = timedelta(milliseconds=100)
"""Before another worker takes the stream over from one that shuts down."""

RECHECK = timedelta(seconds=45)
"""How often the orders are read while the stream is open: it may have stopped sending, and a fill must not
wait for the day's end."""

AGE = timedelta(hours=4)
"""How long one connection is kept: an unnoticed fault ends with it, and the next one begins with a read of
all orders."""

SILENT_AFTER = timedelta(seconds=15)
"""How old a change may be that a read shows and the stream has not sent: past it the stream counts as silent
and is reopened."""


SIGNAL_WITHIN = timedelta(seconds=5)
"""The longest wait for Temporal to take a report of one trade: those of the others wait behind it."""


class StreamActivity:
    """Routes order reports to trades. Whatever the signal to one trade answers, the others have theirs."""

    def __init__(
        self,
        reader: OrderReader,
        client: Client,
        channels: tuple[Channel, ...],
        *,
        recheck: timedelta = RECHECK,
        age: timedelta = AGE,
        reconciliation: Reconciliation | None = None,
    ) -> None:
        """Follow `reader`'s account, signal with `client`, report foreign orders to `channels`."""
        self._reader = reader
        self._client = client
        self._channels = channels
        self._recheck = recheck
        self._age = age
        self._reconciliation = reconciliation or Reconciliation(reader, client)
        self._trade_of: OrderedDict[OrderId, str] = OrderedDict()
        self._routed: OrderedDict[OrderId, OrderReport] = OrderedDict()
        self._held = HeldReports()
        self._foreign: set[OrderId] = set()
        self._unheard: set[OrderId] = set()
        """Orders of trades that are over, found by a read: nobody was notified of them."""
        self._paged_at: dict[str, float] = {}
        """When people were last paged about each trade that receives no reports, by the steady clock."""

    @activity.defn(name=FOLLOW_ORDERS)
    async def follow_orders(self, request: FollowRequest) -> None:
        """Follow the stream until it is lost or this worker shuts down; then raise.

        The next attempt catches up first.
        """
        activity.logger.info("following the order stream of account %s", request.account)
        try:
            await self._follow(request)
        except (UnavailableError, RejectedError) as lost:
            await self._report_status(request, StreamStatus(since=None, why=str(lost)))
            raise

    async def _follow(self, request: FollowRequest) -> None:
        async with _heartbeats(), self._reader.follow() as reports:
            await self._catch_up()
            await self._report_status(request, StreamStatus(since=clock.now()))
            self._held.clear()
            works = [
                asyncio.create_task(each)
                for each in (
                    self._receive(reports),
                    self._held.run(self._route_live),
                    self._check(),
                    self._reconciliation.run(),
                )
            ]
            leaving = asyncio.create_task(activity.wait_for_worker_shutdown())
            try:
                done, _ = await asyncio.wait(
                    (*works, leaving), timeout=self._age.total_seconds(), return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                for each in (*works, leaving):
                    each.cancel()
                await asyncio.wait((*works, leaving))
            for each in works:
                if each in done:
                    each.result()
            if not done:
                raise ApplicationError(
                    f"the stream is {self._age.total_seconds():g} s old and is reopened",
                    type="Aged",
                    next_retry_delay=HANDOVER,
                )
            # the stream works, however often it was lost before: the next worker need not wait
            raise ApplicationError(
                "this worker shuts down; another worker follows the stream",
                type="Leaving",
                next_retry_delay=HANDOVER,
            )

    async def _report_status(self, request: FollowRequest, status: StreamStatus) -> None:
        """Report to the account whether its stream is connected.

        If that fails, the next attempt reports it.
        """
        try:
            await self._client.get_workflow_handle(
                account_workflow_id(AccountNumber(request.account))
            ).signal(STREAM_SIGNAL, status)
        except RPCError as failed:
            activity.logger.warning(
                "account %s could not be signalled the status of its stream: %s", request.account, failed
            )

    async def _receive(self, reports: AsyncIterator[OrderReport]) -> None:
        async for report in reports:
            record_heard()
            if self._routed.get(report.order_id) == report and report.order_id not in self._unheard:
                continue  # the same again
            if self._trade(report) is None or not self._held.take(report, self._routed.get(report.order_id)):
                await self._route_live(report)

    async def _route_live(self, report: OrderReport) -> None:
        await self._route(report, live=True)

    async def _check(self) -> None:
        """Read the orders from time to time; raise `UnavailableError` when the stream left a change out."""
        while True:
            await asyncio.sleep(self._recheck.total_seconds())
            try:
                news = await self._catch_up()
            except (UnavailableError, RejectedError) as failed:
                activity.logger.warning("the orders could not be read while the stream is open: %s", failed)
                continue
            old = self._broker_time - SILENT_AFTER
            if any(report.updated_at is not None and report.updated_at < old for report in news):
                raise UnavailableError(
                    "the stream is open and has not sent a change of an order; it is reopened"
                )

    @property
    def _broker_time(self) -> datetime:
        """The broker's time now, at the earliest: by a wrong clock every change would count as old."""
        offset = self._reader.clock_offset
        return clock.now() - (timedelta(0) if offset is None else offset.highest)

    async def _catch_up(self) -> list[OrderReport]:
        """Route what has changed since it was last routed; return the reports of this product's trades.

        Each change is signalled to its trade once, so that its history stays small however often the stream
        is lost.
        """
        recent, live = await asyncio.gather(
            self._reader.orders_since(new_york_date(clock.now()) - timedelta(days=1)),
            self._reader.live_orders(),
        )
        record_heard()
        found = {report.order_id: report for report in (*live, *recent)}
        for order_id, report in list(self._routed.items()):
            if (
                order_id not in found
                and not report.status.terminal
                and (read := await self._reader.order(order_id)) is not None
            ):
                found[order_id] = read
        # the broker lists the newest first; a replacement is recognised by what it replaces, so oldest first,
        # also at equal times
        oldest_first = list(found.values())[::-1]
        oldest_first.sort(key=lambda each: each.received_at or datetime.min.replace(tzinfo=UTC))
        news = [report for report in oldest_first if self._routed.get(report.order_id) != report]
        for report in news:
            self._held.drop(report.order_id)
            await self._route(report, live=False)
        return [report for report in news if self._routed.get(report.order_id) == report]

    def _trade(self, report: OrderReport) -> str | None:
        """Return the workflow id of a report's trade, and remember it; None for a foreign order."""
        named = None if report.client_order_id is None else read_client_order_id(report.client_order_id)
        trade = (
            trade_workflow_id(named[0]) if named else self._trade_of.get(report.replaces or report.order_id)
        )
        if trade is not None:
            self._remember(report.order_id, trade)
        return trade

    async def _route(self, report: OrderReport, *, live: bool) -> None:
        trade = self._trade(report)
        if trade is None:
            await self._report_foreign(report, live=live)
            return
        try:
            await self._client.get_workflow_handle(trade).signal(
                ORDER_REPORT_SIGNAL, report, rpc_timeout=SIGNAL_WITHIN
            )
        except RPCError as failed:
            if kind_of(failed) not in {FailureKind.NOT_FOUND, FailureKind.COMPLETED}:
                if not await self._server_answers():
                    raise
                await self._report_undelivered(report, trade, failed)
                return  # not routed: the next read of the orders sends it again
            named = None if report.client_order_id is None else read_client_order_id(report.client_order_id)
            bought = named is not None and named[1] is Leg.ENTRY and report.filled > 0
            if not live:
                self._unheard.add(report.order_id)
            elif bought or not report.status.terminal:
                self._unheard.discard(report.order_id)
                await self._page(
                    report,
                    trade,
                    "The broker reports a working or filled order of a trade that is closed or not in "
                    "this namespace",
                )
        self._paged_at.pop(trade, None)
        self._routed[report.order_id] = report
        while len(self._routed) > REMEMBERED_CHAINS:
            dropped, _ = self._routed.popitem(last=False)
            self._unheard.discard(dropped)

    async def _server_answers(self) -> bool:
        """Whether Temporal answers for the account, so that what failed concerns one trade alone."""
        account = self._client.get_workflow_handle(account_workflow_id(self._reader.account))
        try:
            await account.describe(rpc_timeout=SIGNAL_WITHIN)
        except RPCError as failed:
            return kind_of(failed) is FailureKind.NOT_FOUND
        return True

    async def _report_undelivered(self, report: OrderReport, trade: str, failed: RPCError) -> None:
        """Page people that a trade does not receive its reports, and again while that lasts."""
        activity.logger.warning("%s could not be signalled order %s: %s", trade, report.order_id, failed)
        now = clock.steady()
        if now < self._paged_at.get(trade, -inf) + PAGE_EVERY.total_seconds():
            return
        self._paged_at[trade] = now
        more = (
            f"\nTemporal refused it: {failed.message}. It is sent again every "
            f"{RECHECK.total_seconds():.0f} s; other trades continue\nRepair: trader repair {trade}"
        )
        await self._page(report, trade, "A trade does not receive the reports of its orders", more)

    def _remember(self, order_id: OrderId, trade: str) -> None:
        self._trade_of[order_id] = trade
        while len(self._trade_of) > REMEMBERED_CHAINS:
            self._trade_of.popitem(last=False)

    async def _report_foreign(self, report: OrderReport, *, live: bool) -> None:
        """Report once that the account has a foreign order; it is never touched."""
        if report.order_id in self._foreign or not live:
            return
        self._foreign.add(report.order_id)
        text = (
            f"order {report.order_id}: {report.side} {report.quantity} {report.symbol}, "
            f"{report.broker_status}. It is not touched"
        )
        notice = Notice(level=Level.INFO, workflow_id="", title="Foreign order in the account", note=text)
        await asyncio.gather(*(channel.send(notice) for channel in self._channels), return_exceptions=True)
        try:
            account = self._client.get_workflow_handle(account_workflow_id(self._reader.account))
            await account.signal(FOREIGN_SIGNAL, ForeignOrder(order_id=report.order_id, text=text))
        except RPCError as failed:
            activity.logger.warning(
                "the account could not be signalled foreign order %s: %s", report.order_id, failed
            )

    async def _page(self, report: OrderReport, trade: str, title: str, more: str = "") -> None:
        text = (
            f"order {report.order_id} ({report.client_order_id}): {report.side} {report.quantity} "
            f"{report.symbol}, {report.broker_status}{more}"
        )
        notice = Notice(level=Level.PAGE, workflow_id=trade, title=title, note=text)
        await asyncio.gather(*(channel.send(notice) for channel in self._channels), return_exceptions=True)


def record_heard(meter: MetricMeter | None = None) -> None:
    """Set the gauge of when the broker last reported orders, by the stream or by a read.

    A worker sets it, on its `meter`, when it starts: else one that never reaches its broker would have no
    value, and no alert rule would fire.
    """
    gauge = (activity.metric_meter() if meter is None else meter).create_gauge(
        HEARD, "When the broker last reported orders, in seconds since 1970."
    )
    gauge.set(int(clock.now().timestamp()))


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Send heartbeats while the body runs, so that a lost worker is noticed within seconds."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT.total_seconds())

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
