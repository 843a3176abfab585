"""Watching quotes: which are prices, when a stop is crossed, when a trail is reported."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.exits.plan import BreakEven, ExitPlan, StopLoss, Trail
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel
from alert_trader.domain.exits.watch import (
    Crossed,
    NoPrice,
    Observation,
    QuoteFault,
    Raised,
    SessionHours,
    Watch,
    WatchRules,
    WatchState,
    quote_fault,
)
from alert_trader.domain.market.quotes import PENNY, Quote
from alert_trader.domain.money import Price

OPENS = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SESSION = SessionHours(opens_at=OPENS, closes_at=OPENS + timedelta(hours=6.5))
NOON = OPENS + timedelta(hours=2)
RULES = WatchRules()
STOP = StopLevel(price=Price(Decimal("1.40")), rule=ExitRule.STOP)
WATCH = Watch(plan=ExitPlan(stop=StopLoss(loss=Decimal("0.3"))), ticks=PENNY)
HELD = WatchState(facts=StopFacts(average_entry=Decimal(2)), level=STOP)


def quote(bid: str | Decimal, at: datetime, ask: str | Decimal | None = None) -> Quote:
    """Return a quote, two cents wide where no ask is given."""
    low = Decimal(bid)
    high = low + Decimal("0.02") if ask is None else Decimal(ask)
    return Quote(bid=Price(low), ask=Price(high), at=at, bid_size=10, ask_size=10)


def feed(watch: Watch, state: WatchState, *seen: tuple[float, str | None]) -> list[Observation]:
    """Feed bids, each at so many seconds after noon; None repeats the quote before. Return what came out."""
    out: list[Observation] = []
    last: Quote | None = None
    for seconds, bid in seen:
        now = NOON + timedelta(seconds=seconds)
        last = last if bid is None else quote(bid, now)
        state, found = watch.observe(state, last, now=now, session=SESSION)
        out += found
    return out


@pytest.mark.parametrize(
    ("found", "now", "expected"),
    [
        (None, NOON, QuoteFault.MISSING),
        (quote("1.00", NOON), NOON, None),
        (quote("1.00", NOON - timedelta(seconds=6)), NOON, QuoteFault.STALE),
        (quote("1.00", NOON + timedelta(seconds=1)), NOON, QuoteFault.STALE),
        (replace(quote("1.00", NOON), halted=True), NOON, QuoteFault.HALTED),
        (quote("0", NOON, "0.05"), NOON, QuoteFault.ONE_SIDED),
        (quote("NaN", NOON, "0.05"), NOON, QuoteFault.ONE_SIDED),
        (quote("1.00", NOON, "NaN"), NOON, QuoteFault.ONE_SIDED),
        (quote("1.00", NOON, "0"), NOON, QuoteFault.ONE_SIDED),
        (quote("1.00", NOON, "0.99"), NOON, QuoteFault.CROSSED),
        (quote("1.00", NOON, "1.70"), NOON, QuoteFault.TOO_WIDE),
        (quote("0.01", NOON, "0.05"), NOON, None),
        (quote("0.01", NOON, "0.07"), NOON, QuoteFault.TOO_WIDE),
        (quote("1.00", OPENS), OPENS, None),
        (quote("1.00", OPENS - timedelta(seconds=1)), OPENS, QuoteFault.STALE),
        (
            quote("1.00", OPENS - timedelta(seconds=1)),
            OPENS - timedelta(seconds=1),
            QuoteFault.OUT_OF_SESSION,
        ),
        (quote("1.00", SESSION.closes_at), SESSION.closes_at, QuoteFault.OUT_OF_SESSION),
    ],
)
def test_which_quote_is_a_price(found: Quote | None, now: datetime, expected: QuoteFault | None) -> None:
    """Fresh, two-sided, not crossed, not too wide, not halted, in the session; all else is no price."""
    assert quote_fault(found, now=now, session=SESSION, rules=RULES, ticks=PENNY) is expected
    assert quote_fault(found, now=now, session=None, rules=RULES, ticks=PENNY) is QuoteFault.OUT_OF_SESSION


def test_one_quote_under_the_stop_is_no_crossing() -> None:
    """A bid that is back above the stop with the next quote has sold nothing."""
    assert feed(WATCH, HELD, (0, "1.38"), (0.1, "1.45"), (3, "1.39"), (3.1, "1.46")) == []


def test_two_quotes_at_or_under_the_stop_are_a_crossing() -> None:
    """The second is; when the first arrived is on record. It is reported once."""
    assert feed(WATCH, HELD, (0, "1.40"), (0.1, "1.39"), (0.2, "1.38")) == [
        Crossed(level=STOP, bid=Price(Decimal("1.39")), seen_at=NOON)
    ]


def test_a_quote_under_the_stop_for_two_seconds_is_a_crossing() -> None:
    """A quiet contract has no second quote."""
    assert feed(WATCH, HELD, (0, "1.30"), (1, None), (1.9, None)) == []
    assert feed(WATCH, HELD, (0, "1.30"), (1, None), (2, None), (3, None)) == [
        Crossed(level=STOP, bid=Price(Decimal("1.30")), seen_at=NOON)
    ]


def test_a_trail_is_reported_by_steps() -> None:
    """A rise of less than a step is not reported, so that quotes never become history."""
    watch = Watch(plan=ExitPlan(trail=Trail(share=Decimal("0.2"))), ticks=PENNY)
    state = WatchState(facts=StopFacts(average_entry=Decimal(2)), level=None)
    out = feed(watch, state, (0, "2.00"), (1, "2.01"), (2, "2.02"), (3, "2.10"), (4, "1.90"), (5, "2.11"))
    assert [each.level.price for each in out if isinstance(each, Raised)] == [
        Decimal("1.60"),
        Decimal("1.68"),
    ]
    assert len(out) == 2


def test_break_even_is_reported_whatever_the_step() -> None:
    """The stop that was a trail becomes break-even: another rule, so it is reported."""
    plan = ExitPlan(trail=Trail(share=Decimal("0.34")), break_even=BreakEven(gain=Decimal("0.5")))
    state = WatchState(facts=StopFacts(average_entry=Decimal(2)), level=None)
    out = feed(Watch(plan=plan, ticks=PENNY), state, (0, "2.99"), (1, "3.00"))
    assert [each.level for each in out if isinstance(each, Raised)] == [
        StopLevel(price=Price(Decimal("1.97")), rule=ExitRule.TRAIL),
        StopLevel(price=Price(Decimal("2.00")), rule=ExitRule.STOP),
    ]


def test_a_person_is_called_once_when_there_is_no_price() -> None:
    """After the bound, in the session only; and again after a price has been seen."""
    state, out = HELD, []
    for seconds in range(40):
        now = NOON + timedelta(seconds=seconds)
        found = quote("1.50", now) if seconds == 18 else quote("0", now, "0.05")
        state, more = WATCH.observe(state, found, now=now, session=SESSION)
        out += more
    assert out == [
        NoPrice(fault=QuoteFault.ONE_SIDED, since=NOON),
        NoPrice(fault=QuoteFault.ONE_SIDED, since=NOON + timedelta(seconds=19)),
    ]
    after = SESSION.closes_at
    for seconds in range(40):
        now = after + timedelta(seconds=seconds)
        state, more = WATCH.observe(state, None, now=now, session=SESSION)
        assert more == ()


BIDS = st.sampled_from(["NaN", "0", "0.01", "1.00", "1.39", "1.40", "1.41", "2.00", "3.00", "4.10"])
ASKS = st.sampled_from(["NaN", "0", "0.05", "1.00", "1.41", "1.42", "2.02", "3.10", "9.00"])


@given(
    seen=st.lists(
        st.tuples(BIDS, ASKS, st.integers(-9_000, 3_000), st.integers(0, 4_000), st.booleans()), max_size=30
    ),
    begins=st.sampled_from([OPENS - timedelta(seconds=20), NOON, SESSION.closes_at - timedelta(seconds=20)]),
)
def test_nothing_is_triggered_by_what_is_no_price(
    seen: list[tuple[str, str, int, int, bool]], begins: datetime
) -> None:
    """Whatever quotes arrive, each crossing and each rise is at a quote that is a price."""
    plan = ExitPlan(stop=StopLoss(loss=Decimal("0.3")), trail=Trail(share=Decimal("0.2")))
    watch, state, now = Watch(plan=plan, ticks=PENNY), HELD, begins
    for bid, ask, age, pause, halted in seen:
        now += timedelta(milliseconds=pause)
        found = replace(quote(bid, now + timedelta(milliseconds=age), ask), halted=halted)
        before, (state, out) = state, watch.observe(state, found, now=now, session=SESSION)
        assert before.level is None or (state.level is not None and state.level.price >= before.level.price)
        if not any(isinstance(each, Crossed | Raised) for each in out):
            continue
        assert quote_fault(found, now=now, session=SESSION, rules=RULES, ticks=PENNY) is None
        for each in out:
            if isinstance(each, Crossed):
                assert state.level is not None
                assert found.bid <= state.level.price
                assert not before.crossed
                assert before.pending is not None
