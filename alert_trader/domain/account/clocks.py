"""How far the clocks of a worker's machine, of Temporal and of the broker are apart.

Every answer that carries the sender's time bounds the offset: the sender read its clock after our request
left and before its answer was complete. So one answer is right to half its round trip, plus half the
resolution of the time that it carries; the bounds of several answers narrow each other.

A wrong clock refuses entries at most. No exit, cancel, close or halt depends on what is found here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alert_trader.domain.account.preflight import Check

CHECK = "clock"
"""The name of the preflight's check."""

NOTED = timedelta(milliseconds=250)
"""An offset that is shown to people."""

WRONG = timedelta(seconds=1)
"""An offset that pages people and refuses entries: the ages of alerts and quotes depend on the clocks."""

DRIFT = 0.0005
"""Seconds by which two clocks may drift apart in one second, far above that of any working clock."""

REPORTED_WRONG_FOR = timedelta(minutes=3)
"""How long a report of a wrong clock counts. It is repeated every minute, until its worker ends."""

REPORTED_FOR = timedelta(hours=3)
"""How long any other report counts. It is repeated every hour."""

MAX_REPORTS = 20

_UNKNOWN = float("inf")
"""Seconds: the bound of what no answer has bounded yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """One clock's time minus another's: certainly between both bounds."""

    lowest: timedelta
    highest: timedelta

    @property
    def middle(self) -> timedelta:
        """The best estimate."""
        return (self.lowest + self.highest) / 2

    @property
    def error(self) -> timedelta:
        """By how much the estimate may be wrong, either way."""
        return (self.highest - self.lowest) / 2

    @property
    def certain(self) -> timedelta:
        """The least difference that both bounds allow, never negative."""
        return max(self.lowest, -self.highest, timedelta(0))

    def minus(self, other: "Offset") -> "Offset":
        """Return the offset between the clocks that both were compared with."""
        return Offset(lowest=self.lowest - other.highest, highest=self.highest - other.lowest)

    def __str__(self) -> str:
        """Return how far the first clock is from the second."""
        seconds, error = self.middle.total_seconds(), self.error.total_seconds()
        way = "ahead of" if seconds > 0 else "behind"
        return f"{abs(seconds):.2f} s (±{error:.2f} s) {way}"


class ClockComparison:
    """Compares this machine's clock with another, from the bounds of every answer.

    It compares the steady clock, which nothing sets: a wall clock that is set is noticed without an answer.
    Times are seconds, of wall clocks since 1970.
    """

    def __init__(self) -> None:
        """Start without an answer."""
        self._lowest, self._highest, self._at = -_UNKNOWN, _UNKNOWN, 0.0

    def add(self, *, lowest: float = -_UNKNOWN, highest: float, at: float) -> None:
        """Add what one answer shows: the steady clock minus the other is between both.

        `at` is the steady clock now. When the bounds contradict the earlier ones, the other clock was set.
        """
        self._widen(at)
        low, high = max(self._lowest, lowest), min(self._highest, highest)
        self._lowest, self._highest = (low, high) if low <= high else (lowest, highest)

    def offset(self, wall: datetime, at: float) -> Offset | None:
        """Return this machine's clock, which shows `wall` when the steady one shows `at`, minus the other.

        None while not known.
        """
        self._widen(at)
        if self._lowest == -_UNKNOWN or self._highest == _UNKNOWN:
            return None
        between = wall.timestamp() - at
        return Offset(
            lowest=timedelta(seconds=between + self._lowest),
            highest=timedelta(seconds=between + self._highest),
        )

    def _widen(self, at: float) -> None:
        drift = max(at - self._at, 0.0) * DRIFT
        self._lowest, self._highest, self._at = self._lowest - drift, self._highest + drift, at


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReport:
    """What one worker found: the clock of its machine minus Temporal's and minus the broker's."""

    worker: str
    temporal: Offset | None
    """None while not known; so is the broker's."""
    broker: Offset | None
    at: datetime | None = None
    """When the account received it."""

    @property
    def known(self) -> bool:
        """Whether all three clocks were compared."""
        return self.temporal is not None and self.broker is not None

    @property
    def apart(self) -> timedelta:
        """The largest difference between two of the three clocks that is certain."""
        return max((offset.certain for _, offset, _ in self._pairs), default=timedelta(0))

    @property
    def wrong(self) -> bool:
        """Whether two of the clocks are certainly too far apart."""
        return self.apart >= WRONG

    @property
    def noted(self) -> bool:
        """Whether people should see it: an offset, or that one is not known."""
        return not self.known or self.apart >= NOTED

    @property
    def _pairs(self) -> list[tuple[str, Offset, str]]:
        pairs = [
            ("this machine", offset, other)
            for offset, other in ((self.temporal, "Temporal"), (self.broker, "the broker"))
            if offset is not None
        ]
        if self.temporal is not None and self.broker is not None:
            pairs.append(("Temporal", self.broker.minus(self.temporal), "the broker"))
        return pairs

    def __str__(self) -> str:
        """Return how far this machine's clock is from both, and those from each other if that is far."""
        parts = [
            f"{offset} {other}" if offset is not None else f"not known against {other}"
            for offset, other in ((self.temporal, "Temporal"), (self.broker, "the broker"))
        ]
        parts += [
            f"{one} {offset} {other}"
            for one, offset, other in self._pairs
            if one == "Temporal" and offset.certain >= NOTED
        ]
        return ", ".join(parts)


def with_report(reports: Iterable[ClockReport], new: ClockReport, now: datetime) -> tuple[ClockReport, ...]:
    """Return the reports with a new one in the place of its worker's last."""
    kept = [each for each in current(reports, now) if each.worker != new.worker]
    return (*kept, replace(new, at=now))[-MAX_REPORTS:]


def current(reports: Iterable[ClockReport], now: datetime) -> tuple[ClockReport, ...]:
    """Return the reports that still count: a worker that ended reports no more."""
    return tuple(
        each
        for each in reports
        if each.at is not None and now - each.at < (REPORTED_WRONG_FOR if each.wrong else REPORTED_FOR)
    )


def clock_check(reports: Iterable[ClockReport]) -> Check:
    """Return the preflight's check: it fails while two clocks are too far apart for any worker."""
    all_reports = list(reports)
    wrong = [each for each in all_reports if each.wrong]
    shown = wrong or all_reports
    if len(all_reports) == 1:
        found = str(all_reports[0])
    else:
        found = "; ".join(f"{each.worker}: {each}" for each in shown)
    fix = "set the clock of the worker's machine (NTP), or of Temporal's; exits and cancels continue"
    return Check(name=CHECK, ok=not wrong, found=found or "not compared yet", fix=fix if wrong else "")


def with_clock_check(checks: Iterable[Check], reports: Iterable[ClockReport]) -> tuple[Check, ...]:
    """Return a preflight with its clock check by the workers' reports, where there are any."""
    by_workers = list(reports)
    return tuple(clock_check(by_workers) if each.name == CHECK and by_workers else each for each in checks)
