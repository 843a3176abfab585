"""Send, search for, read and cancel orders: the submit protocol, one request at a time.

    1 look up the client order id: found, it is adopted      2 still allowed? else not sent
    3 an entry: does the account admit it, and no kill switch stop it? else not sent
    4 does Temporal still wait for this attempt? else not sent; an entry is not sent either when a clock says
      that it is late
    5 send once, while both answers are valid                6 classify: accepted, rejected, unknown

Step 1 makes a workflow reset, or a second delivery of the same task, harmless. Step 3 is asked at the same
time as step 1; an answer that is no longer valid when everything else is ready is confirmed or requested
again, within the same attempt. Both answers are checked once more right before the first byte is sent. An
exit needs no admission. Nothing here decides what to send.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from temporalio import activity

from alert_trader import clock
from alert_trader.activities.account_client import (
    AccountClient,
    AccountUnreachableError,
    AdmissionGrant,
    KillSwitch,
)
from alert_trader.activities.deadline import Awaited, Deadline, confirm_awaited
from alert_trader.activities.messages import (
    BUMP_ENTRY,
    CANCEL_ORDER,
    CONVERT_ENTRY,
    SUBMIT_ENTRY,
    SUBMIT_EXIT,
    CancelAnswer,
    CancelResult,
    ConversionGuard,
    SubmitAnswer,
    SubmitRequest,
    SubmitResult,
)
from alert_trader.activities.order_reads import position_of
from alert_trader.activities.sealed_inputs import SealedInputs
from alert_trader.broker.port import (
    NOT_SENT,
    OrderGateway,
    OutcomeUnknownError,
    RejectedError,
    UnavailableError,
)
from alert_trader.domain.account.entry_rules import EntryRules
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.ladder import CancelRemainder, decide_conversion
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import OrderId
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.orders.order import OrderReport, Side

SENDS = 3
"""Times that an entry is handed to the broker's client, which refuses to send it on an old admission."""

ASKS = 4
"""Times that an admission is requested again before each of them; the deadline usually ends it earlier."""

