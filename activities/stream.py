"""Follow an account's order stream, and hand each report to its trade.

The stream is a hint: nothing on it is replayed after a gap. So every subscription begins with a look at all orders since the day before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.messages import FOLLOW_ORDERS, ORDER_REPORT_SIGNAL, FollowRequest, Level, Notice
from activities.notify import Channel
from broker.port import OrderReader
from domain.calendar import new_york_date
from domain.ids import OrderId, read_client_order_id, trade_workflow_id
from domain.order import OrderReport

HEARTBEAT = timedelta(seconds=2)
"""Well inside the activity's heartbeat timeout, so that only a dead worker misses it."""

REMEMBERED_CHAINS = 10_000
"""Order ids kept to route a replacement, which carries no name of ours, to the trade of the order it replaces."""


class StreamActivity:
    """Routes order reports to trades."""

    def __init__(self, reader: OrderReader, client: Client, channels: tuple[Channel, ...]) -> None:
        """Follow `reader`'s account, signal through `client`, and report foreign orders to `channels`."""
        self._reader = reader
        self._client = client
        self._channels = channels
        self._trade_of: OrderedDict[OrderId, str] = OrderedDict()
        self._foreign: set[OrderId] = set()

    @activity.defn(name=FOLLOW_ORDERS)
    async def follow_orders(self, request: FollowRequest) -> None:
        """Follow the stream until it is lost, which raises; the next attempt catches up first."""
        activity.logger.info("following the order stream of account %s", request.account)
        async with _heartbeats(), self._reader.follow() as reports:
            for report in await self._reader.orders_since(new_york_date(datetime.now(UTC)) - timedelta(days=1)):
                await self._route(report, live=False)
            async for report in reports:
                await self._route(report, live=True)

    async def _route(self, report: OrderReport, *, live: bool) -> None:
        named = None if report.client_order_id is None else read_client_order_id(report.client_order_id)
        trade = trade_workflow_id(named[0]) if named else self._trade_of.get(report.replaces or report.order_id)
        if trade is None:
            await self._report_foreign(report, live=live)
            return
        self._remember(report.order_id, trade)
        try:
            await self._client.get_workflow_handle(trade).signal(ORDER_REPORT_SIGNAL, report)
        except RPCError as failed:
            if failed.status is not RPCStatusCode.NOT_FOUND:
                raise
            if live and not report.status.terminal:
                await self._page(report, trade, "the venue reports a working order of a trade that is closed or not in this namespace")

    def _remember(self, order_id: OrderId, trade: str) -> None:
        self._trade_of[order_id] = trade
        while len(self._trade_of) > REMEMBERED_CHAINS:
            self._trade_of.popitem(last=False)

    async def _report_foreign(self, report: OrderReport, *, live: bool) -> None:
        """Say once that the account has an order that is not ours; it is never touched."""
        if report.order_id in self._foreign or not live:
            return
        self._foreign.add(report.order_id)
        text = f"order {report.order_id}: {report.side} {report.quantity} {report.symbol}, {report.venue_status}; it is left alone"
        notice = Notice(level=Level.STORY, workflow_id="", title="An order that is not ours is in the account", text=text)
        await asyncio.gather(*(channel.tell(notice) for channel in self._channels), return_exceptions=True)

    async def _page(self, report: OrderReport, trade: str, title: str) -> None:
        text = f"order {report.order_id} ({report.client_order_id}): {report.side} {report.quantity} {report.symbol}, {report.venue_status}"
        notice = Notice(level=Level.PAGE, workflow_id=trade, title=title, text=text)
        await asyncio.gather(*(channel.tell(notice) for channel in self._channels), return_exceptions=True)


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Beat while the body runs, so that a lost worker is noticed within seconds."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT.total_seconds())

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
