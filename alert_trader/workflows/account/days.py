"""The days of an account: when the next one begins, what it begins with, and what its preflight says."""

from datetime import date, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import READ_ACCOUNT, AccountReading, DayAnswer
    from alert_trader.domain.account.account import Account
    from alert_trader.domain.account.preflight import Check
    from alert_trader.domain.account.trading_state import AccountState
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.market.calendar import NEW_YORK, new_york_date
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity


class Days:
    """Begins each New York day with a reading of the account, and reads again when the session opens.

    What is read before the open is good for what happens before it; the session's own reading then stays fixed for the day.
    """

    def __init__(self, memory: Account, still_told: date | None) -> None:
        """Go on with `memory`; `still_told` is the last day on which people were told of a halt that goes on."""
        self._memory = memory
        # an earlier run may have left a preflight that was not all right: it is due again
        self._failures = 0 if all(each.ok for each in memory.day.preflight) else 1
        self._read_at: datetime | None = memory.day.preflight_at
        self.still_told = still_told

    @property
    def next_reading(self) -> datetime:
        """Give when the day's beginning is to be read: now when it was not, at the open, or at once again when it was not all right."""
        day, now = self._memory.day, workflow.now()
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
        """Give when the day after begins."""
        following = self._memory.day.date + timedelta(days=1)
        return datetime(following.year, following.month, following.day, tzinfo=NEW_YORK).astimezone(
            tz=workflow.now().tzinfo
        )

    @property
    def answer(self) -> DayAnswer:
        """Give the day's reference buying power, and whether it stays so."""
        day = self._memory.day
        opens = self._opens
        fixed = day.reference_at is not None and not (opens is not None and self._early(opens))
        return DayAnswer(day=day.date, reference=day.reference, fixed=fixed)

    @property
    def _opens(self) -> datetime | None:
        """When the day's session opens: by the broker's word, or where it gave none by the calendar; None on a day without one."""
        day = self._memory.day
        return TradingHours(session=day.session).opens_at(day.date)

    def _early(self, opens: datetime) -> bool:
        """Whether the day was read before its session opened."""
        return self._memory.day.reference_at is not None and self._memory.day.reference_at < opens

    async def begin_if_due(self) -> None:
        """Begin the day when it is time; what could not be read is read again later."""
        self._memory.roll(workflow.now())
        if self.next_reading > workflow.now():
            return
        reading = await self.read()
        if reading is None:
            self._failures += 1
            return
        self._memory.roll(workflow.now())
        day, now = self._memory.day, workflow.now()
        day.session = reading.session
        opens = self._opens
        if day.reference is None or (opens is not None and self._early(opens) and opens <= now):
            self._memory.open_day(reading.buying_power, now)
        self.judge(reading.checks)
        self._tell_of_halt(now)

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

    def judge(self, checks: tuple[Check, ...]) -> None:
        """Take a preflight in, and say when what it found is another matter than before."""
        day, now = self._memory.day, workflow.now()
        before, wrong = (
            [each for each in day.preflight if not each.ok],
            [each for each in checks if not each.ok],
        )
        day.preflight, day.preflight_at = checks, now
        self._failures = self._failures + 1 if wrong else 0
        if wrong and [each.name for each in wrong] != [each.name for each in before]:
            text = f"The preflight is not all right, and nothing is bought: {'; '.join(f'{each.name}: {each.found}' for each in wrong)}"
            self._memory.record(now, EventKind.PREFLIGHT, text, failed=", ".join(each.name for each in wrong))
        elif before and not wrong:
            self._memory.record(now, EventKind.PREFLIGHT, "The preflight is all right again")

    def _tell_of_halt(self, now: datetime) -> None:
        """Say once a day that the account is still halted."""
        memory = self._memory
        if (
            memory.state is AccountState.ACTIVE
            or memory.halted_at is None
            or self.still_told == memory.day.date
        ):
            return
        self.still_told = memory.day.date
        if new_york_date(memory.halted_at) != memory.day.date:
            text = f"Still {memory.state} since {memory.halted_at:%Y-%m-%d %H:%M} UTC by {memory.halted_by}: {memory.halt_reason}"
            memory.record(now, EventKind.STILL_HALTED, text, since=memory.halted_at.isoformat())
