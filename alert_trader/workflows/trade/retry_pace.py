"""When the venue is asked again: soon at first, then less and less often, until it is settled or the contract has stopped trading.

A count of tries would end over a night or a long weekend, with the position still held. The contract's life does not; and as it may last
two years, the pauses grow, so that a history bears them. While the market is shut an hour passes at least. Whatever the pause, it is asked
when the market opens, and when a person asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.market.calendar import new_york_date
    from alert_trader.domain.market.trading_hours import BY_RULE, TradingHours
    from alert_trader.workflows import timing
    from alert_trader.workflows.waiting import wait


@dataclass(slots=True, kw_only=True)
class Waiting:
    """What a trade waits for at the venue: everything of it that asks again and again shares one of these."""

    ends: datetime
    """When the contract has stopped trading and the last reports are in: nothing is asked after it."""
    hours: TradingHours
    asked: int = 0
    """How often a person asked for it to go on at once."""
    shown: dict[str, datetime] = field(default_factory=dict)
    """What is waited for, in words, and when it is asked again."""

    def ask_now(self) -> None:
        """Have everything asked again at once."""
        self.asked += 1

    @property
    def text(self) -> str:
        """Say what is waited for; empty when it is nothing."""
        return "; ".join(
            f"{what}, asked again at {again:%Y-%m-%d %H:%M} UTC" for what, again in self.shown.items()
        )


class Pace:
    """The pauses between the tries of one question. Calls a person after a few of them, and then once in each session."""

    def __init__(
        self,
        waiting: Waiting,
        pauses: tuple[timedelta, ...],
        what: str,
        *,
        call: Callable[[str], object] | None,
        call_from: datetime | None = None,
    ) -> None:
        """Say `what` is waited for; `call` a person about it, not before `call_from`. Without a `call` nobody is told."""
        self._waiting = waiting
        self._pauses = pauses
        self._what = what
        self._call = call
        self._call_from = call_from or workflow.now()
        self._called_on: date | None = None
        self.tried = 0
        """Tries in a row since the beginning, or since a person asked for one."""
        self._step = 0
        """How far the pauses have grown."""

    def __enter__(self) -> Self:
        """Begin to ask."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for nothing any more."""
        self._waiting.shown.pop(self._what, None)

    @property
    def over(self) -> bool:
        """Whether the contract has stopped trading."""
        return workflow.now() >= self._waiting.ends

    async def pause(self, settled: Callable[[], bool], until: datetime | None = None) -> None:
        """Wait before the next try, at most until a moment; ends when it is settled, or when a person asks for a try now."""
        asked = self._waiting.asked
        again = next_try(workflow.now(), self._pauses, self._step, self._waiting.hours)
        again = min(again, self._waiting.ends, until or self._waiting.ends)
        self.tried += 1
        # what several questions cost together is what one costs alone: past the quick ones their pauses grow faster
        self._step += (
            1
            if self._step < len(self._pauses) and self._pauses[self._step] <= timing.QUICK
            else max(1, len(self._waiting.shown))
        )
        if self._call is not None:
            self._waiting.shown[self._what] = again
            if self.tried >= timing.PAGE_AFTER and self._is_time_to_call():
                self._call(
                    f"{self._what}, after {self.tried} tries; it is asked again at {again:%Y-%m-%d %H:%M} UTC: a person must look"
                )
        await wait(lambda: settled() or self._waiting.asked != asked, again, self._what)
        if self._waiting.asked != asked:
            self.tried = self._step = 0

    def _is_time_to_call(self) -> bool:
        """Whether nobody was called about it yet, or not in this session."""
        now = workflow.now()
        today = new_york_date(now)
        called = self._called_on is not None and (
            today == self._called_on or not in_session(now, self._waiting.hours)
        )
        if now < self._call_from or called:
            return False
        self._called_on = today
        return True


def next_try(
    now: datetime, pauses: tuple[timedelta, ...], tried: int, hours: TradingHours = BY_RULE
) -> datetime:
    """Give the moment of the next try after `tried` of them. The last of `pauses` holds. None goes past an opening."""
    pause = pauses[min(tried, len(pauses) - 1)]
    if pause > timing.QUICK and not in_session(now, hours):
        pause = max(pause, timing.WHILE_SHUT)
    return min(now + pause, hours.next_open(now))


def in_session(moment: datetime, hours: TradingHours = BY_RULE) -> bool:
    """Tell whether the market is open, or has closed so shortly ago that late reports still come in."""
    today = new_york_date(moment)
    opens, closes = hours.opens_at(today), hours.closes_at(today)
    return opens is not None and closes is not None and opens <= moment < closes + timing.AFTER_CLOSE
