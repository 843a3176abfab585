"""The days of an account: when the next one begins, its reference buying power, and its preflight."""

from datetime import date, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import READ_ACCOUNT, AccountReading, DayAnswer
    from alert_trader.domain.account.account import Account
    from alert_trader.domain.account.clocks import ClockReport, current, with_clock_check, with_report
    from alert_trader.domain.account.preflight import Check
    from alert_trader.domain.account.trading_state import AccountState
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.market.calendar import NEW_YORK, eastern, new_york_date
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity


class Days:
    """Begins each New York day with a reading of the account, and reads it again when the session opens.

    What is read before the open counts until the open; what the session's reading finds then counts for the
    rest of the day.
    """

    def __init__(self, account: Account, halt_reminded: date | None, clocks: tuple[ClockReport, ...]) -> None:
        """Continue with `account`.

        `halt_reminded` is the last day on which people were reminded that it is halted, `clocks` are the last
        reports of the workers.
        """
        self._account = account
        self._clocks = clocks
        # a preflight of an earlier run may have failed: it is due again
        self._failures = 0 if all(each.ok for each in account.day.preflight) else 1
        self._read_at: datetime | None = account.day.preflight_at
        self.halt_reminded = halt_reminded

    @property
    def next_reading(self) -> datetime:
        """Return when the account is to be read next.

        That is now if it was not read today, after a pause if the preflight failed, at the open, or tomorrow.
        """
        day, now = self._account.day, workflow.now()
        if self._failures > 0 or day.reference is None:
            pause = (
                timedelta(0)
                if self._failures == 0
                else timing.DAY_PAUSES[min(self._failures, len(timing.DAY_PAUSES)) - 1]
            )
            return (self._read_at or now) + pause
        opens = self._opens
        return opens if opens is not None and self._early(opens) else self.midnight

    @property
    def midnight(self) -> datetime:
        """Return when the next day begins."""
        following = self._account.day.date + timedelta(days=1)
        return datetime(following.year, following.month, following.day, tzinfo=NEW_YORK).astimezone(
            tz=workflow.now().tzinfo
        )

    @property
    def answer(self) -> DayAnswer:
        """Return the day's reference buying power, and whether it is final."""
        day = self._account.day
        opens = self._opens
        fixed = day.reference_at is not None and not (opens is not None and self._early(opens))
        return DayAnswer(day=day.date, reference=day.reference, fixed=fixed)

    @property
    def _opens(self) -> datetime | None:
        """When the day's session opens: by the broker, else by the calendar; None on a day without one."""
        day = self._account.day
        return TradingHours(session=day.session).opens_at(day.date)

    def _early(self, opens: datetime) -> bool:
        """Whether the day was read before its session opened."""
        return self._account.day.reference_at is not None and self._account.day.reference_at < opens

    async def begin_if_due(self) -> None:
        """Begin the day if it is time; what could not be read is read again later."""
        self._account.start_day(workflow.now())
        if self.next_reading > workflow.now():
            return
        reading = await self.read()
        if reading is None:
            self._failures += 1
            return
        self._account.start_day(workflow.now())
        day, now = self._account.day, workflow.now()
        day.session = reading.session
        opens = self._opens
        if day.reference is None or (opens is not None and self._early(opens) and opens <= now):
            self._account.open_day(reading.buying_power, now)
        self.apply_preflight(reading.checks)
        self._remind_of_halt(now)

    async def read(self) -> AccountReading | None:
        """Read buying power and preflight; None when the broker did not answer."""
        self._read_at = workflow.now()
        try:
            reading: AccountReading = await run_activity(
                READ_ACCOUNT,
                answer=AccountReading,
                options=activity_options.READ_ACCOUNT,
                summary="buying power and preflight",
            )
        except ActivityError:
            return None
        return reading

    def apply_preflight(self, checks: tuple[Check, ...]) -> None:
        """Apply the checks of a preflight, and record when other ones fail than before."""
        self._account.day.preflight_at = workflow.now()
        wrong = self._apply(checks)
        self._failures = self._failures + 1 if wrong else 0

    @property
    def clocks(self) -> tuple[ClockReport, ...]:
        """How far the clocks are apart, as each worker last reported."""
        return current(self._clocks, workflow.now())

    def apply_clocks(self, report: ClockReport) -> None:
        """Apply what a worker found: clocks that are too far apart fail the preflight."""
        self._clocks = with_report(self._clocks, report, workflow.now())
        failed = any(not each.ok for each in self._account.day.preflight)
        if self._apply(self._account.day.preflight):
            self._failures = max(self._failures, 1)  # the preflight is due again
        elif failed:
            self._failures = 0

    def _apply(self, checks: tuple[Check, ...]) -> bool:
        """Apply checks, that of the clocks by the workers' reports; return whether any failed."""
        day, now = self._account.day, workflow.now()
        checks = with_clock_check(checks, self.clocks)
        before, wrong = (
            [each for each in day.preflight if not each.ok],
            [each for each in checks if not each.ok],
        )
        day.preflight = checks
        if wrong and [each.name for each in wrong] != [each.name for each in before]:
            text = (
                "Preflight failed, and nothing is bought: "
                f"{'; '.join(f'{each.name}: {each.found}' for each in wrong)}"
            )
            self._account.record(
                now, EventKind.PREFLIGHT, text, failed=", ".join(each.name for each in wrong)
            )
        elif before and not wrong:
            self._account.record(now, EventKind.PREFLIGHT, "Preflight passed again")
        return bool(wrong)

    def _remind_of_halt(self, now: datetime) -> None:
        """Record once a day that the account is still halted."""
        account = self._account
        if (
            account.state is AccountState.ACTIVE
            or account.halted_at is None
            or self.halt_reminded == account.day.date
        ):
            return
        self.halt_reminded = account.day.date
        if new_york_date(account.halted_at) != account.day.date:
            text = (
                f"Still {account.state} since {eastern(account.halted_at, '%Y-%m-%d %H:%M')} by "
                f"{account.halted_by}: {account.halt_reason}"
            )
            account.record(now, EventKind.STILL_HALTED, text, since=account.halted_at.isoformat())
