"""TradeWorkflow: one alert, one trade.

Its steps: parse, size, ask a person where the profile says so, enter, hold, finish. `alert_trader.domain.trade.lifecycle.TABLE`
says which step follows; each step below ends with one trigger. Other coroutines run beside the steps (`tasks.py` names them and
says why that is safe): exits, partial exits, cancels, searches, notices. A command (`commands.py`) changes the state for the
step that can carry it out. A cancellation of the workflow in Temporal counts as a cancel command and interrupts no submission.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
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
    from alert_trader.domain.alerts.alert import ParsedAlert
    from alert_trader.domain.alerts.allowlist import check_allowlist
    from alert_trader.domain.alerts.parser import check_expiry
    from alert_trader.domain.alerts.profile import Approval, OnAdd
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.execution.expiration import MEANS, ExpirationOutcome
    from alert_trader.domain.execution.policy import Mode
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.market.calendar import new_york_date
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.domain.money import plain
    from alert_trader.domain.trade.commands import BUYING
    from alert_trader.domain.trade.lifecycle import Step, Trigger
    from alert_trader.domain.trade.view import Offer, OfferKind, TradeView
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity, run_local_activity
    from alert_trader.workflows.interface import TRADE_WORKFLOW, Command, TradeRequest
    from alert_trader.workflows.trade.account_reporter import AccountReporter
    from alert_trader.workflows.trade.alert_checks import check_opens_trade
    from alert_trader.workflows.trade.commands import TradeCommands
    from alert_trader.workflows.trade.entry import Entry
    from alert_trader.workflows.trade.exits import Exits
    from alert_trader.workflows.trade.expiration import outcome_at_last_close
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.partial_exits import PartialExits
    from alert_trader.workflows.trade.rehearsal import planned_orders, rehearse_admission
    from alert_trader.workflows.trade.state import Exposure
    from alert_trader.workflows.trade.tasks import TaskName
    from alert_trader.workflows.waiting import wait

_T = TypeVar("_T")


@workflow.defn(name=TRADE_WORKFLOW)
class TradeWorkflow(TradeCommands):
    """The life of one trade."""

    @workflow.init
    def __init__(self, request: TradeRequest) -> None:
        """Set the trade up before any handler runs."""
        super().__init__(request)
        self._account = AccountReporter(self._state, request.account, self._exposure, self.view)

    @workflow.run
    async def run(self, request: TradeRequest) -> TradeView:
        """Live the trade to its end. The workflow's cancellation is an operator's cancel: the story goes on, and protects what it holds."""
        assert request is not None
        steps = asyncio.create_task(self._steps())
        while True:
            try:
                return await asyncio.shield(steps)
            except asyncio.CancelledError:
                if steps.done():
                    return steps.result()
                self._request_cancel(
                    Command(
                        by="Temporal", reason=workflow.cancellation_reason() or "the workflow was cancelled"
                    )
                )

    async def _steps(self) -> TradeView:
        state = self._state
        notices = self._tasks.start(TaskName.NOTICES, self._notifier.run())
        reports = self._tasks.start(TaskName.ACCOUNT_REPORTS, self._account.run())
        cards = self._request.policy.cards
        card = self._tasks.start(TaskName.CARD, self._card.run()) if cards else None
        trigger = Trigger.ALERTED
        while (step := state.lifecycle.on(trigger)) is not Step.FINISH:
            # search attributes that change again within milliseconds would only delay the order
            if step not in {Step.PARSE, Step.SIZE}:
                self._index()
            trigger = await self._or_failure(self._perform(step))
        await self._or_failure(self._finish())
        state.over = True
        await reports
        if card is not None:
            await card
        await workflow.wait_condition(workflow.all_handlers_finished)
        # last: the last notice has the whole trail, which the result's view is made from
        await notices
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
        self._state.parsed = parsed = await run_local_activity(
            PARSE_ALERT,
            ParseRequest(alert=alert, room=self._request.policy.profile.room),
            answer=ParsedAlert,
            options=activity_options.PARSE,
            summary="parse the alert",
        )
        hours = TradingHours(closures=self._request.policy.closures)
        denied = check_opens_trade(parsed, self._request) or check_expiry(parsed, alert.posted_at, hours)
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
        state = self._state
        assert state.parsed is not None
        approved = state.approval
        request = SizeRequest(
            alert=self._request.alert,
            parsed=state.parsed,
            policy=self._request.policy,
            approved_at=state.approved_at,
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
            reason = f"The broker did not answer within {activity_options.SIZE_LIMIT.total_seconds():.0f} s: {failed.cause}"
            return self._deny(Denied(code=Code.BROKER_UNAVAILABLE, reason=reason))
        if answer.entry is None:
            assert answer.denied is not None
            return self._deny(answer.denied)
        state.sized = sized = answer.entry
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
        # after a reset the command may be from the first run, whose orders are at the broker
        if state.buying_stopped is not None and not state.early_reports:
            return self._deny(state.buying_stopped)
        return await self._decide(sized)

    async def _decide(self, sized: SizedEntry) -> Trigger:
        """Say what becomes of a proposal: shown only, asked about first, rehearsed, or bought."""
        profile = self._request.policy.profile
        if profile.approval is Approval.WATCH:
            self._record_plan(sized, EventKind.WATCHED)
            return Trigger.WATCHED
        adds = self._request.adds_to is not None and profile.adds is OnAdd.APPROVAL
        asks = profile.approval is Approval.ASK or adds or self._request.corrects is not None
        if asks and self._state.approval is None:
            return Trigger.ASKED
        if self._request.policy.mode is Mode.DRY_RUN:
            return await self._rehearse(sized)
        return Trigger.SIZED

    async def _ask(self) -> Trigger:
        """Wait for a person's approval. What is approved is priced again, and its age counts from then."""
        state = self._state
        assert state.sized is not None
        window = self._request.policy.safety.approval_window
        until = workflow.now() + window
        quantity = state.sized.sizing.quantity
        text = f"buy {quantity} x {state.sized.listing.contract} up to {plain(state.sized.ceiling)}"
        state.make_offer(
            Offer(
                id=self._request.alert.message_id,
                kind=OfferKind.ENTRY,
                text=text,
                quantity=quantity,
                until=until,
            )
        )
        corrects = "" if self._request.corrects is None else f". It may correct {self._request.corrects}"
        self._record(
            EventKind.ASKED,
            f"Waiting for approval: {text}{corrects}",
            quantity=quantity,
            until=until.isoformat(),
        )
        await wait(
            lambda: state.approval is not None or state.buying_stopped is not None,
            until,
            "for a person's approval",
        )
        state.withdraw_offer()
        if state.buying_stopped is not None:
            return self._deny(state.buying_stopped)
        if state.approval is None:
            reason = f"Nobody approved the entry within {window.total_seconds():.0f} s."
            return self._deny(Denied(code=Code.APPROVAL_EXPIRED, reason=reason))
        state.approved_at = workflow.now()
        return Trigger.APPROVED

    async def _enter(self) -> Trigger:
        state, request = self._state, self._request
        now = workflow.now()
        state.begin_entry(
            request.alert.message_id,
            fresh_from=state.approved_at or request.alert.posted_at,
            now=now,
            search_from=new_york_date(now) - timedelta(days=1),
        )
        assert state.sized is not None
        assert state.orders is not None
        assert state.exits is not None
        # what the broker says of today's session overrides the calendar
        hours = TradingHours(closures=request.policy.closures, session=state.sized.session)
        journal, tasks = self._journal, self._tasks
        self._orders = orders = OrderManager(
            request, state.orders, journal, state.sized.listing, hours, tasks
        )
        self._exits = exits = Exits(request.policy.exits, state.exits, state.sized, orders, journal, tasks)
        self._partial_exits = PartialExits(state.exits, exits, orders, journal)
        self._entry = Entry(request, state, orders, journal)
        for report in state.early_reports:
            orders.apply_report(report)
        self._start(TaskName.PROFIT_TAKES, exits.run())
        self._start(TaskName.PARTIAL_EXITS, self._partial_exits.run())
        trigger, state.reason = await self._entry.run()
        return trigger

    async def _hold(self) -> Trigger:
        """Hold until flat or expired. Every day after the close orders and position are read, in case a report was missed."""
        orders, exits = self._opened()
        state = self._state
        exits.record_skipped()
        while True:
            check_at = min(orders.end_of_day(workflow.now()), self._expires_at())
            close = orders.last_trade.earliest
            judged_at_close = not orders.last_trade.settles_later
            last = judged_at_close and workflow.now() < close <= check_at
            moment, why = (
                (close, "last close of the contract")
                if last
                else (check_at, "next daily check of orders and position")
            )
            await wait(lambda: exits.flat or state.close_requested_by is not None, moment, why)
            if exits.flat:
                return Trigger.FLAT
            if state.close_requested_by is not None:
                return Trigger.CLOSE_REQUESTED
            if last:
                state.at_expiration = await outcome_at_last_close(orders.contract)
                continue
            for order in orders.ledger.open_exits:
                await orders.read(order)
            if workflow.now() >= self._expires_at():
                return Trigger.FLAT if exits.flat else Trigger.EXPIRED
            if await exits.closed_elsewhere():
                state.reason = "closed outside this trade"
                return Trigger.FLAT

    async def _watch(self) -> Trigger:
        """Wait for late fill reports: a while after an entry that ended, and all day for one whose order was lost."""
        orders, _ = self._opened()
        ledger = orders.ledger
        watch = self._request.policy.safety.late_fill_watch
        for bound in (watch / 4, watch * 3 / 4):
            await wait(lambda: ledger.bought > 0, bound, "for late fill reports")
            for order in ledger.leg(Leg.ENTRY):
                await orders.read(order)
        await wait(
            lambda: ledger.bought > 0 or not (orders.searching or ledger.open_entries),
            self._expires_at(),
            "for the entry to end",
        )
        if ledger.bought == 0:
            return Trigger.WATCH_OVER
        self._record(
            EventKind.LATE_FILL,
            f"Late fill: {ledger.bought} bought after the entry was given up; exits follow",
        )
        return Trigger.LATE_FILL

    async def _sell(self) -> Trigger:
        orders, exits = self._opened()
        self._state.reason = f"closed by {self._state.close_requested_by}"
        return await exits.sell_all(orders.retries.ends)

    async def _finish(self) -> None:
        """Leave no order working, and say how it ended."""
        state = self._state
        state.withdraw_offer()
        if self._orders is not None and self._exits is not None:
            self._exits.stop()
            await self._cancel_open_orders(self._orders)
        elif state.early_reports:
            found = ", ".join(dict.fromkeys(report.order_id for report in state.early_reports))
            text = (
                f"The workflow was reset to before order {found}, which is at the broker. This trade does not manage it: check the "
                "order, and what it bought"
            )
            self._record(EventKind.WARNING, text, orders=found)
        if state.lifecycle.outcome is not None and self._held > 0:
            self._record_expiration(self._held)
        view = self.view()
        pnl = (
            ""
            if view.pnl is None
            else f", P&L {plain(view.pnl)} dollars before fees of about {plain(view.fees or view.pnl * 0)}"
        )
        why = f": {state.reason}" if state.reason else ""
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

    async def _cancel_open_orders(self, orders: OrderManager) -> None:
        for order in (*orders.ledger.open_entries, *orders.ledger.open_exits):
            await orders.cancel(order)
            if not order.done:
                text = (
                    f"The contract has stopped trading and {order.client_order_id} ({order.status or order.state}) was never "
                    "reported as ended. Check the account's orders and position at the broker"
                )
                self._record(EventKind.WARNING, text, order=order.client_order_id)

    def _record_expiration(self, held: int) -> None:
        """Record what contracts held to expiration are worth: only those without a bid are known to be worthless."""
        outcome = self._state.at_expiration
        text = f"Expired with {held} contracts held: {MEANS[outcome]}"
        if outcome is not ExpirationOutcome.WORTHLESS:
            self._state.reason = text
            warning = f"{held} contracts were held to expiration and may be exercised. Check the account"
            self._record(EventKind.WARNING, warning, position=held)
        self._record(EventKind.EXPIRED, text, position=held, value=outcome)

    # What the steps share

    def _deny(self, denied: Denied) -> Trigger:
        self._state.reason = text = f"{denied.code}: {denied.reason}"
        self._record(EventKind.DENIED, text, **{"code": denied.code, **denied.facts})
        return Trigger.DENIED

    async def _rehearse(self, sized: SizedEntry) -> Trigger:
        """Write down the orders that would be sent, if the account would let them pass."""
        answer = await rehearse_admission(sized, self._request.alert)
        if answer.admitted is None:
            assert answer.denied is not None
            return self._deny(answer.denied)
        self._state.rehearsed = True
        text = f"The account would admit {answer.admitted.quantity} contracts and reserve {plain(answer.admitted.reserved)} dollars"
        self._record(
            EventKind.ADMITTED, text, quantity=answer.admitted.quantity, reserved=answer.admitted.reserved
        )
        self._record_plan(sized, EventKind.DRY_RUN)
        return Trigger.REHEARSED

    def _record_plan(self, sized: SizedEntry, kind: EventKind) -> None:
        """Record the orders that would be sent."""
        text, facts = planned_orders(sized, self._request.policy)
        self._record(kind, text, **facts)

    def _exposure(self) -> Exposure | None:
        """Return what the account must know of the trade; None while it has reserved nothing for it."""
        entry, orders = self._state.entry, self._state.orders
        if entry is None or orders is None:
            return Exposure(entering=True, bought=0, sold=0, held=0) if self._state.rehearsed else None
        ledger = orders.ledger
        if not entry.reserved and ledger.bought == 0:
            return None
        # an entry that was given up and has not certainly ended may still spend what is reserved for it
        entering = self._state.lifecycle.phase in BUYING or bool(ledger.open_entries)
        return Exposure(entering=entering, bought=ledger.bought, sold=ledger.sold, held=self._held)

    def _opened(self) -> tuple[OrderManager, Exits]:
        assert self._orders is not None
        assert self._exits is not None
        return self._orders, self._exits

    def _expires_at(self) -> datetime:
        """Return when the contract is over: its expiration day has closed, and late reports are in.

        One that settles in the morning no longer trades then, but is in the account until it has settled: the trade stays open.
        """
        orders, _ = self._opened()
        return orders.last_trade.expires + timing.EXPIRY_SETTLES

    async def _or_failure(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run one step; raise what fails beside it: a bug there must stop the trade for a person to see."""
        task = asyncio.create_task(work)
        await workflow.wait_condition(lambda: task.done() or self._tasks.failure is not None)
        failure = self._tasks.failure
        if failure is not None:
            raise failure
        return task.result()
