"""Trading hours at stated moments.

By contract, by settlement, by what was announced, and by the broker's answer.
"""

import time as clocks
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import NEW_YORK, is_trading_day, new_york_date
from alert_trader.domain.market.contract import OptionContract, Right, Settlement
from alert_trader.domain.market.trading_hours import (
    ALWAYS_AM,
    AM_ROOTS,
    BY_RULE,
    ENDS_AT_FOUR,
    LATE_ROOTS,
    Closures,
    EarlyClose,
    TradingHours,
    check_last_day,
    stated,
)

AM, PM = Settlement.AM, Settlement.PM


@pytest.fixture(params=["UTC", "Asia/Tokyo"], autouse=True)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process live in another time zone: nothing here may change by it."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", request.param)
        clocks.tzset()
        yield
    clocks.tzset()


def at(text: str) -> datetime:
    """Return a moment written as a clock in New York shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def option(root: str, expiry: str = "2027-12-17") -> OptionContract:
    """Return a call."""
    return OptionContract(root=root, expiry=date.fromisoformat(expiry), right=Right.CALL, strike=Decimal(100))


@pytest.mark.parametrize(
    ("moment", "stock", "etf"),
    [
        ("2026-11-24 09:00", "2026-11-24 16:00", "2026-11-24 16:15"),  # before the open
        ("2026-11-24 16:00", "2026-11-25 16:00", "2026-11-24 16:15"),  # at the close
        ("2026-11-24 16:14", "2026-11-25 16:00", "2026-11-24 16:15"),
        ("2026-11-24 16:15", "2026-11-25 16:00", "2026-11-25 16:15"),  # after it
        ("2026-11-20 19:00", "2026-11-23 16:00", "2026-11-23 16:15"),  # Friday evening
        ("2026-11-21 12:00", "2026-11-23 16:00", "2026-11-23 16:15"),  # Saturday
        ("2026-11-22 23:59", "2026-11-23 16:00", "2026-11-23 16:15"),  # Sunday
        ("2026-11-26 11:00", "2026-11-27 13:00", "2026-11-27 13:15"),  # Thanksgiving
        ("2026-11-27 12:59", "2026-11-27 13:00", "2026-11-27 13:15"),  # the half day, before
        ("2026-11-27 13:10", "2026-11-30 16:00", "2026-11-27 13:15"),  # and after
        ("2026-11-27 13:15", "2026-11-30 16:00", "2026-11-30 16:15"),
        ("2026-12-31 16:30", "2027-01-04 16:00", "2027-01-04 16:15"),  # 31 December
        ("2027-03-14 03:30", "2027-03-15 16:00", "2027-03-15 16:15"),  # the clock goes forward
        ("2027-11-07 01:30", "2027-11-08 16:00", "2027-11-08 16:15"),  # and back
        ("2027-03-25 17:00", "2027-03-29 16:00", "2027-03-29 16:15"),  # Good Friday in a week of expirations
        ("2026-11-25 00:00", "2026-11-25 16:00", "2026-11-25 16:15"),  # midnight in New York
        ("2026-11-24 19:00", "2026-11-25 16:00", "2026-11-25 16:15"),  # midnight in UTC
        ("2061-07-01 12:00", "2061-07-01 16:00", "2061-07-01 16:15"),  # a far year
    ],
)
def test_the_next_close_is_that_of_the_current_or_next_trading_day(moment: str, stock: str, etf: str) -> None:
    """A stock option's day ends at 16:00, that of SPY at 16:15; 15 minutes are not a part of tomorrow."""
    assert BY_RULE.next_close(option("AAPL"), at(moment)) == at(stock)
    assert BY_RULE.next_close(option("SPY"), at(moment)) == at(etf)


