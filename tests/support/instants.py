"""The moments at which tests begin: one stated instant for all of them, and the hard dates of the calendar.

They lie ahead of any day on which the suite is run, because the virtual clock of a workflow only goes
forward. `pytest --at NAME` or `pytest --at 'YYYY-MM-DD HH:MM'` (New York) begins at another one.
"""

import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

VARIABLE = "ALERT_TRADER_TESTS_AT"
"""Carries `--at` to the processes of a parallel run, which read it before they import any test."""


def new_york(text: str, *, fold: int = 0) -> datetime:
    """Read a New York time such as `2035-05-08 10:00`; return it in UTC."""
    return (
        datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"), fold=fold).astimezone(UTC)
    )


ORDINARY = new_york("2035-05-08 10:00")
"""A Tuesday with nothing special before or after it: no holiday for weeks, and no monthly expiration in the
same week."""

HARD = {
    "ordinary": ORDINARY,
    "before-the-open": new_york("2035-05-08 09:15"),
    "first-minutes": new_york("2035-05-08 09:45"),
    "after-the-close": new_york("2035-05-08 16:05"),
    "midnight-utc": new_york("2035-05-08 19:59:58"),
    "midnight-new-york": new_york("2035-05-08 23:59:58"),
    "friday-evening": new_york("2035-05-11 20:00"),
    "saturday": new_york("2035-05-12 12:00"),
    "sunday": new_york("2035-05-13 19:00"),
    "monthly-expiry": new_york("2035-05-18 15:45"),
    "thanksgiving": new_york("2035-11-22 11:00"),
    "half-day-open": new_york("2035-11-23 12:30"),
    "half-day-closed": new_york("2035-11-23 13:30"),
    "last-of-december": new_york("2035-12-31 15:30"),
    "clocks-forward": new_york("2035-03-11 03:30"),
    "clocks-back": new_york("2035-11-04 01:30", fold=1),
    "good-friday-expiry": new_york("2033-04-14 12:00"),
    "far-year": new_york("2075-06-11 10:00"),
}
"""Moments at which dates have gone wrong, or could, by name."""


def named(text: str) -> datetime:
    """Return the moment of a name of `HARD`, of a New York time, or the present for "now".

    Raises ValueError.
    """
    if text == "now":
        return datetime.now(UTC)
    try:
        return HARD.get(text) or new_york(text)
    except ValueError:
        raise ValueError(
            f"expected one of {', '.join(HARD)}, or a New York time ('2035-05-08 10:00'); found {text!r}"
        ) from None


STATED = named(os.environ.get(VARIABLE) or "ordinary")
"""When tests begin, unless they say otherwise."""
