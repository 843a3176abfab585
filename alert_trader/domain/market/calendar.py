"""The New York options calendar as rules: trading days, holidays, half days, sessions and expirations.

Days are New York dates; times are UTC. Holidays follow the rules of the New York Stock Exchange, which equity
options share. Source: the exchange's rule 7.2 and its notices of special closures.

The rules are correct from 2015 on and are assumed for every future year: a new holiday, half day or time zone
law needs a release. A closure that no rule gives is entered in the settings
(`alert_trader.domain.market.trading_hours`); the broker reports the session of the current day.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")

OPENS = time(9, 30)
CLOSES = time(16, 0)
CLOSES_EARLY = time(13, 0)
"""The close of equity options on a half day. Contracts that trade until 16:15 trade until 13:15 then."""

SPECIAL_CLOSURES = frozenset(
    {
        date(2012, 10, 29),  # hurricane Sandy
        date(2012, 10, 30),
        date(2018, 12, 5),  # mourning for G. H. W. Bush
        date(2025, 1, 9),  # mourning for J. Carter
    }
)
"""Past closures that no rule gives. Future ones are entered in the settings."""

_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6
_DAY = timedelta(days=1)


def is_trading_day(day: date) -> bool:
    """Whether the exchange opens on this day."""
    return day.weekday() < _SATURDAY and day not in SPECIAL_CLOSURES and day not in holidays(day.year)


def is_half_day(day: date) -> bool:
    """Whether the session of a trading day ends at 13:00."""
    if not is_trading_day(day):
        return False
    after_thanksgiving = _nth_weekday(day.year, 11, _THURSDAY, 4) + _DAY
    before_a_holiday = (day.month, day.day) in {(7, 3), (12, 24)} and day.weekday() <= _THURSDAY
    return day == after_thanksgiving or before_a_holiday


@lru_cache(maxsize=256)
def holidays(year: int) -> frozenset[date]:
    """Return the holidays of a year, without weekends."""
    found = {
        _nth_weekday(year, 1, _MONDAY, 3),  # Martin Luther King
        _nth_weekday(year, 2, _MONDAY, 3),  # Washington
        _easter(year) - timedelta(days=2),  # Good Friday
        _last_monday_of_may(year),  # Memorial Day
        _observed(date(year, 7, 4)),
        _nth_weekday(year, 9, _MONDAY, 1),  # Labor Day
        _nth_weekday(year, 11, _THURSDAY, 4),  # Thanksgiving
        _observed(date(year, 12, 25)),
    }
    new_year = date(year, 1, 1)
    # on a Saturday it is not observed: December 31 is the end of the accounting year
    if new_year.weekday() != _SATURDAY:
        found.add(_observed(new_year))
    if year >= 2022:
        found.add(_observed(date(year, 6, 19)))  # Juneteenth
    return frozenset(found)


def next_trading_day(day: date) -> date:
    """Return the first trading day after `day`."""
    day += _DAY
    while not is_trading_day(day):
        day += _DAY
    return day


def previous_trading_day(day: date) -> date:
    """Return the last trading day before `day`."""
    day -= _DAY
    while not is_trading_day(day):
        day -= _DAY
    return day


def trading_days_ahead(day: date, count: int) -> date:
    """Return the day `count` trading days after `day`: 0DTE is `day` itself, 1DTE the next trading day.

    Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"expected zero or more trading days, found {count}")
    for _ in range(count):
        day = next_trading_day(day)
    return day


def weekly_expiry(day: date) -> date:
    """Return the weekly expiration in the week of `day`: Friday, or the last trading day before a closed one.

    A Saturday or Sunday belongs to the following week. The result is before `day` when that expiration is
    past.
    """
    friday = day + timedelta(days=(_FRIDAY - day.weekday()) % 7)
    return friday if is_trading_day(friday) else previous_trading_day(friday)


def monthly_expiry(year: int, month: int) -> date:
    """Return the monthly expiration: the third Friday, or the last trading day before a closed one."""
    friday = _nth_weekday(year, month, _FRIDAY, 3)
    return friday if is_trading_day(friday) else previous_trading_day(friday)


def new_york_date(moment: datetime) -> date:
    """Return the New York date of a time. A time without a zone counts as UTC."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(NEW_YORK).date()


def eastern(moment: datetime, pattern: str = "%H:%M:%S") -> str:
    """Return a moment as New York time for people, such as "14:57:03 ET"."""
    return f"{moment.astimezone(NEW_YORK):{pattern}} ET"


def session_opens_at(day: date) -> datetime | None:
    """Return the open of the regular session in UTC, or None on a day without trading."""
    return _utc(day, OPENS) if is_trading_day(day) else None


def session_closes_at(day: date) -> datetime | None:
    """Return the close of the regular session in UTC, or None on a day without trading."""
    if not is_trading_day(day):
        return None
    return _utc(day, CLOSES_EARLY if is_half_day(day) else CLOSES)


def _utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)


def _observed(day: date) -> date:
    """Move a fixed holiday off the weekend: Saturday to the Friday before, Sunday to the Monday after."""
    shift = {_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Return the western Easter Sunday, by the anonymous Gregorian algorithm."""
    century, rest = divmod(year, 100)
    moon_orbit = (
        19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon_orbit - rest % 4) % 7
    correction = (year % 19 + 11 * moon_orbit + 22 * weekday) // 451
    month, day = divmod(moon_orbit + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)
