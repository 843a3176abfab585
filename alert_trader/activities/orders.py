"""Send, look for, read and cancel orders: the submit protocol, one request at a time.

    0 past my deadline? not sent     1 look: find the client order id, adopt it     2 still allowed? not sent
    3 an entry: does the account let it pass, and nothing stop it?                  4 send once, while that holds
    5 classify: accepted, refused, unknown

Step 1 makes a workflow reset, or a second delivery of the same task, harmless. Step 3 is asked beside the look, and again when the answer
has grown old by the time everything else is ready; it is looked at once more when the first byte is about to leave. An exit asks nobody.
Nothing here decides what to send.
"""

import asyncio
from dataclasses import replace

from temporalio import activity
from temporalio.exceptions import ApplicationError

from alert_trader import clock
from alert_trader.activities.account_client import (
    AccountClient,
    AccountUnreachableError,
    AdmissionGrant,
    KillSwitch,
)
from alert_trader.activities.deadline import Deadline
from alert_trader.activities.messages import (
    BUMP_ENTRY,
    CANCEL_ORDER,
    CONVERT_ENTRY,
    FIND_ORDER,
    READ_ORDER,
    READ_POSITION,
    READ_QUOTE,
    SUBMIT_ENTRY,
    SUBMIT_EXIT,
    CancelAnswer,
    CancelResult,
    ConversionGuard,
    FindAnswer,
    FindRequest,
    PositionAnswer,
    PositionRequest,
    QuoteAnswer,
    SubmitAnswer,
    SubmitRequest,
    SubmitResult,
)
from alert_trader.broker.port import (
    NOT_SENT,
    OrderGateway,
    OrderReader,
    OutcomeUnknown,
    Refused,
    Unavailable,
    always_send,
)
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.ladder import CancelRemainder, decide_conversion
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import OrderId
from alert_trader.domain.market.contract import OptionContract, same_contract
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.orders.matching import match_order
from alert_trader.domain.orders.order import OrderReport, Position, Side

_Word = AdmissionGrant | AccountUnreachableError
"""What came of asking the account."""


class OrderLookups:
    """The questions about orders: all a process needs that only reads."""

    def __init__(self, reader: OrderReader) -> None:
        """Ask `reader`."""
        self._reader = reader

    @activity.defn(name=FIND_ORDER)
    async def find_order(self, request: FindRequest) -> FindAnswer:
        """Look for an order of unknown outcome in everything the account received since the day before. Raises when not answered."""
        found = match_order(
            await self._reader.orders_since(request.look_since),
            request.intent,
            intended_at=request.intended_at,
            lost_at=request.lost_at,
            known_ids=request.known_ids,
        )
        return FindAnswer(report=found.report, by_attributes=found.by_attributes, ambiguous=found.ambiguous)

    @activity.defn(name=READ_ORDER)
    async def read_order(self, order_id: OrderId) -> OrderReport:
        """Read one order. Raises when it cannot be read, and also when the venue denies knowing an order it once reported."""
        report = await self._reader.order(order_id)
        if report is None:
            raise ApplicationError(
                f"expected order {order_id}, which the venue reported before; it now says there is none",
                type="Vanished",
            )
        return report

    @activity.defn(name=READ_QUOTE)
    async def read_quote(self, contract: OptionContract) -> QuoteAnswer:
        """Read a contract's quote. Raises when not answered."""
        return QuoteAnswer(quote=await self._reader.quote(contract))

    @activity.defn(name=READ_POSITION)
    async def read_position(self, request: PositionRequest) -> PositionAnswer:
        """Read what the account holds of a contract and how much of it is being closed already."""
        recent, live, positions = await asyncio.gather(
            self._reader.orders_since(request.look_since),
            self._reader.live_orders(),
            self._reader.positions(),
        )
        return _position(request.contract.occ_symbol, [*recent, *live], positions)


