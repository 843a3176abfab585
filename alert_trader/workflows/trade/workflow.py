"""TradeWorkflow: one alert, one trade.

Its steps: parse, size, ask a person where the profile says so (`before_entry.py`), enter, hold, finish. Each
ends with one trigger; `alert_trader.domain.trade.lifecycle.TABLE` says which step follows. Other coroutines
run beside the steps (`tasks.py` names them, and says why that is safe): exits, partial exits, cancels,
searches, notices. A command (`commands.py`) changes the state for the step that can carry it out. A
cancellation of the workflow in Temporal counts as a cancel command and interrupts no submission.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, assert_never

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.execution.expiration import ExpirationOutcome, in_words, is_valued
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.market.calendar import new_york_date
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.domain.money import plain
    from alert_trader.domain.trade.commands import BUYING
    from alert_trader.domain.trade.lifecycle import Step, Trigger
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import TRADE_WORKFLOW, Command, TradeRequest
    from alert_trader.workflows.trade.account_reporter import AccountReporter
    from alert_trader.workflows.trade.before_entry import StepsBeforeEntry
    from alert_trader.workflows.trade.entry import Entry
    from alert_trader.workflows.trade.exits import Exits
    from alert_trader.workflows.trade.expiration import outcome_at_last_close, posted_settlement
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.partial_exits import PartialExits
    from alert_trader.workflows.trade.price_watch import PriceWatch
    from alert_trader.workflows.trade.tasks import TaskName
    from alert_trader.workflows.trade.timed_sale import TimedSale
    from alert_trader.workflows.trade_state import Exposure, carry
    from alert_trader.workflows.waiting import let_others_run, wait

_T = TypeVar("_T")


@workflow.defn(name=TRADE_WORKFLOW)
class TradeWorkflow(StepsBeforeEntry):
    """The life of one trade."""

    @workflow.init
    def __init__(self, request: TradeRequest) -> None:
        """Set the trade up before any handler runs."""
        super().__init__(request)
        self._account = AccountReporter(
            self._state, request.account, self._exposure, lambda: self._view(0), self._continuation
        )
        if request.carried is not None:
            self._open()

    @workflow.run
    async def run(self, request: TradeRequest) -> TradeView:
        """Run the trade to its end, in this run or one that continues it.

        A cancellation of the workflow is an operator's cancel: the steps continue, and what is held keeps its
        exits.
        """
        steps = asyncio.create_task(self._steps(resumed=request.carried is not None))
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

    async def _steps(self, *, resumed: bool) -> TradeView:
        state = self._state
        notices = self._tasks.start(TaskName.NOTICES, self._notifier.run())
        reports = self._tasks.start(TaskName.ACCOUNT_REPORTS, self._account.run())
        cards = self._request.policy.cards
        card = self._tasks.start(TaskName.CARD, self._card.run()) if cards else None
        if resumed:
            self._resume()
        step = state.lifecycle.step if resumed else state.lifecycle.on(Trigger.ALERTED)
        while step is not Step.FINISH:
            # search attributes that change again within milliseconds would only delay the order
            if step not in {Step.PARSE, Step.SIZE}:
                self._index()
            step = state.lifecycle.on(await self._or_failure(self._perform(step)))
        await self._or_failure(self._finish())
        state.over = True
        await reports
        if card is not None:
            await card
        await workflow.wait_condition(workflow.all_handlers_finished)
        # last: the last notice has the whole trail, which the result's view is made from
        await notices
        # a command that came meanwhile gets its receipt; nothing is possible any more, so nothing is recorded
        await workflow.wait_condition(workflow.all_handlers_finished)
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
                raise AssertionError("finish is the last step, and is not performed here")
            case _:
                assert_never(step)
        return await work

    # The steps

    async def _enter(self) -> Trigger:
        state, request = self._state, self._request
        now = workflow.now()
        state.begin_entry(
            request.alert.message_id,
            fresh_from=state.approved_at or request.alert.posted_at,
            now=now,
            search_from=new_york_date(now) - timedelta(days=1),
            policy=request.policy.exits_of(state.parsed),
        )
        entry = self._open()
        orders, _ = self._opened()
        for report in state.early_reports:
            orders.apply_report(report)
        self._start_exits()
        trigger, state.reason = await entry.run()
        return trigger

    def _open(self) -> Entry:
        """Create what manages the entry, its orders and its exits, from the state."""
        state, request, journal, tasks = self._state, self._request, self._journal, self._tasks
        assert state.sized is not None
        assert state.orders is not None
        assert state.exits is not None
        # what the broker says of today's session overrides the calendar
        hours = TradingHours(closures=request.policy.closures, session=state.sized.session)
        self._orders = orders = OrderManager(
            request,
            state.orders,
            journal,
            state.sized.listing,
            hours,
            tasks,
            self._calls,
            self._continuation,
        )
        self._exits = exits = Exits(request.policy, state.exits, state.sized, orders, journal, tasks)
        self._partial_exits = PartialExits(state.exits, exits, orders, journal)
        self._timed_sale = TimedSale(state.exits, state.sized, orders, self._sell_by_rule)
        self._price_watch = PriceWatch(state.exits, state.sized, orders, journal, self._sell_by_rule)
        self._entry = entry = Entry(request, state, orders, journal)
        return entry

    def _start_exits(self) -> None:
        assert self._exits is not None
        assert self._partial_exits is not None
        self._start(TaskName.PROFIT_TAKES, self._exits.run())
        self._start(TaskName.PARTIAL_EXITS, self._partial_exits.run())
        assert self._timed_sale is not None
        self._start(TaskName.TIMED_SALE, self._timed_sale.run())
        assert self._price_watch is not None
        self._start(TaskName.PRICE_WATCH, self._price_watch.run())

    def _resume(self) -> None:
        """Continue what the run before this one was doing beside the steps."""
        orders, exits = self._opened()
        if self._request.restarted:
            self._record(EventKind.REPAIR, self._request.restarted)
        orders.resume()
        exits.resume()
        self._start_exits()
        self._resume_offers()

    async def _hold(self) -> Trigger:
        """Hold until flat or expired.

        Every day after the close orders and position are read, in case a report was missed.
        """
        orders, exits = self._opened()
        state = self._state
        if state.next_check is None:
            exits.record_skipped()
            state.next_check = self._next_check()
        while True:
            check_at = state.next_check
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
                with self._continuation.hold():
                    state.at_expiration = await outcome_at_last_close(orders.contract)
                continue
            for order in orders.ledger.open_exits:
                await orders.read(order)
            if workflow.now() >= self._expires_at():
                if not exits.flat:
                    await self._wait_for_settlement()
                return Trigger.FLAT if exits.flat else Trigger.EXPIRED
            if await exits.closed_elsewhere():
                state.reason = "closed outside this trade"
                return Trigger.FLAT
            state.next_check = self._next_check()
            self._continuation.end_day()

    async def _wait_for_settlement(self) -> None:
        """Wait until the broker has posted what the contracts came to, at most until before the next open.

        A person is paged at once: they may have to be exercised, or become shares. A close ends the wait.
        """
        orders, _ = self._opened()
        state = self._state
        if state.at_expiration is ExpirationOutcome.WORTHLESS:
            return
        if orders.contract.cash_settled:
            state.at_expiration = ExpirationOutcome.SETTLES_IN_CASH
        if state.settlement_until is None:
            state.settlement_until = orders.hours.next_open(workflow.now()) - timing.SETTLED_BEFORE_OPEN
            state.reason = "expired; what the contracts came to is read when the broker posts it"
            self._warn_of_exercise()
        since = new_york_date(orders.last_trade.earliest)
        pauses = iter(timing.SETTLEMENT_READS)
        pause = next(pauses)
        while state.settled is None and state.close_requested_by is None:
            state.settled, unrecognised = await posted_settlement(orders.contract, since, state.held)
            self._warn_of_removals(unrecognised)
            if state.settled is not None or workflow.now() >= state.settlement_until:
                return
            moment = min(workflow.now() + pause, state.settlement_until)
            await wait(lambda: state.close_requested_by is not None, moment, "for the broker's settlement")
            pause = next(pauses, pause)

    def _warn_of_exercise(self) -> None:
        held = self._state.held
        warning = f"{held} contracts were held to expiration and may be exercised. Check the account"
        self._record(EventKind.WARNING, warning, position=held)

    def _warn_of_removals(self, sub_types: tuple[str, ...]) -> None:
        """Page a person, once for each sub-type of the broker's transactions that is not recognised."""
        for each in sub_types:
            if each not in self._state.unrecognised_removals:
                self._state.unrecognised_removals.append(each)
                text = (
                    f'The broker posted a transaction "{each}" about contracts held to expiration. What they '
                    "came to is not read from it and not in the P&L. Check the account"
                )
                self._record(EventKind.WARNING, text, sub_type=each)

    def _next_check(self) -> datetime:
        orders, _ = self._opened()
        return min(orders.end_of_day(workflow.now()), self._expires_at())

    async def _watch(self) -> Trigger:
        """Wait for late fill reports.

        A while after an entry that ended, and all day for one whose order was lost.
        """
        orders, _ = self._opened()
        state, ledger = self._state, orders.ledger
        if state.late_fills_from is None:
            state.late_fills_from = workflow.now()
        watch = self._request.policy.safety.late_fill_watch
        for after in (watch / 4, watch)[state.late_fill_looks :]:
            await wait(lambda: ledger.bought > 0, state.late_fills_from + after, "for late fill reports")
            for order in ledger.leg(Leg.ENTRY):
                await orders.read(order)
            state.late_fill_looks += 1
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
                f"The workflow was reset to before order {found}, which is at the broker. This trade "
                "does not manage it: check the "
                "order, and what it bought"
            )
            self._record(EventKind.WARNING, text, orders=found)
        if state.lifecycle.outcome is not None and self._state.held > 0:
            self._record_expiration(self._state.held)
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
                    f"The contract has stopped trading and {order.client_order_id} "
                    f"({order.status or order.state}) was never "
                    "reported as ended. Check the account's orders and position at the broker"
                )
                self._record(EventKind.WARNING, text, order=order.client_order_id)

    def _record_expiration(self, held: int) -> None:
        """Record what contracts held to expiration are worth.

        Only what the broker posted is known, and those without a bid are worthless.
        """
        state = self._state
        text = f"Expired with {held} contracts held: {in_words(state.at_expiration, state.settled)}"
        valued = is_valued(state.at_expiration, state.settled)
        if not valued and state.settlement_until is None:
            self._warn_of_exercise()
        state.reason = None if valued else text
        value = state.at_expiration if state.settled is None else state.settled.kind
        dollars = None if state.settled is None else state.settled.value
        self._record(EventKind.EXPIRED, text, position=held, value=value, settled=dollars)

    # What the steps share

    def _exposure(self) -> Exposure | None:
        """Return what the account must know of the trade; None while it has reserved nothing for it."""
        entry, orders = self._state.entry, self._state.orders
        if entry is None or orders is None:
            return Exposure(entering=True, bought=0, sold=0, held=0) if self._state.dry_run_recorded else None
        ledger = orders.ledger
        if not entry.reserved and ledger.bought == 0:
            return None
        # an entry that was given up and has not certainly ended may still spend what is reserved for it
        entering = self._state.lifecycle.phase in BUYING or bool(ledger.open_entries)
        return Exposure(entering=entering, bought=ledger.bought, sold=ledger.sold, held=self._state.held)

    def _opened(self) -> tuple[OrderManager, Exits]:
        assert self._orders is not None
        assert self._exits is not None
        return self._orders, self._exits

    def _expires_at(self) -> datetime:
        """Return when the contract is over: its expiration day has closed, and late reports are in.

        One that settles in the morning no longer trades then, but is in the account until it has settled: the
        trade stays open.
        """
        orders, _ = self._opened()
        return orders.last_trade.expires + timing.AFTER_EXPIRATION

    async def _or_failure(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run one step; raise what fails beside it: a bug there must stop the trade for a person to see."""
        task, tasks = asyncio.create_task(work), self._tasks
        while True:
            await workflow.wait_condition(
                lambda: task.done() or tasks.failure is not None or self._continues()
            )
            if tasks.failure is not None:
                raise tasks.failure
            if task.done():
                return task.result()
            await let_others_run()  # what has just happened is in the state then
            if not task.done() and self._continues():
                carried = carry(self._state)
                workflow.continue_as_new(replace(self._request, carried=carried, restarted=""))

    def _continues(self) -> bool:
        return self._continuation.due(self._state.lifecycle.phase)
