"""UNK-50: a send that could outlive its activity is not begun, whichever clock tells."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_trader import clock
from alert_trader.activities import deadline
from alert_trader.activities.deadline import MARGIN, Deadline
from alert_trader.settings.model import Settings
from alert_trader.workflows import timing

TIMEOUT, CALL = timedelta(seconds=10), timedelta(seconds=4)
BUDGET = TIMEOUT - CALL - MARGIN
SPANS = st.timedeltas(timedelta(hours=-2), timedelta(hours=2))


class Clocks:
    """Both clocks of a machine, set by hand.

    The wall clock may be put forward or back, the other one only runs on.
    """

    def __init__(self) -> None:
        """Start at now."""
        self.wall = clock.now()
        self.running = 1000.0

    def now(self) -> datetime:
        """Read the wall clock."""
        return self.wall

    def steady(self) -> float:
        """Read the clock that cannot be set."""
        return self.running

    def run(self, span: timedelta) -> None:
        """Advance the time."""
        self.wall += span
        self.running += span.total_seconds()


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Put the deadline's clocks in our hands."""
    mine = Clocks()
    monkeypatch.setattr(deadline, "clock", mine)
    return mine


def begun(clocks: Clocks, stalled: timedelta = timedelta(0)) -> Deadline:
    """Work out the deadline of an attempt that the server saw start `stalled` ago."""
    return Deadline.of(started=clocks.wall - stalled, start_to_close=TIMEOUT, call=CALL)


def test_a_call_may_start_only_if_it_can_end_in_time(clocks: Clocks) -> None:
    """UNK-50: the last moment leaves room for the whole call and the way back of its answer."""
    mine = begun(clocks)
    clocks.run(BUDGET - timedelta(milliseconds=1))
    assert not mine.passed
    clocks.run(timedelta(milliseconds=1))
    assert mine.passed


def test_a_delay_before_our_code_ran_counts(clocks: Clocks) -> None:
    """UNK-50: an attempt that reaches our code late has that much less time."""
    assert begun(clocks, stalled=BUDGET).passed
    mine = begun(clocks, stalled=BUDGET - timedelta(seconds=1))
    assert not mine.passed
    clocks.run(timedelta(seconds=1))
    assert mine.passed


def test_a_clock_set_back_gives_no_more_time(clocks: Clocks) -> None:
    """UNK-50: the wall clock jumps back an hour while the process is stalled.

    The running clock knows better.
    """
    mine = begun(clocks)
    clocks.run(BUDGET)
    clocks.wall -= timedelta(hours=1)
    assert mine.passed


def test_a_clock_set_forward_only_ends_it_sooner(clocks: Clocks) -> None:
    """UNK-50: when the clocks disagree, the earlier end holds."""
    mine = begun(clocks)
    clocks.wall += timedelta(hours=1)
    assert mine.passed


def test_a_timeout_shorter_than_the_call_never_sends(clocks: Clocks) -> None:
    """UNK-50: an HTTP call that may outlive its activity is not begun at all."""
    assert Deadline.of(started=clocks.wall, start_to_close=CALL, call=CALL).passed


@given(
    stalled=st.timedeltas(timedelta(0), timedelta(seconds=30)),
    ran=st.timedeltas(timedelta(0), timedelta(seconds=30)),
    jump=SPANS,
)
@settings(deadline=None, derandomize=True, database=None)
def test_no_clock_jump_lets_a_late_call_start(stalled: timedelta, ran: timedelta, jump: timedelta) -> None:
    """UNK-50: the budget ends when our code has run that long, whatever the wall clock shows."""
    clocks = Clocks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadline, "clock", clocks)
        mine = begun(clocks, stalled)
        clocks.run(ran)
        on_time = not mine.passed
        clocks.wall += jump
        assert not on_time or stalled + ran < BUDGET
        if ran >= BUDGET:
            assert mine.passed


def test_the_real_clocks_are_used() -> None:
    """UNK-50: without a test's hands on them, both clocks are the machine's."""
    mine = Deadline.of(started=clock.now(), start_to_close=timedelta(hours=1), call=CALL)
    assert not mine.passed
    assert mine.steady - clock.steady() < timedelta(hours=1).total_seconds()


def test_no_call_arrives_after_the_search_that_may_find_an_exit_absent() -> None:
    """EXT-30: it begins when every call is over, whatever `TRADER_BROKER_TIMEOUT` is set to."""
    longest = timedelta(seconds=8)
    assert f"le={longest.seconds}" in str(Settings.model_fields["broker_timeout"].metadata).lower()
    assert sum(timing.EXIT_SEARCH_PAUSES, timedelta()) >= 2 * (longest + MARGIN)
    assert timing.EXIT_SEARCH_PAUSES[-1] > longest