class OrderActivities:
    """The calls that change something at the venue. A dry-run worker has no such object."""

    def __init__(self, desk: OrderGateway, mode: Mode, account: AccountClient, stop: KillSwitch) -> None:
        """Send through `desk`, for trades of `mode` only; entries while `account` lets them pass and nothing stops them."""
        self._desk = desk
        self._mode = mode
        self._account = account
        self._stop = stop

    @activity.defn(name=SUBMIT_ENTRY)
    async def submit_entry(self, request: SubmitRequest) -> SubmitAnswer:
        """Send the first entry order."""
        return await self._submit(request)

    @activity.defn(name=BUMP_ENTRY)
    async def bump_entry(self, request: SubmitRequest) -> SubmitAnswer:
        """Send the entry again for what is left, a tick higher; the order before it has ended."""
        return await self._submit(request)

    @activity.defn(name=CONVERT_ENTRY)
    async def convert_entry(self, request: SubmitRequest) -> SubmitAnswer:
        """Buy what is left at the market, or up to the ceiling, if a fresh quote allows it."""
        return await self._submit(request)

    @activity.defn(name=SUBMIT_EXIT)
    async def submit_exit(self, request: SubmitRequest) -> SubmitAnswer:
        """Send a sell to close, with strict position effect."""
        return await self._submit(request)

    @activity.defn(name=CANCEL_ORDER)
    async def cancel_order(self, order_id: OrderId) -> CancelAnswer:
        """Ask for a cancel. The order is cancelled only when a report says so."""
        try:
            await self._desk.cancel(order_id)
        except Refused as no:
            return CancelAnswer(result=CancelResult.REFUSED, detail=str(no))
        except OutcomeUnknown as lost:
            return CancelAnswer(result=CancelResult.UNKNOWN, detail=str(lost))
        return CancelAnswer(result=CancelResult.ASKED)

    async def _submit(self, request: SubmitRequest) -> SubmitAnswer:
        info = activity.info()
        assert info.start_to_close_timeout is not None
        deadline = Deadline.of(
            started=info.started_time,
            start_to_close=info.start_to_close_timeout,
            call=self._desk.call_timeout,
        )
        if request.admission is None or self._stop.now:
            return await self._sent(request, deadline, None)
        asked = asyncio.create_task(self._ask(request.admission))
        try:
            answer = await self._sent(request, deadline, asked)
        finally:
            asked.cancel()
        refused = (
            asked.done()
            and not asked.cancelled()
            and isinstance(word := asked.result(), AdmissionGrant)
            and word.answer.denied is not None
        )
        return answer if refused else replace(answer, reserved=True)

    async def _sent(
        self, request: SubmitRequest, deadline: Deadline, asked: "asyncio.Task[_Word] | None"
    ) -> SubmitAnswer:
        """Look, check, and send once; `asked` is the account's word on an entry, on its way."""
        orders = await self._look(request)
        if isinstance(orders, SubmitAnswer):
            return orders
        forbidden = await self._forbidden(request, orders)
        if forbidden is not None:
            return forbidden
        let_pass = None if asked is None else await self._let_pass(request, await asked)
        if isinstance(let_pass, SubmitAnswer):
            return let_pass
        if deadline.passed:
            return _not_sent(
                NotSentReason.STEP_DELAYED,
                "the step was stalled past its own deadline; sending now could overlap with its successor",
            )
        return await self._place(request, let_pass)

    async def _look(self, request: SubmitRequest) -> list[OrderReport] | SubmitAnswer:
        """Look for the order among all there are: found, it is adopted; not answered, nothing is sent; not there, gives all there are."""
        if request.mode is not self._mode:
            return _not_sent(
                NotSentReason.WRONG_MODE,
                f"expected a worker in mode {request.mode}, this one is in {self._mode}",
            )
        try:
            orders = await self._desk.orders_since(request.look_since)
        except (Unavailable, Refused) as failed:
            return _not_sent(
                NotSentReason.LOOKUP_FAILED,
                f"the look for an earlier try of this order was not answered: {failed}",
            )
        mine = next((each for each in orders if each.client_order_id == request.intent.client_order_id), None)
        return (
            orders if mine is None else SubmitAnswer(result=SubmitResult.ACCEPTED, report=mine, adopted=True)
        )

    async def _ask(self, admission: AdmitRequest) -> _Word:
        try:
            return await self._account.ask(admission)
        except AccountUnreachableError as failed:
            return failed

    async def _let_pass(self, request: SubmitRequest, found: _Word) -> AdmissionGrant | SubmitAnswer:
        """Give the account's word while it holds, or why the entry is not sent."""
        assert request.admission is not None
        if isinstance(found, AdmissionGrant) and found.answer.admitted is not None and not found.holds:
            found = await self._ask(request.admission)
        if isinstance(found, AccountUnreachableError):
            return _not_sent(Code.ACCOUNT_UNREACHABLE, f"{found}. Exits go on")
        answer = found.answer
        if answer.admitted is None:
            assert answer.denied is not None
            return _not_sent(answer.denied.code, answer.denied.reason, answer.denied.facts)
        if answer.admitted.quantity < request.intent.quantity:
            text = f"the account lets {answer.admitted.quantity} of {request.intent.quantity} contracts pass"
            return replace(_not_sent(NotSentReason.ADMITTED_FEWER, text), admitted=answer.admitted)
        return found

    async def _place(self, request: SubmitRequest, let_pass: AdmissionGrant | None) -> SubmitAnswer:
        entry = request.intent.side is Side.BUY_TO_OPEN
        if entry and self._stop.now:
            return _not_sent(Code.STOPPED_BY_FILE, f"{self._stop}: no entry is sent. Exits go on")
        if entry and let_pass is None:
            return _not_sent(
                Code.ACCOUNT_UNREACHABLE,
                "an entry is sent by the account's word only, and this one did not ask for it",
            )
        admitted = None if let_pass is None else let_pass.answer.admitted
        may_send = always_send if let_pass is None else (lambda: let_pass.holds and not self._stop.now)
        try:
            report = await self._desk.place(request.intent, may_send)
        except Refused as no:
            if no.code != NOT_SENT:
                return SubmitAnswer(
                    result=SubmitResult.REFUSED, code=no.code, detail=no.detail, admitted=admitted
                )
            reason = NotSentReason.BROKER_NOT_REACHED if may_send() else NotSentReason.GRANT_TOO_OLD
            return replace(_not_sent(reason, no.detail), admitted=admitted)
        except OutcomeUnknown as lost:
            return SubmitAnswer(result=SubmitResult.UNKNOWN, detail=str(lost), admitted=admitted)
        return SubmitAnswer(result=SubmitResult.ACCEPTED, report=report, admitted=admitted)

    async def _forbidden(self, request: SubmitRequest, orders: list[OrderReport]) -> SubmitAnswer | None:
        """Say why the order may not be sent any more, or None when it may."""
        if request.conversion is not None:
            refused = await self._may_convert(request, request.conversion)
            if refused is not None:
                return refused
        if request.cover:
            refused = await self._may_cover(request, orders)
            if refused is not None:
                return refused
        if request.not_after is not None and clock.now() > request.not_after:
            facts = {"not_after": request.not_after.isoformat(timespec="milliseconds")}
            return _not_sent(NotSentReason.TOO_LATE, "the moment for this order has passed", facts)
        return None

    async def _may_convert(self, request: SubmitRequest, guard: ConversionGuard) -> SubmitAnswer | None:
        """Hold a conversion against a quote read just now."""
        try:
            quote = await self._desk.quote(request.intent.contract)
        except (Unavailable, Refused) as failed:
            return _not_sent(NotSentReason.QUOTE_UNAVAILABLE, f"the quote could not be read: {failed}")
        choice = decide_conversion(
            policy=guard.ladder,
            safety=guard.safety,
            quote=quote,
            highest=guard.highest,
            last_limit=guard.last_limit,
            ticks=guard.ticks,
            now=clock.now(),
        )
        return (
            _not_sent(choice.denied.code, choice.denied.reason, choice.denied.facts)
            if isinstance(choice, CancelRemainder)
            else None
        )

    async def _may_cover(self, request: SubmitRequest, orders: list[OrderReport]) -> SubmitAnswer | None:
        """Hold an exit that replaces one against the position read just now."""
        try:
            live, positions = await asyncio.gather(self._desk.live_orders(), self._desk.positions())
        except (Unavailable, Refused) as failed:
            return _not_sent(NotSentReason.POSITION_UNAVAILABLE, f"the position could not be read: {failed}")
        position = _position(request.intent.contract.occ_symbol, [*orders, *live], positions)
        if position.held - position.closing >= request.intent.quantity:
            return None
        facts = {
            "held": str(position.held),
            "closing": str(position.closing),
            "wanted": str(request.intent.quantity),
        }
        return _not_sent(
            NotSentReason.POSITION_NOT_FREE,
            "the account does not hold that many contracts free of other closing orders",
            facts,
        )


def _position(symbol: str, orders: list[OrderReport], positions: list[Position]) -> PositionAnswer:
    """Count what is held and what works to close it; of an order that is listed twice the later reading counts.

    Exits of other trades may work since weeks ago: those stand in the list of live orders only.
    """
    held = sum(position.quantity for position in positions if same_contract(position.symbol, symbol))
    latest = {each.order_id: each for each in orders}.values()
    closing = sum(
        each.remaining
        for each in latest
        if same_contract(each.symbol, symbol) and each.side == Side.SELL_TO_CLOSE and not each.status.terminal
    )
    return PositionAnswer(held=held, closing=closing)


def _not_sent(code: NotSentReason | Code, detail: str, facts: dict[str, str] | None = None) -> SubmitAnswer:
    return SubmitAnswer(result=SubmitResult.NOT_SENT, code=code, detail=detail, facts=facts or {})
