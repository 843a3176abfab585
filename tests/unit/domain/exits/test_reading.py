"""Plans as people write them: every part reads back what it prints, and anything else is refused in words."""

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.exits.plan import BreakEven, Single, StopLoss, Target, TimeExit, Trail
from alert_trader.domain.exits.reading import (
    AuthorStop,
    read_author_stop,
    read_break_even,
    read_single,
    read_stop,
    read_target,
    read_time,
    read_trail,
)
from alert_trader.domain.money import Price

GAINS = st.decimals(min_value="0.01", max_value=50, places=4)
SHARES = st.decimals(min_value="0.01", max_value="0.99", places=4)
PRICES = st.decimals(min_value="0.01", max_value=900, places=2).map(Price)
MINUTES = st.integers(1, 9_999).map(lambda count: timedelta(minutes=count))
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
READERS: list[Callable[[str], object]] = [read_stop, read_target, read_trail, read_break_even, read_time]


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_stop, "-30%", StopLoss(loss=Decimal("0.3"))),
        (read_stop, " $0.90 ", StopLoss(price=Price(Decimal("0.90")))),
        (read_stop, ".9", StopLoss(price=Price(Decimal("0.9")))),
        (read_target, "50%@+100%", Target(share=Decimal("0.5"), gain=Decimal(1))),
        (read_target, "25 % @ 50 %", Target(share=Decimal("0.25"), gain=Decimal("0.5"))),
        (read_trail, "20%", Trail(share=Decimal("0.2"))),
        (read_trail, "0.15 from +50%", Trail(amount=Decimal("0.15"), from_gain=Decimal("0.5"))),
        (read_break_even, "", BreakEven(after_targets=1)),
        (read_break_even, "after 2", BreakEven(after_targets=2)),
        (read_break_even, "+50% +0.05", BreakEven(gain=Decimal("0.5"), plus=Decimal("0.05"))),
        (read_time, "15:45", TimeExit(at=time(15, 45))),
        (read_time, "30m before close", TimeExit(before_last_trade=timedelta(minutes=30))),
        (read_time, "2 days before expiry at 15:30", TimeExit(days_before_expiry=2, at=time(15, 30))),
        (read_time, "45m held", TimeExit(held=timedelta(minutes=45))),
        (read_single, "First target", Single.FIRST_TARGET),
    ],
)
def test_what_is_written_is_read(read: Callable[[str], object], text: str, expected: object) -> None:
    """The forms of the commands and of the card."""
    assert read(text) == expected


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_stop, "30%", "a loss such as -30% or a price such as 0.90, found '30%'"),
        (read_stop, "-0.90", "a loss such as -30%"),
        (read_stop, "-150%", "under 100 %, found 150%"),
        (read_stop, "0", "a stop price above 0"),
        (read_stop, "nan", "a loss such as -30%"),
        (read_stop, "1e5", "a loss such as -30%"),
        (read_target, "50%", "50%@+100%"),
        (read_target, "150%@+100%", "at most 100 %"),
        (read_trail, "0%", "above 0 %"),
        (read_break_even, "entry", "a number of targets such as 1"),
        (read_time, "24:00", "a New York time such as 15:45"),
        (read_time, "3:4", "a New York time such as 15:45"),
        (read_time, "0m held", "at least 1"),
        (read_time, "2d before expiry 99:99", "a New York time such as 15:45"),
        (read_single, "all", "first target, stop, nothing, found 'all'"),
    ],
)
def test_anything_else_is_refused(read: Callable[[str], object], text: str, expected: str) -> None:
    """The message names what was expected."""
    with pytest.raises(ValueError, match="expected") as refused:
        read(text)
    assert expected in str(refused.value)


@given(
    stop=st.one_of(SHARES.map(lambda loss: StopLoss(loss=loss)), PRICES.map(lambda at: StopLoss(price=at))),
    target=st.builds(Target, share=SHARES, gain=GAINS),
    trail=st.one_of(
        st.builds(Trail, share=SHARES, from_gain=GAINS), st.builds(Trail, amount=PRICES, from_gain=GAINS)
    ),
    break_even=st.one_of(
        st.builds(BreakEven, after_targets=st.integers(1, 9), plus=PRICES),
        st.builds(BreakEven, gain=GAINS, plus=PRICES),
    ),
    at=st.one_of(
        st.builds(TimeExit, at=CLOCKS),
        st.builds(TimeExit, held=MINUTES),
        st.builds(TimeExit, before_last_trade=MINUTES),
        st.builds(TimeExit, days_before_expiry=st.integers(1, 99), at=st.one_of(st.none(), CLOCKS)),
    ),
)
def test_every_part_reads_what_it_prints(
    stop: StopLoss, target: Target, trail: Trail, break_even: BreakEven, at: TimeExit
) -> None:
    """What the card shows can be typed again."""
    assert read_stop(str(stop)) == stop
    assert read_target(str(target)) == target
    assert read_trail(str(trail)) == trail
    assert read_break_even(str(break_even)) == break_even
    assert read_time(str(at)) == at


@given(st.text(alphabet="0123456789.%@+-$: mdbeforhclsxpiyat\u0663\ud7ff", max_size=24))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    """Every reader reads, or raises ValueError with what was expected."""
    for read in READERS:
        try:
            read(text)
        except ValueError as refused:
            assert "expected" in str(refused)  # noqa: PT017 - most texts are refused, some are read
    read_author_stop(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BE", AuthorStop()),
        ("SL to entry", AuthorStop()),
        ("move stop to BE!", AuthorStop()),
        ("stop .90", AuthorStop(price=Price(Decimal("0.90")))),
        ("SL at $1.20", AuthorStop(price=Price(Decimal("1.20")))),
        ("entry", None),
        ("stop 0", None),
        ("stopped out at .90", None),
        ("I would be careful, stop .90", None),
        ("SL", None),
    ],
)
def test_an_authors_stop_is_the_whole_text(text: str, expected: AuthorStop | None) -> None:
    """A remark that only mentions a stop moves nothing."""
    assert read_author_stop(text) == expected
