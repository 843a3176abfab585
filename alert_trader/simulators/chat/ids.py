"""Snowflakes: ids that carry the time they were made at."""

import itertools
from datetime import UTC, datetime

from alert_trader import clock

EPOCH = 1_420_070_400_000
"""Discord's first millisecond."""

_count = itertools.count()


def snowflake(at: datetime | None = None) -> str:
    """Make an id of a moment, by default of now; ids made later sort later, also within a millisecond."""
    moment = clock.now() if at is None else at
    milliseconds = int(moment.timestamp() * 1000) - EPOCH
    return str((milliseconds << 22) | (next(_count) & 0x3FFFFF))


def time_of(snowflake_id: str) -> datetime:
    """Give the moment that an id was made at."""
    return datetime.fromtimestamp(((int(snowflake_id) >> 22) + EPOCH) / 1000, UTC)
