"""Cancelling an order of the trade: until a report shows that it has ended, whatever the broker answers.

A cancel request is not a cancellation: an order counts as open until a report ends it, and what it fills
until then is kept. Where its state is unknown nothing is requested before it is found.
"""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import CANCEL_ORDER, CancelAnswer, CancelResult
    from alert_trader.domain.ids import ClientOrderId
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderState
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.trade.retries import OpenRetries
    from alert_trader.workflows.trade.tasks import TaskName, Tasks
    from alert_trader.workflows.trade.unsent import BrokerCalls
    from alert_trader.workflows.trade_state import OrdersState
    from alert_trader.workflows.waiting import wait

UNCERTAIN = frozenset({OrderState.INTENDED, OrderState.UNKNOWN})
"""States of an order that may or may not be at the broker."""

SHORT_CHECKS_UNTIL = 3
"""Attempts after which an order is read once for each cancel request: what keeps it open then is not a matter
of milliseconds."""


class Cancels:
    """Cancels orders, each in a coroutine of its own."""

    def __init__(
        self,
        state: OrdersState,
        tasks: Tasks,
        retries: OpenRetries,
        read: Callable[[LedgerOrder], Awaitable[bool]],
        calls: BrokerCalls,
    ) -> None:
        """Read orders with `read`."""
        self._state = state
        self._tasks = tasks
        self._retries = retries
        self._read = read
        self._calls = calls
        self._running: dict[ClientOrderId, asyncio.Task[None]] = {}

    def is_cancelling(self, order: LedgerOrder) -> bool:
        """Return whether an order is being cancelled."""
        return order.client_order_id in self._state.cancelling

    def cancel(self, order: LedgerOrder) -> asyncio.Task[None]:
        """Cancel an order; the task that is returned is done when the order can fill no more.

        It is done also when the contract has stopped trading, whatever became of the order.
        """
        if not self.is_cancelling(order):
            self._state.cancelling.append(order.client_order_id)
            self._start(order)
        return self._running[order.client_order_id]

    def resume(self) -> None:
        """Continue the cancels of the run before this one."""
        for name in self._state.cancelling:
            if name not in self._running:  # a report may have begun it already in this run
                self._start(self._state.ledger.order(name))

    def _start(self, order: LedgerOrder) -> None:
        self._running[order.client_order_id] = self._tasks.start(TaskName.CANCEL, self._run(order))

    async def _run(self, order: LedgerOrder) -> None:
        try:
            await self._until_ended(order)
        finally:
            self._state.cancelling.remove(order.client_order_id)
            del self._running[order.client_order_id]

    async def _until_ended(self, order: LedgerOrder) -> None:
        await wait(
            lambda: order.state not in UNCERTAIN,
            self._retries.ends,
            f"for {order.client_order_id} to be found",
        )
        what = f"{order.client_order_id} is being cancelled and has not ended"
        with self._retries.loop(timing.CANCEL_PAUSES, what) as loop:
            while order.state not in UNCERTAIN:
                if not order.done:
                    await self._request(order)
                checks = timing.CANCEL_READS
                for delay in checks if loop.attempts < SHORT_CHECKS_UNTIL else checks[-1:]:
                    with self._calls.one():
                        ended = await wait(
                            lambda: order.done, delay, f"for the end of {order.client_order_id}"
                        )
                    if ended:
                        break
                    await self._read(order)
                ended = order.done
                # the report that ended it may have come before its last fill: its contracts are free after
                # one more read
                read = order.state is not OrderState.ACKNOWLEDGED or (ended and await self._read(order))
                if (ended and read and order.done) or loop.expired:
                    return
                await loop.pause(lambda: order.done and not ended)  # noqa: B023 - awaited here

    async def _request(self, order: LedgerOrder) -> None:
        order_id = order.order_id
        assert order_id is not None
        try:
            with self._calls.one():
                answer = await run_activity(
                    CANCEL_ORDER,
                    order_id,
                    answer=CancelAnswer,
                    options=activity_options.CANCEL,
                    summary=f"cancel {order.client_order_id}",
                )
        except ActivityError:
            return  # requested again at the next attempt
        if answer.result is CancelResult.REJECTED:
            await self._read(order)
