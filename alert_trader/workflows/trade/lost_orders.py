"""The search for orders of unknown outcome: submitted, and the answer was lost.

Such an order counts as open until it is found, or confirmed absent by a complete list of the account's
orders. A failed query is not an empty answer. An order that is absent is searched for further, because a
request can arrive late: an entry until its day ends, an exit for a minute. Should it appear, it is cancelled.
An absent entry is never sent again; an absent exit is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import FIND_ORDER, FindAnswer, FindRequest
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderState
    from alert_trader.domain.orders.order import OrderIntent, OrderReport
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.retries import OpenRetries
    from alert_trader.workflows.trade.tasks import TaskName, Tasks
    from alert_trader.workflows.trade_state import LostOrder, OrdersState
    from alert_trader.workflows.waiting import wait


class LostOrders:
    """Searches for lost orders, each in a coroutine of its own."""

    def __init__(
        self,
        state: OrdersState,
        journal: Journal,
        tasks: Tasks,
        retries: OpenRetries,
        *,
        apply_report: Callable[[OrderReport, LedgerOrder], None],
        end_of_day: Callable[[datetime], datetime],
    ) -> None:
        """Pass what is found to `apply_report`; an entry can fill until `end_of_day`."""
        self._state = state
        self._journal = journal
        self._tasks = tasks
        self._retries = retries
        self._apply_report = apply_report
        self._end_of_day = end_of_day

    @property
    def searching(self) -> bool:
        """Whether any order is being searched for."""
        return bool(self._state.lost)

    def search(self, order: LedgerOrder, intent: OrderIntent, intended_at: datetime, why: str) -> None:
        """Search for an order whose submission was not answered, unless it was reported in the meantime."""
        unknown = self._state.ledger.settle(order.client_order_id, OrderState.UNKNOWN)
        if unknown.state is not OrderState.UNKNOWN:
            return
        text = f"No answer to {order.client_order_id} ({why}). It counts as working while it is searched for"
        self._record(EventKind.UNKNOWN, text, order=order.client_order_id, why=why)
        self._state.lost[order.client_order_id] = LostOrder(
            intent=intent, intended_at=intended_at, lost_at=workflow.now()
        )
        self._tasks.start(TaskName.SEARCH, self._run(order))

    def resume(self) -> None:
        """Continue the searches of the run before this one."""
        for name in self._state.lost:
            self._tasks.start(TaskName.SEARCH, self._run(self._state.ledger.order(name)))

    async def _run(self, order: LedgerOrder) -> None:
        """Search until the order is found or confirmed absent, and for an absent one some time longer.

        An order that could not be searched for until its contract has stopped trading stays unknown.
        """
        lost = self._state.lost[order.client_order_id]
        try:
            if order.state is OrderState.UNKNOWN:
                if not await self._is_absent(order, lost):
                    return
                self._state.ledger.settle(order.client_order_id, OrderState.CONFIRMED_ABSENT)
                span = f"{sum(_pauses(order), timedelta()).total_seconds():.0f} s"
                text = (
                    f"{order.client_order_id} is not at the broker: no list of the account's orders had it "
                    f"for {span}"
                )
                self._record(EventKind.NOT_FOUND, text, order=order.client_order_id)
            if order.leg is Leg.ENTRY:
                await self._until_day_ends(order, lost)
            else:
                begin = lost.lost_at + sum(timing.EXIT_SEARCH_PAUSES, timedelta())
                await self._search(order, lost, begin, timing.EXIT_LATE_SEARCH_PAUSES)
        finally:
            del self._state.lost[order.client_order_id]

    async def _is_absent(self, order: LedgerOrder, lost: LostOrder) -> bool:
        """Return whether the order is absent.

        The settling time is over, and a complete list after it does not have it.
        """
        answered = await self._search(order, lost, lost.lost_at, _pauses(order))
        what = (
            f"the outcome of {order.client_order_id} is unknown: the broker does not list the "
            "account's orders"
        )
        late = timing.LATE_SEARCH_PAUSES if order.leg is Leg.ENTRY else timing.SUBMIT_PAUSES
        with self._retries.loop(late, what) as loop:
            while order.state is OrderState.UNKNOWN and not answered and not loop.expired:
                await loop.pause(lambda: order.state is OrderState.ACKNOWLEDGED)
                answered = await self._find(order, lost)
        return order.state is OrderState.UNKNOWN and answered

    async def _search(
        self, order: LedgerOrder, lost: LostOrder, begin: datetime, pauses: tuple[timedelta, ...]
    ) -> bool:
        """Search after each of these pauses, from `begin` on, until the order is reported.

        Return whether the answer to the last search was complete.
        """
        answered = False
        begun, due = workflow.now(), begin
        for delay in pauses:
            due += delay
            if due <= begun:
                continue  # it was in the run before this one
            await wait(
                lambda: order.state is OrderState.ACKNOWLEDGED,
                delay,
                f"before the search for {order.client_order_id}",
            )
            answered = await self._find(order, lost)
        return answered

    async def _until_day_ends(self, order: LedgerOrder, lost: LostOrder) -> None:
        """Search for an absent entry until an answer from after the end of its day.

        Should it appear, it is cancelled.
        """
        ends = self._end_of_day(lost.lost_at)
        over = workflow.now() >= ends
        what = f"{order.client_order_id} is not at the broker"
        with self._retries.loop(timing.LATE_SEARCH_PAUSES, what, pages=False) as loop:
            while not over and not loop.expired:
                await loop.pause(
                    lambda: order.state is OrderState.ACKNOWLEDGED, ends if workflow.now() < ends else None
                )
                late = workflow.now() >= ends
                over = await self._find(order, lost) and late
                if order.state is OrderState.ACKNOWLEDGED:
                    await wait(lambda: order.done, ends, f"for {order.client_order_id} to be cancelled")
                    return

    async def _find(self, order: LedgerOrder, lost: LostOrder) -> bool:
        """Search once, unless the order was reported; return whether the answer was complete."""
        if order.state is OrderState.ACKNOWLEDGED:
            return True
        known = self._state.ledger.known_order_ids
        request = FindRequest(
            intent=lost.intent,
            search_from=self._state.search_from,
            intended_at=lost.intended_at,
            lost_at=lost.lost_at,
            known_ids=known,
        )
        try:
            answer = await run_activity(
                FIND_ORDER,
                request,
                answer=FindAnswer,
                options=activity_options.READ,
                summary=f"search for {order.client_order_id}",
            )
        except ActivityError:
            return False
        if answer.ambiguous and order.client_order_id not in self._state.ambiguous:
            self._state.ambiguous.append(order.client_order_id)
            text = (
                f"{answer.ambiguous} orders without a client order id match {order.client_order_id}; "
                "none was adopted. Check the orders"
            )
            self._record(EventKind.WARNING, text, order=order.client_order_id)
        if answer.report is not None:
            if answer.by_attributes and self._may_be_another(order):
                return False
            if answer.by_attributes:
                text = (
                    f"Order {answer.report.order_id} has no client order id; adopted as "
                    f"{order.client_order_id} by contract, "
                    "quantity, price and time"
                )
                self._record(EventKind.WARNING, text, order=order.client_order_id)
            self._apply_report(answer.report, order)
        return answer.ambiguous == 0

    def _may_be_another(self, order: LedgerOrder) -> bool:
        """Return whether an order without an id may be the one that was sent in place of an absent one."""
        return order.state is OrderState.CONFIRMED_ABSENT and any(
            each.state in {OrderState.INTENDED, OrderState.UNKNOWN} and each.leg is order.leg
            for each in self._state.ledger.orders
        )

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)


def _pauses(order: LedgerOrder) -> tuple[timedelta, ...]:
    """Return the pauses before the searches for an order, the last of which may find it absent."""
    return timing.SEARCH_PAUSES if order.leg is Leg.ENTRY else timing.EXIT_SEARCH_PAUSES
