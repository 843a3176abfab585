"""Watch an account's workflows for stuck ones: page people, and report to the account.

It runs as one activity of the account's workflow, on any of its workers. It needs no healthy workflow: an
activity continues, and is retried elsewhere, though the workflow that started it is itself stuck.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.activities.messages import (
    EXPECTED_QUERY,
    STUCK_SIGNAL,
    WATCH_TRADES,
    ExpectedAnswer,
    Level,
    Notice,
    WatchRequest,
)
from alert_trader.activities.notify import Channel
from alert_trader.activities.stuck_workflows import NO_MESSAGE, describe, find_stuck, is_live
from alert_trader.broker.port import BrokerError, OrderReader
from alert_trader.domain.account.reconciliation import ExpectedPosition
from alert_trader.domain.account.stuck import StuckWorkflow, page_due, same_state
from alert_trader.domain.ids import (
    AccountNumber,
    account_workflow_id,
    read_client_order_id,
    trade_workflow_id,
)
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.money import plain
from alert_trader.domain.orders.order import OrderReport, Position

EVERY = timedelta(seconds=10)
"""Between two checks. A task that fails is on its third attempt after 3 s, so people are paged within 15 s;
within 25 s if the worker that checks has died."""

HEARTBEAT = timedelta(seconds=2)
HANDOVER = timedelta(milliseconds=100)
"""Before another worker takes over from one that shuts down."""

SENDS = 3
"""Attempts to page through one channel; the next page comes a quarter of an hour later."""
SEND_AGAIN = timedelta(seconds=2)

_ANSWER = timedelta(seconds=2)
_KNOWN = TypeAdapter(tuple[StuckWorkflow, ...])


class TradeWatch:
    """Looks for the stuck workflows of one account."""

    def __init__(
        self,
        reader: OrderReader,
        client: Client,
        channels: tuple[Channel, ...],
        *,
        every: timedelta | None = None,
    ) -> None:
        """Read working orders and positions with `reader`; page through `channels`."""
        self._reader = reader
        self._client = client
        self._channels = channels
        self._every = every or EVERY
        self._known: tuple[StuckWorkflow, ...] = ()

    @activity.defn(name=WATCH_TRADES)
    async def watch_trades(self, request: WatchRequest) -> None:
        """Check every few seconds until this worker shuts down; then raise.

        The next attempt continues with what the last heartbeat has.
        """
        details = activity.info().heartbeat_details
        self._known = _KNOWN.validate_python(details[0]) if details else request.known
        beating = asyncio.create_task(self._beat())
        try:
            while not activity.is_worker_shutdown():
                try:
                    await self.look(AccountNumber(request.account))
                except RPCError as failed:
                    activity.logger.warning("stuck trades could not be looked for: %s", failed)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._every.total_seconds()):
                        await activity.wait_for_worker_shutdown()
        finally:
            beating.cancel()
        raise ApplicationError(
            "this worker shuts down; another worker looks for stuck trades",
            type="Leaving",
            next_retry_delay=HANDOVER,
        )

    async def _beat(self) -> None:
        while True:
            activity.heartbeat(self._known)
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def look(self, account: AccountNumber) -> None:
        """Check once: page what is due, and report to the account what is new. Raise RPCError."""
        found = await find_stuck(self._client, account)
        if not found and not self._known:
            return
        before = {each.workflow_id: each for each in self._known}
        protected = await self._with_protection(account, found)
        now, paged = clock.now(), []
        for each in protected:
            known = before.get(each.workflow_id)
            one = each if known is None else _continued(known, each)
            if page_due(one, now):
                one = replace(one, paged_at=now)
                await self._page(one.workflow_id, f"{one.workflow_id} is stuck", one.text)
            paged.append(one)
        stuck = {each.workflow_id for each in paged}
        for each in self._known:
            if each.workflow_id not in stuck:
                await self._page_recovered(each)
        new = len(paged) != len(self._known) or any(
            not same_state(before.get(each.workflow_id), each)
            or before[each.workflow_id].paged_at != each.paged_at
            for each in paged
        )
        # before the account is signalled: that may fail, and nobody is paged twice
        self._known = tuple(paged)
        activity.heartbeat(self._known)
        if new:
            handle = self._client.get_workflow_handle(account_workflow_id(account))
            await handle.signal(STUCK_SIGNAL, list(paged))

    async def _page_recovered(self, stuck: StuckWorkflow) -> None:
        live = is_live(await describe(self._client, stuck.workflow_id))
        title = f"{stuck.workflow_id} runs again" if live else f"{stuck.workflow_id} is over"
        await self._page(stuck.workflow_id, title, f"It was stuck. {stuck.what}")

    async def _page(self, workflow_id: str, title: str, note: str) -> None:
        notice = Notice(level=Level.PAGE, workflow_id=workflow_id, title=title, note=note)
        await asyncio.gather(*(_send(channel, notice) for channel in self._channels))

    async def _with_protection(
        self, account: AccountNumber, found: Sequence[StuckWorkflow]
    ) -> list[StuckWorkflow]:
        """Add what is held and which orders work; what cannot be read stays unknown."""
        if not found:
            return []
        expected = await self._expected(account)
        try:
            positions, orders = await asyncio.gather(self._reader.positions(), self._reader.live_orders())
        except BrokerError as failed:
            activity.logger.warning("orders and positions of stuck trades could not be read: %s", failed)
            positions, orders = None, None
        return [protected(each, expected, positions, orders) for each in found]

    async def _expected(self, account: AccountNumber) -> tuple[ExpectedPosition, ...]:
        try:
            answer: ExpectedAnswer = await self._client.get_workflow_handle(
                account_workflow_id(account)
            ).query(EXPECTED_QUERY, result_type=ExpectedAnswer, rpc_timeout=_ANSWER)
        except (RPCError, WorkflowQueryFailedError) as failed:
            activity.logger.warning("account %s did not say what its trades hold: %s", account, failed)
            return ()
        return answer.trades


def protected(
    stuck: StuckWorkflow,
    expected: Sequence[ExpectedPosition],
    positions: Sequence[Position] | None,
    orders: Sequence[OrderReport] | None,
) -> StuckWorkflow:
    """Return a stuck workflow with what its trade holds, and its working orders; None: could not be read."""
    if not stuck.is_trade:
        return stuck
    known = next((each for each in expected if each.trade == stuck.workflow_id), None)
    symbol = None if known is None else known.symbol
    return replace(
        stuck,
        symbol=symbol,
        held=None if known is None else known.position,
        at_broker=None
        if positions is None or symbol is None
        else sum(each.quantity for each in positions if same_contract(each.symbol, symbol)),
        orders=None
        if orders is None
        else tuple(order_text(each) for each in orders_of(stuck.workflow_id, orders)),
    )


def orders_of(trade: str, orders: Sequence[OrderReport]) -> list[OrderReport]:
    """Return the working orders of a trade, by their client order ids."""
    return [
        each
        for each in orders
        if not each.status.terminal
        and each.client_order_id is not None
        and (named := read_client_order_id(each.client_order_id)) is not None
        and trade_workflow_id(named[0]) == trade
    ]


def order_text(order: OrderReport) -> str:
    """Return an order as people read it: side, contracts left, limit, id."""
    limit = "at the market" if order.limit is None else f"at {plain(order.limit)}"
    return f"{order.side} {order.remaining} {limit} ({order.client_order_id})"


def _continued(known: StuckWorkflow, found: StuckWorkflow) -> StuckWorkflow:
    """Return a workflow that was stuck before: since when, and when people were paged."""
    if known.kind is not found.kind:
        return replace(found, paged_at=known.paged_at)
    return replace(
        found,
        since=min(known.since, found.since),
        why=known.why if found.why == NO_MESSAGE else found.why,
        paged_at=known.paged_at,
    )


async def _send(channel: Channel, notice: Notice) -> None:
    for attempt in range(1, SENDS + 1):
        try:
            await channel.send(notice)
        except Exception as failed:  # noqa: BLE001 - one channel that fails must not stop the others
            activity.logger.warning("page not sent, attempt %d of %d: %s", attempt, SENDS, failed)
            if attempt < SENDS:
                await asyncio.sleep(SEND_AGAIN.total_seconds())
        else:
            return