@pytest.mark.parametrize(
    ("root", "expiry", "settlement", "earliest", "latest"),
    [
        ("AAPL", "2026-12-18", PM, "2026-12-18 16:00", "2026-12-18 16:00"),
        ("SPY", "2026-12-18", PM, "2026-12-18 16:00", "2026-12-18 16:15"),  # unverified: both readings
        ("SPXW", "2026-12-18", PM, "2026-12-18 16:00", "2026-12-18 16:00"),
        ("SPXW", "2026-11-27", PM, "2026-11-27 13:00", "2026-11-27 13:00"),  # a half day
        ("QQQ", "2026-11-27", None, "2026-11-27 13:00", "2026-11-27 13:15"),
        ("SPX", "2026-12-18", AM, "2026-12-17 16:00", "2026-12-17 16:15"),
        (
            "NDX",
            "2026-12-18",
            None,
            "2026-12-17 16:00",
            "2026-12-18 16:15",
        ),  # the chain is silent: both readings
        ("VIX", "2026-12-16", AM, "2026-12-15 16:00", "2026-12-15 16:15"),  # a Wednesday
        ("SPX", "2026-06-18", AM, "2026-06-17 16:00", "2026-06-17 16:15"),  # the third Friday is Juneteenth
        ("SPX", "2027-03-19", AM, "2027-03-18 16:00", "2027-03-18 16:15"),
        ("RUT", "2026-11-30", AM, "2026-11-27 13:00", "2026-11-27 13:15"),  # the day before is a half day
        ("AAPL", "2027-03-26", PM, "2027-03-25 16:00", "2027-03-25 16:00"),  # dated on Good Friday
        ("SPX", "2027-03-26", AM, "2027-03-24 16:00", "2027-03-24 16:15"),
        (
            "NEW",
            "2026-12-18",
            AM,
            "2026-12-17 16:00",
            "2026-12-17 16:00",
        ),  # as the chain says, whatever the root
        ("SPX", "2026-12-18", PM, "2026-12-18 16:00", "2026-12-18 16:15"),
    ],
)
def test_a_contract_stops_trading_by_its_settlement(
    root: str, expiry: str, settlement: Settlement | None, earliest: str, latest: str
) -> None:
    """An AM-settled series ends with the day before its expiration.

    Where sources differ there are two moments.
    """
    found = BY_RULE.last_trade(root, date.fromisoformat(expiry), settlement)
    assert (found.earliest, found.latest) == (at(earliest), at(latest))
    assert new_york_date(found.expires) == new_york_date(
        BY_RULE.last_trade("KO", date.fromisoformat(expiry)).latest
    )
    assert found.settles_later == (settlement is AM or (settlement is None and root in AM_ROOTS))


@pytest.mark.parametrize(
    ("root", "settlement", "moment", "denied"),
    [
        ("SPX", AM, "2026-12-17 15:00", False),
        ("SPX", AM, "2026-12-18 09:31", True),
        ("SPX", PM, "2026-12-18 09:31", False),
        ("SPX", None, "2026-12-18 09:31", True),
        ("SPXW", PM, "2026-12-18 15:59", False),
        ("SPXW", None, "2026-12-18 15:59", False),
        ("SPY", None, "2026-12-18 23:59", False),  # the session's business, and not the day's
        ("SPY", None, "2026-12-19 00:00", True),
    ],
)
def test_a_contract_whose_last_day_is_over_is_denied(
    root: str, settlement: Settlement | None, moment: str, *, denied: bool
) -> None:
    """WHO-40: 0DTE of an AM-settled series is nothing any more; the reason names the last trading day."""
    found = check_last_day(root, date(2026, 12, 18), settlement, at(moment))
    assert (found is not None) is denied
    if found is not None:
        assert found.code is Code.CONTRACT_EXPIRED
        assert found.facts["last_trading_day"] in found.reason


def test_an_announced_closure_is_not_a_trading_day() -> None:
    """A closure and an early close from the settings: days, opens, closes and last trades go by them."""
    hours = TradingHours(
        closures=Closures(days=(date(2027, 1, 7),), early=(EarlyClose(day=date(2027, 1, 8), at=time(12)),))
    )
    assert not hours.is_trading_day(date(2027, 1, 7))
    assert (hours.opens_at(date(2027, 1, 7)), hours.closes_at(date(2027, 1, 7))) == (None, None)
    assert hours.next_open(at("2027-01-06 17:00")) == at("2027-01-08 09:30")
    assert hours.next_close(option("SPY"), at("2027-01-06 17:00")) == at("2027-01-08 12:15")
    assert hours.previous_trading_day(date(2027, 1, 8)) == date(2027, 1, 6)
    assert hours.last_trade("SPX", date(2027, 1, 8), AM).earliest == at("2027-01-06 16:00")
    assert hours.last_trade("AAPL", date(2027, 1, 7)).latest == at("2027-01-06 16:00")


