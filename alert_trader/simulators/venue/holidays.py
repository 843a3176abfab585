"""The trading days of the New York exchanges, by rule: holidays, half days, and the hours of a day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
_SATURDAY = 5

LATE = timedelta(minutes=15)
"""How much longer than stocks index options and some ETF options trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One trading day's regular session, in UTC."""

    day: date
    open_at: datetime
    close_at: datetime


def _easter(year: int) -> date:
    """Return Easter Sunday by the Gregorian computus."""
    century, year_of_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (year_of_century // 4) - epact - year_of_century % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _observed(day: date) -> date:
    match day.weekday():
        case 5:
            return day - timedelta(days=1)
        case 6:
            return day + timedelta(days=1)
        case _:
            return day


@cache
def holidays(year: int) -> frozenset[date]:
    """Return the full holidays of a year. New Year's Day on a Saturday is not observed."""
    days = {
        _nth(year, 1, 0, 3),
        _nth(year, 2, 0, 3),
        _easter(year) - timedelta(days=2),
        _last_monday_of_may(year),
        _observed(date(year, 6, 19)),
        _observed(date(year, 7, 4)),
        _nth(year, 9, 0, 1),
        _nth(year, 11, 3, 4),
        _observed(date(year, 12, 25)),
    }
    if date(year, 1, 1).weekday() != _SATURDAY:
        days.add(_observed(date(year, 1, 1)))
    return frozenset(days)


@cache
def half_days(year: int) -> frozenset[date]:
    """Return the half days (13:00 New York): before Independence Day, after Thanksgiving, Christmas Eve."""
    candidates = {date(year, 7, 3), _nth(year, 11, 3, 4) + timedelta(days=1), date(year, 12, 24)}
    return frozenset(day for day in candidates if is_trading_day(day))


def is_trading_day(day: date) -> bool:
    """Return whether the exchanges open on this New York date."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def hours(day: date) -> Hours:
    """Return the regular session of a trading day."""
    close = time(13) if day in half_days(day.year) else time(16)
    return Hours(
        day=day,
        open_at=datetime.combine(day, time(9, 30), NEW_YORK).astimezone(UTC),
        close_at=datetime.combine(day, close, NEW_YORK).astimezone(UTC),
    )


def step_day(day: date, days: int) -> date:
    """Return the next (1) or the previous (-1) trading day."""
    day += timedelta(days=days)
    while not is_trading_day(day):
        day += timedelta(days=days)
    return day


def on_or_before(day: date) -> date:
    """Return the day itself when it trades, else the trading day before it."""
    return day if is_trading_day(day) else step_day(day, -1)


def third_friday(year: int, month: int) -> date:
    """Return the standard monthly expiration, a day earlier when that Friday is a holiday."""
    return on_or_before(_nth(year, month, 4, 3))
