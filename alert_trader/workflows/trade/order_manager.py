"""The order manager of a trade: sends its orders, reads them, and applies every report to the ledger.

An order is in the history before it is sent. If the answer is lost its outcome is unknown: it counts as open,
and `LostOrders` searches for it. `Cancels` cancels orders. Reports, whichever way they come, go through
`apply_report`, so that ledger and journal see each of them once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutError, TimeoutType  # noqa: A004 - the SDK's own name

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        READ_ORDER,
        READ_POSITION,
        SUBMIT_EXIT,
        ConversionGuard,
        PositionAnswer,
        PositionRequest,
        SubmitAnswer,
        SubmitRequest,
        SubmitResult,
    )
    from alert_trader.domain.account.entry_rules import EntrySource
    from alert_trader.domain.account.reservation import AdmitRequest
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import AccountNumber, ClientOrderId, Leg, client_order_id
    from alert_trader.domain.market.quotes import Listing
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.domain.money import Price, plain
    from alert_trader.domain.not_sent import SEND_SAME_ORDER, NotSentReason
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderState
    from alert_trader.domain.orders.order import OrderIntent, OrderKind, OrderReport, Side
    from alert_trader.domain.orders.time_in_force import TIME_IN_FORCE, OrderPurpose
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.interface import TradeRequest
    from alert_trader.workflows.trade.cancels import Cancels
    from alert_trader.workflows.trade.continuation import Continuation
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.lost_orders import LostOrders
    from alert_trader.workflows.trade.order_events import record_update
    from alert_trader.workflows.trade.retries import OpenRetries
    from alert_trader.workflows.trade.tasks import TaskName, Tasks
    from alert_trader.workflows.trade.unsent import BrokerCalls
    from alert_trader.workflows.trade_state import OrdersState, Sending


class OrderManager:
    """The orders of one trade in one contract."""

    def __init__(
        self,
        request: TradeRequest,
        state: OrdersState,
        journal: Journal,
        listing: Listing,
        hours: TradingHours,
        tasks: Tasks,
        calls: BrokerCalls,
        continuation: Continuation,
    ) -> None:
        """Manage the orders of `state`, in the contract of `listing`."""
        self._request = request
        self._state = state
        self._journal = journal
        self._tasks = tasks
        self._calls = calls
        self._continuation = continuation
        self._reading: set[ClientOrderId] = set()
        self.ledger = state.ledger
        self.contract = contract = listing.contract
        self.hours = hours
        self.last_trade = hours.last_trade(contract.root, contract.expiry, listing.settlement)
        """When the contract stops trading."""
        self.retries = OpenRetries(
            ends=self.last_trade.latest + timing.AFTER_EXPIRATION,
            hours=hours,
            page=self._page,
            progress=state.retries,
        )
        self._cancels = Cancels(state, tasks, self.retries, self.read, calls)
        self._lost = LostOrders(
            state,
            journal,
            tasks,
            self.retries,
            apply_report=self.apply_report,
            end_of_day=self.end_of_day,
        )

    @property
    def searching(self) -> bool:
        """Whether a lost order is being searched for."""
        return self._lost.searching

    def resume(self) -> None:
        """Continue what the run before this one was doing with the orders, each in a coroutine of its own."""
        for name in self._state.sending:
            self._tasks.start(TaskName.SUBMIT, self._submit_again(self.ledger.order(name)))
        self._lost.resume()
        self._cancels.resume()
        for order in self.ledger.orders:
            self._read_what_is_missing(order)

    async def _submit_again(self, order: LedgerOrder) -> None:
        await self.submit(order)

    # Sending

    def is_sending(self, order: LedgerOrder) -> bool:
        """Return whether an order is being sent."""
        return order.client_order_id in self._state.sending

    def intend(
        self,
        activity: str,
        *,
        purpose: OrderPurpose,
        quantity: int,
        limit: Price | None,
        not_after: datetime | None = None,
        conversion: ConversionGuard | None = None,
        admission: Callable[[ClientOrderId], AdmitRequest] | None = None,
        lowest: Price | None = None,
    ) -> LedgerOrder:
        """Record one order before it is sent.

        `lowest` is the floor of a protective sale, which works for the day; None for every other order.
        """
        intent = self._intent(purpose, quantity, limit)
        order = self.ledger.intend(intent)
        what = f"{quantity} x {self.contract} at {'market' if limit is None else plain(limit)}"
        if lowest is not None:
            what += f"; the lowest price of this sale is {plain(lowest)}"
        kind = EventKind.ENTRY_INTENDED if purpose.leg is Leg.ENTRY else EventKind.EXIT_INTENDED
        facts = {"order": intent.client_order_id, "quantity": quantity, "limit": limit}
        self._record(kind, f"{intent.side} {what}", **facts, **({} if lowest is None else {"floor": lowest}))
        request = SubmitRequest(
            intent=intent,
            mode=self._request.policy.mode,
            search_from=self._state.search_from,
            not_after=self._end_of_sale(not_after) if purpose is OrderPurpose.SALE else not_after,
            conversion=conversion,
            admission=None if admission is None else admission(intent.client_order_id),
            source=None if admission is None else self._source,
            # an earlier exit may have sold: the position is read before the next one is sent
            check_position=purpose.leg is Leg.EXIT and self.ledger.exits_ended,
        )
        self._state.sending[intent.client_order_id] = Sending(
            activity=activity, request=request, intended_at=workflow.now()
        )
        return order

    @property
    def _source(self) -> EntrySource:
        """Where the entry comes from, for the worker that sends it."""
        alert = self._request.alert
        return EntrySource(
            author_id=alert.author_id,
            channel_id=alert.channel_id,
            guild_id=alert.guild_id,
            account=AccountNumber(self._request.account),
        )

    async def submit(self, order: LedgerOrder, unwanted: Callable[[], bool] = lambda: False) -> SubmitAnswer:
        """Send an intended order once, and record how that ended.

        An order of unknown outcome is searched for in the background.

        `unwanted` ends the attempts at an order for which not even an earlier attempt could be ruled out.
        """
        sending = self._state.sending[order.client_order_id]
        answer = await self._submit_until_started(sending, unwanted)
        del self._state.sending[order.client_order_id]
        self._apply_answer(answer, order, sending.request.intent, sending.intended_at)
        return answer

    def _apply_answer(
        self, answer: SubmitAnswer, order: LedgerOrder, intent: OrderIntent, intended_at: datetime
    ) -> None:
        entry = order.leg is Leg.ENTRY
        match answer.result:
            case SubmitResult.ACCEPTED:
                assert answer.report is not None
                self.apply_report(answer.report, order)
            case SubmitResult.REJECTED:
                self.ledger.settle(order.client_order_id, OrderState.REJECTED)
                kind = EventKind.REJECTED if entry else EventKind.EXIT_REJECTED
                text = f"The broker rejected {order.client_order_id}: {answer.detail}"
                self._record(kind, text, order=order.client_order_id, code=answer.code, detail=answer.detail)
            case SubmitResult.NOT_SENT:
                self.ledger.settle(order.client_order_id, OrderState.NOT_SENT)
                kind = EventKind.ENTRY_NOT_SENT if entry else EventKind.EXIT_REJECTED
                facts = {**answer.facts, "order": order.client_order_id, "code": answer.code}
                self._record(kind, f"{order.client_order_id} was not sent: {answer.detail}", **facts)
            case SubmitResult.UNKNOWN:
                self._lost.search(order, intent, intended_at, answer.detail or "no answer")

    async def _submit_until_started(self, sending: Sending, unwanted: Callable[[], bool]) -> SubmitAnswer:
        """Submit until an attempt could look for earlier ones.

        Before that the order's id may be in use at the broker.

        In a trade that was reset the order may be at the broker from the first run. What no attempt could
        look for in time is of unknown outcome.
        """
        activity, request = sending.activity, sending.request
        reserved = False
        what = (
            f"{request.intent.client_order_id} cannot be sent while the broker does not list the "
            "account's orders"
        )
        # an entry's own time is over within minutes; then its outcome is unknown, which pages a person
        with self.retries.loop(timing.SUBMIT_PAUSES, what, pages=activity == SUBMIT_EXIT) as loop:
            while True:
                answer = await self._submit(activity, request)
                # an earlier attempt may have reserved it, though the last one did not even ask
                reserved = reserved or answer.reserved
                late = request.not_after is not None and workflow.now() >= request.not_after
                if answer.code not in SEND_SAME_ORDER or late or unwanted() or loop.expired:
                    break
                await loop.pause(unwanted, request.not_after)
        if answer.code not in SEND_SAME_ORDER:
            return replace(answer, reserved=reserved)
        return SubmitAnswer(
            result=SubmitResult.UNKNOWN, code=answer.code, detail=f"{answer.code}: {answer.detail}"
        )

    def _intent(self, purpose: OrderPurpose, quantity: int, limit: Price | None) -> OrderIntent:
        leg = purpose.leg
        return OrderIntent(
            client_order_id=client_order_id(
                self._request.alert.message_id, leg, self.ledger.next_sequence(leg)
            ),
            contract=self.contract,
            side=Side.BUY_TO_OPEN if leg is Leg.ENTRY else Side.SELL_TO_CLOSE,
            quantity=quantity,
            kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
            limit=limit,
            time_in_force=TIME_IN_FORCE[purpose],
        )

    def _end_of_sale(self, until: datetime | None) -> datetime | None:
        """Return until when a sale may be sent: not past its session, or it would wait for an opening."""
        now = workflow.now()
        if not self.hours.trades_at(self.contract, now):
            return until  # the broker is open all the same
        closes = self.hours.next_close(self.contract, now)
        return closes if until is None else min(until, closes)

    async def _submit(self, activity: str, request: SubmitRequest) -> SubmitAnswer:
        exits = activity == SUBMIT_EXIT
        intent = request.intent
        limit = "market" if intent.limit is None else plain(intent.limit)
        summary = f"{intent.client_order_id}: {intent.side} {intent.quantity} x {intent.contract} at {limit}"
        try:
            with self._calls.one(), self._continuation.hold():
                return await run_activity(
                    activity,
                    request,
                    answer=SubmitAnswer,
                    options=activity_options.SUBMIT_EXIT if exits else activity_options.SUBMIT_ENTRY,
                    summary=summary,
                )
        except ActivityError as failed:
            if isinstance(failed.cause, TimeoutError) and failed.cause.type is TimeoutType.SCHEDULE_TO_START:
                return SubmitAnswer(
                    result=SubmitResult.NOT_SENT,
                    code=NotSentReason.NO_WORKER,
                    detail="no worker took it in time; it was never started",
                )
            return SubmitAnswer(
                result=SubmitResult.UNKNOWN, detail=f"the submit activity failed: {failed.cause}"
            )

    # Reports

    def apply_report(self, report: OrderReport, order: LedgerOrder | None = None) -> None:
        """Apply a report to the ledger, record what is new, and act on it.

        `order` names it where the report cannot.
        """
        update = self.ledger.apply(report, None if order is None else order.client_order_id)
        if update is None:
            return
        record_update(self._journal, workflow.now(), update, report, self.contract.occ_symbol)
        reported = update.order
        if update.fills and reported.leg is Leg.ENTRY and update.was_done and not update.was_absent:
            self._cancel_entries_beside(reported)
        if update.was_absent:
            # it was given up, or another was sent in its place; what it leaves uncovered when it has ended is
            # covered again
            text = (
                f"{reported.client_order_id} appeared at the broker although it was confirmed absent; "
                "cancelling it"
            )
            self._record(EventKind.WARNING, text, order=reported.client_order_id)
            self.cancel(reported)
        else:
            self._read_what_is_missing(reported)

    def _read_what_is_missing(self, order: LedgerOrder) -> None:
        if order.needs_reading and order.client_order_id not in self._reading:
            self._reading.add(order.client_order_id)
            self._tasks.start(TaskName.READ_FILLS, self._read_until_complete(order))

    def _cancel_entries_beside(self, filled: LedgerOrder) -> None:
        """Cancel the entry that works beside one that was filled after its end.

        Its contracts are bought already.
        """
        for order in self.ledger.open_entries:
            if order is not filled:
                text = (
                    f"{filled.client_order_id} filled after it had ended; cancelling "
                    f"{order.client_order_id}, and nothing more "
                    "is bought"
                )
                self._record(EventKind.WARNING, text, order=order.client_order_id)
                self.cancel(order)

    async def _read_until_complete(self, order: LedgerOrder) -> None:
        """Read an order until its reports agree.

        A fill is covered only when it is shown, and no further report may come.
        """
        what = (
            f"{order.client_order_id} is not fully reported: the broker counts fills, or names a "
            "replacement, that it has not shown"
        )
        try:
            with self.retries.loop(timing.MISSING_FILL_READS, what) as loop:
                # an order that is being cancelled is read by that
                while order.needs_reading and not loop.expired and not self._cancels.is_cancelling(order):
                    await loop.pause(lambda: not order.needs_reading)
                    if order.needs_reading:
                        await self.read(order)
        finally:
            self._reading.discard(order.client_order_id)

    async def read(self, order: LedgerOrder) -> bool:
        """Read every version of an order that is at the broker; return whether each read was answered."""
        answered = bool(order.order_ids)
        for order_id in order.order_ids:
            try:
                with self._calls.one():
                    report = await run_activity(
                        READ_ORDER,
                        order_id,
                        answer=OrderReport,
                        options=activity_options.READ,
                        summary=f"read {order.client_order_id}",
                    )
            except ActivityError:
                answered = False
            else:
                self.apply_report(report, order)
        return answered

    # Cancelling, and the account

    def cancel(self, order: LedgerOrder) -> asyncio.Task[None]:
        """Cancel an order; the task is done when it can fill no more, or its contract stops trading."""
        return self._cancels.cancel(order)

    async def position(self) -> PositionAnswer | None:
        """Read what the account holds of the contract; None when it could not be read."""
        try:
            return await run_activity(
                READ_POSITION,
                PositionRequest(contract=self.contract, search_from=self._state.search_from),
                answer=PositionAnswer,
                options=activity_options.READ,
                summary=f"read the position in {self.contract}",
            )
        except ActivityError:
            return None

    def end_of_day(self, moment: datetime) -> datetime:
        """Return when a day order of `moment` can no longer fill: a while after the next close."""
        return self.hours.next_close(self.contract, moment) + timing.AFTER_CLOSE

    def _page(self, text: str) -> None:
        self._record(EventKind.WARNING, text)

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)
