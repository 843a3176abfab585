"""AccountWorkflow: one account, without an end.

It admits or denies entries (`alert_trader.domain.account.account`), halts and flattens (`halts.py`), begins
each day with a reading of the buying power and a preflight (`days.py`), notifies people (`notifier.py`),
follows the account's order stream with one activity, and continues as new once a day with its whole state.
Exits and cancels never ask it: whatever happens to it, they continue.
"""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        ADMIT_SIGNAL,
        CLOCKS_SIGNAL,
        DAY_QUERY,
        DIFFERENCES_SIGNAL,
        EXPECTED_QUERY,
        FOLLOW_ORDERS,
        FOREIGN_SIGNAL,
        RELEASE_SIGNAL,
        STREAM_SIGNAL,
        STUCK_SIGNAL,
        TRADING_EPOCH,
        WATCH_TRADES,
        AdmitAnswer,
        AdmitQuestion,
        CommandRefusedError,
        DayAnswer,
        ExpectedAnswer,
        FollowRequest,
        PublishedEpoch,
        StreamStatus,
        WatchRequest,
    )
    from alert_trader.domain.account.account import new_account
    from alert_trader.domain.account.clocks import ClockReport
    from alert_trader.domain.account.limits import Limits, changed, diff, merged
    from alert_trader.domain.account.preflight import Check
    from alert_trader.domain.account.reconciliation import Difference, DifferenceKind, ForeignOrder
    from alert_trader.domain.account.reservation import PositionReport
    from alert_trader.domain.account.stuck import StuckWorkflow
    from alert_trader.domain.account.trading_state import AccountState, TradingStateCommand
    from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt, LimitsReceipt
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Denied
    from alert_trader.domain.ids import WorkflowId
    from alert_trader.workflows import activity_options, metrics, timing
    from alert_trader.workflows.account import checks
    from alert_trader.workflows.account.days import Days
    from alert_trader.workflows.account.halts import Halts
    from alert_trader.workflows.account.notifier import AccountNotifier
    from alert_trader.workflows.account.stuck_workflows import StuckWorkflows
    from alert_trader.workflows.account.view import build_view, details
    from alert_trader.workflows.activity_options import start_activity
    from alert_trader.workflows.interface import (
        ACCOUNT_VIEW_QUERY,
        ACCOUNT_WORKFLOW,
        ALLOW_SIGNAL,
        EXPLAIN_SIGNAL,
        FLATTEN_SIGNAL,
        HALT_SIGNAL,
        LIMITS_SIGNAL,
        POSITION_SIGNAL,
        PREFLIGHT_SIGNAL,
        REPAIR_SIGNAL,
        RESUME_SIGNAL,
        SETTINGS_SIGNAL,
        AccountRequest,
        Carried,
        Command,
        Explanation,
        LimitsCommand,
        RepairRecord,
    )
    from alert_trader.workflows.receipts import Receipts
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
        self._days = Days(self._account, carried.halt_reminded, carried.clocks)
        self._halts = Halts(self._account, self._refresh)
        self._stuck = StuckWorkflows(self._account, carried.stuck, self._refresh)
        self._notifier = AccountNotifier(request.account, self._account, carried.notified)
        self._began = workflow.now()
        self._receipts = Receipts(carried.receipts)
        self._published: tuple[int | None] | None = None
        """The epoch that this run has published last; None before the first."""

    @workflow.run
    async def run(self, request: AccountRequest) -> None:
        """Run the account for a day, then continue as new with its whole state."""
        stream = start_activity(
            FOLLOW_ORDERS,
            FollowRequest(account=request.account),
            options=activity_options.FOLLOW_ORDERS,
            summary=f"follow the orders of {request.account}",
        )
        watch = start_activity(
            WATCH_TRADES,
            WatchRequest(account=request.account, known=self._stuck.known),
            options=activity_options.WATCH_TRADES,
            summary=f"look for stuck trades of {request.account}",
        )
        self._refresh()
        notices = asyncio.create_task(self._notifier.run())
        receipts = asyncio.create_task(self._receipts.run())
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
        watch.cancel()
        receipts.cancel()
        self._receipts.flush()
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
            stuck=self._stuck.known,
            receipts=self._receipts.kept,
            halt_reminded=self._days.halt_reminded,
            clocks=self._days.clocks,
        )

    @property
    def _full(self) -> bool:
        """Whether this run must end: by its age, its length, or because Temporal suggests it."""
        aged = workflow.now() >= self._began + timing.ACCOUNT_RUN
        long = workflow.info().get_current_history_length() >= timing.MAX_HISTORY
        return aged or long or workflow.info().is_continue_as_new_suggested()

    # Entries

    @workflow.signal(name=ADMIT_SIGNAL)
    def admit(self, asked: list[AdmitQuestion]) -> None:
        """Admit entry orders, or deny them, each by itself. Asking twice reserves once."""
        for each in asked:
            answer = self._account.admit(each.request, workflow.now())
            found = AdmitAnswer(denied=answer) if isinstance(answer, Denied) else AdmitAnswer(admitted=answer)
            self._receipts.add(each.id, found)

    @workflow.signal(name=RELEASE_SIGNAL)
    def release(self, trade: WorkflowId) -> None:
        """Free what a trade had reserved that is over and did not report it. Releasing twice frees once."""
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
    async def halt(self, command: Command) -> None:
        """Halt, and answer when it is certain that no entry is sent any more."""
        await self._receipts.answer(command, lambda: self._halt(command))

    async def _halt(self, command: Command) -> HaltReceipt:
        started = workflow.now()
        self._halts.apply(TradingStateCommand.HALT, command)
        stopped = self._halts.stop_entries()
        return await self._halts.receipt(started, stopped)

    @workflow.signal(name=RESUME_SIGNAL)
    async def resume(self, command: Command) -> None:
        """Let the account buy again."""
        await self._receipts.answer(command, lambda: self._resume(command), adds_risk=True)

    async def _resume(self, command: Command) -> AccountReceipt:
        checks.check_resume(self._account, command)
        self._halts.apply(TradingStateCommand.RESUME, command)
        return self._done(f"Account {self._request.account} is active again")

    @workflow.signal(name=FLATTEN_SIGNAL)
    async def flatten(self, command: Command) -> None:
        """Halt, cancel every entry and close every position.

        Answer when nothing is bought any more, and continue until flat.
        """
        await self._receipts.answer(command, lambda: self._flatten(command))

    async def _flatten(self, command: Command) -> AccountReceipt:
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
        return AccountReceipt(done=flat, text=text)

    # Limits, differences, re-posts

    @workflow.signal(name=LIMITS_SIGNAL)
    async def change_limits(self, asked: LimitsCommand) -> None:
        """Change limits; the changes and the reason are recorded."""
        await self._receipts.answer(asked.command, lambda: self._change_limits(asked), adds_risk=True)

    async def _change_limits(self, asked: LimitsCommand) -> LimitsReceipt:
        checks.check_limits(self._account, asked)
        command, old = asked.command, self._account.limits
        new = changed(old, asked.changes)
        self._account.change_limits(new, workflow.now(), by=command.by, reason=command.reason)
        self._refresh()
        changes = diff(old, new)
        return LimitsReceipt(
            changes=changes, limits=new, text="; ".join(map(str, changes)) or "Nothing changed"
        )

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

    @workflow.signal(name=EXPLAIN_SIGNAL)
    async def explain(self, asked: Explanation) -> None:
        """Explain differences; trades that no longer exist are released with it."""
        await self._receipts.answer(asked.command, lambda: self._explain(asked), adds_risk=True)

    async def _explain(self, asked: Explanation) -> AccountReceipt:
        checks.check_explanation(self._account, asked)
        ended = [
            each.what
            for each in self._account.differences
            if each.kind is DifferenceKind.TRADE_ENDED and asked.what in {None, each.what}
        ]
        by, reason = asked.command.by, asked.command.reason
        count = self._account.explain(asked.what, workflow.now(), by=by, reason=reason)
        for trade in ended:
            self._account.release(WorkflowId(trade))
        self._refresh()
        return self._done(f"{count} differences explained")

    @workflow.signal(name=ALLOW_SIGNAL)
    async def allow_repost(self, asked: Explanation) -> None:
        """Allow a re-post, once."""
        await self._receipts.answer(asked.command, lambda: self._allow_repost(asked), adds_risk=True)

    async def _allow_repost(self, asked: Explanation) -> AccountReceipt:
        checks.check_repost(self._account, asked)
        by, reason = asked.command.by, asked.command.reason
        self._account.allow(asked.what or "", workflow.now(), by=by, reason=reason)
        self._refresh()
        return self._done(f"The alert of {asked.what} is allowed when it is sent again")

    def _done(self, text: str) -> AccountReceipt:
        return AccountReceipt(done=True, text=text)

    # The broker's side

    @workflow.signal(name=STREAM_SIGNAL)
    def report_stream(self, status: StreamStatus) -> None:
        """Apply whether the order stream is connected."""
        self._stream_since = status.since
        self._refresh()

    @workflow.signal(name=CLOCKS_SIGNAL)
    def report_clocks(self, report: ClockReport) -> None:
        """Apply how far the clocks are apart, as a worker found.

        Clocks that are too far apart fail the preflight, which pages people and refuses entries.
        """
        self._days.apply_clocks(report)
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

    @workflow.signal(name=STUCK_SIGNAL)
    def report_stuck(self, found: list[StuckWorkflow]) -> None:
        """Apply which workflows of the account are stuck: all of them, each time."""
        self._stuck.update(found, workflow.now())

    @workflow.signal(name=REPAIR_SIGNAL)
    async def record_repair(self, asked: RepairRecord) -> None:
        """Record what a person does to a stuck trade; what it leaves unmanaged blocks entries."""
        await self._receipts.answer(asked.command, lambda: self._record_repair(asked))

    async def _record_repair(self, asked: RepairRecord) -> AccountReceipt:
        return self._stuck.record_repair(asked, workflow.now())

    @workflow.signal(name=PREFLIGHT_SIGNAL)
    async def preflight(self, command: Command) -> None:
        """Run the preflight now; its result counts for the entries that follow."""
        await self._receipts.answer(command, self._preflight)

    async def _preflight(self) -> list[Check]:
        reading = await self._days.read()
        if reading is None:
            raise CommandRefusedError("The broker did not answer. Try again")
        self._days.apply_preflight(reading.checks)
        self._refresh()
        return list(self._checks)

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
            clocks=self._days.clocks,
            foreign=self._foreign,
            stuck=self._stuck.known,
            now=workflow.now(),
        )

    @workflow.query(name=DAY_QUERY)
    def day(self) -> DayAnswer:
        """Return the day's reference buying power."""
        return self._days.answer

    @workflow.query(name=EXPECTED_QUERY)
    def expected(self) -> ExpectedAnswer:
        """Return what the open trades hold by their own reports."""
        return ExpectedAnswer(
            trades=self._account.expected,
            differences=self._account.differences,
            admitted=self._account.day.trades,
        )

    def page(self) -> str:
        """Return the account's page in the Web UI."""
        return details(self.view())

    def _refresh(self) -> None:
        """Publish the trading state: the epoch for the workers, and the metric that says if it is halted."""
        epoch = self._account.open_epoch
        if self._published != (epoch,):
            self._published = (epoch,)
            run = workflow.info().run_id
            found = None if epoch is None else PublishedEpoch(epoch=epoch, run=run)
            workflow.upsert_memo({TRADING_EPOCH: found})  # None removes it
        metrics.record_halt(halted=self._account.state is not AccountState.ACTIVE)
