"""How far clocks are apart: what an answer proves, and what follows from it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_trader.domain.account.clocks import (
    DRIFT,
    MAX_REPORTS,
    REPORTED_FOR,
    REPORTED_WRONG_FOR,
    ClockComparison,
    ClockReport,
    Offset,
    clock_check,
    current,
    with_clock_check,
    with_report,
)
from alert_trader.domain.account.preflight import Check

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
FINE = timedelta(microseconds=50)
"""Of the rounding of a time in seconds since 1970."""


def offset(seconds: float, error: float = 0.0) -> Offset:
    """Return an offset known to `error`."""
    return Offset(lowest=timedelta(seconds=seconds - error), highest=timedelta(seconds=seconds + error))


def report(
    temporal: Offset | None, broker: Offset | None, *, worker: str = "one", at: datetime = NOW
) -> ClockReport:
    """Return a worker's report, as the account keeps it."""
    return ClockReport(worker=worker, temporal=temporal, broker=broker, at=at)


@given(
    ahead=st.floats(-3600, 3600),
    answers=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 2), st.floats(0, 1)), min_size=1, max_size=30),
    drift=st.floats(-DRIFT / 2, DRIFT / 2),
)
@settings(deadline=None, derandomize=True, database=None)
def test_the_true_offset_is_always_within_the_bounds(
    ahead: float, answers: list[tuple[float, float, float]], drift: float
) -> None:
    """Whatever the round trips and pauses, and though the clocks drift: dates are cut to the second."""
    compared, at = ClockComparison(), 0.0
    for pause, trip, part in answers:
        at += pause
        sent, stamped = at, at + trip * part
        at += trip
        theirs = int(NOW.timestamp() + stamped * (1 + drift) - ahead)
        compared.add(lowest=sent - (theirs + 1), highest=at - theirs, at=at)
        found = compared.offset(NOW + timedelta(seconds=at), at)
        assert found is not None
        true = timedelta(seconds=ahead - at * drift)
        assert found.lowest - FINE <= true <= found.highest + FINE
        assert found.error <= timedelta(seconds=(1 + trip) / 2) + FINE


def test_answers_within_a_second_narrow_the_bounds() -> None:
    """Ten answers at different parts of a second, each cut to the second, are together right to a tenth."""
    compared = ClockComparison()
    for tenth in range(10):
        at = tenth * 1.1
        theirs = int(NOW.timestamp() + at)
        compared.add(lowest=at - (theirs + 1), highest=at + 0.001 - theirs, at=at)
    found = compared.offset(NOW + timedelta(seconds=9.9), 9.9)
    assert found is not None
    assert found.error < timedelta(milliseconds=60)


def test_a_wall_clock_that_is_set_is_noticed_without_an_answer() -> None:
    """The comparison is with a clock that nothing sets."""
    compared = ClockComparison()
    compared.add(lowest=-NOW.timestamp() - 0.01, highest=-NOW.timestamp() + 0.01, at=0.0)
    found = compared.offset(NOW + timedelta(seconds=65), 5.0)
    assert found is not None
    assert abs(found.middle - timedelta(seconds=60)) < FINE


def test_another_clock_that_is_set_replaces_what_was_known() -> None:
    """Bounds that contradict each other cannot both hold: the new ones do."""
    compared, then = ClockComparison(), NOW.timestamp()
    compared.add(lowest=-then - 0.01, highest=-then + 0.01, at=0.0)
    compared.add(lowest=-then - 60.01, highest=-then - 59.99, at=1.0)
    found = compared.offset(NOW + timedelta(seconds=1), 1.0)
    assert found is not None
    assert abs(found.middle + timedelta(seconds=60)) < FINE


def test_one_side_alone_is_not_known() -> None:
    """The start of an activity bounds the offset from above only."""
    compared = ClockComparison()
    assert compared.offset(NOW, 0.0) is None
    compared.add(highest=-NOW.timestamp(), at=0.0)
    assert compared.offset(NOW, 0.0) is None


@pytest.mark.parametrize(
    ("temporal", "broker", "noted", "wrong"),
    [
        (offset(0.0, 0.01), offset(0.0, 0.5), False, False),
        (offset(0.2), offset(-0.04), False, False),
        (offset(0.26), offset(0.26), True, False),
        (offset(-0.3, 0.01), offset(0.0, 0.5), True, False),
        (offset(1.0), offset(1.0), True, True),
        (offset(-1.0), offset(-1.0), True, True),
        (offset(1.2, 0.3), offset(1.2, 0.5), True, False),
        (offset(0.6), offset(-0.6), True, True),
        (None, offset(0.0), True, False),
        (offset(0.0), None, True, False),
        (None, offset(2.0), True, True),
        (None, None, True, False),
    ],
)
def test_what_is_certain_counts(
    temporal: Offset | None, broker: Offset | None, *, noted: bool, wrong: bool
) -> None:
    """Shown at 0.25 s or when not known, wrong at 1 s, between any two of the three clocks."""
    found = report(temporal, broker)
    assert (found.noted, found.wrong, clock_check([found]).ok) == (noted, wrong, not wrong)


def test_a_report_says_the_numbers_and_what_to_do() -> None:
    """The estimates, their errors, and which way."""
    found = clock_check([report(offset(1.5, 0.004), offset(-0.2, 0.5))])
    assert found.found == (
        "1.50 s (±0.00 s) ahead of Temporal, 0.20 s (±0.50 s) behind the broker, "
        "Temporal 1.70 s (±0.50 s) behind the broker"
    )
    assert "NTP" in found.fix
    assert (
        str(report(None, offset(0.1))) == "not known against Temporal, 0.10 s (±0.00 s) ahead of the broker"
    )


def test_the_worker_with_the_wrong_clock_is_named() -> None:
    """One of two machines is wrong: the check fails, and says which."""
    right, off = report(offset(0), offset(0), worker="a@1"), report(offset(3), offset(3), worker="b@2")
    checks = (Check(name="token", ok=True, found="accepted"), Check(name="clock", ok=True, found="fine"))
    token, clock = with_clock_check(checks, [right, off])
    assert (token.ok, clock.ok, "b@2" in clock.found, "a@1" in clock.found) == (True, False, True, False)
    assert with_clock_check(checks, []) == checks


def test_reports_of_workers_that_ended_do_not_count_for_ever() -> None:
    """A wrong clock is reported again every minute, others every hour; what is older is dropped."""
    kept: tuple[ClockReport, ...] = ()
    kept = with_report(kept, report(offset(3), offset(3), worker="off"), NOW)
    kept = with_report(kept, report(offset(0), offset(0), worker="right"), NOW)
    kept = with_report(kept, report(offset(0), offset(0.1), worker="right"), NOW)
    assert [each.worker for each in kept] == ["off", "right"]
    assert [each.worker for each in current(kept, NOW + REPORTED_WRONG_FOR)] == ["right"]
    assert current(kept, NOW + REPORTED_FOR) == ()
    for number in range(MAX_REPORTS + 5):
        kept = with_report(kept, report(None, None, worker=str(number)), NOW)
    assert len(kept) == MAX_REPORTS
