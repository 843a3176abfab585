"""AccountWorkflow: one account, without an end.

It admits or denies entries (`alert_trader.domain.account.account`), halts and flattens (`halts.py`), begins
each day with a reading of the buying power and a preflight (`days.py`), notifies people (`notifier.py`),
follows the account's order stream with one activity, and continues as new once a day with its whole state.
Exits and cancels never ask it: whatever happens to it, they continue.
"""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        ADMIT_UPDATE,
        DAY_QUERY,
        DIFFERENCES_SIGNAL,
        EXPECTED_QUERY,
        FOLLOW_ORDERS,
        FOREIGN_SIGNAL,
        READ_LIVE_ORDERS,
        READ_POSITIONS,
        READ_QUOTES,
        RELEASE_UPDATE,
        STREAM_SIGNAL,
        AdmitAnswer,
        DayAnswer,
        ExpectedAnswer,
        FollowRequest,
        StreamStatus,
    )
    from alert_trader.domain.account.account import new_account
    from alert_trader.domain.account.limits import Limits, changed, diff, merged
    from alert_trader.domain.account.preflight import Check
    from alert_trader.domain.account.reconciliation import Difference, DifferenceKind, ForeignOrder
    from alert_trader.domain.account.reservation import AdmitRequest, PositionReport
    from alert_trader.domain.account.trading_state import AccountState, TradingStateCommand
    from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt, LimitsReceipt
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Denied
    from alert_trader.domain.ids import WorkflowId
    from alert_trader.domain.market.quotes import Quote
    from alert_trader.domain.orders.order import OrderReport, Position
    from alert_trader.workflows import activity_options, metrics, timing
    from alert_trader.workflows.account import checks
    from alert_trader.workflows.account.days import Days
    from alert_trader.workflows.account.halts import Halts
    from alert_trader.workflows.account.notifier import AccountNotifier
    from alert_trader.workflows.account.view import build_view, details
    from alert_trader.workflows.activity_options import run_activity, start_activity
    from alert_trader.workflows.interface import (
        ACCOUNT_VIEW_QUERY,
        ACCOUNT_WORKFLOW,
        ALLOW_UPDATE,
        EXPLAIN_UPDATE,
        FLATTEN_UPDATE,
        HALT_SIGNAL,
        HALT_UPDATE,
        LIMITS_UPDATE,
        NOT_POSSIBLE,
        ORDERS_UPDATE,
        POSITION_SIGNAL,
        POSITIONS_UPDATE,
        PREFLIGHT_UPDATE,
        QUOTES_UPDATE,
        RESUME_UPDATE,
        SETTINGS_SIGNAL,
        AccountRequest,
        Carried,
        Command,
        Explanation,
        LimitsCommand,
    )
    from alert_trader.workflows.waiting import wait

MAX_FOREIGN = 50
"""Foreign orders that the account keeps for its view; older ones are dropped."""


