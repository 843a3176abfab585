"""TradeWorkflow: one alert, one trade.

The story: parse, size, enter, hold, finish. `domain.trade.TABLE` says what follows what; each step below ends in one trigger. Beside the
story run the exits, which protect every slice the moment it is known, and the notices, which never hold anything up. A person's command
waits in `_asked` for the step that can honour it; a cancel from the Web UI is taken as such a command and never cuts a sending short.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar, assert_never

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.messages import (
        ORDER_REPORT_SIGNAL,
        PARSE_ALERT,
        SIZE_ENTRY,
        SizeAnswer,
        SizedEntry,
        SizeRequest,
    )
    from domain.admission import check_allowlist
    from domain.alert import AlertKind, ParsedAlert
    from domain.denial import Code, Denied
    from domain.event import EventKind, TradeEvent
    from domain.exits import exit_target
    from domain.ids import Leg
    from domain.ladder import bumped
    from domain.money import plain
    from domain.order import OrderReport
    from domain.parser import check_expiry
    from domain.policy import Mode
    from domain.trade import Life, Phase, Step, Trigger
    from domain.view import TradeView
    from workflows import search, timing
    from workflows.desk import Desk, end_of_day
    from workflows.entry import Entry, Stop
    from workflows.exits import Exits
    from workflows.interface import (
        CANCEL_UPDATE,
        CLOSE_SIGNAL,
        CLOSE_UPDATE,
        CONVERT_UPDATE,
        EVENTS_QUERY,
        HALTED_SIGNAL,
        NOT_POSSIBLE,
        TRADE_WORKFLOW,
        VIEW_QUERY,
        Command,
        CommandReceipt,
        TradeRequest,
    )
    from workflows.journal import Journal
    from workflows.standing import Key, Standing, rehearse_admission
    from workflows.telling import Telling
    from workflows.view import build_view, details
    from workflows.waiting import wait


BUYING = frozenset({Phase.RECEIVED, Phase.PARSED, Phase.ENTERING})
"""The phases in which something may still be bought."""

_T = TypeVar("_T")


@workflow.defn(name=TRADE_WORKFLOW)
class TradeWorkflow:
    """The life of one trade."""

    @workflow.init
    def __init__(self, request: TradeRequest) -> None:
        """Set the trade up before any handler runs."""
        self._request = request
        self._life = Life()
        title = f"{request.alert.author_name or request.alert.author_id}: {request.alert.text}"
        self._journal = Journal(title, self._refresh)
        self._telling = Telling(self._journal, self.view)
        self._parsed: ParsedAlert | None = None
        self._sized: SizedEntry | None = None
        self._desk: Desk | None = None
        self._entry: Entry | None = None
        self._exits: Exits | None = None
        self._reason: str | None = None
        self._close_asked = False
        self._cancel_asked = False
        self._early: list[OrderReport] = []
        self._beside: list[asyncio.Task[None]] = []
        self._over = False
        self._halted = False
        self._rehearsed = False
        self._standing = Standing(request.account, self._stands, self.view)

    @workflow.run
    async def run(self, request: TradeRequest) -> TradeView:
        """Live the trade to its end. The workflow's cancellation is an operator's cancel: the story goes on, and protects what it holds."""
        assert request is not None
        story = asyncio.create_task(self._story())
        while True:
            try:
                return await asyncio.shield(story)
            except asyncio.CancelledError:
                if story.done():
                    return story.result()
                self._ask_cancel(Command(by="Temporal", reason=workflow.cancellation_reason() or "the workflow was cancelled"))

    async def _story(self) -> TradeView:
        telling, standing = self._spawn(self._telling.tell()), self._spawn(self._standing.tell())
        trigger = Trigger.ALERTED
        while (step := self._life.on(trigger)) is not Step.FINISH:
            if step not in {Step.PARSE, Step.SIZE}:  # a column that changes within milliseconds only delays the order
                self._index()
            trigger = await self._live_through(self._perform(step))
        await self._live_through(self._finish())
        self._over = self._telling.over = self._standing.over = True
        await telling
        await standing
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.view()

    async def _perform(self, step: Step) -> Trigger:
        match step:
            case Step.PARSE:
                return await self._parse()
            case Step.SIZE:
                return await self._size()
            case Step.ENTER:
                return await self._enter()
            case Step.HOLD:
                return await self._hold()
            case Step.WATCH:
                return await self._watch()
            case Step.SELL:
                return await self._sell()
            case Step.FINISH:
                raise AssertionError("the story ends with finish")
            case _:
                assert_never(step)

    # The steps

    async def _parse(self) -> Trigger:
        alert = self._request.alert
        self._record(
            EventKind.RECEIVED, f"Alert: {alert.text}", author=alert.author_id, channel=alert.channel_id, posted_at=alert.posted_at
        )
        denied = check_allowlist(alert, self._request.policy.allowlist)
        if denied is not None:
            return self._deny(denied)
        # local: the first step of a trade is on the way to its order, and reading twice does no harm
        self._parsed = parsed = await workflow.execute_local_activity(
            PARSE_ALERT, alert, result_type=ParsedAlert, start_to_close_timeout=timing.PARSE_TIMEOUT, summary="read the alert"
        )
        if parsed.kind is not AlertKind.ENTRY:
            code = Code(parsed.code) if parsed.code is not None else Code.ALERT_NOT_ENTRY
            return self._deny(
                Denied(code=code, reason=parsed.reason or f"expected an entry, found {parsed.kind}", facts={"kind": parsed.kind})
            )
        unlisted = check_expiry(parsed, alert.posted_at)
        if unlisted is not None:
            return self._deny(unlisted)
        price = "at the mid" if parsed.price is None else f"at {plain(parsed.price)}"
        self._record(
            EventKind.PARSED, f"Read: buy {parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry} {price}", price=parsed.price
        )
        return Trigger.READ

    async def _size(self) -> Trigger:
        assert self._parsed is not None
        request = SizeRequest(alert=self._request.alert, parsed=self._parsed, policy=self._request.policy)
        try:
            answer = await workflow.execute_activity(
                SIZE_ENTRY,
                request,
                result_type=SizeAnswer,
                start_to_close_timeout=timing.SIZE_TIMEOUT,
                schedule_to_close_timeout=timing.SIZE_TOTAL,
                retry_policy=timing.SIZE_RETRY,
                summary="confirm the contract, price it, size it",
            )
        except ActivityError as failed:
            reason = f"expected the broker to answer within {timing.SIZE_TOTAL.total_seconds():.0f} s: {failed.cause}"
            return self._deny(Denied(code=Code.BROKER_UNAVAILABLE, reason=reason))
        if answer.entry is None:
            assert answer.denied is not None
            return self._deny(answer.denied)
        self._sized = sized = answer.entry
        text = (
            f"{sized.sizing.quantity} x {sized.listing.contract} ({sized.sizing.cap}): first limit {plain(sized.first_limit)}, "
            f"ceiling {plain(sized.ceiling)}, quote {plain(sized.quote.bid)} / {plain(sized.quote.ask)}"
        )
        self._record(
            EventKind.SIZED, text, quantity=sized.sizing.quantity, limit=sized.first_limit, ceiling=sized.ceiling, cap=sized.sizing.cap
        )
        # after a reset the command may be of the trade's first life, whose orders are at the venue
        if (self._cancel_asked or self._close_asked) and not self._early:
            return self._deny(Denied(code=Code.OPERATOR_CANCELLED, reason="an operator cancelled it before anything was sent"))
        return await self._rehearse(sized) if self._request.policy.mode is Mode.DRY_RUN else Trigger.SIZED

    async def _enter(self) -> Trigger:
        assert self._sized is not None
        self._desk = Desk(self._request, self._journal, self._sized.listing.contract, self._spawn)
        self._exits = Exits(self._request.policy.exits, self._sized, self._desk, self._journal)
        self._entry = Entry(self._request, self._sized, self._desk, self._journal)
        for report in self._early:
            self._desk.note(report)
        if self._halted:
            self._entry.stopped_by = Code.ACCOUNT_HALTED
        if self._cancel_asked or self._close_asked or self._halted:
            self._entry.asked = Stop.CANCEL
        self._spawn(self._exits.protect())
        trigger = await self._entry.work()
        self._reason = self._entry.reason
        return trigger

    async def _hold(self) -> Trigger:
        """Hold until flat or expired. Every day after the close the orders and the position are read, in case a report was missed."""
        desk, exits = self._opened()
        exits.note_small()
        while True:
            check_at = min(end_of_day(workflow.now()), self._expires_at())
            await wait(lambda: exits.flat or self._close_asked, check_at, "next daily check of orders and position")
            if exits.flat:
                return Trigger.FLAT
            if self._close_asked:
                return Trigger.CLOSE_ASKED
            for order in desk.ledger.open_exits:
                await desk.read(order)
            if workflow.now() >= self._expires_at():
                return Trigger.FLAT if exits.flat else Trigger.EXPIRED
            if await exits.look_gone():
                self._reason = "closed outside of this trade"
                return Trigger.FLAT

    async def _watch(self) -> Trigger:
        """Stay for fills reported late: a while after an entry that ended, and all day for one that was lost."""
        desk, _ = self._opened()
        watch = self._request.policy.safety.late_fill_watch
        for bound in (watch / 4, watch * 3 / 4):
            await wait(lambda: desk.ledger.bought > 0, bound, "for fills that are reported late")
            for order in desk.ledger.leg(Leg.ENTRY):
                await desk.read(order)
        ended = self._expires_at()
        await wait(lambda: desk.ledger.bought > 0 or not (desk.searching or desk.ledger.open_entries), ended, "for the entry to end")
        if desk.ledger.bought == 0:
            return Trigger.WATCH_OVER
        self._record(EventKind.LATE_FILL, f"{desk.ledger.bought} filled after the entry was given up; they are protected")
        return Trigger.LATE_FILL

    async def _sell(self) -> Trigger:
        _, exits = self._opened()
        self._reason = "closed by an operator"
        return await exits.sell_all(self._expires_at())

    async def _finish(self) -> None:
        """Leave no order working, and say how it ended."""
        if self._desk is not None and self._exits is not None:
            self._exits.stopped = True
            for order in (*self._desk.ledger.open_entries, *self._desk.ledger.open_exits):
                await self._desk.take_back(order)
        elif self._early:
            orders = ", ".join(dict.fromkeys(report.order_id for report in self._early))
            text = f"A reset has gone back before order {orders}, which is at the venue: a person must look after it and what it bought"
            self._record(EventKind.WARNING, text, orders=orders)
        if self._life.outcome is not None and self._exits is not None and self._exits.position > 0:
            self._record(EventKind.EXPIRED, f"Expired with {self._exits.position} contracts held", position=self._exits.position)
        view = self.view()
        pnl = "" if view.pnl is None else f", P&L {plain(view.pnl)} dollars before fees of about {plain(view.fees or view.pnl * 0)}"
        why = f": {self._reason}" if self._reason else ""
        text = f"Closed {view.outcome}{why}{pnl}"
        self._record(EventKind.CLOSED, text, outcome=view.outcome, pnl=view.pnl, fees=view.fees, bought=view.bought, sold=view.sold)
        self._index()

    # What the steps rest on

    def _deny(self, denied: Denied) -> Trigger:
        self._reason = f"{denied.code}: {denied.reason}"
        self._record(EventKind.DENIED, self._reason, **{"code": denied.code, **denied.facts})
        return Trigger.DENIED

    async def _rehearse(self, sized: SizedEntry) -> Trigger:
        """Write down the orders that would be sent, if the account would let them pass."""
        answer = await rehearse_admission(sized, self._request.alert)
        if answer.admitted is None:
            assert answer.denied is not None
            return self._deny(answer.denied)
        self._rehearsed = True
        text = f"The account would let {answer.admitted.quantity} pass, {plain(answer.admitted.reserved)} dollars reserved"
        self._record(EventKind.ADMITTED, text, quantity=answer.admitted.quantity, reserved=answer.admitted.reserved)
        policy, limit = self._request.policy, sized.first_limit
        rungs = [plain(limit)]
        for _ in range(policy.ladder.bumps):
            limit = bumped(limit, sized.listing.ticks, sized.ceiling)
            rungs.append(plain(limit))
        target = sized.listing.ticks.sell(sized.first_limit * (1 + policy.exits.gain))
        exits = exit_target(sized.sizing.quantity, policy.exits)
        text = (
            f"Would buy {sized.sizing.quantity} {sized.listing.contract.occ_symbol} at {' > '.join(rungs)}, "
            f"then {policy.ladder.conversion} up to {plain(sized.ceiling)}; and sell {exits} at {plain(target)}. Nothing was sent"
        )
        self._record(EventKind.DRY_RUN, text, quantity=sized.sizing.quantity, rungs=" ".join(rungs), exit=target, fees=sized.check.total)
        return Trigger.REHEARSED

    def _stands(self) -> Key | None:
        """Tell what the account should know of the trade; None while it has nothing reserved for it."""
        if self._entry is None or self._exits is None or self._desk is None:
            return (True, 0, 0, 0) if self._rehearsed else None
        if not self._entry.reserved and self._desk.ledger.bought == 0:
            return None
        # an entry that was given up and whose end nobody knows yet may still spend what is reserved for it
        buying = self._life.phase in BUYING or bool(self._desk.ledger.open_entries)
        return (buying, self._desk.ledger.bought, self._desk.ledger.sold, self._exits.position)

    def _opened(self) -> tuple[Desk, Exits]:
        assert self._desk is not None
        assert self._exits is not None
        return self._desk, self._exits

    def _expires_at(self) -> datetime:
        """Give the moment after which the contract can no longer trade, late reports included."""
        _, exits = self._opened()
        return exits.last_close + timing.EXPIRY_SETTLES

    # Beside the story

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start work beside the story; should it fail, the story fails with it."""
        task = asyncio.create_task(work)
        self._beside.append(task)
        return task

    async def _live_through(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run one step, and raise what goes wrong beside it: a bug there must stop the trade for a person, not go unseen."""
        task = asyncio.create_task(work)
        await workflow.wait_condition(lambda: task.done() or self._broken() is not None)
        broken = self._broken()
        if broken is not None:
            raise broken
        return task.result()

    def _broken(self) -> BaseException | None:
        return next((task.exception() for task in self._beside if task.done() and task.exception() is not None), None)

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)

    def _refresh(self) -> None:
        """Bring the trade's page in the Web UI up to date."""
        workflow.set_current_details(details(self.view(), self._journal.events))

    def _index(self) -> None:
        """Bring the columns of lists up to date."""
        phase = self._life.outcome or self._life.phase
        updates: list[SearchAttributeUpdate[Any]] = [search.PHASE.value_set(phase)]
        if self._parsed is not None and self._parsed.symbol is not None:
            updates.append(search.SYMBOL.value_set(self._parsed.symbol))
        pnl = self.view().pnl
        if pnl is not None:
            updates.append(search.PNL.value_set(float(pnl)))
        workflow.upsert_search_attributes(updates)

    # What others see and ask

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> TradeView:
        """Show the trade as it stands."""
        return build_view(
            request=self._request,
            workflow_id=workflow.info().workflow_id,
            received_at=workflow.info().start_time,
            life=self._life,
            parsed=self._parsed,
            sized=self._sized,
            ledger=None if self._desk is None else self._desk.ledger,
            position=0 if self._exits is None else self._exits.position,
            step="" if self._entry is None else self._entry.step,
            reason=self._reason,
            events=self._journal.events,
        )

    @workflow.query(name=EVENTS_QUERY)
    def events(self) -> list[TradeEvent]:
        """Give the audit trail."""
        return list(self._journal.events)

    @workflow.signal(name=ORDER_REPORT_SIGNAL)
    def order_report(self, report: OrderReport) -> None:
        """Take in what the venue says of an order."""
        if self._desk is None:
            self._early.append(report)
        else:
            self._desk.note(report)

    @workflow.signal(name=HALTED_SIGNAL)
    def account_halted(self, command: Command) -> None:
        """Stop buying, since the account is halted; what is held keeps its exits."""
        if self._life.phase not in BUYING:
            return
        self._record(EventKind.COMMANDED, f"The account was halted by {command.by}. {command.reason}".strip(), by=command.by)
        self._halted = True
        if self._entry is not None:
            self._entry.stopped_by = Code.ACCOUNT_HALTED
            self._entry.asked = Stop.CANCEL

    @workflow.signal(name=CLOSE_SIGNAL)
    def close_now(self, command: Command) -> None:
        """Stop buying and sell everything that is held, since the account is flattened. Told again, it changes nothing."""
        if not self._close_asked and self._life.phase in BUYING | {Phase.HOLDING}:
            self._ask_close(command)

    @workflow.update(name=CANCEL_UPDATE)
    async def cancel(self, command: Command) -> CommandReceipt:
        """Stop buying: take the entry back, keep and protect what was bought."""
        self._ask_cancel(command)
        done = await wait(lambda: self._life.phase not in BUYING, timing.COMMAND_WAIT, "for the cancel to be done")
        return self._receipt(done=done, text="The entry is over" if done else "The entry is being taken back")

    @cancel.validator
    def _may_cancel(self, command: Command) -> None:
        if self._life.phase not in BUYING:
            raise ApplicationError(
                f"expected a trade that still buys, found it {self._life.phase}: {command.by} may close it", type=NOT_POSSIBLE
            )

    @workflow.update(name=CLOSE_UPDATE)
    async def close(self, command: Command) -> CommandReceipt:
        """Stop buying and sell everything that is held, at the market."""
        self._ask_close(command)
        done = await wait(lambda: self._over, timing.COMMAND_WAIT, "for the close to be done")
        return self._receipt(done=done, text="The trade is closed" if done else "The position is being sold")

    @close.validator
    def _may_close(self, command: Command) -> None:
        if self._life.phase not in BUYING | {Phase.HOLDING}:
            raise ApplicationError(
                f"expected an open trade, found it {self._life.phase}: nothing for {command.by} to close", type=NOT_POSSIBLE
            )

    @workflow.update(name=CONVERT_UPDATE)
    async def convert_now(self, command: Command) -> CommandReceipt:
        """End price discovery now: convert what is left, within the ceiling."""
        entry = self._entry
        assert entry is not None
        self._record(EventKind.COMMANDED, f"{command.by} asked to convert now. {command.reason}".strip(), by=command.by)
        entry.asked = Stop.CONVERT
        done = await wait(lambda: self._life.phase is not Phase.ENTERING, timing.COMMAND_WAIT, "for the conversion to be done")
        return self._receipt(done=done, text="The entry is over" if done else "The remainder is being converted")

    @convert_now.validator
    def _may_convert(self, command: Command) -> None:
        if self._life.phase is not Phase.ENTERING or self._entry is None or self._entry.asked is not None:
            found = f"it {self._life.phase}" if self._entry is None or self._entry.asked is None else f"a {self._entry.asked} under way"
            raise ApplicationError(f"expected a working entry, found {found}: nothing for {command.by} to convert", type=NOT_POSSIBLE)

    def _ask_close(self, command: Command) -> None:
        self._record(EventKind.COMMANDED, f"{command.by} asked to close the trade. {command.reason}".strip(), by=command.by)
        self._close_asked = True
        if self._entry is not None:
            self._entry.asked = Stop.CANCEL

    def _ask_cancel(self, command: Command) -> None:
        self._record(EventKind.COMMANDED, f"{command.by} asked to cancel the entry. {command.reason}".strip(), by=command.by)
        self._cancel_asked = True
        if self._entry is not None:
            self._entry.asked = Stop.CANCEL

    def _receipt(self, *, done: bool, text: str) -> CommandReceipt:
        return CommandReceipt(accepted=True, done=done, text=text, view=self.view())
