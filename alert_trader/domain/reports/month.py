"""A month as a calendar: the results of each day, by weeks."""

from dataclasses import dataclass
from datetime import date, timedelta

from alert_trader.domain.reports.figures import Line, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """A day of the calendar."""

    day: date
    line: Line | None
    """The results of the alerts of that day; None of a day without alerts."""


def weeks(report: Report) -> tuple[tuple[DayResult | None, ...], ...]:
    """Return the weeks of a report whose lines are days, from Sunday on; None fills the first and last week.

    Its scope lies in one month.
    """
    lines = {line.key: line for line in report.lines}
    first = report.scope.since.replace(day=1)
    begins = first - timedelta(days=first.isoweekday() % 7)
    days = [begins + timedelta(days=at) for at in range(42)]
    shown = [
        DayResult(day=day, line=lines.get(day.isoformat())) if day.month == first.month else None
        for day in days
    ]
    found = [tuple(shown[at : at + 7]) for at in range(0, len(shown), 7)]
    return tuple(week for week in found if any(week))
