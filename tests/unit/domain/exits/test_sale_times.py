"""By when a plan's times sell: in a session, before its close, on half days and holidays too."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.exits.plan import ExitPlan, TimeExit
from alert_trader.domain.exits.reading import read_time
from alert_trader.domain.exits.sale_times import (
    CLOSE_MARGIN,
    SALE_LEAD,
    TimeFacts,
    check_times,
    sale_begins,
    sell_by,
)
from alert_trader.domain.market.calendar import NEW_YORK, is_trading_day, new_york_date
from alert_trader.domain.market.contract import Settlement
from alert_trader.domain.market.trading_hours import BY_RULE, Closures, TradingHours


def new_york(text: str) -> datetime:
    """Return a New York time in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=NEW_YORK).astimezone(UTC)


def plan(*texts: str) -> ExitPlan:
    """Return a plan with these times."""
    return ExitPlan(times=tuple(read_time(text) for text in texts))


@pytest.mark.parametrize(
    ("times", "set_at", "expiry", "expected"),
    [
        (["15:45"], "2026-11-23 10:00", "2026-12-18", "2026-11-23 15:45"),
        (["15:45"], "2026-11-21 12:00", "2026-12-18", "2026-11-23 15:45"),  # a Saturday
        (["15:45"], "2026-11-23 16:30", "2026-12-18", "2026-11-24 15:45"),  # after the close
        (["15:45"], "2026-11-27 10:00", "2026-12-18", "2026-11-27 12:55"),  # a half day
        (["16:00"], "2026-11-23 10:00", "2026-12-18", "2026-11-23 15:55"),
        (["30m before close"], "2026-11-23 10:00", "2026-11-27", "2026-11-27 12:30"),  # expires on a half day
        (["30m before close"], "2026-11-23 10:00", "2026-12-18", "2026-12-18 15:30"),
        (["1m before close"], "2026-11-23 10:00", "2026-12-18", "2026-12-18 15:55"),
        (["1d before expiry"], "2026-11-23 10:00", "2026-11-27", "2026-11-25 15:55"),  # past Thanksgiving
        (["2d before expiry 10:30"], "2026-11-23 10:00", "2026-12-18", "2026-12-16 10:30"),
        (["45m held"], "2026-11-23 10:00", "2026-12-18", "2026-11-23 10:45"),
        (["45m held"], "2026-11-23 15:30", "2026-12-18", "2026-11-23 15:55"),  # it would be after the close
        (["1440m held"], "2026-11-25 10:00", "2026-12-18", "2026-11-25 15:55"),  # it would be Thanksgiving
        (["15:45", "20m held"], "2026-11-23 10:00", "2026-12-18", "2026-11-23 10:20"),
    ],
)
def test_moments_by_example(times: list[str], set_at: str, expiry: str, expected: str) -> None:
    """Clock times, spans before the close and before expiry, and spans held."""
    facts = TimeFacts(root="SPY", expiry=date.fromisoformat(expiry), settlement=None, set_at=new_york(set_at))
    assert sell_by(plan(*times), facts) == new_york(expected)


def test_an_am_settled_contract_is_sold_the_day_before() -> None:
    """It does not trade on its expiration day."""
    facts = TimeFacts(
        root="SPX",
        expiry=date(2026, 12, 18),
        settlement=Settlement.AM,
        set_at=new_york("2026-12-18 09:00"),
    )
    assert sell_by(plan("15:45"), facts) == new_york("2026-12-17 15:55")


def test_an_announced_closure_counts() -> None:
    """A day that the settings close has no session."""
    hours = TradingHours(closures=Closures(days=(date(2026, 12, 17),)))
    facts = TimeFacts(
        root="SPY", expiry=date(2026, 12, 18), settlement=None, set_at=new_york("2026-12-14 10:00")
    )
    assert sell_by(plan("1d before expiry"), facts, hours) == new_york("2026-12-16 15:55")


TIMES = st.one_of(
    st.builds(TimeExit, at=st.times().map(lambda at: at.replace(second=0, microsecond=0))),
    st.builds(TimeExit, held=st.integers(1, 20_000).map(lambda count: timedelta(minutes=count))),
    st.builds(TimeExit, before_last_trade=st.integers(1, 2_000).map(lambda count: timedelta(minutes=count))),
    st.builds(TimeExit, days_before_expiry=st.integers(1, 9), at=st.sampled_from([None, time(10, 30)])),
)


@given(
    rule=TIMES,
    set_at=st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)),  # noqa: DTZ001 - UTC is added
    days=st.integers(0, 40),
    root=st.sampled_from(["SPY", "AAPL", "SPX", "SPXW", "VIX"]),
)
def test_every_moment_is_in_a_session_before_its_close(
    rule: TimeExit, set_at: datetime, days: int, root: str
) -> None:
    """On every date: never on a closed day, before the open, in the last minutes, or after the last trade."""
    at = set_at.replace(tzinfo=UTC)
    expiry = new_york_date(at) + timedelta(days=days)
    facts = TimeFacts(root=root, expiry=expiry, settlement=None, set_at=at)
    by = sell_by(ExitPlan(times=(rule,)), facts)
    assert by is not None
    day = new_york_date(by)
    opens, closes = BY_RULE.opens_at(day), BY_RULE.closes_at(day)
    assert is_trading_day(day)
    assert opens is not None
    assert closes is not None
    assert opens < by <= closes - CLOSE_MARGIN
    assert by < BY_RULE.last_trade(root, expiry, None).earliest
    assert by - sale_begins(by) == SALE_LEAD


def test_a_time_in_the_past_or_too_near_is_refused() -> None:
    """An entry needs its whole window before its time exit; a change only the lead of a sale."""
    now = new_york("2026-11-23 15:44")
    facts = TimeFacts(root="SPY", expiry=date(2026, 12, 18), settlement=None, set_at=now)
    check_times(plan("15:45"), facts, now=now, window=timedelta(0))
    for text, window in [("15:45", timedelta(seconds=90)), ("15:44", timedelta(0)), ("10:00", timedelta(0))]:
        with pytest.raises(ValueError, match=f"expected a time to sell at after .* found {text}"):
            check_times(plan(text), facts, now=now, window=window)
    check_times(ExitPlan(), facts, now=now, window=timedelta(days=1))
    assert sell_by(ExitPlan(), facts) is None
