"""The calendar: its rules against an independent one, and the questions alerts ask of it."""

from datetime import UTC, date, datetime, timedelta

import exchange_calendars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.market.calendar import (
    is_half_day,
    is_trading_day,
    monthly_expiry,
    new_york_date,
    next_trading_day,
    previous_trading_day,
    session_closes_at,
    session_opens_at,
    trading_days_ahead,
    weekly_expiry,
)

DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))


# the library's own use of pandas, which we only run as a reference
@pytest.mark.filterwarnings("ignore:Series.values returning")
def test_every_day_of_many_years_agrees_with_an_independent_calendar() -> None:
    """Sessions, opens and closes are those of exchange_calendars' XNYS on every day from 2015 to 2060."""
    other = exchange_calendars.get_calendar("XNYS", start="2015-01-01", end="2060-12-31")
    theirs = {
        session.date(): (
            other.session_open(session).to_pydatetime(),
            other.session_close(session).to_pydatetime(),
        )
        for session in other.sessions
    }
    first, last = date(2015, 1, 1), date(2060, 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert [day for day in days if is_trading_day(day) != (day in theirs)] == []
    assert [day for day in theirs if (session_opens_at(day), session_closes_at(day)) != theirs[day]] == []
    assert len(theirs) > 11_000


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2027, 3, 26), "Good Friday"),
        (date(2026, 6, 19), "Juneteenth"),
        (date(2022, 6, 20), "Juneteenth, observed on Monday"),
        (date(2026, 7, 3), "Independence Day, observed on Friday"),
        (date(2027, 12, 24), "Christmas, observed on Friday"),
        (date(2025, 1, 9), "a special closure"),
        (date(2026, 11, 26), "Thanksgiving"),
    ],
)
def test_holidays_are_closed(day: date, why: str) -> None:
    """A holiday, as observed, has no session."""
    assert not is_trading_day(day), why
    assert session_opens_at(day) is None
    assert session_closes_at(day) is None


def test_juneteenth_was_a_session_before_2022() -> None:
    """A rule holds from the year it came into force."""
    assert is_trading_day(date(2020, 6, 19))


def test_new_year_on_a_saturday_is_not_observed() -> None:
    """The last day of December trades when New Year's Day is a Saturday."""
    assert is_trading_day(date(2021, 12, 31))


@pytest.mark.parametrize("day", [date(2026, 11, 27), date(2026, 12, 24), date(2025, 7, 3)])
def test_half_days_close_at_one(day: date) -> None:
    """The day after Thanksgiving and the eves of Christmas and Independence Day end at 13:00 in New York."""
    closes = session_closes_at(day)
    assert is_half_day(day)
    assert closes is not None
    assert closes.hour == (17 if day.month == 7 else 18)


def test_sessions_follow_daylight_saving() -> None:
    """16:00 in New York is 20:00 UTC in summer and 21:00 UTC in winter."""
    assert session_closes_at(date(2026, 7, 1)) == datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
    assert session_closes_at(date(2026, 12, 1)) == datetime(2026, 12, 1, 21, 0, tzinfo=UTC)
    assert session_opens_at(date(2026, 12, 1)) == datetime(2026, 12, 1, 14, 30, tzinfo=UTC)


def test_the_new_york_date_changes_at_its_own_midnight() -> None:
    """An evening message belongs to the day it is in New York, not in UTC; a moment without a zone is UTC."""
    assert new_york_date(datetime(2026, 11, 24, 3, 0, tzinfo=UTC)) == date(2026, 11, 23)
    assert new_york_date(datetime(2026, 11, 24, 3, 0)) == date(2026, 11, 23)  # noqa: DTZ001 - what is tested


def test_days_to_expiration_count_sessions() -> None:
    """0DTE is the day itself; counting skips Thanksgiving and weekends."""
    monday = date(2026, 11, 23)
    assert [trading_days_ahead(monday, n) for n in range(5)] == [
        monday,
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 27),
        date(2026, 11, 30),
    ]
    with pytest.raises(ValueError, match="zero or more"):
        trading_days_ahead(monday, -1)


@pytest.mark.parametrize(
    ("day", "expiry"),
    [
        (date(2026, 11, 23), date(2026, 11, 27)),
        (date(2026, 11, 28), date(2026, 12, 4)),
        (date(2027, 3, 22), date(2027, 3, 25)),
        (date(2026, 11, 27), date(2026, 11, 27)),
    ],
)
def test_the_weekly_expiration_is_friday_or_the_session_before(day: date, expiry: date) -> None:
    """A closed Friday moves the weekly expiration to Thursday; a weekend looks to the next week."""
    assert weekly_expiry(day) == expiry


@pytest.mark.parametrize(
    ("year", "month", "expiry"),
    [(2026, 12, date(2026, 12, 18)), (2026, 6, date(2026, 6, 18)), (2027, 1, date(2027, 1, 15))],
)
def test_the_monthly_expiration_is_the_third_friday(year: int, month: int, expiry: date) -> None:
    """The third Friday of the month, or the session before it when that is a holiday."""
    assert monthly_expiry(year, month) == expiry


@given(day=DAYS)
def test_next_and_previous_sessions_are_inverse(day: date) -> None:
    """The session before the next is the day itself, or without trading the session before it."""
    following = next_trading_day(day)
    assert following > day
    assert is_trading_day(following)
    assert previous_trading_day(following) == (day if is_trading_day(day) else previous_trading_day(day))


@given(day=DAYS)
def test_a_year_has_about_252_sessions_and_few_half_days(day: date) -> None:
    """Rules that drift would show as too many or too few sessions."""
    year = [date(day.year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert 249 <= sum(map(is_trading_day, year)) <= 253
    assert 1 <= sum(map(is_half_day, year)) <= 3
