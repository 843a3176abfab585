"""When the broker is asked again: soon at first, then less often, until the contract stops trading.

A number of attempts would end over a night or a long weekend, with the position still held; the contract's
life does not. It may last two years, so the pauses grow, to keep the history small. While the market is
closed an hour passes at least. Whatever the pause, the next attempt comes no later than the next open, and at
once when a person requests it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.market.calendar import eastern, new_york_date
    from alert_trader.domain.market.trading_hours import BY_RULE, TradingHours
    from alert_trader.workflows import timing
    from alert_trader.workflows.trade_state import RetryProgress
    from alert_trader.workflows.waiting import wait


@dataclass(slots=True, kw_only=True)
class OpenRetries:
    """Everything of one trade that is being retried at the broker."""

    ends: datetime
    """When the contract has stopped trading and the last reports are in: nothing is retried after it."""
    hours: TradingHours
    page: Callable[[str], object]
    """Called with a text when a person must look."""
    progress: dict[str, RetryProgress] = field(default_factory=dict)
    """How far each operation is, in words: of the trade's state."""
    requested: int = 0
    """How often a person requested the next attempt at once."""
    next_attempts: dict[str, datetime] = field(default_factory=dict)
    """What is being retried, in words, and when the next attempt is."""

    def retry_now(self) -> None:
        """Make the next attempt of everything at once."""
        self.requested += 1

    def loop(
        self,
        pauses: tuple[timedelta, ...],
        what: str,
        *,
        pages: bool = True,
        page_from: datetime | None = None,
    ) -> "RetryLoop":
        """Begin to retry `what`.

        It is shown, and a person is paged about it from `page_from` on; without `pages` neither.
        """
        return RetryLoop(
            self, pauses, what, page=self.page if pages else None, page_from=page_from or workflow.now()
        )

    @property
    def text(self) -> str:
        """Say what is being retried; empty when nothing is."""
        return "; ".join(
            f"{what}, next attempt at {eastern(again, '%Y-%m-%d %H:%M')}"
            for what, again in self.next_attempts.items()
        )


class RetryLoop:
    """The pauses between the attempts of one operation.

    Pages a person after a few attempts, then once in each session.
    """

    def __init__(
        self,
        retries: OpenRetries,
        pauses: tuple[timedelta, ...],
        what: str,
        *,
        page: Callable[[str], object] | None,
        page_from: datetime,
    ) -> None:
        """Show the attempts in `retries` as `what`; `page` a person about it from `page_from` on."""
        self._retries = retries
        self._pauses = pauses
        self._what = what
        self._page = page
        # of the run before this one, if that was retrying it
        self._progress = retries.progress.setdefault(what, RetryProgress(page_from=page_from))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Retry no more."""
        self._retries.next_attempts.pop(self._what, None)
        self._retries.progress.pop(self._what, None)

    @property
    def attempts(self) -> int:
        """Return the attempts in a row, since the beginning or since a person requested one."""
        return self._progress.attempts

    @property
    def expired(self) -> bool:
        """Whether the contract has stopped trading."""
        return workflow.now() >= self._retries.ends

    async def pause(self, settled: Callable[[], bool], until: datetime | None = None) -> None:
        """Wait for the next attempt, at most until a moment.

        Ends when it is settled, or when a person requests an attempt.
        """
        requested, progress = self._retries.requested, self._progress
        again = next_attempt(workflow.now(), self._pauses, progress.step, self._retries.hours)
        again = min(again, self._retries.ends, until or self._retries.ends)
        progress.attempts += 1
        # several operations together must not cost more than one: past the quick pauses, theirs grow faster
        progress.step += (
            1
            if progress.step < len(self._pauses) and self._pauses[progress.step] <= timing.SHORT_PAUSE
            else max(1, len(self._retries.next_attempts))
        )
        if self._page is not None:
            self._retries.next_attempts[self._what] = again
            if self.attempts >= timing.PAGE_AFTER and self._is_time_to_page():
                self._page(
                    f"{self._what}, after {self.attempts} attempts. Next attempt at "
                    f"{eastern(again, '%Y-%m-%d %H:%M')}. Check it at the broker"
                )
        await wait(lambda: settled() or self._retries.requested != requested, again, self._what)
        if self._retries.requested != requested:
            progress.attempts = progress.step = 0

    def _is_time_to_page(self) -> bool:
        """Whether nobody was paged about it yet, or not in this session."""
        now = workflow.now()
        today = new_york_date(now)
        paged_on = self._progress.paged_on
        paged = paged_on is not None and (today == paged_on or not in_session(now, self._retries.hours))
        if now < self._progress.page_from or paged:
            return False
        self._progress.paged_on = today
        return True


def next_attempt(
    now: datetime, pauses: tuple[timedelta, ...], attempts: int, hours: TradingHours = BY_RULE
) -> datetime:
    """Return the moment of the next attempt after so many.

    The last of `pauses` repeats. None is later than the next open.
    """
    pause = pauses[min(attempts, len(pauses) - 1)]
    if pause > timing.SHORT_PAUSE and not in_session(now, hours):
        pause = max(pause, timing.PAUSE_WHILE_CLOSED)
    return min(now + pause, hours.next_open(now))


def in_session(moment: datetime, hours: TradingHours = BY_RULE) -> bool:
    """Return whether the market is open, or closed so shortly ago that late reports still arrive."""
    today = new_york_date(moment)
    opens, closes = hours.opens_at(today), hours.closes_at(today)
    return opens is not None and closes is not None and opens <= moment < closes + timing.AFTER_CLOSE
