"""What doctor reports about housekeeping: whether trades are archived well before Temporal deletes them."""

from datetime import UTC, datetime, timedelta

import pytest

from alert_trader.activities.housekeeping import HousekeepingCounts
from alert_trader.cli.doctor_mirrors import housekeeping_finding
from alert_trader.control.queries.housekeeping import HousekeepingState

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
KEPT = timedelta(days=30)
OFTEN = timedelta(minutes=5)


def state(
    *,
    every: timedelta | None = OFTEN,
    paused: bool = False,
    ago: timedelta | None = OFTEN,
    problem: str | None = None,
) -> HousekeepingState:
    """Return a state whose last round ended a while ago."""
    if ago is None:
        return HousekeepingState(every=every, paused=paused)
    return HousekeepingState(
        every=every, paused=paused, last_end=NOW - ago, last=HousekeepingCounts(problem=problem)
    )


def test_a_running_schedule_passes() -> None:
    """Rounds that end, often enough for what Temporal keeps, need nothing to be done."""
    assert housekeeping_finding(state(), retention=KEPT, wanted=OFTEN, now=NOW) == (
        "every 300 s, last run 300 s ago; Temporal keeps trades 30 days",
        "",
    )


@pytest.mark.parametrize(
    ("found", "words", "fix"),
    [
        (state(every=None, ago=None), "not scheduled", "trader housekeeper"),
        (state(paused=True), "paused", "unpause"),
        (state(ago=None), "no run has completed yet", "trader housekeeper"),
        (state(every=timedelta(days=4)), "fewer than 10 runs", "TRADER_HOUSEKEEPING_EVERY to 259200 s"),
        (state(ago=timedelta(hours=2)), "last run 7200 s ago", "trader housekeeper"),
        (
            state(problem="Redis cannot be reached"),
            "last run failed: Redis cannot be reached",
            "fix the cause",
        ),
    ],
)
def test_a_schedule_that_would_lose_a_trade_fails(found: HousekeepingState, words: str, fix: str) -> None:
    """DUR-20: a schedule that is missing, paused, dead, too rare or in trouble is named, with what to do."""
    text, to_do = housekeeping_finding(found, retention=KEPT, wanted=OFTEN, now=NOW)
    assert words in text
    assert fix in to_do
