"""The desk of a trade: its orders at the venue, sent, looked for, read and taken back by the submit protocol.

What is sent stands in history first. A lost answer makes the order unknown, which counts as live; a search of its own runs until it is
found or proven absent. A cancel is a cancellation only when a report says so. Every report, from whichever way it came, goes through
`note`, so the ledger and the journal see it once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutError, TimeoutType  # noqa: A004 - the SDK's own name

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        CANCEL_ORDER,
        FIND_ORDER,
        LOOKUP_FAILED,
        READ_ORDER,
        READ_POSITION,
        SUBMIT_EXIT,
        CancelAnswer,
        CancelResult,
        ConversionGuard,
        FindAnswer,
        FindRequest,
        PositionAnswer,
        PositionRequest,
        SubmitAnswer,
        SubmitRequest,
        SubmitResult,
    )
    from alert_trader.domain.account.reservation import AdmitRequest
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import ClientOrderId, Leg, client_order_id
    from alert_trader.domain.market.calendar import new_york_date
    from alert_trader.domain.market.quotes import Listing
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.domain.money import Price, plain
    from alert_trader.domain.orders.ledger import LedgerOrder, LedgerUpdate, OrderLedger, OrderState
    from alert_trader.domain.orders.order import OrderIntent, OrderKind, OrderReport, Side, TimeInForce
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.interface import TradeRequest
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.retry_pace import Pace, Waiting
    from alert_trader.workflows.waiting import wait

NO_WORKER = "NO_WORKER"
"""Why an order was not sent that waited too long for a worker: it was never started."""

type_of_spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LostOrder:
    """An order whose sending was not answered: what it was, when it was first tried, and when its answer was given up."""

    intent: OrderIntent
    intended_at: datetime
    lost_at: datetime


class OrderManager:
    """Orders of one trade in one contract."""

    def __init__(
        self,
        request: TradeRequest,
        journal: Journal,
        listing: Listing,
        hours: TradingHours,
        spawn: type_of_spawn,
    ) -> None:
        """Open the desk; `spawn` starts the searches for lost orders, which the trade's story waits for at its end."""
        self._request = request
        self._journal = journal
        self.contract = contract = listing.contract
        self.hours = hours
        self.spawn = spawn
        self._searching = 0
        self._completing: set[ClientOrderId] = set()
        self._taking: dict[ClientOrderId, asyncio.Task[None]] = {}
        self._ambiguous: set[ClientOrderId] = set()
        self.last_trade = hours.last_trade(contract.root, contract.expiry, listing.settlement)
        """When the contract stops trading."""
        self.waiting = Waiting(ends=self.last_trade.latest + timing.EXPIRY_SETTLES, hours=hours)
        self.ledger = OrderLedger(request.alert.message_id, contract.occ_symbol)
        self._look_since: date = new_york_date(workflow.now()) - timedelta(days=1)

    @property
    def searching(self) -> bool:
        """Whether an order is still being looked for."""
        return self._searching > 0

    # Sending

    async def send(  # noqa: PLR0913 - what makes an order, and what it is held against
        self,
        activity: str,
        *,
        leg: Leg,
        quantity: int,
        limit: Price | None,
        not_after: datetime | None = None,
        conversion: ConversionGuard | None = None,
        admission: Callable[[ClientOrderId], AdmitRequest] | None = None,
        cover: bool = False,
        unwanted: Callable[[], bool] = lambda: False,
    ) -> tuple[LedgerOrder, SubmitAnswer]:
        """Send one order once, and write down how that ended. An unknown outcome is searched for beside the story.

        `unwanted` ends the tries of an order that could not even be looked for.
        """
        intent = self._intent(leg, quantity, limit)
        order = self.ledger.intend(intent)
        what = f"{quantity} x {self.contract} at {'market' if limit is None else plain(limit)}"
        kind = EventKind.ENTRY_INTENDED if leg is Leg.ENTRY else EventKind.EXIT_INTENDED
        self._record(
            kind, f"{intent.side} {what}", order=intent.client_order_id, quantity=quantity, limit=limit
        )
        request = SubmitRequest(
            intent=intent,
            mode=self._request.policy.mode,
            look_since=self._look_since,
            not_after=not_after,
            conversion=conversion,
            admission=None if admission is None else admission(intent.client_order_id),
            cover=cover,
        )
        intended_at = workflow.now()
        answer = await self._sent(
            activity, request, f"{intent.client_order_id}: {intent.side} {what}", unwanted
        )
        match answer.result:
            case SubmitResult.ACCEPTED:
                assert answer.report is not None
                self.note(answer.report, order)
            case SubmitResult.REFUSED:
                self.ledger.settle(order.client_order_id, OrderState.REFUSED)
                kind = EventKind.REFUSED if leg is Leg.ENTRY else EventKind.EXIT_REFUSED
                text = f"The venue refused {order.client_order_id}: {answer.detail}"
                self._record(kind, text, order=order.client_order_id, code=answer.code, detail=answer.detail)
            case SubmitResult.NOT_SENT:
                self.ledger.settle(order.client_order_id, OrderState.NOT_SENT)
                kind = EventKind.ENTRY_NOT_SENT if leg is Leg.ENTRY else EventKind.EXIT_REFUSED
                facts = {**answer.facts, "order": order.client_order_id, "code": answer.code}
                self._record(kind, f"{order.client_order_id} was not sent: {answer.detail}", **facts)
            case SubmitResult.UNKNOWN:
                self._lose(order, intent, intended_at, answer.detail or "no answer")
        return order, answer

    async def _sent(
        self, activity: str, request: SubmitRequest, summary: str, unwanted: Callable[[], bool]
    ) -> SubmitAnswer:
        """Ask until the look for an earlier try was answered: before that its name may be in use, and no other may be taken for it.

        In a trade that was reset the order may be at the venue from its first life. What nobody could look for in time is unknown.
        """
        reserved = False
        what = (
            f"{request.intent.client_order_id} is not sent while the venue does not list the account's orders"
        )
        # an entry's own time is over within minutes, and then it is unknown, which calls a person
        with self.pace(timing.LOOK_AGAIN, what, calls=activity == SUBMIT_EXIT) as pace:
            while True:
                answer = await self._ask_to_send(activity, request, summary)
                reserved = (
                    reserved or answer.reserved
                )  # by an earlier try, though the last one did not even ask
                late = request.not_after is not None and workflow.now() >= request.not_after
                if answer.code not in {LOOKUP_FAILED, NO_WORKER} or late or unwanted() or pace.over:
                    break
                await pace.pause(unwanted, request.not_after)
        if answer.code not in {LOOKUP_FAILED, NO_WORKER}:
            return replace(answer, reserved=reserved)
        return SubmitAnswer(result=SubmitResult.UNKNOWN, detail=f"{answer.code}: {answer.detail}")

    def _intent(self, leg: Leg, quantity: int, limit: Price | None) -> OrderIntent:
        market = limit is None
        return OrderIntent(
            client_order_id=client_order_id(
                self._request.alert.message_id, leg, self.ledger.next_sequence(leg)
            ),
            contract=self.contract,
            side=Side.BUY_TO_OPEN if leg is Leg.ENTRY else Side.SELL_TO_CLOSE,
            quantity=quantity,
            kind=OrderKind.MARKET if market else OrderKind.LIMIT,
            limit=limit,
            time_in_force=TimeInForce.DAY if market or leg is Leg.ENTRY else TimeInForce.GTC,
        )

    async def _ask_to_send(self, activity: str, request: SubmitRequest, summary: str) -> SubmitAnswer:
        exit_order = activity == SUBMIT_EXIT
        try:
            answer: SubmitAnswer = await run_activity(
                activity,
                request,
                answer=SubmitAnswer,
                options=activity_options.SUBMIT_EXIT if exit_order else activity_options.SUBMIT_ENTRY,
                summary=summary,
            )
        except ActivityError as failed:
            if isinstance(failed.cause, TimeoutError) and failed.cause.type is TimeoutType.SCHEDULE_TO_START:
                return SubmitAnswer(
                    result=SubmitResult.NOT_SENT,
                    code=NO_WORKER,
                    detail="no worker took it in time; it was never started",
                )
            return SubmitAnswer(
                result=SubmitResult.UNKNOWN, detail=f"the sending step was lost: {failed.cause}"
            )
        return answer

    # Reports

    def note(self, report: OrderReport, order: LedgerOrder | None = None) -> None:
        """Take in what the venue says, once; `order` names it where the report cannot."""
        absent = {each.client_order_id for each in self.ledger.lost}
        ended = {each.client_order_id for each in self.ledger.leg(Leg.ENTRY) if each.done}
        update = self.ledger.take(report, None if order is None else order.client_order_id)
        if update is None:
            return
        self._tell(update, report)
        if update.fills and update.order.client_order_id in ended - absent:
            self._hold_back(update.order)
        if update.order.client_order_id in absent:
            # what it stood for was given up, or sent again; what it leaves open when it has ended is covered again
            text = f"{update.order.client_order_id} appeared after all; taking it back"
            self._record(EventKind.WARNING, text, order=update.order.client_order_id)
            self.take_back(update.order)
        elif update.order.needs_reading and update.order.client_order_id not in self._completing:
            self._completing.add(update.order.client_order_id)
            self.spawn(self._complete(update.order))

    def _hold_back(self, filled: LedgerOrder) -> None:
        """Take back the entry that works beside one that was filled after its end: it was sent for contracts that are bought already."""
        for order in self.ledger.open_entries:
            if order is not filled:
                text = f"{filled.client_order_id} was filled after its end; {order.client_order_id} is taken back, and nothing more is bought"
                self._record(EventKind.WARNING, text, order=order.client_order_id)
                self.take_back(order)

    async def _complete(self, order: LedgerOrder) -> None:
        """Read an order until its reports add up: a fill is protected when it is shown, and no further report may come."""
        what = f"{order.client_order_id} has more filled, or another id, than the venue shows"
        try:
            with self.pace(timing.FILL_READS, what) as pace:
                # one that is being taken back is read by that
                while order.needs_reading and not pace.over and not self._is_taken_back(order):
                    await pace.pause(lambda: not order.needs_reading)
                    if order.needs_reading:
                        await self.read(order)
        finally:
            self._completing.discard(order.client_order_id)

    def _tell(self, update: LedgerUpdate, report: OrderReport) -> None:
        order, entry = update.order, update.order.leg is Leg.ENTRY
        names = {
            "order": order.client_order_id,
            "venue_order": report.order_id,
            "status": report.venue_status or report.status,
        }
        if update.wrong_contract:
            text = f"{order.client_order_id} is shown as {report.symbol}, not {self.contract.occ_symbol}: a person must look at it"
            self._record(EventKind.WARNING, text, **names, symbol=report.symbol)
        if update.appeared:
            text = f"{order.client_order_id} was found at the venue as order {report.order_id}"
            self._record(EventKind.FOUND, text, **names)
        elif update.first:
            kind = EventKind.ENTRY_SUBMITTED if entry else EventKind.EXIT_SUBMITTED
            limit = "market" if order.limit is None else plain(order.limit)
            text = f"{'Entry' if entry else 'Exit'} order {report.order_id}: {order.quantity} at {limit} is at the venue"
            self._record(kind, text, **names, quantity=order.quantity, limit=order.limit)
        for fill in update.fills:
            kind = EventKind.FILLED if entry else EventKind.EXIT_FILLED
            text = f"{'Bought' if entry else 'Sold'} {fill.quantity} at {plain(fill.price)}"
            self._record(
                kind,
                text,
                **names,
                fill=fill.fill_id,
                quantity=fill.quantity,
                price=fill.price,
                filled_at=fill.at.isoformat(),
            )
        if update.ended and order.filled < order.quantity:
            kind = EventKind.CANCELLED if entry else EventKind.EXIT_ENDED
            reason = f": {report.reject_reason}" if report.reject_reason else ""
            text = f"Order {report.order_id} ended {report.status} with {order.filled} of {order.quantity} filled{reason}"
            self._record(
                kind,
                text,
                **names,
                filled=order.filled,
                quantity=order.quantity,
                reject_reason=report.reject_reason,
            )

    async def read(self, order: LedgerOrder) -> bool:
        """Read every incarnation of an order that is at the venue; tells whether the venue answered."""
        answered = bool(order.order_ids)
        for order_id in order.order_ids:
            try:
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
                self.note(report, order)
        return answered

    # Orders of unknown outcome

    def _lose(self, order: LedgerOrder, intent: OrderIntent, intended_at: datetime, why: str) -> None:
        if self.ledger.settle(order.client_order_id, OrderState.UNKNOWN).state is not OrderState.UNKNOWN:
            return  # the stream reported it meanwhile
        text = f"Nobody can say whether {order.client_order_id} was accepted ({why}); it counts as live while it is looked for"
        self._record(EventKind.UNKNOWN, text, order=order.client_order_id, why=why)
        self._searching += 1
        self.spawn(
            self._search(order, LostOrder(intent=intent, intended_at=intended_at, lost_at=workflow.now()))
        )

    async def _search(self, order: LedgerOrder, lost: LostOrder) -> None:
        """Look for a lost order until it is found or proven absent; an absent entry is swept for until the end of its day.

        An order that nobody could look for until its contract has stopped trading stays unknown.
        """
        try:
            if not await self._is_absent(order, lost):
                return
            self.ledger.settle(order.client_order_id, OrderState.CONFIRMED_ABSENT)
            text = f"{order.client_order_id} is not at the venue: it was in no list of the account's orders for {_span(timing.LOOKS)}"
            self._record(EventKind.NOT_FOUND, text, order=order.client_order_id)
            if order.leg is Leg.ENTRY:
                await self._sweep(order, lost)
        finally:
            self._searching -= 1

    async def _is_absent(self, order: LedgerOrder, lost: LostOrder) -> bool:
        """Tell, once the settling time is over and the venue has listed its orders after it, whether the order is not there."""
        answered = False
        for delay in timing.LOOKS:
            await wait(
                lambda: order.state is OrderState.ACKNOWLEDGED,
                delay,
                f"before looking for {order.client_order_id}",
            )
            answered = await self._look(order, lost)
        what = f"nobody can say whether {order.client_order_id} was accepted: the venue does not list the account's orders"
        with self.pace(timing.SWEEPS, what) as pace:
            while order.state is OrderState.UNKNOWN and not answered and not pace.over:
                await pace.pause(lambda: order.state is OrderState.ACKNOWLEDGED)
                answered = await self._look(order, lost)
        return order.state is OrderState.UNKNOWN and answered

    async def _sweep(self, order: LedgerOrder, lost: LostOrder) -> None:
        """Look for an entry that was given up, until a look after the end of its day is answered: should it appear, it is taken back."""
        ends = self.end_of_day(lost.lost_at)
        over = workflow.now() >= ends
        with self.pace(timing.SWEEPS, f"{order.client_order_id} is not at the venue", calls=False) as pace:
            while not over and not pace.over:
                await pace.pause(
                    lambda: order.state is OrderState.ACKNOWLEDGED, ends if workflow.now() < ends else None
                )
                late = workflow.now() >= ends
                over = await self._look(order, lost) and late
                if order.state is OrderState.ACKNOWLEDGED:
                    await wait(lambda: order.done, ends, f"for {order.client_order_id} to be taken back")
                    return

    async def _look(self, order: LedgerOrder, lost: LostOrder) -> bool:
        """Look once, unless the stream has reported the order; tells whether a complete answer came."""
        if order.state is OrderState.ACKNOWLEDGED:
            return True
        known = tuple(each for one in self.ledger.orders for each in one.versions)
        request = FindRequest(
            intent=lost.intent,
            look_since=self._look_since,
            intended_at=lost.intended_at,
            lost_at=lost.lost_at,
            known_ids=known,
        )
        try:
            answer: FindAnswer = await run_activity(
                FIND_ORDER,
                request,
                answer=FindAnswer,
                options=activity_options.READ,
                summary=f"look for {order.client_order_id}",
            )
        except ActivityError:
            return False
        if answer.ambiguous and order.client_order_id not in self._ambiguous:
            self._ambiguous.add(order.client_order_id)
            text = f"{answer.ambiguous} nameless orders fit {order.client_order_id}; none is taken for it, a person must look"
            self._record(EventKind.WARNING, text, order=order.client_order_id)
        if answer.report is not None:
            if answer.by_attributes:
                text = f"order {answer.report.order_id} carries no name; taken for {order.client_order_id} by contract, size, price and time"
                self._record(EventKind.WARNING, text, order=order.client_order_id)
            self.note(answer.report, order)
        return answer.ambiguous == 0

    # Taking back

    def take_back(self, order: LedgerOrder) -> asyncio.Task[None]:
        """Begin to cancel an order, or go on with it; what is returned is done when the order can fill no more.

        It goes on until the order has ended or its contract has stopped trading, whatever the venue answers. Fills that race the cancel are
        kept.
        """
        if not self._is_taken_back(order):
            self._taking[order.client_order_id] = self.spawn(self._take_back(order))
        return self._taking[order.client_order_id]

    def _is_taken_back(self, order: LedgerOrder) -> bool:
        taking = self._taking.get(order.client_order_id)
        return taking is not None and not taking.done()

    async def _take_back(self, order: LedgerOrder) -> None:
        nobody_knows = {OrderState.INTENDED, OrderState.UNKNOWN}
        await wait(
            lambda: order.state not in nobody_knows,
            self.waiting.ends,
            f"for {order.client_order_id} to be found",
        )
        with self.pace(
            timing.CANCEL_PAUSES, f"{order.client_order_id} was asked to be cancelled and has not ended"
        ) as pace:
            while order.state not in nobody_knows:
                if not order.done:
                    await self._ask_to_cancel(order)
                # later rounds look once: whatever keeps the order alive is not a matter of milliseconds
                for delay in timing.CANCEL_CHECKS if pace.tried < 3 else timing.CANCEL_CHECKS[-1:]:
                    if await wait(lambda: order.done, delay, f"for the end of {order.client_order_id}"):
                        break
                    await self.read(order)
                ended = order.done
                # the report that ended it may have come before its last fill: the quantity is free after one more look
                if (
                    ended
                    and (order.state is not OrderState.ACKNOWLEDGED or await self.read(order))
                    and order.done
                ) or pace.over:
                    return
                await pace.pause(lambda: order.done and not ended)  # noqa: B023 - awaited here

    async def _ask_to_cancel(self, order: LedgerOrder) -> None:
        order_id = order.order_id
        assert order_id is not None
        try:
            answer = await run_activity(
                CANCEL_ORDER,
                order_id,
                answer=CancelAnswer,
                options=activity_options.CANCEL,
                summary=f"cancel {order.client_order_id}",
            )
        except ActivityError:
            return  # asked again in the next round
        if answer.result is CancelResult.REFUSED:
            await self.read(order)

    # The account

    def pace(
        self,
        pauses: tuple[timedelta, ...],
        what: str,
        *,
        calls: bool = True,
        call_from: datetime | None = None,
    ) -> Pace:
        """Give the pauses of a question that is asked until it is settled, or the contract has stopped trading."""

        def call(text: str) -> None:
            self._record(EventKind.WARNING, text)

        return Pace(self.waiting, pauses, what, call=call if calls else None, call_from=call_from)

    async def position(self) -> PositionAnswer | None:
        """Read what the account holds of the contract; None when it could not be read."""
        try:
            answer: PositionAnswer = await run_activity(
                READ_POSITION,
                PositionRequest(contract=self.contract, look_since=self._look_since),
                answer=PositionAnswer,
                options=activity_options.READ,
                summary=f"read the position in {self.contract}",
            )
        except ActivityError:
            return None
        return answer

    def end_of_day(self, moment: datetime) -> datetime:
        """Give when a day order of `moment` can no longer fill: the contract's close of its day, or of the next, and some slack."""
        return self.hours.next_close(self.contract, moment) + timing.AFTER_CLOSE

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)


def _span(looks: tuple[timedelta, ...]) -> str:
    return f"{sum(looks, timedelta()).total_seconds():.0f} s"