@pytest.mark.parametrize(
    ("days", "early", "words"),
    [
        ((date(2027, 1, 9),), (), "Saturday 2027-01-09"),
        ((), (EarlyClose(day=date(2027, 1, 10), at=time(13)),), "Sunday 2027-01-10"),
        ((), (EarlyClose(day=date(2026, 11, 26), at=time(13)),), "Thursday 2026-11-26, which is closed"),
        ((date(2027, 1, 8),), (EarlyClose(day=date(2027, 1, 8), at=time(13)),), "which is closed"),
        ((), (EarlyClose(day=date(2027, 1, 8), at=time(16)),), "found 16:00"),
        ((), (EarlyClose(day=date(2027, 1, 8), at=time(9, 30)),), "found 09:30"),
    ],
)
def test_an_impossible_closure_is_refused(
    days: tuple[date, ...], early: tuple[EarlyClose, ...], words: str
) -> None:
    """A slip of the pen in a date must not pass for a closure that holds."""
    with pytest.raises(ValueError, match=words):
        Closures(days=days, early=early)


def test_the_brokers_session_overrides_the_calendar() -> None:
    """An early close that nobody announced.

    The session that the broker names is today's, and other days stay the calendar's.
    """
    session = stated(at("2027-01-08 10:00"), at("2027-01-08 09:30"), at("2027-01-08 14:00"))
    hours = TradingHours(closures=Closures(days=(date(2027, 1, 8),)), session=session)
    assert hours.closes_at(date(2027, 1, 8)) == at("2027-01-08 14:00")
    assert hours.next_close(option("SPY"), at("2027-01-08 14:10")) == at("2027-01-08 14:15")
    assert hours.next_close(option("AAPL"), at("2027-01-08 14:10")) == at("2027-01-11 16:00")
    assert hours.last_trade("SPX", date(2027, 1, 11), AM).earliest == at("2027-01-08 14:00")


def test_a_day_before_the_brokers_next_session_is_closed() -> None:
    """Asked on the morning of 2025-01-09 as if no rule gave it, the broker names the session of the 10th."""
    session = stated(at("2027-01-07 08:00"), at("2027-01-08 09:30"), at("2027-01-08 16:00"))
    hours = TradingHours(session=session)
    assert is_trading_day(date(2027, 1, 7))
    assert not hours.is_trading_day(date(2027, 1, 7))
    assert hours.next_open(at("2027-01-07 08:00")) == at("2027-01-08 09:30")
    assert hours.next_close(option("SPY"), at("2027-01-07 08:00")) == at("2027-01-08 16:15")


def test_the_next_session_does_not_change_a_past_day() -> None:
    """Asked in the evening the broker names tomorrow's session: today was a trading day all the same."""
    session = stated(at("2027-01-07 18:00"), at("2027-01-08 09:30"), at("2027-01-08 16:00"))
    hours = TradingHours(session=session)
    assert hours.is_trading_day(date(2027, 1, 7))
    assert hours.previous_trading_day(date(2027, 1, 8)) == date(2027, 1, 7)


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (None, None),
        ("2027-01-08 09:30", None),
        ("2027-01-08 18:00", "2027-01-09 18:00"),  # the simulated venue, which is always open
        ("2027-01-08 16:00", "2027-01-08 09:30"),
    ],
)
def test_a_session_across_days_is_ignored(opens: str | None, closes: str | None) -> None:
    """Then the calendar holds."""
    found = stated(
        at("2027-01-08 19:00"), None if opens is None else at(opens), None if closes is None else at(closes)
    )
    assert found is None


def test_the_tables_agree() -> None:
    """Every root that ends at four on its last day trades later on others.

    So does each that settles in the morning.
    """
    assert ENDS_AT_FOUR <= LATE_ROOTS
    assert AM_ROOTS <= LATE_ROOTS
    assert ALWAYS_AM <= AM_ROOTS
    assert not ENDS_AT_FOUR & AM_ROOTS


@given(
    moment=st.datetimes(datetime(2015, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    root=st.sampled_from(["AAPL", "SPY", "SPXW", "VIX"]),
)
def test_the_next_close_is_ahead_and_within_five_days(moment: datetime, root: str) -> None:
    """Whatever the moment, a trading day ends after it, and within a long weekend."""
    closes = BY_RULE.next_close(option(root, "2060-12-17"), moment)
    assert moment < closes <= moment + timedelta(days=5)
    assert moment < BY_RULE.next_open(moment) <= moment + timedelta(days=5)
