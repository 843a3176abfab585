"""The one day that a written expiration means, counted from the New York date of the message."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import assert_never

from alert_trader.domain.alerts.parsing.tokens import Kind, Token
from alert_trader.domain.alerts.profile import DefaultExpiry
from alert_trader.domain.market.calendar import (
    is_trading_day,
    monthly_expiry,
    new_york_date,
    next_trading_day,
    trading_days_ahead,
    weekly_expiry,
)

LONGEST_AHEAD = timedelta(days=1150)
"""Listed options reach a little over three years; a later date is a typo."""

LONGEST_ROLL = timedelta(days=300)
"""A past date without a year means next year only when that is at most this far away.

A date just past ("12/15" on 12/16) would be almost a year away, and is far more likely a mistake.
"""

MOST_SESSIONS = 5
"""The largest n of nDTE that is read as trading days: for more than a week, people count calendar days as
often."""

DAILY = frozenset({"SPY", "QQQ", "IWM", "SPX", "SPXW", "XSP", "NDX", "NDXP", "RUT", "RUTW"})
"""Classes with an expiration on each trading day."""

_WEEK = timedelta(days=7)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_NUMBERS = re.compile(r"[0-9]+")
_WORD_AND_TWO_DIGITS = re.compile(r"[a-z]{3,}[0-9]{2}")
_MONTH_OF_A_YEAR = re.compile(r"[a-z]{3,}[ \t]?20[0-9]{2}")
_LETTERS = re.compile(r"[a-z]{3,}")
_YEAR_MONTH_DAY = re.compile(r"[0-9]{6}")
_IN_WORDS = frozenset({Kind.RELATIVE, Kind.WORD})


@dataclass(frozen=True, slots=True)
class NoDay:
    """Why a token gives no expiration."""

    reason: str
    """Completes "found '12/15', which ..."."""


def expiration_of(token: Token, posted: date, symbol: str = "") -> date | NoDay:
    """Return the expiration that a date, DTE or word means to a reader on `posted`.

    A date is returned as written, also when nothing trades on it: `check_expiry` refuses that. A past date
    is refused here.
    """
    return _resolve(token.kind, token.lower, posted, daily=symbol in DAILY)


@lru_cache(maxsize=4096)
def _resolve(kind: str, written: str, posted: date, *, daily: bool) -> date | NoDay:
    """Resolve the words alone; cached, as most alerts of a day share a few dates."""
    try:
        if kind == Kind.DTE:
            found = _days_ahead(written, posted)
        elif kind in _IN_WORDS:
            found = _in_words(written, posted, daily=daily)
        elif kind == Kind.STAMP:
            found = new_york_date(datetime.fromtimestamp(int(_NUMBERS.findall(written)[0]), UTC))
        else:
            found = _dated(written, posted)
    except (ValueError, OverflowError):
        return NoDay("does not exist in the calendar")
    if isinstance(found, NoDay):
        return found
    if found < posted:
        return NoDay("is past")
    if found - posted > LONGEST_AHEAD:
        return NoDay("is further away than any listed option")
    return found


def default_expiration(rule: DefaultExpiry, posted: date) -> date | None:
    """Return the expiration that a room means by default; None on a day on which that is not certain."""
    match rule:
        case DefaultExpiry.TODAY:
            return posted if is_trading_day(posted) else None
        case DefaultExpiry.WEEKLY:
            friday = weekly_expiry(posted)
            # on the last day of a weekly most people mean the next one
            return friday if is_trading_day(posted) and friday != posted else None
        case DefaultExpiry.MONTHLY:
            this = monthly_expiry(posted.year, posted.month)
            following = monthly_expiry(posted.year + posted.month // 12, posted.month % 12 + 1)
            return this if posted < this else following if posted > this else None
        case _:
            assert_never(rule)


def _days_ahead(written: str, posted: date) -> date | NoDay:
    """Read nDTE: n trading days ahead. Above a week many authors count calendar days: it is refused."""
    digits = _NUMBERS.findall(written)
    count = int(digits[0]) if digits else 0  # "ODTE", with the letter
    if count == 0:
        return posted
    if not is_trading_day(posted):
        return NoDay(f"is counted from {posted.isoformat()}, a day without trading")
    if count > MOST_SESSIONS:
        return NoDay(f"is more than {MOST_SESSIONS} trading days ahead: a date is clearer")
    return trading_days_ahead(posted, count)


def _in_words(written: str, posted: date, *, daily: bool) -> date | NoDay:
    """Read "weekly", "next week", "daily", "+2w", or a day in words behind "exp"; only on trading days."""
    if not is_trading_day(posted):
        return NoDay(f"is counted from {posted.isoformat()}, a day without trading")
    if written.startswith("+"):
        ahead = posted + int(_NUMBERS.findall(written)[0]) * _WEEK
        return (
            ahead
            if ahead == weekly_expiry(ahead)
            else NoDay(f"can mean {ahead.isoformat()} or {weekly_expiry(ahead).isoformat()}")
        )
    if "dail" in written:
        return posted if daily else NoDay("needs a class with an expiration each day")
    if "today" in written:
        return posted
    if "tomorrow" in written or "tmrw" in written:
        return next_trading_day(posted)
    return _weekly(written, posted, daily=daily)


def _weekly(written: str, posted: date, *, daily: bool) -> date | NoDay:
    if "opex" in written:
        this = monthly_expiry(posted.year, posted.month)
        following = monthly_expiry(posted.year + posted.month // 12, posted.month % 12 + 1)
        return this if posted <= this else following
    friday = weekly_expiry(posted)
    if "next" in written:
        return (
            NoDay("can mean several days of a class that expires daily")
            if daily
            else weekly_expiry(friday + _WEEK)
        )
    if friday == posted and ("weekl" in written or written.startswith(("eow", "end", "fri"))):
        # on the last day of a weekly most people mean the next one
        return NoDay(f"can mean {friday.isoformat()} or the week after")
    return friday


def _dated(written: str, posted: date) -> date | NoDay:
    if _MONTH_OF_A_YEAR.fullmatch(written):
        # a month with its year means that month's standard expiration
        return monthly_expiry(int(written[-4:]), _MONTHS[written[:3]])
    year, month, day = _parts(written)
    if year is None and _WORD_AND_TWO_DIGITS.fullmatch(written) and 2000 + day >= posted.year:
        return NoDay("can be a day or a year")
    if year is not None:
        return date(year, month, day)
    return _without_year(month, day, posted)


def _without_year(month: int, day: int, posted: date) -> date | NoDay:
    # 29 February may exist next year only
    this_year = _date_or_none(posted.year, month, day)
    if this_year is not None and this_year >= posted:
        return this_year
    next_year = date(posted.year + 1, month, day)
    if next_year - posted > LONGEST_ROLL:
        return NoDay("is past, and next year's is too far away without its year")
    return next_year


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _parts(written: str) -> tuple[int | None, int, int]:
    """Read year (None where not written), month and day of a date token."""
    if _YEAR_MONTH_DAY.fullmatch(written):  # of an OCC symbol
        return 2000 + int(written[:2]), int(written[2:4]), int(written[4:])
    numbers = _NUMBERS.findall(written)
    words = [word for word in _LETTERS.findall(written) if word[:3] in _MONTHS]
    if words:
        # "apr 17th 2026", "17apr2026": the day is written first of the two numbers
        return _year(numbers[1:]), _MONTHS[words[0][:3]], int(numbers[0])
    if len(numbers[0]) == 4:
        return int(numbers[0]), int(numbers[1]), int(numbers[2])
    return _year(numbers[2:]), int(numbers[0]), int(numbers[1])


def _year(written: list[str]) -> int | None:
    if not written:
        return None
    return int(written[0]) + (2000 if len(written[0]) == 2 else 0)


def may_expire(day: date | NoDay | None, posted: date | None) -> bool:
    """Whether options may expire on a day: each day of the next weeks, then Fridays, then one a month."""
    if not isinstance(day, date) or posted is None:
        return False
    friday = day.weekday() == _FRIDAY
    if day - posted <= _DAILY:
        return True
    return friday and (day - posted <= _WEEKLY or _FIRST_THIRD <= day.day < _FIRST_THIRD + 7)


_FRIDAY, _FIRST_THIRD = 4, 15
_DAILY, _WEEKLY = timedelta(days=21), timedelta(days=60)
