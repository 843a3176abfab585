"""The days that a report covers."""

from datetime import timedelta

import pytest

from alert_trader.control.reports.report import Wanted, wanted
from alert_trader.domain.reports.figures import Grouping
from tests.support.reported_trades import DAY, OPEN


@pytest.mark.parametrize(
    ("grouping", "since", "until"),
    [
        (Grouping.DAY, "2026-11-24", "2026-11-24"),
        (Grouping.WEEK, "2026-11-23", "2026-11-29"),
        (Grouping.MONTH, "2026-11-01", "2026-11-30"),
        (Grouping.AUTHOR, "2026-10-26", "2026-11-24"),
    ],
)
def test_the_requested_days_are_covered(grouping: Grouping, since: str, until: str) -> None:
    """Today, this week from its Monday, or the last thirty days, in New York."""
    found: Wanted = wanted(grouping, now=OPEN)
    assert (found.since.isoformat(), found.until.isoformat()) == (since, until)


def test_reversed_days_are_refused() -> None:
    """A first day after the last is a mistake."""
    with pytest.raises(ValueError, match="is after the last day"):
        wanted(Grouping.DAY, now=OPEN, on=DAY, since=DAY + timedelta(days=1))
