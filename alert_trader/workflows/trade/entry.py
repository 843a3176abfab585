"""The entry of a trade: a first limit, up to three bumps of a tick, then the conversion.

One order works at a time. A new price means: cancel, wait for the end, read the fills, send a new order for
the remainder. A workflow that resumes after the window and its grace cancels the remainder and never chases
the price.
"""

from datetime import datetime, timedelta
from typing import assert_never

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        BUMP_ENTRY,
        CONVERT_ENTRY,
        SUBMIT_ENTRY,
        ConversionGuard,
        SizedEntry,
        SubmitAnswer,
        SubmitResult,
    )
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.execution.ladder import (
        DueStage,
        LadderStage,
        age_check,
        bumped,
        due_stage,
        fit_to_session,
        next_stage_at,
    )
    from alert_trader.domain.execution.policy import Conversion
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.money import Price, plain
    from alert_trader.domain.not_sent import DECIDE_ENTRY_AGAIN, NotSentReason
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderState
    from alert_trader.domain.orders.order import OrderStatus
    from alert_trader.domain.orders.time_in_force import OrderPurpose
    from alert_trader.domain.trade.lifecycle import Trigger
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import TradeRequest
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade_state import EntryState, TradeState
    from alert_trader.workflows.waiting import wait

RETRIED = frozenset({*DECIDE_ENTRY_AGAIN, Code.ACCOUNT_NOT_READY})
"""Why an entry that is still wanted was certainly not sent: it is decided again, within the ladder's own
times."""

MAX_UNREACHABLE = 5
"""Times in a row that the account was not reached after which an entry is given up."""

RETRY_PAUSE = timedelta(seconds=1)
"""The pause before such an entry is decided again."""


