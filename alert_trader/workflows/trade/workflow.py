"""TradeWorkflow: one alert, one trade.

The story: parse, size, ask where a person decides, enter, hold, finish. `alert_trader.domain.trade.lifecycle.TABLE` says what follows what; each step below ends
in one trigger. Beside the story run the exits, which protect every slice the moment it is known, the sales of parts, and the notices,
which never hold anything up. What people ask for is set in the state (`alert_trader.workflows.trade.commands`) for the step that can honour it; a cancel from
the Web UI is taken as such a command and never cuts a sending short.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar, assert_never

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        PARSE_ALERT,
        SIZE_ENTRY,
        ParseRequest,
        SizeAnswer,
        SizedEntry,
        SizeRequest,
    )
    from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert
    from alert_trader.domain.alerts.allowlist import check_allowlist
    from alert_trader.domain.alerts.parser import check_expiry
    from alert_trader.domain.alerts.profile import Approval, OnAdd
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.execution.exits import exit_target
    from alert_trader.domain.execution.expiration import MEANS, ExpirationOutcome
    from alert_trader.domain.execution.ladder import bumped
    from alert_trader.domain.execution.policy import Mode
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.domain.money import plain
    from alert_trader.domain.trade.lifecycle import Step, Trigger
    from alert_trader.domain.trade.view import Offer, OfferKind, TradeView
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity, run_local_activity
    from alert_trader.workflows.interface import TRADE_WORKFLOW, Command, TradeRequest
    from alert_trader.workflows.trade.account_reporter import AccountReporter, Key, rehearse_admission
    from alert_trader.workflows.trade.commands import BUYING, TradeCommands
    from alert_trader.workflows.trade.entry import Entry, EntryRequest
    from alert_trader.workflows.trade.exits import Exits
    from alert_trader.workflows.trade.expiration import look_at_the_close
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.partial_exits import PartialExits
    from alert_trader.workflows.waiting import wait

_T = TypeVar("_T")


@workflow.defn(name=TRADE_WORKFLOW)
class TradeWorkflow(TradeCommands):
    """The life of one trade."""

    @workflow.init
    def __init__(self, request: TradeRequest) -> None:
        """Set the trade up before any handler runs."""
        super().__init__(request)
        self._rehearsed = False
        self._standing = AccountReporter(request.account, self._stands, self.view)

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
                self._ask_cancel(
                    Command(
                        by="Temporal", reason=workflow.cancellation_reason() or "the workflow was cancelled"
                    )
                )

    async def _story(self) -> TradeView:
        telling, standing = self._spawn(self._telling.tell()), self._spawn(self._standing.tell())
        showing = self._spawn(self._cards.show()) if self._request.policy.cards else None
        trigger = Trigger.ALERTED
        while (step := self._life.on(trigger)) is not Step.FINISH:
            if step not in {
                Step.PARSE,
                Step.SIZE,
            }:  # a column that changes within milliseconds only delays the order
                self._index()
            trigger = await self._live_through(self._perform(step))
        await self._live_through(self._finish())
        self._over = self._telling.over = self._standing.over = self._cards.over = True
        await standing
        if showing is not None:
            await showing
        await workflow.wait_condition(workflow.all_handlers_finished)
        # last: what is told then is the whole trail, and the result's view is what it comes to
        await telling
        return self.view()

    async def _perform(self, step: Step) -> Trigger:
        match step:
            case Step.PARSE:
                work = self._parse()
            case Step.SIZE:
                work = self._size()
            case Step.ASK:
                work = self._ask()
            case Step.ENTER:
                work = self._enter()
            case Step.HOLD:
                work = self._hold()
            case Step.WATCH:
                work = self._watch()
            case Step.SELL:
                work = self._sell()
            case Step.FINISH:
                raise AssertionError("the story ends with finish")
            case _:
                assert_never(step)
        return await work

    # The steps

    async def _parse(self) -> Trigger:
        alert = self._request.alert
        self._record(
            EventKind.RECEIVED,
            f"Alert: {alert.text}",
            author=alert.author_id,
            channel=alert.channel_id,
            posted_at=alert.posted_at,
        )
        denied = check_allowlist(alert, self._request.policy.allowlist)
        if denied is not None:
            return self._deny(denied)
        # local: the first step of a trade is on the way to its order, and reading twice does no harm
        self._parsed = parsed = await run_local_activity(
            PARSE_ALERT,
            ParseRequest(alert=alert, room=self._request.policy.profile.room),
            answer=ParsedAlert,
            options=activity_options.PARSE,
            summary="read the alert",
        )
        hours = TradingHours(closures=self._request.policy.closures)
        denied = opens_nothing(parsed, self._request) or check_expiry(parsed, alert.posted_at, hours)
        if denied is not None:
            return self._deny(denied)
        price = "at the mid" if parsed.price is None else f"at {plain(parsed.price)}"
        self._record(
            EventKind.PARSED,
            f"Read: buy {parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry} {price}",
            price=parsed.price,
        )
        return Trigger.READ

    async def _size(self) -> Trigger:
        assert self._parsed is not None
        approved = self._approved
        request = SizeRequest(
            alert=self._request.alert,
            parsed=self._parsed,
            policy=self._request.policy,
            approved_at=self._approved_at,
            most=None if approved is None else approved.quantity,
            highest=None if approved is None else approved.ceiling,
        )
        try:
            answer = await run_activity(
                SIZE_ENTRY,
                request,
                answer=SizeAnswer,
                options=activity_options.SIZE,
                summary="confirm the contract, price it, size it",
            )
        except ActivityError as failed:
            reason = f"expected the broker to answer within {activity_options.SIZE_LIMIT.total_seconds():.0f} s: {failed.cause}"
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
            EventKind.SIZED,
            text,
            quantity=sized.sizing.quantity,
            limit=sized.first_limit,
            ceiling=sized.ceiling,
            cap=sized.sizing.cap,
        )
        # after a reset the command may be of the trade's first life, whose orders are at the venue
        if self._unwanted is not None and not self._early:
            return self._deny(self._unwanted)
        return await self._decide(sized)

    async def _decide(self, sized: SizedEntry) -> Trigger:
        """Say what becomes of a proposal: shown only, asked about first, rehearsed, or bought."""
        profile = self._request.policy.profile
        if profile.approval is Approval.WATCH:
            self._write_down(sized, EventKind.WATCHED)
            return Trigger.WATCHED
        adds = self._request.adds_to is not None and profile.adds is OnAdd.APPROVAL
        asks = profile.approval is Approval.ASK or adds or self._request.corrects is not None
        if asks and self._approved is None:
            return Trigger.ASKED
        if self._request.policy.mode is Mode.DRY_RUN:
            return await self._rehearse(sized)
        return Trigger.SIZED

    async def _ask(self) -> Trigger:
        """Wait for a person's approval. What is approved is priced again, and its age counts from then."""
        assert self._sized is not None
        until = workflow.now() + self._request.policy.safety.approval_window
        quantity = self._sized.sizing.quantity
        text = f"buy {quantity} x {self._sized.listing.contract} up to {plain(self._sized.ceiling)}"
        self._offer = Offer(
            id=self._request.alert.message_id, kind=OfferKind.ENTRY, text=text, quantity=quantity, until=until
        )
        corrects = "" if self._request.corrects is None else f". It may correct {self._request.corrects}"
        self._record(
            EventKind.ASKED, f"Approve to {text}{corrects}", quantity=quantity, until=until.isoformat()
        )
        await wait(
            lambda: self._approved is not None or self._unwanted is not None, until, "for a person's approval"
        )
        self._offer = None
        if self._unwanted is not None:
            return self._deny(self._unwanted)
        if self._approved is None:
            window = self._request.policy.safety.approval_window.total_seconds()
            return self._deny(
                Denied(
                    code=Code.APPROVAL_EXPIRED,
                    reason=f"expected a person's approval within {window:.0f} s, found none",
                )
            )
        self._approved_at = workflow.now()
        return Trigger.APPROVED

    async def _enter(self) -> Trigger:
        assert self._sized is not None
        # the broker's word on today's session goes before the calendar
        hours = TradingHours(closures=self._request.policy.closures, session=self._sized.session)
        self._desk = OrderManager(self._request, self._journal, self._sized.listing, hours, self._spawn)
        self._exits = Exits(self._request.policy.exits, self._sized, self._desk, self._journal)
        self._sales = PartialExits(self._exits, self._desk, self._journal)
        fresh_from = self._approved_at or self._request.alert.posted_at
        self._entry = Entry(self._request, self._sized, self._desk, self._journal, fresh_from)
        for report in self._early:
            self._desk.note(report)
        if self._unwanted is not None:
            self._entry.unwanted = self._unwanted
            self._entry.asked = EntryRequest.CANCEL
        self._spawn(self._exits.protect())
        self._spawn(self._sales.work())
        trigger = await self._entry.work()
        self._reason = self._entry.reason
        return trigger

    async def _hold(self) -> Trigger:
        """Hold until flat or expired. Every day after the close the orders and the position are read, in case a report was missed."""
        desk, exits = self._opened()
        exits.note_small()
        while True:
            check_at = min(desk.end_of_day(workflow.now()), self._expires_at())
            close = desk.last_trade.earliest
            tells = not desk.last_trade.settles_later
            last = tells and workflow.now() < close <= check_at
            moment, why = (
                (close, "last close of the contract")
                if last
                else (check_at, "next daily check of orders and position")
            )
            await wait(lambda: exits.flat or self._close_asked, moment, why)
            if exits.flat:
                return Trigger.FLAT
            if self._close_asked:
                return Trigger.CLOSE_ASKED
            if last:
                self._leftover = await look_at_the_close(desk.contract)
                continue
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
        await wait(
            lambda: desk.ledger.bought > 0 or not (desk.searching or desk.ledger.open_entries),
            ended,
            "for the entry to end",
        )
        if desk.ledger.bought == 0:
            return Trigger.WATCH_OVER
        self._record(
            EventKind.LATE_FILL,
            f"{desk.ledger.bought} filled after the entry was given up; they are protected",
        )
        return Trigger.LATE_FILL

    async def _sell(self) -> Trigger:
        desk, exits = self._opened()
        self._reason = f"closed by {self._closed_by}"
        return await exits.sell_all(desk.waiting.ends)

    async def _finish(self) -> None:
        """Leave no order working, and say how it ended."""
        self._offer = None
        if self._desk is not None and self._exits is not None:
            self._exits.stopped = True
            for order in (*self._desk.ledger.open_entries, *self._desk.ledger.open_exits):
                await self._desk.take_back(order)
                if not order.done:
                    text = (
                        f"The contract has stopped trading and {order.client_order_id} ({order.status or order.state}) was "
                        "never seen to end; a person must take over: look at the account's orders and position at the broker"
                    )
                    self._record(EventKind.WARNING, text, order=order.client_order_id)
        elif self._early:
            orders = ", ".join(dict.fromkeys(report.order_id for report in self._early))
            text = f"A reset has gone back before order {orders}, which is at the venue: a person must look after it and what it bought"
            self._record(EventKind.WARNING, text, orders=orders)
        if self._life.outcome is not None and self._exits is not None and self._exits.position > 0:
            self._note_leftover(self._exits.position)
        view = self.view()
        pnl = (
            ""
            if view.pnl is None
            else f", P&L {plain(view.pnl)} dollars before fees of about {plain(view.fees or view.pnl * 0)}"
        )
        why = f": {self._reason}" if self._reason else ""
        text = f"Closed {view.outcome}{why}{pnl}"
        self._record(
            EventKind.CLOSED,
            text,
            outcome=view.outcome,
            pnl=view.pnl,
            fees=view.fees,
            bought=view.bought,
            sold=view.sold,
        )
        self._index()

    def _note_leftover(self, held: int) -> None:
        """Say what is left of contracts that were held to their end: only what nobody bid for is known to be worth nothing."""
        text = f"Expired with {held} contracts held: {MEANS[self._leftover]}"
        if self._leftover is not ExpirationOutcome.WORTHLESS:
            self._reason = text
            warning = f"{held} contracts were held to expiration and may be exercised: a person must look at the account"
            self._record(EventKind.WARNING, warning, position=held)
        self._record(EventKind.EXPIRED, text, position=held, leftover=self._leftover)

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
        self._record(
            EventKind.ADMITTED, text, quantity=answer.admitted.quantity, reserved=answer.admitted.reserved
        )
        self._write_down(sized, EventKind.DRY_RUN)
        return Trigger.REHEARSED

    def _write_down(self, sized: SizedEntry, kind: EventKind) -> None:
        """Write down the orders that would be sent."""
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
        self._record(
            kind,
            text,
            quantity=sized.sizing.quantity,
            rungs=" ".join(rungs),
            exit=target,
            fees=sized.check.total,
        )

    def _stands(self) -> Key | None:
        """Tell what the account should know of the trade; None while it has nothing reserved for it."""
        if self._entry is None or self._exits is None or self._desk is None:
            return (True, 0, 0, 0) if self._rehearsed else None
        if not self._entry.reserved and self._desk.ledger.bought == 0:
            return None
        # an entry that was given up and whose end nobody knows yet may still spend what is reserved for it
        buying = self._life.phase in BUYING or bool(self._desk.ledger.open_entries)
        return (buying, self._desk.ledger.bought, self._desk.ledger.sold, self._exits.position)

    def _opened(self) -> tuple[OrderManager, Exits]:
        assert self._desk is not None
        assert self._exits is not None
        return self._desk, self._exits

    def _expires_at(self) -> datetime:
        """Give when the contract is over: its expiration day has closed, late reports included.

        One that settles in the morning no longer trades then, and is in the account until it has settled: the trade stands for it.
        """
        desk, _ = self._opened()
        return desk.last_trade.expires + timing.EXPIRY_SETTLES

    # Beside the story

    async def _live_through(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run one step, and raise what goes wrong beside it: a bug there must stop the trade for a person, not go unseen."""
        task = asyncio.create_task(work)
        await workflow.wait_condition(lambda: task.done() or self._broken() is not None)
        broken = self._broken()
        if broken is not None:
            raise broken
        return task.result()

    def _broken(self) -> BaseException | None:
        return next(
            (task.exception() for task in self._beside if task.done() and task.exception() is not None), None
        )


def opens_nothing(parsed: ParsedAlert, request: TradeRequest) -> Denied | None:
    """Deny what is no entry; an add counts as one where it was matched with its trade, the profile wants it, and it says everything."""
    if parsed.kind is AlertKind.ENTRY:
        return None
    if parsed.code is None and request.corrects is not None:
        reason = f"expected a whole alert, found words that may correct {request.corrects}: look at that trade; send the whole alert again"
        return Denied(code=Code.ALERT_CORRECTS, reason=reason, facts={"corrects": request.corrects})
    if (
        parsed.kind is AlertKind.ADD
        and request.adds_to is not None
        and request.policy.profile.adds is not OnAdd.IGNORED
    ):
        named = {
            "symbol": parsed.symbol,
            "strike": parsed.strike,
            "right": parsed.right,
            "expiry": parsed.expiry,
            "price": parsed.price,
        }
        missing = ", ".join(name for name, value in named.items() if value is None)
        if not missing:
            return None
        reason = f"expected an add that names its contract and price, found none of: {missing}"
        return Denied(
            code=Code.ADD_INCOMPLETE, reason=reason, facts={"missing": missing, "adds_to": request.adds_to}
        )
    code = Code(parsed.code) if parsed.code is not None else Code.ALERT_NOT_ENTRY
    return Denied(
        code=code,
        reason=parsed.reason or f"expected an entry, found {parsed.kind}",
        facts={"kind": parsed.kind},
    )
