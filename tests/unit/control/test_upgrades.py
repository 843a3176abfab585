"""When the last open trade moves to another build."""

from datetime import UTC, datetime

import pytest

from alert_trader.control.upgrades import moved_by


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        (datetime(2026, 11, 24, 15, tzinfo=UTC), datetime(2026, 11, 24, 21, 30, tzinfo=UTC)),
        (datetime(2026, 11, 24, 21, 30, tzinfo=UTC), datetime(2026, 11, 25, 21, 30, tzinfo=UTC)),
        # Thanksgiving, then a half day
        (datetime(2026, 11, 26, 15, tzinfo=UTC), datetime(2026, 11, 27, 18, 30, tzinfo=UTC)),
        (datetime(2026, 11, 28, 15, tzinfo=UTC), datetime(2026, 11, 30, 21, 30, tzinfo=UTC)),
    ],
)
def test_the_daily_check_moves_the_last_trade(now: datetime, moved: datetime) -> None:
    """It runs 15 minutes after the latest close of a contract on the next trading day."""
    assert moved_by(now) == moved
