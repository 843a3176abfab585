"""When a worker reports the clocks to its account."""

from datetime import timedelta

from alert_trader.activities.clock_watch import REPEAT, REPEAT_WRONG, ClockWatch
from alert_trader.domain.account.clocks import ClockReport, Offset
from tests.support.paper_gateway import PaperGateway


def report(ahead: float | None) -> ClockReport:
    """Return a report of this offset against both clocks."""
    found = (
        None if ahead is None else Offset(lowest=timedelta(seconds=ahead), highest=timedelta(seconds=ahead))
    )
    return ClockReport(worker="one", temporal=found, broker=found)


def looks(watch: ClockWatch, *ahead: float | None, at: float = 0.0) -> list[bool]:
    """Look at these offsets, one after another; return at which of them a report was due, and send it."""
    due = []
    for each in ahead:
        due.append(watch.due(report(each), at))
        if due[-1]:
            watch.reported(report(each), at)
    return due


def test_what_two_looks_find_is_reported_once() -> None:
    """At the start, and whenever it crosses a limit; one answer that is wrong is not reported."""
    watch = ClockWatch(PaperGateway(), "one")
    assert looks(watch, 0.0, 0.0, 0.1, 0.0) == [False, True, False, False]
    assert looks(watch, 5.0, 0.0, 0.0) == [False, False, False]
    assert looks(watch, 0.3, 0.3, 0.4) == [False, True, False]
    assert looks(watch, 1.5, 1.6, 1.6, 0.0, 0.0) == [False, True, False, False, True]
    assert looks(watch, None, None) == [False, True]


def test_a_wrong_clock_is_reported_every_minute_any_other_every_hour() -> None:
    """The account forgets a worker that has ended."""
    watch = ClockWatch(PaperGateway(), "one")
    assert looks(watch, 2.0, 2.0) == [False, True]
    assert looks(watch, 2.0, at=REPEAT_WRONG.total_seconds() - 1) == [False]
    assert looks(watch, 2.0, at=REPEAT_WRONG.total_seconds()) == [True]
    assert looks(watch, 0.0, 0.0, at=100.0) == [False, True]
    assert looks(watch, 0.0, at=100.0 + REPEAT_WRONG.total_seconds()) == [False]
    assert looks(watch, 0.0, at=100.0 + REPEAT.total_seconds()) == [True]
