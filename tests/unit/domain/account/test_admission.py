"""An admission, its confirmations, and a halt: nothing is sent after a halt is certain."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.account.admission import (
    ADMISSION_LIFETIME,
    ADMISSION_VALIDITY,
    EpochReading,
    SendWindow,
    halt_certain_after,
)

BEGAN = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
VALIDITY, LIFETIME = ADMISSION_VALIDITY.total_seconds(), ADMISSION_LIFETIME.total_seconds()

seconds = st.integers(0, 6000).map(lambda each: each / 1000)
delays = st.integers(0, 3000).map(lambda each: each / 1000)


def test_a_confirmation_extends_an_admission_up_to_its_lifetime() -> None:
    """HLT-10: by the time from before the reading, and never past the lifetime."""
    window = SendWindow(epoch=2, asked=10.0, confirmed=10.0)
    assert window.until == 10.0 + VALIDITY
    assert window.confirmed_by(EpochReading(epoch=2, asked=11.0)).until == 11.0 + VALIDITY
    assert window.confirmed_by(EpochReading(epoch=2, asked=9.0)) == window
    assert window.confirmed_by(EpochReading(epoch=2, asked=20.0)).until == 10.0 + LIFETIME
    for other in (None, 1, 3):
        assert window.confirmed_by(EpochReading(epoch=other, asked=11.0)) == window


@given(
    halted=seconds,
    task=delays,
    questions=st.lists(
        st.tuples(seconds, delays, delays, st.lists(st.tuples(delays, delays), max_size=5)), max_size=6
    ),
)
def test_nothing_is_sent_once_a_halt_is_certain(
    halted: float,
    task: float,
    questions: list[tuple[float, float, float, list[tuple[float, float]]]],
) -> None:
    """HLT-10: whatever is asked, confirmed and delayed, by any number of workers.

    The account's task runs from `halted` for `task` seconds; what it publishes, and its timer, begin at its
    end. A question is asked, admitted after a delay if no halt was processed by then, and answered after
    another; then come readings of the epoch, each after a pause, served within a delay.
    """
    published = halted + task
    last: float | None = None
    windows = []
    for asked, until_admitted, until_answered, readings in questions:
        admitted = asked + until_admitted
        if admitted > halted:
            continue  # denied
        last = admitted if last is None else max(last, admitted)
        window, now = SendWindow(epoch=0, asked=asked, confirmed=asked), admitted + until_answered
        windows.append(window)
        for pause, until_served in readings:
            reading = now + pause
            now = reading + until_served
            epoch = 0 if now < published else None  # served as late as it can be
            window = window.confirmed_by(EpochReading(epoch=epoch, asked=reading))
            windows.append(window)
    wait = halt_certain_after(
        BEGAN + timedelta(seconds=halted), None if last is None else BEGAN + timedelta(seconds=last)
    )
    assert wait <= ADMISSION_VALIDITY
    certain = published + wait.total_seconds()
    for window in windows:
        assert window.until <= certain + 1e-6


@given(asked=seconds, readings=st.lists(seconds, max_size=5), recorded=seconds)
def test_nothing_is_sent_a_lifetime_after_a_halt_was_recorded(
    asked: float, readings: list[float], recorded: float
) -> None:
    """HLT-10: without a worker that carries it out, the epoch is published for ever."""
    window = SendWindow(epoch=0, asked=min(asked, recorded), confirmed=min(asked, recorded))
    for each in readings:
        window = window.confirmed_by(EpochReading(epoch=0, asked=each))
    assert window.until <= recorded + LIFETIME


def test_a_halt_waits_only_for_admissions_that_may_still_be_used() -> None:
    """HLT-10: after a quiet time it is answered at once."""
    assert halt_certain_after(BEGAN, None) == timedelta(0)
    assert halt_certain_after(BEGAN, BEGAN) == ADMISSION_VALIDITY
    assert halt_certain_after(BEGAN, BEGAN - ADMISSION_LIFETIME) == timedelta(0)
    assert halt_certain_after(BEGAN, BEGAN - ADMISSION_LIFETIME + timedelta(seconds=0.1)) == timedelta(
        seconds=0.1
    )