@workflow.defn(name=ACCOUNT_WORKFLOW)
class AccountWorkflow:
    """The life of one account."""

    @workflow.init
    def __init__(self, request: AccountRequest) -> None:
        """Take over the state of an earlier run, or open the account, before any handler runs."""
        self._request = request
        carried = request.carried or Carried(account=new_account(request.limits, workflow.now()))
        self._account = carried.account
        self._stream_since = carried.stream_since
        self._foreign = carried.foreign
        self._days = Days(self._account, carried.halt_reminded)
        self._halts = Halts(self._account, self._refresh)
        self._notifier = AccountNotifier(request.account, self._account, carried.notified)
        self._began = workflow.now()
        self._updates = 0

    @workflow.run
    async def run(self, request: AccountRequest) -> None:
        """Run the account for a day, then continue as new with its whole state."""
        stream = start_activity(
            FOLLOW_ORDERS,
            FollowRequest(account=request.account),
            options=activity_options.FOLLOW_ORDERS,
            summary=f"follow the orders of {request.account}",
        )
        notices = asyncio.create_task(self._notifier.run())
        if self._account.state is AccountState.REDUCING:
            self._halts.begin_to_flatten()
        elif self._account.state is AccountState.HALTED:
            self._halts.stop_entries()  # those that the run before did not reach
        for _ in range(timing.MAX_TURNS):
            await self._days.begin_if_due()
            self._refresh()
            if self._full:
                break
            moment = min(self._days.next_reading, self._days.midnight, self._began + timing.ACCOUNT_RUN)
            # a failed preflight that a person has run is read again before that
            await wait(
                lambda: self._full or self._days.next_reading < moment,  # noqa: B023 - awaited here
                moment,
                "next scheduled work of the account",
            )
        self._notifier.end_run()
        self._halts.end_run()
        await wait(
            lambda: notices.done() and self._halts.idle,
            activity_options.NOTIFY_LIMIT,
            "for work in progress",
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        # last: trades receive their fills through it, and a channel that does not work takes its time
        stream.cancel()
        workflow.continue_as_new(
            AccountRequest(
                account=request.account,
                mode=request.mode,
                limits=self._account.settings_limits,
                carried=self._carried,
            ),
            task_timeout=timing.TASK_TIMEOUT,
        )

    @property
    def _carried(self) -> Carried:
        return Carried(
            account=self._account,
            notified=self._notifier.notified,
            stream_since=self._stream_since,
            foreign=self._foreign,
            halt_reminded=self._days.halt_reminded,
        )

    @property
    def _full(self) -> bool:
        """Whether this run must end: by its age, its number of updates, or because Temporal suggests it."""
        aged = workflow.now() >= self._began + timing.ACCOUNT_RUN
        return aged or self._updates >= timing.MAX_UPDATES or workflow.info().is_continue_as_new_suggested()

    # Entries

    @workflow.update(name=ADMIT_UPDATE)
    def admit(self, request: AdmitRequest) -> AdmitAnswer:
        """Admit an entry order, or deny it. Asking twice reserves once."""
        self._updates += 1
        answer = self._account.admit(request, workflow.now())
        return AdmitAnswer(denied=answer) if isinstance(answer, Denied) else AdmitAnswer(admitted=answer)

    @workflow.update(name=RELEASE_UPDATE)
    def release(self, trade: WorkflowId) -> None:
        """Free what a trade had reserved that is over and did not report it. Releasing twice frees once."""
        self._updates += 1
        self._account.release(trade)
        self._refresh()

    @workflow.signal(name=POSITION_SIGNAL)
    def report_position(self, report: PositionReport) -> None:
        """Apply a trade's report; a trade that is over is released, and a day's loss may halt the account."""
        state = self._account.state
        self._account.apply_report(report, workflow.now())
        if self._account.state is not state:
            self._halts.stop_entries()
        self._refresh()

    # Halting

    @workflow.signal(name=HALT_SIGNAL)
    def halt_now(self, command: Command) -> None:
        """Halt. A signal is recorded even while no worker runs, so that the halt holds from then on."""
        self._halts.apply(TradingStateCommand.HALT, command)
        self._halts.stop_entries()

    @workflow.update(name=HALT_UPDATE)
    async def halt(self, command: Command) -> HaltReceipt:
        """Halt, and answer when it is certain that no entry is sent any more."""
        self._updates += 1
        started = workflow.now()
        self._halts.apply(TradingStateCommand.HALT, command)
        self._halts.stop_entries()
        return await self._halts.receipt(started)

    @workflow.update(name=RESUME_UPDATE)
    def resume(self, command: Command) -> AccountReceipt:
        """Let the account buy again."""
        self._updates += 1
        self._halts.apply(TradingStateCommand.RESUME, command)
        return AccountReceipt(
            done=True, text=f"Account {self._request.account} is active again", view=self.view()
        )

    @resume.validator
    def _may_resume(self, command: Command) -> None:
        checks.check_resume(self._account, command)

    @workflow.update(name=FLATTEN_UPDATE)
    async def flatten(self, command: Command) -> AccountReceipt:
        """Halt, cancel every entry and close every position.

        Answer when nothing is bought any more, and continue until flat.
        """
        self._updates += 1
        already = self._account.state is AccountState.REDUCING
        self._halts.apply(TradingStateCommand.FLATTEN, command)
        if already:
            self._halts.flatten_again()
        else:
            self._halts.begin_to_flatten()
        await self._halts.wait_until_certain()
        left, flat = len(self._account.trades), self._account.state is AccountState.HALTED
        text = (
            "The account is flat"
            if flat
            else f"Nothing is bought any more. {left} open trades are being closed until the account is flat"
        )
        return AccountReceipt(done=flat, text=text, view=self.view())

    # Limits, differences, re-posts

    @workflow.update(name=LIMITS_UPDATE)
    def change_limits(self, command: LimitsCommand) -> LimitsReceipt:
        """Change limits; the changes and the reason are recorded."""
        self._updates += 1
        old, new = self._account.limits, changed(self._account.limits, command.changes)
        self._account.change_limits(new, workflow.now(), by=command.by, reason=command.reason)
        self._refresh()
        changes = diff(old, new)
        return LimitsReceipt(
            changes=changes, limits=new, text="; ".join(map(str, changes)) or "Nothing changed"
        )

    @change_limits.validator
    def _may_change(self, command: LimitsCommand) -> None:
        checks.check_limits(self._account, command)

    @workflow.signal(name=SETTINGS_SIGNAL)
    def update_settings(self, limits: Limits) -> None:
        """Take over limits that have changed in the settings.

        A limit that a person changed stays if its setting has not changed.
        """
        new = merged(self._account.limits, self._account.settings_limits, limits)
        self._account.settings_limits = limits
        self._account.change_limits(
            new, workflow.now(), by="the settings", reason="as a worker started with them"
        )
        self._refresh()

    @workflow.signal(name=DIFFERENCES_SIGNAL)
    def report_differences(self, found: list[Difference]) -> None:
        """Apply the differences between the account and its trades.

        A new one pages people and blocks entries.
        """
        self._account.update_differences(tuple(found), workflow.now())
        self._refresh()

    @workflow.update(name=EXPLAIN_UPDATE)
    def explain(self, command: Explanation) -> AccountReceipt:
        """Explain differences; trades that no longer exist are released with it."""
        self._updates += 1
        gone = [
            each.what
            for each in self._account.differences
            if each.kind is DifferenceKind.TRADE_ENDED and command.what in {None, each.what}
        ]
        count = self._account.explain(command.what, workflow.now(), by=command.by, reason=command.reason)
        for trade in gone:
            self._account.release(WorkflowId(trade))
        self._refresh()
        return AccountReceipt(done=True, text=f"{count} differences explained", view=self.view())

    @explain.validator
    def _may_explain(self, command: Explanation) -> None:
        checks.check_explanation(self._account, command)

    @workflow.update(name=ALLOW_UPDATE)
    def allow_repost(self, command: Explanation) -> AccountReceipt:
        """Allow a re-post, once."""
        self._updates += 1
        self._account.allow(command.what or "", workflow.now(), by=command.by, reason=command.reason)
        self._refresh()
        return AccountReceipt(
            done=True,
            text=f"The alert of {command.what} is allowed when it is sent again",
            view=self.view(),
        )

    @allow_repost.validator
    def _may_allow(self, command: Explanation) -> None:
        checks.check_repost(self._account, command)

    # The broker's side

    @workflow.signal(name=STREAM_SIGNAL)
    def report_stream(self, status: StreamStatus) -> None:
        """Apply whether the order stream is connected."""
        self._stream_since = status.since
        self._refresh()

    @workflow.signal(name=FOREIGN_SIGNAL)
    def report_foreign_order(self, order: ForeignOrder) -> None:
        """Record a foreign order. It is never touched."""
        if all(each.order_id != order.order_id for each in self._foreign):
            self._foreign = (*self._foreign, order)[-MAX_FOREIGN:]
            self._account.record(
                workflow.now(),
                EventKind.FOREIGN_ORDER,
                f"Foreign order: {order.text}",
                order=order.order_id,
            )

    @workflow.update(name=POSITIONS_UPDATE)
    async def positions(self) -> list[Position]:
        """Read every option position at the broker."""
        self._updates += 1
        found: list[Position] = await self._read(READ_POSITIONS, list[Position], "read every position")
        return found

    @workflow.update(name=ORDERS_UPDATE)
    async def orders(self) -> list[OrderReport]:
        """Read every working order at the broker."""
        self._updates += 1
        found: list[OrderReport] = await self._read(
            READ_LIVE_ORDERS, list[OrderReport], "read every working order"
        )
        return found

    @workflow.update(name=QUOTES_UPDATE)
    async def quotes(self, symbols: list[str]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts, by OCC symbol; those without a quote are left out."""
        self._updates += 1
        found: dict[str, Quote] = await self._read(
            READ_QUOTES, dict[str, Quote], f"read {len(symbols)} quotes", symbols
        )
        return found

    @workflow.update(name=PREFLIGHT_UPDATE)
    async def preflight(self) -> list[Check]:
        """Run the preflight now; its result counts for the entries that follow."""
        self._updates += 1
        reading = await self._days.read()
        if reading is None:
            raise ApplicationError("The broker did not answer. Try again", type=NOT_POSSIBLE)
        self._days.apply_preflight(reading.checks)
        self._refresh()
        return list(self._checks)

    async def _read(self, activity: str, kind: Any, summary: str, *given: object) -> Any:
        try:
            return await run_activity(
                activity,
                *given,
                answer=kind,
                options=activity_options.READ,
                summary=summary,
            )
        except ActivityError as failed:
            raise ApplicationError(
                f"The broker did not answer: {failed.cause}", type=NOT_POSSIBLE
            ) from failed

    @property
    def _checks(self) -> tuple[Check, ...]:
        """Return the last preflight, with the check of the order stream added."""
        if not self._account.day.preflight:
            return ()
        since = self._stream_since
        stream = Check(
            name="order stream",
            ok=since is not None,
            found="lost" if since is None else f"subscribed since {since:%H:%M:%S} UTC",
            fix=""
            if since is not None
            else "it reconnects by itself; if it stays lost, see the worker's log",
        )
        return (*self._account.day.preflight, stream)

    # What others see

    @workflow.query(name=ACCOUNT_VIEW_QUERY)
    def view(self) -> AccountView:
        """Return the account as it is now."""
        return build_view(
            request=self._request,
            account=self._account,
            checks=self._checks,
            stream_since=self._stream_since,
            foreign=self._foreign,
            now=workflow.now(),
        )

    @workflow.query(name=DAY_QUERY)
    def day(self) -> DayAnswer:
        """Return the day's reference buying power."""
        return self._days.answer

    @workflow.query(name=EXPECTED_QUERY)
    def expected(self) -> ExpectedAnswer:
        """Return what the open trades hold by their own reports."""
        return ExpectedAnswer(trades=self._account.expected, differences=self._account.differences)

    def page(self) -> str:
        """Return the account's page in the Web UI."""
        return details(self.view())

    def _refresh(self) -> None:
        """Update the metric that says whether the account is halted."""
        metrics.record_halt(halted=self._account.state is not AccountState.ACTIVE)
