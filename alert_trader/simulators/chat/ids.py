"""Snowflakes: ids that contain their creation time."""

import itertools
from datetime import UTC, datetime

from alert_trader import clock

EPOCH = 1_420_070_400_000
"""Discord's first millisecond."""

_count = itertools.count()


def snowflake(at: datetime | None = None) -> str:
    """Create an id for a time, by default now; later ids sort later, also within a millisecond."""
    moment = clock.now() if at is None else at
    milliseconds = int(moment.timestamp() * 1000) - EPOCH
    return str((milliseconds << 22) | (next(_count) & 0x3FFFFF))


def time_of(snowflake_id: str) -> datetime:
    """Return the creation time of an id."""
    return datetime.fromtimestamp(((int(snowflake_id) >> 22) + EPOCH) / 1000, UTC)
