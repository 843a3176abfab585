"""AccountWorkflow: one account, for ever.

It lets entries pass or denies them, halts and flattens, follows the account's order stream through one activity, begins each day with a
reading of the buying power and a preflight, and starts afresh once a day with everything it knows. What it decides is in `domain.account`;
here is when, and who is told. Exits and cancels never ask it, so whatever happens to it they go on.

A halt is certain once the last order that was let pass before it can no longer leave: that is what `halt` waits for before it answers.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import date, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.messages import (
        ADMIT_UPDATE,
        DAY_QUERY,
        DIFFERENCES_SIGNAL,
        EXPECTED_QUERY,
        FOLLOW_ORDERS,
        FOREIGN_SIGNAL,
        NOTIFY,
        READ_ACCOUNT,
        READ_LIVE_ORDERS,
        READ_POSITIONS,
        RELEASE_UPDATE,
        STREAM_SIGNAL,
        AccountReading,
        AdmitAnswer,
        DayAnswer,
        ExpectedAnswer,
        FollowRequest,
        Level,
        Notice,
        StreamStanding,
    )
    from domain.account import PASS, opened
    from domain.account_view import AccountReceipt, AccountView, HaltReceipt, LimitsReceipt
    from domain.calendar import NEW_YORK, new_york_date, session_opens_at
    from domain.denial import Denied
    from domain.discrepancy import Difference, DifferenceKind, ForeignOrder
    from domain.event import EventKind
    from domain.halting import AccountState, IllegalHalting, Order
    from domain.ids import WorkflowId, account_workflow_id
    from domain.limits import Limits, changed, diff, merged
    from domain.order import OrderReport, Position
    from domain.preflight import Check
    from domain.reservation import AdmitRequest, OpenTrade, TradeStanding
    from workflows import timing
    from workflows.account_view import build_view, details, ended_line, remaining_line, remaining_text
    from workflows.interface import (
        ACCOUNT_VIEW_QUERY,
        ACCOUNT_WORKFLOW,
        ALLOW_UPDATE,
        CLOSE_SIGNAL,
        EXPLAIN_UPDATE,
        FLATTEN_UPDATE,
        HALT_SIGNAL,
        HALT_UPDATE,
        HALTED_SIGNAL,
        LIMITS_UPDATE,
        NOT_POSSIBLE,
        ORDERS_UPDATE,
        POSITIONS_UPDATE,
        PREFLIGHT_UPDATE,
        RESUME_UPDATE,
        SETTINGS_SIGNAL,
        STANDING_SIGNAL,
        AccountRequest,
        Carried,
        Command,
        Explanation,
        LimitsCommand,
    )
    from workflows.waiting import wait

MOST_FOREIGN = 50
PAGES = frozenset({EventKind.HALTED, EventKind.STILL_HALTED, EventKind.DIFFERENCE, EventKind.WARNING, EventKind.PREFLIGHT})


@workflow.defn(name=ACCOUNT_WORKFLOW)
class AccountWorkflow:
    """The life of one account."""

    @workflow.init
    def __init__(self, request: AccountRequest) -> None:
        """Take over what an earlier run carried, or open the account, before any handler runs."""
        self._request = request
        carried = request.carried
        self._memory = opened(request.limits, workflow.now()) if carried is None else carried.memory
        self._told = 0 if carried is None else carried.told
        self._stream_since = None if carried is None else carried.stream_since
        self._foreign = () if carried is None else carried.foreign
        self._still_told = None if carried is None else carried.still_told
        self._began = workflow.now()
        self._updates = 0
        self._failures = 0
        self._read_at: datetime | None = None
        self._leaving = False
        self._stopped: tuple[OpenTrade, ...] = ()
        self._beside: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, request: AccountRequest) -> None:
        """Look after the account for a day, then start afresh with everything."""
        stream = workflow.start_activity(
            FOLLOW_ORDERS,
            FollowRequest(account=request.account),
            summary=f"follow the orders of {request.account}",
            start_to_close_timeout=2 * timing.ACCOUNT_RUN,  # the run ends it; this only bounds it
            heartbeat_timeout=timing.HEARTBEAT_TIMEOUT,
            retry_policy=timing.RECONNECT,
        )
        telling = asyncio.create_task(self._tell())
        if self._memory.state is AccountState.REDUCING:
            self._spawn(self._flatten())
        for _ in range(timing.MOST_MOMENTS):
            self._refresh()
            if self._due(workflow.now()):
                await self._begin_day()
            if self._full:
                break
            await wait(lambda: self._full, self._next_moment(), "next thing an account does by itself")
        self._leaving = True
        stream.cancel()
        await wait(lambda: telling.done() and all(task.done() for task in self._beside), timing.NOTIFY_TOTAL, "for what is under way")
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(
            AccountRequest(account=request.account, mode=request.mode, limits=self._memory.set_limits, carried=self._carried)
        )

    @property
    def _carried(self) -> Carried:
        return Carried(
            memory=self._memory, told=self._told, stream_since=self._stream_since, foreign=self._foreign, still_told=self._still_told
        )

    @property
    def _full(self) -> bool:
        """Whether this run has lasted long enough. A worker's own count of what it answered comes before Temporal's limit on it."""
        info = workflow.info()
        aged = workflow.now() >= self._began + timing.ACCOUNT_RUN
        return aged or self._updates >= timing.MOST_UPDATES or info.is_continue_as_new_suggested()

    # Days

    def _due(self, now: datetime) -> bool:
        """Whether the day's beginning is to be read now: none was, the session has opened since, or the last reading was not all right."""
        self._memory.roll(now)
        return self._next_reading() <= now

    def _next_reading(self) -> datetime:
        day, now = self._memory.day, workflow.now()
        if self._failures > 0 or day.reference is None:
            pause = timedelta(0) if self._failures == 0 else timing.DAY_PAUSES[min(self._failures, len(timing.DAY_PAUSES)) - 1]
            return (self._read_at or now) + pause
        opens = session_opens_at(day.date)
        if opens is not None and day.reference_at is not None and day.reference_at < opens:
            return opens
        return _midnight(day.date + timedelta(days=1))

    def _next_moment(self) -> datetime:
        return min(self._next_reading(), _midnight(self._memory.day.date + timedelta(days=1)), self._began + timing.ACCOUNT_RUN)

    async def _begin_day(self) -> None:
        """Read what the day begins with; what could not be read is read again."""
        self._read_at = workflow.now()
        reading = await self._read()
        if reading is None:
            self._failures += 1
            return
        day, now = self._memory.day, workflow.now()
        opens = session_opens_at(day.date)
        if day.reference is None or (opens is not None and day.reference_at is not None and day.reference_at < opens <= now):
            self._memory.open_day(reading.buying_power, now)
        self._judge(reading.checks)
        if self._memory.state is not AccountState.ACTIVE and self._still_told != day.date:
            self._still_told = day.date
            memory = self._memory
            if memory.halted_at is not None and new_york_date(memory.halted_at) != day.date:
                text = f"Still {memory.state} since {memory.halted_at:%Y-%m-%d %H:%M} UTC by {memory.halted_by}: {memory.halt_reason}"
                memory.record(now, EventKind.STILL_HALTED, text, since=memory.halted_at.isoformat())
        self._refresh()

    async def _read(self) -> AccountReading | None:
        try:
            reading: AccountReading = await workflow.execute_activity(
                READ_ACCOUNT,
                result_type=AccountReading,
                start_to_close_timeout=timing.ACCOUNT_READ_TIMEOUT,
                schedule_to_close_timeout=timing.ACCOUNT_READ_TOTAL,
                retry_policy=timing.READ_RETRY,
                summary="buying power and preflight",
            )
        except ActivityError:
            return None
        return reading

    def _judge(self, checks: tuple[Check, ...]) -> None:
        """Take a preflight in, and say when what it found is another matter than before."""
        day, now = self._memory.day, workflow.now()
        before, wrong = [each for each in day.preflight if not each.ok], [each for each in checks if not each.ok]
        first = day.preflight_at is None
        day.preflight, day.preflight_at = checks, now
        self._failures = self._failures + 1 if wrong else 0
        if wrong and {each.name for each in wrong} != {each.name for each in before}:
            text = f"The preflight is not all right, and nothing is bought: {'; '.join(f'{each.name}: {each.found}' for each in wrong)}"
            self._memory.record(now, EventKind.PREFLIGHT, text, failed=", ".join(each.name for each in wrong))
        elif before and not wrong and not first:
            self._memory.record(now, EventKind.PREFLIGHT, "The preflight is all right again")

    # Entries

    @workflow.update(name=ADMIT_UPDATE)
    def admit(self, request: AdmitRequest) -> AdmitAnswer:
        """Let an entry order pass, or deny it. Asking twice reserves once."""
        self._updates += 1
        answer = self._memory.admit(request, workflow.now())
        return AdmitAnswer(denied=answer) if isinstance(answer, Denied) else AdmitAnswer(admitted=answer)

    @workflow.update(name=RELEASE_UPDATE)
    def release(self, trade: WorkflowId) -> None:
        """Free what a trade had reserved that is over and did not say so. Releasing twice frees once."""
        self._updates += 1
        self._memory.release(trade)
        self._refresh()

    @workflow.signal(name=STANDING_SIGNAL)
    def trade_stands(self, standing: TradeStanding) -> None:
        """Take in how a trade stands; one that is over is released, and a day's loss may halt the account."""
        state = self._memory.state
        self._memory.take(standing, workflow.now())
        if self._memory.state is not state:
            self._stop_entries()
        self._refresh()

    # Halting

    @workflow.signal(name=HALT_SIGNAL)
    def halt_now(self, command: Command) -> None:
        """Halt: recorded even while no worker runs, so that it holds from then on."""
        self._halt(command)

    @workflow.update(name=HALT_UPDATE)
    async def halt(self, command: Command) -> HaltReceipt:
        """Halt, and answer when it is certain that no entry leaves any more: with what was cancelled by then, and what remains."""
        self._updates += 1
        started = workflow.now()
        self._halt(command)
        passed = self._memory.passed_at
        if passed is not None:
            await wait(lambda: False, passed + PASS, "for the last order that was let pass to be over")
        await wait(lambda: not self._memory.entering, started + timing.HALT_ANSWER, "for entries to be taken back")
        cancelled = tuple(ended_line(each) for each in self._stopped if not each.entering)
        remaining = tuple(self._memory.trades.values())
        return HaltReceipt(
            acknowledged=True,
            state=self._memory.state,
            epoch=self._memory.epoch,
            cancelled=cancelled,
            remaining=tuple(remaining_line(each) for each in remaining),
            text=remaining_text(self._memory.state, cancelled, remaining),
        )

    def _halt(self, command: Command) -> None:
        self._memory.order(Order.HALT, workflow.now(), by=command.by, reason=command.reason or "no reason given")
        self._stop_entries()
        self._refresh()

    def _stop_entries(self) -> None:
        """Tell every trade that may still buy to take its entry back."""
        if self._memory.entering:
            self._stopped = self._memory.entering
        for trade in self._memory.entering:
            self._spawn(self._tell_trade(trade.trade, HALTED_SIGNAL))

    @workflow.update(name=RESUME_UPDATE)
    def resume(self, command: Command) -> AccountReceipt:
        """Let the account trade again."""
        self._updates += 1
        self._order(Order.RESUME, command)
        return AccountReceipt(done=True, text=f"Account {self._request.account} is active again", view=self.view())

    @resume.validator
    def _may_resume(self, command: Command) -> None:
        if self._memory.state is not AccountState.HALTED:
            more = ": it is halted when it is flat" if self._memory.state is AccountState.REDUCING else ""
            raise ApplicationError(f"expected a halted account, found it {self._memory.state}{more}", type=NOT_POSSIBLE)
        if not command.by.strip() or not command.reason.strip():
            raise ApplicationError("expected who resumes and what has changed since the halt, found it empty", type=NOT_POSSIBLE)

    @workflow.update(name=FLATTEN_UPDATE)
    async def flatten(self, command: Command) -> AccountReceipt:
        """Halt, cancel every entry and close every position; answers when nothing is bought any more, and goes on until flat."""
        self._updates += 1
        already = self._memory.state is AccountState.REDUCING
        self._order(Order.FLATTEN, command)
        if not already:
            self._spawn(self._flatten())
        passed = self._memory.passed_at
        if passed is not None:
            await wait(lambda: False, passed + PASS, "for the last order that was let pass to be over")
        left = len(self._memory.trades)
        flat = self._memory.state is AccountState.HALTED
        text = (
            "The account is flat" if flat else f"Nothing is bought any more; {left} open trades are being closed, until the account is flat"
        )
        return AccountReceipt(done=flat, text=text, view=self.view())

    async def _flatten(self) -> None:
        """Tell open trades to close, again and again, until none is open."""
        for turn in range(timing.FLATTEN_ROUNDS):
            for trade in list(self._memory.trades.values()):
                await self._tell_trade(trade.trade, CLOSE_SIGNAL)
            pause = timing.FLATTEN_PAUSES[min(turn, len(timing.FLATTEN_PAUSES) - 1)]
            await wait(lambda: not self._memory.trades or self._leaving, pause, "for open trades to be closed")
            if not self._memory.trades:
                self._memory.order(Order.FLAT, workflow.now(), by="the account", reason="every trade is closed")
                self._refresh()
                return
            if self._leaving:
                return
            left = list(self._memory.trades.values())
            text = f"Flattening: {len(left)} trades with {sum(each.position for each in left)} contracts are still open"
            self._memory.record(workflow.now(), EventKind.FLATTENING, text, trades=len(left))
        self._memory.record(workflow.now(), EventKind.WARNING, "The account could not be flattened; a person must take over")

    def _order(self, order: Order, command: Command) -> None:
        try:
            self._memory.order(order, workflow.now(), by=command.by, reason=command.reason)
        except IllegalHalting as refused:
            raise ApplicationError(str(refused), type=NOT_POSSIBLE) from refused
        self._refresh()

    async def _tell_trade(self, trade: WorkflowId, signal: str) -> None:
        """Signal a trade; one that is over needs no telling."""
        with contextlib.suppress(ApplicationError):
            await workflow.get_external_workflow_handle(trade).signal(
                signal, Command(by=self._memory.halted_by or "the account", reason=self._memory.halt_reason or "")
            )

    # Limits, differences, re-posts

    @workflow.update(name=LIMITS_UPDATE)
    def change_limits(self, command: LimitsCommand) -> LimitsReceipt:
        """Change limits, on record with their diff and the reason."""
        self._updates += 1
        old, new = self._memory.limits, changed(self._memory.limits, command.changes)
        self._memory.limit(new, workflow.now(), by=command.by, reason=command.reason)
        self._refresh()
        changes = diff(old, new)
        return LimitsReceipt(changes=changes, limits=new, text="; ".join(map(str, changes)) or "Nothing changed")

    @change_limits.validator
    def _may_change(self, command: LimitsCommand) -> None:
        if not command.reason.strip():
            raise ApplicationError("expected the reason for the change, found it empty", type=NOT_POSSIBLE)
        try:
            changed(self._memory.limits, command.changes)
        except ValueError as wrong:
            raise ApplicationError(str(wrong), type=NOT_POSSIBLE) from wrong

    @workflow.signal(name=SETTINGS_SIGNAL)
    def settings_are(self, limits: Limits) -> None:
        """Take over limits that were changed in the settings; what a person changed since stays where the settings did not move."""
        new = merged(self._memory.limits, self._memory.set_limits, limits)
        self._memory.set_limits = limits
        self._memory.limit(new, workflow.now(), by="the settings", reason="as a worker started with them")
        self._refresh()

    @workflow.signal(name=DIFFERENCES_SIGNAL)
    def differences_found(self, found: list[Difference]) -> None:
        """Take in where the account and its trades do not agree; new ones are paged, and block entries."""
        self._memory.differ(tuple(found), workflow.now())
        self._refresh()

    @workflow.update(name=EXPLAIN_UPDATE)
    def explain(self, command: Explanation) -> AccountReceipt:
        """Explain differences; trades that are gone are forgotten with it."""
        self._updates += 1
        gone = [
            each.what for each in self._memory.differences if each.kind is DifferenceKind.TRADE_GONE and command.what in {None, each.what}
        ]
        count = self._memory.explain(command.what, workflow.now(), by=command.by, reason=command.reason)
        for trade in gone:
            self._memory.release(WorkflowId(trade))
        self._refresh()
        return AccountReceipt(done=True, text=f"{count} differences are explained", view=self.view())

    @explain.validator
    def _may_explain(self, command: Explanation) -> None:
        if not command.reason.strip():
            raise ApplicationError("expected what explains the difference, found it empty", type=NOT_POSSIBLE)
        if not any(each.explained_by is None and command.what in {None, each.what} for each in self._memory.differences):
            about = "" if command.what is None else f" about {command.what}"
            raise ApplicationError(f"expected a difference{about} that nobody has explained, found none", type=NOT_POSSIBLE)

    @workflow.update(name=ALLOW_UPDATE)
    def allow_repost(self, command: Explanation) -> AccountReceipt:
        """Let a re-post through, once."""
        self._updates += 1
        self._memory.allow(command.what or "", workflow.now(), by=command.by, reason=command.reason)
        self._refresh()
        return AccountReceipt(done=True, text=f"The alert of {command.what} is let through when it is sent again", view=self.view())

    @allow_repost.validator
    def _may_allow(self, command: Explanation) -> None:
        if all(each.trade != command.what for each in self._memory.denied):
            raise ApplicationError(f"expected a trade that was denied as a re-post, found {command.what} is none", type=NOT_POSSIBLE)

    # The broker's side

    @workflow.signal(name=STREAM_SIGNAL)
    def stream_stands(self, standing: StreamStanding) -> None:
        """Take in whether the order stream is followed."""
        self._stream_since = standing.since
        self._refresh()

    @workflow.signal(name=FOREIGN_SIGNAL)
    def foreign_order_seen(self, order: ForeignOrder) -> None:
        """Write an order down that is not ours. It is left alone."""
        if all(each.order_id != order.order_id for each in self._foreign):
            self._foreign = (*self._foreign, order)[-MOST_FOREIGN:]
            self._memory.record(workflow.now(), EventKind.FOREIGN_ORDER, f"An order that is not ours: {order.text}", order=order.order_id)

    @workflow.update(name=POSITIONS_UPDATE)
    async def positions(self) -> list[Position]:
        """Read every option position at the broker."""
        self._updates += 1
        found: list[Position] = await self._ask(READ_POSITIONS, list[Position], "read every position")
        return found

    @workflow.update(name=ORDERS_UPDATE)
    async def orders(self) -> list[OrderReport]:
        """Read every order that works at the broker."""
        self._updates += 1
        found: list[OrderReport] = await self._ask(READ_LIVE_ORDERS, list[OrderReport], "read every working order")
        return found

    @workflow.update(name=PREFLIGHT_UPDATE)
    async def preflight(self) -> list[Check]:
        """Run the preflight now; what it finds holds for the entries to come."""
        self._updates += 1
        reading = await self._read()
        if reading is None:
            raise ApplicationError("expected the broker to answer, found that it did not", type=NOT_POSSIBLE)
        self._judge(reading.checks)
        self._refresh()
        return list(self._checks)

    async def _ask(self, activity: str, kind: Any, summary: str) -> Any:
        try:
            return await workflow.execute_activity(
                activity,
                result_type=kind,
                start_to_close_timeout=timing.READ_TIMEOUT,
                schedule_to_close_timeout=timing.READ_TOTAL,
                retry_policy=timing.READ_RETRY,
                summary=summary,
            )
        except ActivityError as failed:
            raise ApplicationError(f"expected the broker to answer, found: {failed.cause}", type=NOT_POSSIBLE) from failed

    @property
    def _checks(self) -> tuple[Check, ...]:
        """Give the last preflight, with the order stream's check beside the broker's."""
        if not self._memory.day.preflight:
            return ()
        since = self._stream_since
        stream = Check(
            name="order stream",
            ok=since is not None,
            found="lost" if since is None else f"subscribed since {since:%H:%M:%S} UTC",
            fix="" if since is not None else "it is opened again by itself; if it stays so, see the worker's log",
        )
        return (*self._memory.day.preflight, stream)

    # What others see

    @workflow.query(name=ACCOUNT_VIEW_QUERY)
    def view(self) -> AccountView:
        """Show the account as it stands."""
        return build_view(
            request=self._request,
            memory=self._memory,
            checks=self._checks,
            stream_since=self._stream_since,
            foreign=self._foreign,
            now=workflow.now(),
        )

    @workflow.query(name=DAY_QUERY)
    def day(self) -> DayAnswer:
        """Give the day's reference buying power."""
        day = self._memory.day
        opens = session_opens_at(day.date)
        fixed = day.reference_at is not None and (opens is None or day.reference_at >= opens)
        return DayAnswer(day=day.date, reference=day.reference, fixed=fixed)

    @workflow.query(name=EXPECTED_QUERY)
    def expected(self) -> ExpectedAnswer:
        """Give what the open trades say they hold."""
        return ExpectedAnswer(trades=self._memory.expected, differences=self._memory.differences)

    # Beside the story

    async def _tell(self) -> None:
        """Tell people what happened, several things at a time where they come fast."""
        while not self._leaving:
            await workflow.wait_condition(lambda: self._memory.recorded > self._told or self._leaving)
            fresh = tuple(event for event in self._memory.events if event.sequence > self._told)
            if not fresh:
                continue
            self._told = fresh[-1].sequence
            notice = Notice(
                level=Level.PAGE if {event.kind for event in fresh} & PAGES else Level.MONEY,
                workflow_id=account_workflow_id(self._request.account),
                title=f"Account {self._request.account}",
                text="\n".join(event.text for event in fresh),
                events=fresh,
            )
            with contextlib.suppress(ActivityError):
                await workflow.execute_activity(
                    NOTIFY,
                    notice,
                    start_to_close_timeout=timing.NOTIFY_TIMEOUT,
                    schedule_to_close_timeout=timing.NOTIFY_TOTAL,
                    retry_policy=timing.NOTIFY_RETRY,
                    summary=f"tell people: {fresh[-1].text[:60]}",
                )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work beside the story, which ends before the workflow starts afresh."""
        self._beside = [*[task for task in self._beside if not task.done()], asyncio.create_task(work)]

    def _refresh(self) -> None:
        """Bring the account's page in the Web UI up to date."""
        workflow.set_current_details(details(self.view()))


def _midnight(day: date) -> datetime:
    """Give the moment a New York day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(tz=workflow.now().tzinfo)