_Grant = AdmissionGrant | AccountUnreachableError
"""The account's answer, or that there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryGuards:
    """What stops entries in the process that sends them, without asking anybody."""

    rules: EntryRules
    stop: KillSwitch = field(default_factory=KillSwitch)
    sealed: SealedInputs | None = None
    """Checks who started the trade; None: whoever reaches Temporal may."""


class OrderActivities:
    """The calls that change something at the broker. A dry-run worker has no such object."""

    def __init__(
        self,
        gateway: OrderGateway,
        mode: Mode,
        account: AccountClient,
        guards: EntryGuards,
    ) -> None:
        """Send through `gateway`, for trades of `mode` only.

        Entries are sent while `account` admits them and `guards` allow them.
        """
        self._rules = guards.rules
        self._sealed = guards.sealed
        self._gateway = gateway
        self._mode = mode
        self._account = account
        self._kill_switch = guards.stop

    @activity.defn(name=SUBMIT_ENTRY)
    async def submit_entry(self, request: SubmitRequest) -> SubmitAnswer:
        """Send the first entry order."""
        return await self._submit(request)

    @activity.defn(name=BUMP_ENTRY)
    async def bump_entry(self, request: SubmitRequest) -> SubmitAnswer:
        """Send the entry again for the remainder, a tick higher; the order before it has ended."""
        return await self._submit(request)

    @activity.defn(name=CONVERT_ENTRY)
    async def convert_entry(self, request: SubmitRequest) -> SubmitAnswer:
        """Buy the remainder up to the ceiling, or by setting at the market, if a fresh quote allows it."""
        return await self._submit(request)

    @activity.defn(name=SUBMIT_EXIT)
    async def submit_exit(self, request: SubmitRequest) -> SubmitAnswer:
        """Send a sell to close, with strict position effect."""
        return await self._submit(request)

    @activity.defn(name=CANCEL_ORDER)
    async def cancel_order(self, order_id: OrderId) -> CancelAnswer:
        """Request a cancel. The order is cancelled only when a report says so."""
        try:
            await self._gateway.cancel(order_id)
        except RejectedError as no:
            return CancelAnswer(result=CancelResult.REJECTED, detail=str(no))
        except OutcomeUnknownError as lost:
            return CancelAnswer(result=CancelResult.UNKNOWN, detail=str(lost))
        return CancelAnswer(result=CancelResult.REQUESTED)

    async def _submit(self, request: SubmitRequest) -> SubmitAnswer:
        info = activity.info()
        assert info.start_to_close_timeout is not None
        deadline = Deadline.of(
            started=info.started_time,
            start_to_close=info.start_to_close_timeout,
            call=self._gateway.call_timeout,
        )
        refused = await self._refused(request)
        if request.admission is None or self._kill_switch.now or refused is not None:
            return await self._sent(request, deadline, None, refused)
        asked = asyncio.create_task(self._ask(request.admission))
        try:
            answer = await self._sent(request, deadline, asked)
        finally:
            asked.cancel()
        denied = (
            asked.done()
            and not asked.cancelled()
            and isinstance(found := asked.result(), AdmissionGrant)
            and found.answer.denied is not None
        )
        return answer if denied else replace(answer, reserved=True)

    async def _sent(
        self,
        request: SubmitRequest,
        deadline: Deadline,
        asked: "asyncio.Task[_Grant] | None",
        refused: SubmitAnswer | None = None,
    ) -> SubmitAnswer:
        """Look up, check, and send once.

        `asked` is the account's answer to an entry, which may be still to come; `refused` says why this
        worker does not send it.
        """
        orders = await self._look_up(request)
        if isinstance(orders, SubmitAnswer):
            return orders
        not_sent = refused or await self._not_allowed(request, orders, deadline)
        if not_sent is not None:
            return not_sent
        awaited = await confirm_awaited(deadline, self._gateway.call_timeout)
        if awaited is None:
            return _not_sent(
                NotSentReason.STEP_DELAYED,
                "Temporal did not confirm that it still waits for this attempt; sending now could overlap "
                "with the next",
            )
        found = await asked if asked is not None else None

        def in_time() -> bool:
            return not _too_late(request, deadline)

        for _ in range(SENDS):
            grant = None if found is None else await self._valid_grant(request, found, deadline)
            if isinstance(grant, SubmitAnswer):
                return grant
            entry = request.intent.side is Side.BUY_TO_OPEN
            if deadline.passed if entry else deadline.used_up:
                return _not_sent(
                    NotSentReason.STEP_DELAYED,
                    "the step was delayed past its time limit; sending now could overlap with the "
                    "next attempt",
                )
            answer, found = await self._place(request, awaited, grant, in_time), grant
            if answer.code != NotSentReason.GRANT_TOO_OLD:
                break
        return answer

    async def _look_up(self, request: SubmitRequest) -> list[OrderReport] | SubmitAnswer:
        """Look up the order among all orders, and return these when it is not there.

        An order that is found is adopted. Without an answer nothing is sent.
        """
        if request.mode is not self._mode:
            return _not_sent(
                NotSentReason.WRONG_MODE,
                f"expected a worker in mode {request.mode}, this one is in {self._mode}",
            )
        try:
            orders = await self._gateway.orders_since(request.search_from, request.intent.contract)
        except (UnavailableError, RejectedError) as failed:
            return _not_sent(
                NotSentReason.LOOKUP_FAILED,
                f"the broker did not list the orders, so an earlier attempt cannot be ruled out: {failed}",
            )
        mine = next((each for each in orders if each.client_order_id == request.intent.client_order_id), None)
        return (
            orders if mine is None else SubmitAnswer(result=SubmitResult.ACCEPTED, report=mine, adopted=True)
        )

    async def _refused(self, request: SubmitRequest) -> SubmitAnswer | None:
        """Return why this worker's settings do not allow an entry; None for an exit."""
        if request.intent.side is not Side.BUY_TO_OPEN or request.admission is None:
            return None
        ceiling = None if request.conversion is None else request.conversion.highest
        refused = self._rules.check(request.intent, request.source, request.admission, ceiling)
        if refused is not None:
            return _not_sent(refused.code, refused.reason)
        wrong = None if self._sealed is None else await self._sealed.problem(request.admission.trade)
        if wrong is None:
            return None
        return _not_sent(NotSentReason.WORKER_SETTINGS, f"this worker's settings expect {wrong}")

    async def _ask(self, admission: AdmitRequest) -> _Grant:
        try:
            return await self._account.ask(admission)
        except AccountUnreachableError as failed:
            return failed

    async def _valid_grant(
        self, request: SubmitRequest, found: _Grant, deadline: Deadline
    ) -> AdmissionGrant | SubmitAnswer:
        """Return the account's answer while it is valid, or why the entry is not sent.

        One that is too old is confirmed, or requested again, while there is time to send.
        """
        assert request.admission is not None
        for _ in range(ASKS):
            if not isinstance(found, AdmissionGrant) or found.window is None or found.holds:
                break
            found = await self._account.confirmed(found)
            if found.holds or deadline.passed:
                break
            found = await self._ask(request.admission)
        if isinstance(found, AccountUnreachableError):
            return _not_sent(Code.ACCOUNT_UNREACHABLE, f"{found}. Exits continue")
        answer = found.answer
        if answer.admitted is None:
            assert answer.denied is not None
            return _not_sent(answer.denied.code, answer.denied.reason, answer.denied.facts)
        if answer.admitted.quantity < request.intent.quantity:
            text = f"the account admits {answer.admitted.quantity} of {request.intent.quantity} contracts"
            return replace(_not_sent(NotSentReason.ADMITTED_FEWER, text), admitted=answer.admitted)
        return found

    async def _place(
        self,
        request: SubmitRequest,
        awaited: Awaited,
        grant: AdmissionGrant | None,
        in_time: Callable[[], bool],
    ) -> SubmitAnswer:
        entry = request.intent.side is Side.BUY_TO_OPEN
        if entry and self._kill_switch.now:
            return _not_sent(Code.STOPPED_BY_FILE, f"{self._kill_switch}: no entry is sent. Exits continue")
        if entry and grant is None:
            return _not_sent(
                Code.ACCOUNT_UNREACHABLE,
                "an entry needs the account's admission, and this one did not request it",
            )
        admitted = None if grant is None else grant.answer.admitted

        def admitted_still() -> bool:
            return grant is None or (grant.holds and not self._kill_switch.now)

        try:
            report = await self._gateway.place(
                request.intent, lambda: awaited.holds and admitted_still() and in_time()
            )
        except RejectedError as no:
            if no.code != NOT_SENT:
                return SubmitAnswer(
                    result=SubmitResult.REJECTED, code=no.code, detail=no.detail, admitted=admitted
                )
            if not in_time():
                reason = NotSentReason.TOO_LATE
            elif not admitted_still():
                reason = NotSentReason.GRANT_TOO_OLD
            else:
                reason = NotSentReason.BROKER_NOT_REACHED if awaited.holds else NotSentReason.STEP_DELAYED
            return replace(_not_sent(reason, no.detail), admitted=admitted)
        except OutcomeUnknownError as lost:
            return SubmitAnswer(result=SubmitResult.UNKNOWN, detail=str(lost), admitted=admitted)
        return SubmitAnswer(result=SubmitResult.ACCEPTED, report=report, admitted=admitted)

    async def _not_allowed(
        self, request: SubmitRequest, orders: list[OrderReport], deadline: Deadline
    ) -> SubmitAnswer | None:
        """Return why the order may no longer be sent, or None when it may."""
        if request.conversion is not None:
            not_sent = await self._check_conversion(request, request.conversion)
            if not_sent is not None:
                return not_sent
        if request.check_position:
            not_sent = await self._check_position(request, orders)
            if not_sent is not None:
                return not_sent
        return _sent_too_late(request) if _too_late(request, deadline) else None

    async def _check_conversion(self, request: SubmitRequest, guard: ConversionGuard) -> SubmitAnswer | None:
        """Check a conversion against a quote read now."""
        try:
            quote = await self._gateway.quote(request.intent.contract)
        except (UnavailableError, RejectedError) as failed:
            return _not_sent(NotSentReason.QUOTE_UNAVAILABLE, f"the quote could not be read: {failed}")
        choice = decide_conversion(
            policy=guard.ladder,
            safety=guard.safety,
            quote=quote,
            quantity=request.intent.quantity,
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

    async def _check_position(self, request: SubmitRequest, orders: list[OrderReport]) -> SubmitAnswer | None:
        """Check an exit that replaces another against the position read now."""
        try:
            live, positions = await asyncio.gather(self._gateway.live_orders(), self._gateway.positions())
        except (UnavailableError, RejectedError) as failed:
            return _not_sent(NotSentReason.POSITION_UNAVAILABLE, f"the position could not be read: {failed}")
        position = position_of(request.intent.contract.occ_symbol, [*orders, *live], positions)
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


def _too_late(request: SubmitRequest, deadline: Deadline) -> bool:
    """Return whether the latest time for sending has passed.

    For an exit by Temporal's time: a wrong clock of this machine must not refuse one. For an entry by the
    later of both.
    """
    if request.not_after is None:
        return False
    temporal = deadline.temporal_time
    now = max(temporal, clock.now()) if request.intent.side is Side.BUY_TO_OPEN else temporal
    return now > request.not_after


def _sent_too_late(request: SubmitRequest) -> SubmitAnswer:
    assert request.not_after is not None
    facts = {"not_after": request.not_after.isoformat(timespec="milliseconds")}
    return _not_sent(NotSentReason.TOO_LATE, "the latest time for sending it has passed", facts)


def _not_sent(code: NotSentReason | Code, detail: str, facts: dict[str, str] | None = None) -> SubmitAnswer:
    return SubmitAnswer(result=SubmitResult.NOT_SENT, code=code, detail=detail, facts=facts or {})