class Entry:
    """Buys up to the sized quantity, at most at the ceiling."""

    def __init__(
        self, request: TradeRequest, state: TradeState, orders: OrderManager, journal: Journal
    ) -> None:
        """Prepare the entry that `state` has begun. Of `state` it writes the entry's part alone."""
        assert state.entry is not None
        assert state.sized is not None
        self._request = request
        self._state = state
        self._entry: EntryState = state.entry
        self._sized: SizedEntry = state.sized
        self._fitted = fit_to_session(
            request.policy.ladder,
            starts=state.entry.started_at,
            session_ends=state.sized.session_ends,
        )
        # what is denied sends nothing, whatever its times
        self._policy = request.policy.ladder if isinstance(self._fitted, Denied) else self._fitted
        self._orders = orders
        self._journal = journal

    @property
    def remaining(self) -> int:
        """Return the contracts still wanted."""
        return self._entry.quantity - self._orders.ledger.bought

    def request_conversion(self) -> None:
        """Convert the remainder now instead of at the end of the window."""
        self._entry.conversion_requested = True

    @property
    def request_in_progress(self) -> str | None:
        """Return what a person has requested of the entry already; None when nothing."""
        if self._cancelled:
            return "cancel"
        return "convert" if self._entry.conversion_requested else None

    @property
    def _cancelled(self) -> bool:
        """Whether somebody has said that nothing more is to be bought."""
        return self._state.buying_stopped is not None

    @property
    def _order(self) -> LedgerOrder | None:
        """The order that works; None while none does, or one is being sent."""
        return None if self._entry.order is None else self._orders.ledger.order(self._entry.order)

    async def run(self) -> tuple[Trigger, str | None]:
        """Buy until everything is bought or the rest is given up; return how that ended, and why.

        Leaves no entry working.
        """
        too_old = age_check(self._entry.fresh_from, now=workflow.now(), safety=self._request.policy.safety)
        denied = too_old or (self._fitted if isinstance(self._fitted, Denied) else None)
        if denied is not None:
            await self._give_up(denied.code, denied.reason, **denied.facts)
        # an order that works already was sent before a reset of this workflow: the entry continues with it
        working = next(iter(self._orders.ledger.open_entries), None)
        self._entry.order = None if working is None else working.client_order_id
        while self._entry.end_reason is None and self.remaining > 0:
            await self._do_what_is_due()
        if self._entry.end_reason is None:
            await self._cancel_open_entries()
        trigger = Trigger.BOUGHT if self._orders.ledger.bought > 0 else self._nothing_bought()
        return trigger, self._entry.end_reason

    async def _do_what_is_due(self) -> None:
        """Do what the ladder has due now, then wait for the next event."""
        if self._ended_at_broker():
            return
        at = self._due()
        if self._state.buying_stopped is not None:
            await self._give_up(self._state.buying_stopped.code, self._state.buying_stopped.reason)
            return
        convert = self._entry.conversion_requested and at.stage is not LadderStage.LATE
        stage = LadderStage.CONVERT if convert else at.stage
        match stage:
            case LadderStage.LATE:
                await self._give_up(
                    Code.LADDER_LATE,
                    "the window and its grace are over: a late entry does not chase the price",
                )
            case LadderStage.CONVERT:
                await self._convert()
            case LadderStage.FIRST | LadderStage.BUMP:
                await self._work_limit(at.bumps)
            case _:
                assert_never(stage)

    def _due(self) -> DueStage:
        return due_stage(started=self._entry.started_at, now=workflow.now(), policy=self._policy)

    def _ended_at_broker(self) -> bool:
        """Return whether the working order ended with contracts missing.

        The entry is over then, unless it may be sent again.
        """
        order = self._order
        if order is None or not order.done or self.remaining <= 0:
            return False
        self._entry.order = None
        answer = self._entry.last_answer
        match order.state:
            case OrderState.NOT_SENT if self._may_retry:
                return False
            case OrderState.CONFIRMED_ABSENT:
                code = None if answer is None else answer.code
                self._end(
                    f"the answer to {order.client_order_id} was lost and it is not at the broker; an "
                    "entry is never sent twice",
                    **({} if code is None else {"code": code}),
                )
            case OrderState.REJECTED | OrderState.NOT_SENT:
                code, detail = (answer.code, answer.detail) if answer is not None else (None, None)
                self._end(f"{code}: {detail}", code=code, **({} if answer is None else answer.facts))
            case _:
                self._end(f"{order.client_order_id} ended at the broker: {order.status}")
        return True

    # The stages of the ladder

    async def _work_limit(self, bumps_due: int) -> None:
        entry, limit = self._entry, self._entry.limit
        for _ in range(bumps_due - entry.bumps):
            limit = bumped(limit, self._sized.listing.ticks, self._sized.ceiling)
        if entry.order is not None and limit != entry.limit:
            if not await self._cancel_working() or self._due().stage not in {
                LadderStage.FIRST,
                LadderStage.BUMP,
            }:
                return  # the cancel took its time: something else is due now
            text = (
                f"Still unfilled: bump {bumps_due} raises the limit from {plain(entry.limit)} to "
                f"{plain(limit)}"
            )
            self._record(EventKind.BUMPED, text, bump=bumps_due, old=entry.limit, new=limit)
        entry.limit, entry.bumps = limit, max(entry.bumps, bumps_due)
        entry.step = f"bump {entry.bumps}" if entry.bumps > 0 else "limit"
        if entry.order is None:
            await self._send(BUMP_ENTRY if entry.bumps > 0 else SUBMIT_ENTRY, limit)
        await self._wait_for_next_stage()

    async def _convert(self) -> None:
        if not await self._cancel_working():
            return
        if self._policy.conversion is Conversion.CANCEL:
            await self._give_up(
                Code.LADDER_CANCELLED, "the window ended, and the policy is to cancel the remainder"
            )
            return
        market = self._policy.conversion is Conversion.UNBOUNDED_MARKET
        limit = None if market else self._sized.ceiling
        immediate = not market and not self._entry.immediate_refused
        guard = ConversionGuard(
            ladder=self._policy,
            safety=self._request.policy.safety,
            highest=self._sized.ceiling,
            last_limit=self._entry.limit,
            ticks=self._sized.listing.ticks,
        )
        what = "a market order" if limit is None else f"a limit at the ceiling {plain(limit)}"
        self._entry.step = "market" if limit is None else "marketable limit"
        purpose = OrderPurpose.CONVERSION if immediate else OrderPurpose.ENTRY
        await self._send(CONVERT_ENTRY, limit, purpose, guard)
        order, answer = self._order, self._entry.last_answer
        assert order is not None
        assert answer is not None
        if self._may_retry:
            return
        if answer.result is SubmitResult.NOT_SENT:
            await self._give_up(answer.code or "", answer.detail or "", **answer.facts)
            return
        if immediate and self._is_refused(order):
            return
        if answer.result is not SubmitResult.REJECTED:
            # what is left may have filled by now: the order says how many were converted
            why = "Conversion requested" if self._entry.conversion_requested else "End of the window"
            self._record(
                EventKind.CONVERTED,
                f"{why}: the remaining {order.quantity} converted to {what}",
                order=order.client_order_id,
            )
        await self._wait_for_conversion(order, immediate=immediate)

    async def _wait_for_conversion(self, order: LedgerOrder, *, immediate: bool) -> None:
        """Wait for a converted order to end, and give up what it does not buy."""
        await self._wait_while_unknown(order)
        await wait(
            lambda: order.done or self._cancelled,
            self._policy.conversion_wait,
            "for the conversion to fill",
        )
        if self._cancelled or (immediate and self._is_refused(order)):
            return  # given up at the next turn, with that person's name; or converted by a day order
        if not order.done:
            await self._give_up(Code.LADDER_CONVERSION_UNFILLED, "the converted order did not fill in time")
        elif immediate and self.remaining > 0 and order.status is OrderStatus.CANCELLED:
            code = Code.LADDER_CONVERSION_UNFILLED
            what = f"the limit at the ceiling of {plain(self._sized.ceiling)} bought {order.filled}"
            self._end(f"{code}: {what} of {order.quantity} contracts", code=code)
        elif self.remaining > 0 and not self._ended_at_broker():
            self._end("the converted order filled only in part")

    def _is_refused(self, order: LedgerOrder) -> bool:
        """Return whether an immediate-or-cancel order was rejected: then a day order is sent in its place.

        The broker lists this time in force, and does not say for which instruments it takes it.
        """
        refused = OrderState.REJECTED is order.state or OrderStatus.REJECTED is order.status
        if refused and order.filled == 0:
            self._entry.immediate_refused = True
            self._entry.order = None
        return refused and order.filled == 0

    async def _send(
        self,
        activity: str,
        limit: Price | None,
        purpose: OrderPurpose = OrderPurpose.ENTRY,
        guard: ConversionGuard | None = None,
    ) -> None:
        entry, quantity = self._entry, self.remaining
        latest = entry.started_at + self._policy.window + self._policy.grace
        if all(order.state is OrderState.NOT_SENT for order in self._orders.ledger.leg(Leg.ENTRY)):
            latest = min(latest, entry.fresh_from + self._request.policy.safety.max_alert_age)
        order = self._orders.intend(
            activity,
            purpose=purpose,
            quantity=quantity,
            limit=limit,
            not_after=latest,
            conversion=guard,
            admission=lambda order: self._sized.admission(self._request.alert, order, quantity),
        )
        answer = await self._orders.submit(order, unwanted=lambda: self._cancelled)
        entry.order, entry.last_answer = order.client_order_id, answer
        self._note_admission(answer)
        if self._may_retry and answer.code != NotSentReason.ADMITTED_FEWER:
            await wait(lambda: self._cancelled, RETRY_PAUSE, "before the entry is tried again")

    @property
    def _may_retry(self) -> bool:
        """Whether the last order was certainly not sent, for a reason that may pass."""
        code = None if self._entry.last_answer is None else self._entry.last_answer.code
        if code == Code.ACCOUNT_UNREACHABLE:
            return self._entry.unreachable < MAX_UNREACHABLE
        return code in RETRIED or (code == Code.LIMIT_ORDERS_PER_MINUTE and self._entry.admitted)

    def _note_admission(self, answer: SubmitAnswer) -> None:
        """Record the account's answer: whether it has admitted the entry, and for how many contracts."""
        entry = self._entry
        entry.unreachable = entry.unreachable + 1 if answer.code == Code.ACCOUNT_UNREACHABLE else 0
        entry.reserved = (
            entry.reserved
            or answer.reserved
            or answer.result in {SubmitResult.ACCEPTED, SubmitResult.UNKNOWN}
        )
        admitted = answer.admitted
        if admitted is None:
            return
        if not entry.admitted:
            text = (
                f"The account admits {admitted.quantity} contracts: {plain(admitted.reserved)} dollars "
                "reserved, "
                f"{plain(admitted.committed)} of {plain(admitted.reference)} committed"
            )
            facts = {
                "reserved": admitted.reserved,
                "committed": admitted.committed,
                "reference": admitted.reference,
                "epoch": admitted.epoch,
            }
            self._record(EventKind.ADMITTED, text, quantity=admitted.quantity, **facts)
        entry.admitted = True
        if answer.code == NotSentReason.ADMITTED_FEWER:
            entry.quantity = self._orders.ledger.bought + admitted.quantity

    async def _cancel_working(self) -> bool:
        """Cancel the working order.

        Return whether another may be sent: it has ended, contracts are missing, and nobody cancelled.
        """
        order = self._order
        if order is not None:
            cancelling = self._orders.cancel(order)
            await wait(
                lambda: cancelling.done() or self._cancelled,
                self._latest,
                f"for {order.client_order_id} to be cancelled",
            )
            if not order.done:
                return False  # and neither a person's cancel nor the trade may wait for it
            self._entry.order = None
        return self.remaining > 0 and not self._cancelled

    async def _wait_for_next_stage(self) -> None:
        """Wait for the order to end, a person's request, or the next stage."""
        order = self._order
        assert order is not None
        await self._wait_while_unknown(order)
        wake = next_stage_at(started=self._entry.started_at, now=workflow.now(), policy=self._policy)
        if wake is None:
            return  # the window ended meanwhile: what is due now must not wait
        await wait(
            lambda: order.done or self.request_in_progress is not None, wake, "next stage of the price ladder"
        )

    async def _wait_while_unknown(self, order: LedgerOrder) -> None:
        """Wait while the order may or may not work: no other may be sent.

        Ends with the ladder's time, or a person's cancel.
        """
        await wait(
            lambda: order.state is not OrderState.UNKNOWN or self._cancelled,
            self._latest,
            f"for {order.client_order_id} to be found",
        )

    @property
    def _latest(self) -> datetime:
        """Return the moment from which it is too late to buy, and the entry waits for nothing."""
        return self._entry.started_at + self._policy.window + self._policy.grace + timedelta(milliseconds=1)

    # The end

    async def _give_up(self, code: str, why: str, **facts: str) -> None:
        await self._cancel_open_entries()
        order = self._order
        lost = order is not None and order.state is OrderState.CONFIRMED_ABSENT
        if self.remaining > 0 and not (lost and self._ended_at_broker()):
            self._end(f"{code}: {why}", code=code, **facts)

    async def _cancel_open_entries(self) -> None:
        """Cancel what works; a cancel that takes longer continues in the background."""
        for order in self._orders.ledger.open_entries:
            cancelling = self._orders.cancel(order)
            await wait(
                cancelling.done, timing.ENTRY_CANCEL_WAIT, f"for {order.client_order_id} to be cancelled"
            )

    def _end(self, why: str, **facts: object) -> None:
        self._entry.end_reason = why
        text = f"Entry given up with {self.remaining} of {self._entry.quantity} not bought: {why}"
        self._record(EventKind.GIVEN_UP, text, remaining=self.remaining, **facts)

    def _nothing_bought(self) -> Trigger:
        orders = self._orders.ledger.leg(Leg.ENTRY)
        if all(order.state is OrderState.NOT_SENT for order in orders):
            return Trigger.DENIED
        if orders[-1].state is OrderState.REJECTED or orders[-1].status is OrderStatus.REJECTED:
            return Trigger.REJECTED if len(orders) == 1 else Trigger.NOTHING_BOUGHT
        return Trigger.NOTHING_BOUGHT

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)
