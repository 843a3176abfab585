"""The entry of a trade: a first limit, up to three bumps of a tick, then the conversion; one live order at a time.

A new price is: cancel, wait for the end, read the fills, new order for what is left. Whoever wakes up later than the window and its grace
takes the remainder back and never chases.
"""

from datetime import datetime, timedelta
from enum import StrEnum
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
        next_stage_at,
    )
    from alert_trader.domain.execution.policy import Conversion
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.money import Price, plain
    from alert_trader.domain.not_sent import DECIDE_ENTRY_AGAIN, NotSentReason
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderState
    from alert_trader.domain.orders.order import OrderStatus
    from alert_trader.domain.trade.lifecycle import Trigger
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import TradeRequest
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.waiting import wait

TRY_AGAIN = frozenset({*DECIDE_ENTRY_AGAIN, Code.ACCOUNT_NOT_READY})
"""Why an entry was provably not sent although it may still be wanted: it is decided again, by the ladder's own clock."""

UNREACHED = 5
"""Times in a row that the account was not reached after which an entry is given up."""

PAUSE = timedelta(seconds=1)
"""Before such an entry is decided again."""


class EntryRequest(StrEnum):
    """What a person asked of a working entry."""

    CANCEL = "cancel"
    CONVERT = "convert"


class Entry:
    """Buys up to the sized quantity, at most at the ceiling."""

    def __init__(
        self,
        request: TradeRequest,
        sized: SizedEntry,
        desk: OrderManager,
        journal: Journal,
        fresh_from: datetime,
    ) -> None:
        """Prepare the entry that `sized` proposes; its age counts from `fresh_from`: the alert's posting, or a person's approval."""
        self._request = request
        self._policy = request.policy.ladder
        self._sized = sized
        self._desk = desk
        self._journal = journal
        self._started = workflow.now()
        self._fresh_from = fresh_from
        self._order: LedgerOrder | None = None
        self._last: SubmitAnswer | None = None
        self._limit: Price = sized.first_limit
        self._bumps = 0
        self._over: str | None = None
        self._most = sized.sizing.quantity
        """Contracts that the account lets pass: it may lower what was sized."""
        self._unreached = 0
        self._admitted = False
        self.reserved = False
        """Whether the account may have money reserved for it."""
        self.asked: EntryRequest | None = None
        self.unwanted = Denied(code=Code.OPERATOR_CANCELLED, reason="an operator cancelled it")
        """Why it is cancelled, once it is asked to be."""
        self.step = ""
        self.reason: str | None = None

    @property
    def remaining(self) -> int:
        """Contracts still wanted."""
        return self._most - self._desk.ledger.bought

    async def work(self) -> Trigger:
        """Discover the price until everything is bought or the rest is given up; leaves no entry order working."""
        too_old = age_check(self._fresh_from, now=workflow.now(), safety=self._request.policy.safety)
        if too_old is not None:
            await self._give_up(too_old.code, too_old.reason, **too_old.facts)
        # what works already was sent before a reset of this workflow: it is gone on with
        self._order = next(iter(self._desk.ledger.open_entries), None)
        while self._over is None and self.remaining > 0:
            await self._climb()
        if self._over is None:
            await self._leave()
        if self._desk.ledger.bought > 0:
            return Trigger.BOUGHT
        return self._nothing_bought()

    async def _climb(self) -> None:
        """Do what the ladder has due now, then wait for the next thing to happen."""
        if self._ended_without_us():
            return
        at = self._due()
        stage = (
            LadderStage.CONVERT
            if self.asked is EntryRequest.CONVERT and at.stage is not LadderStage.LATE
            else at.stage
        )
        if self.asked is EntryRequest.CANCEL:
            await self._give_up(self.unwanted.code, self.unwanted.reason)
            return
        match stage:
            case LadderStage.LATE:
                await self._give_up(
                    Code.LADDER_LATE, "the window is over and its grace too: a late wake-up does not chase"
                )
            case LadderStage.CONVERT:
                await self._convert()
            case LadderStage.FIRST | LadderStage.BUMP:
                await self._work_limit(at.bumps)
            case _:
                assert_never(stage)

    def _due(self) -> DueStage:
        return due_stage(started=self._started, now=workflow.now(), policy=self._policy)

    def _ended_without_us(self) -> bool:
        order = self._order
        if order is None or not order.done or self.remaining <= 0:
            return False
        self._order = None
        match order.state:
            case OrderState.NOT_SENT if self._again:
                return False
            case OrderState.CONFIRMED_ABSENT:
                code = None if self._last is None else self._last.code
                self._end(
                    f"{order.client_order_id} was lost and is not there; an entry is never sent again on doubt",
                    **({} if code is None else {"code": code}),
                )
            case OrderState.REFUSED | OrderState.NOT_SENT:
                code, detail = (
                    (self._last.code, self._last.detail) if self._last is not None else (None, None)
                )
                self._end(f"{code}: {detail}", code=code, **({} if self._last is None else self._last.facts))
            case _:
                self._end(f"the venue ended {order.client_order_id}: {order.status}")
        return True

    # The rungs

    async def _work_limit(self, bumps_due: int) -> None:
        limit = self._limit
        for _ in range(bumps_due - self._bumps):
            limit = bumped(limit, self._sized.listing.ticks, self._sized.ceiling)
        if self._order is not None and limit != self._limit:
            if not await self._clear() or self._due().stage not in {LadderStage.FIRST, LadderStage.BUMP}:
                return  # taking it back took its time: what is due now is another matter
            text = f"Still unfilled: bump {bumps_due} raises the limit from {plain(self._limit)} to {plain(limit)}"
            self._record(EventKind.BUMPED, text, bump=bumps_due, old=self._limit, new=limit)
        self._limit, self._bumps = limit, max(self._bumps, bumps_due)
        self.step = f"bump {self._bumps}" if self._bumps > 0 else "limit"
        if self._order is None:
            await self._send(BUMP_ENTRY if self._bumps > 0 else SUBMIT_ENTRY, limit)
        await self._pause()

    async def _convert(self) -> None:
        if not await self._clear():
            return
        if self._policy.conversion is Conversion.CANCEL:
            await self._give_up(
                Code.LADDER_CANCELLED, "the window ended unfilled and the policy is to cancel the remainder"
            )
            return
        limit = self._sized.ceiling if self._policy.conversion is Conversion.MARKETABLE_LIMIT else None
        guard = ConversionGuard(
            ladder=self._policy,
            safety=self._request.policy.safety,
            highest=self._sized.ceiling,
            last_limit=self._limit,
            ticks=self._sized.listing.ticks,
        )
        what = "market" if limit is None else f"a limit at the ceiling {plain(limit)}"
        self.step = "market" if limit is None else "marketable limit"
        await self._send(CONVERT_ENTRY, limit, guard)
        order, answer = self._order, self._last
        assert order is not None
        assert answer is not None
        if self._again:
            return
        if answer.result is SubmitResult.NOT_SENT:
            await self._give_up(answer.code or "", answer.detail or "", **answer.facts)
            return
        if answer.result is not SubmitResult.REFUSED:
            self._record(
                EventKind.CONVERTED,
                f"The window is over: {self.remaining} converted to {what}",
                order=order.client_order_id,
            )
        await self._resolved(order)
        await wait(
            lambda: order.done or self.asked is EntryRequest.CANCEL,
            self._policy.conversion_wait,
            "for the conversion to fill",
        )
        if self.asked is EntryRequest.CANCEL:
            return  # given up in that person's name on the next turn
        if not order.done:
            await self._give_up(Code.LADDER_CONVERSION_UNFILLED, "the converted order did not fill in time")
        elif self.remaining > 0 and not self._ended_without_us():
            self._end("the conversion filled in part")

    async def _send(self, activity: str, limit: Price | None, guard: ConversionGuard | None = None) -> None:
        quantity = self.remaining
        latest = self._started + self._policy.window + self._policy.grace
        if self._sized.market_closes_at is not None:
            # what some contracts trade after it is for sales alone
            latest = min(latest, self._sized.market_closes_at)
        if all(order.state is OrderState.NOT_SENT for order in self._desk.ledger.leg(Leg.ENTRY)):
            latest = min(latest, self._fresh_from + self._request.policy.safety.max_alert_age)
        self._order, self._last = await self._desk.send(
            activity,
            leg=Leg.ENTRY,
            quantity=quantity,
            limit=limit,
            not_after=latest,
            conversion=guard,
            admission=lambda order: self._sized.admission(self._request.alert, order, quantity),
            unwanted=lambda: self.asked is EntryRequest.CANCEL,
        )
        self._note_admission(self._last)
        if self._again and self._last.code != NotSentReason.ADMITTED_FEWER:
            await wait(lambda: self.asked is EntryRequest.CANCEL, PAUSE, "before trying the entry again")

    @property
    def _again(self) -> bool:
        """Whether the last order was provably not sent for a reason that may pass."""
        code = None if self._last is None else self._last.code
        if code == Code.ACCOUNT_UNREACHABLE:
            return self._unreached < UNREACHED
        return code in TRY_AGAIN or (code == Code.LIMIT_ORDERS_PER_MINUTE and self._admitted)

    def _note_admission(self, answer: SubmitAnswer) -> None:
        """Take in what the account said: that it let the entry pass, and for how many contracts."""
        self._unreached = self._unreached + 1 if answer.code == Code.ACCOUNT_UNREACHABLE else 0
        self.reserved = (
            self.reserved or answer.reserved or answer.result in {SubmitResult.ACCEPTED, SubmitResult.UNKNOWN}
        )
        said = answer.admitted
        if said is None:
            return
        if not self._admitted:
            text = (
                f"The account lets {said.quantity} pass: {plain(said.reserved)} dollars reserved, {plain(said.committed)} committed of "
                f"{plain(said.reference)}"
            )
            facts = {
                "reserved": said.reserved,
                "committed": said.committed,
                "reference": said.reference,
                "epoch": said.epoch,
            }
            self._record(EventKind.ADMITTED, text, quantity=said.quantity, **facts)
        self._admitted = True
        if answer.code == NotSentReason.ADMITTED_FEWER:
            self._most = self._desk.ledger.bought + said.quantity

    async def _clear(self) -> bool:
        """Take the working order back; tells whether something is still wanted, and still wanted by everybody."""
        if self._order is not None:
            taking = self._desk.take_back(self._order)
            await wait(
                lambda: taking.done() or self.asked is EntryRequest.CANCEL,
                self._latest,
                f"for {self._order.client_order_id} to be taken back",
            )
            if not self._order.done:
                return False  # no other may be sent beside it; and it must keep neither a person's cancel nor the story waiting
            self._order = None
        return self.remaining > 0 and self.asked is not EntryRequest.CANCEL

    async def _pause(self) -> None:
        """Wait for the order to end, a person to ask, or the next rung."""
        order = self._order
        assert order is not None
        await self._resolved(order)
        wake = next_stage_at(started=self._started, now=workflow.now(), policy=self._policy)
        if wake is None:
            return  # the window ended while the order was being sent or looked for: what is due now must not wait for it
        await wait(lambda: order.done or self.asked is not None, wake, "next rung of the price ladder")

    async def _resolved(self, order: LedgerOrder) -> None:
        """Wait while nobody can say whether the order is live: until then no other may be sent. A cancel, and the story, go on without."""
        known = f"for {order.client_order_id} to be found"
        await wait(
            lambda: order.state is not OrderState.UNKNOWN or self.asked is EntryRequest.CANCEL,
            self._latest,
            known,
        )

    @property
    def _latest(self) -> datetime:
        """Give the moment from which a wake-up is late: what is not known of an order by then is found out beside the story."""
        return self._started + self._policy.window + self._policy.grace + timedelta(milliseconds=1)

    # The end

    async def _give_up(self, code: str, why: str, **facts: str) -> None:
        await self._leave()
        lost = self._order is not None and self._order.state is OrderState.CONFIRMED_ABSENT
        if self.remaining > 0 and not (lost and self._ended_without_us()):
            self._end(f"{code}: {why}", code=code, **facts)

    async def _leave(self) -> None:
        """Take back what works; one that does not end is left to be taken back beside the story, which has positions to look after."""
        for order in self._desk.ledger.open_entries:
            taking = self._desk.take_back(order)
            await wait(taking.done, timing.ENTRY_PATIENCE, f"for {order.client_order_id} to be taken back")

    def _end(self, why: str, **facts: object) -> None:
        self._over = self.reason = why
        text = f"Gave up on {self.remaining} of {self._most}: {why}"
        self._record(EventKind.GIVEN_UP, text, remaining=self.remaining, **facts)

    def _nothing_bought(self) -> Trigger:
        orders = self._desk.ledger.leg(Leg.ENTRY)
        if all(order.state is OrderState.NOT_SENT for order in orders):
            return Trigger.DENIED
        if orders[-1].state is OrderState.REFUSED or orders[-1].status is OrderStatus.REJECTED:
            return Trigger.REFUSED if len(orders) == 1 else Trigger.NOTHING_BOUGHT
        return Trigger.NOTHING_BOUGHT

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)
