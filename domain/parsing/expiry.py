"""Resolves how an expiration is written to the one day it can mean, seen from the day the message was posted (New York)."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from domain.calendar import is_trading_day, trading_days_ahead
from domain.parsing.tokens import Kind, Token

LONGEST_AHEAD = timedelta(days=1150)
"""Listed options reach a little over three years; a date beyond is a slip of the pen."""

LONGEST_ROLL = timedelta(days=300)
"""A date without a year that is past means next year only when that is at most this far away.

A date just past ("12/15" on 12/16) would be almost a year away, and is far more likely a mistake.
"""

MOST_SESSIONS = 60
"""The largest n of nDTE; people name a date for anything further."""

_DAY = timedelta(days=1)
_MONTHS = {
    name: number for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_NUMBERS = re.compile(r"[0-9]+")
_LETTERS = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class NoDay:
    """Why a token gives no expiration."""

    why: str


def resolve(token: Token, posted: date) -> date | NoDay:
    """Give the expiration that a date or DTE token means to a reader on `posted`, on a trading day and not past."""
    try:
        found = _days_ahead(token, posted) if token.kind == Kind.DTE else _dated(token, posted)
    except (ValueError, OverflowError):
        return NoDay("is no day of the calendar")
    if isinstance(found, NoDay):
        return found
    if found < posted:
        return NoDay("is past")
    if found - posted > LONGEST_AHEAD:
        return NoDay("is further away than any listed option")
    if not is_trading_day(found):
        return NoDay(f"({found.isoformat()}) is a weekend or holiday")
    return found


def _days_ahead(token: Token, posted: date) -> date | NoDay:
    """Read nDTE: n trading days ahead; where n calendar days ahead is another trading day, it is not certain."""
    count = int(_NUMBERS.findall(token.text)[0])
    if not is_trading_day(posted):
        return NoDay(f"is counted from {posted.isoformat()}, a day without trading")
    if count > MOST_SESSIONS:
        return NoDay(f"is more than {MOST_SESSIONS} days ahead: a date is clearer")
    in_sessions = trading_days_ahead(posted, count)
    in_days = posted + count * _DAY
    if in_days != in_sessions and is_trading_day(in_days):
        return NoDay(f"can mean {in_days.isoformat()} or {in_sessions.isoformat()}")
    return in_sessions


def _dated(token: Token, posted: date) -> date | NoDay:
    year, month, day = _parts(token)
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
        return NoDay("is past, and next year's is too far away to be meant without its year")
    return next_year


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _parts(token: Token) -> tuple[int | None, int, int]:
    """Read year (None where not written), month and day of a date token."""
    text = token.text.lower()
    numbers = _NUMBERS.findall(text)
    words = [word for word in _LETTERS.findall(text) if word[:3] in _MONTHS]
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
