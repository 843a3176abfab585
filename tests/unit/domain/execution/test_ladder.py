"""The price ladder: never above the ceiling, never after the window and its grace."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.ladder import (
    CancelRemainder,
    ConversionDecision,
    ConvertToLimit,
    ConvertToMarket,
    DueStage,
    LadderStage,
    bumped,
    ceiling,
    decide_conversion,
    due_stage,
    first_limit,
    fit_to_session,
    next_stage_at,
)
from alert_trader.domain.execution.policy import Conversion, LadderPolicy, NearClose, SafetyPolicy
from alert_trader.domain.market.quotes import PENNY, Quote, Tick, TickTable
from alert_trader.domain.money import Price

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NICKELS = TickTable((Tick(value=Decimal("0.05"), threshold=Decimal(3)), Tick(value=Decimal("0.10"))))
TABLES = st.sampled_from([PENNY, NICKELS])
PRICES = st.decimals(min_value="0.01", max_value=200, places=2).map(Price)
DELAYS = st.timedeltas(timedelta(seconds=-30), timedelta(seconds=400))
LADDERS = st.builds(
    LadderPolicy,
    step=st.timedeltas(timedelta(seconds=1), timedelta(seconds=60)),
    bumps=st.integers(0, 6),
    window=st.timedeltas(timedelta(0), timedelta(seconds=200)),
    grace=st.timedeltas(timedelta(0), timedelta(seconds=60)),
    near_close=st.sampled_from(NearClose),
)


def price(text: str) -> Price:
    """Read a price."""
    return Price(Decimal(text))


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    """Draw a usable quote."""
    bid, ask = sorted([draw(PRICES), draw(PRICES)])
    return Quote(bid=bid, ask=ask, at=START, bid_size=1, ask_size=1)


@pytest.mark.parametrize(
    ("alerted", "bid", "ask", "expected"),
    [
        ("1.25", "1.10", "1.21", "1.15"),  # the mid, 1.155, is below the alert's price; rounded down
        ("1.25", "1.30", "1.40", "1.25"),  # the alert's price is below the mid
        (None, "1.30", "1.41", "1.35"),  # no price alerted: the mid
        ("1.257", "2.00", "2.00", "1.25"),  # an alert's price off the tick is rounded down as well
    ],
)
def test_the_first_limit_is_the_lower_of_mid_and_alert(
    quoted: Callable[..., Quote], alerted: str | None, bid: str, ask: str, expected: str
) -> None:
    """The mid when it is below the alert's price, else the alert's price; rounded down to a tick."""
    assert first_limit(None if alerted is None else price(alerted), quoted(bid, ask), PENNY) == Decimal(
        expected
    )


def test_a_price_below_one_tick_is_denied(quoted: Callable[..., Quote]) -> None:
    """There is no bid of 0.03 where the tick is 0.05."""
    denied = first_limit(price("0.03"), quoted("0.02", "0.10"), NICKELS)
    assert isinstance(denied, Denied)
    assert denied.code is Code.PRICE_BELOW_TICK
    assert denied.facts["tick"] == "0.05"


def test_the_ceiling_is_ten_percent_above_the_alert_rounded_down() -> None:
    """1.25 + 10 % is 1.375: 1.37 in pennies, 1.35 in nickels.

    Without an alert price it is taken from the first limit.
    """
    policy = LadderPolicy()
    assert ceiling(price("1.25"), price("1.20"), policy, PENNY) == Decimal("1.37")
    assert ceiling(price("1.25"), price("1.20"), policy, NICKELS) == Decimal("1.35")
    assert ceiling(None, price("1.20"), policy, PENNY) == Decimal("1.32")


def test_a_bump_is_one_tick_on_either_side_of_a_threshold() -> None:
    """2.95 goes to 3.00 by 0.05, and 3.00 to 3.10 by 0.10."""
    assert bumped(price("2.95"), NICKELS, price("9")) == Decimal("3.00")
    assert bumped(price("3.00"), NICKELS, price("9")) == Decimal("3.10")


def test_a_bump_stops_at_the_ceiling() -> None:
    """At the ceiling a bump changes nothing."""
    assert bumped(price("1.37"), PENNY, price("1.37")) == Decimal("1.37")
    assert bumped(price("1.36"), PENNY, price("1.37")) == Decimal("1.37")


@given(
    alerted=st.none() | PRICES,
    quote=quotes(),
    ticks=TABLES,
    share=st.decimals(min_value=0, max_value=1, places=2),
    bumps=st.integers(0, 9),
)
def test_no_price_on_the_ladder_is_above_the_ceiling(
    *, alerted: Price | None, quote: Quote, ticks: TickTable, share: Decimal, bumps: int
) -> None:
    """RSK-10: over any number of bumps, prices rise, on a valid tick, up to the ceiling."""
    first = first_limit(alerted, quote, ticks)
    assume(not isinstance(first, Denied))
    assert not isinstance(first, Denied)
    highest = ceiling(alerted, first, LadderPolicy(ceiling=share), ticks)
    assert highest <= (first if alerted is None else alerted) * (1 + share)
    assert first <= (quote.mid if alerted is None else min(alerted, quote.mid))
    at = first
    for _ in range(bumps):
        raised = bumped(at, ticks, highest)
        assert at <= raised <= highest
        assert ticks.valid(raised)
        at = raised


@given(delay=DELAYS, policy=LADDERS)
def test_a_late_wake_up_never_buys(delay: timedelta, policy: LadderPolicy) -> None:
    """For any delay: after the window the remainder is converted, after its grace nothing is bought."""
    at = due_stage(started=START, now=START + delay, policy=policy)
    if delay > policy.window + policy.grace:
        assert at == DueStage(stage=LadderStage.LATE)
    elif delay >= policy.window:
        assert at == DueStage(stage=LadderStage.CONVERT)
    else:
        # counted one by one: the bumps that are due
        bumps = sum(1 for n in range(1, policy.bumps + 1) if n * policy.step <= delay)
        assert at == (
            DueStage(stage=LadderStage.BUMP, bumps=bumps) if bumps else DueStage(stage=LadderStage.FIRST)
        )


@given(policy=LADDERS)
def test_each_wake_up_finds_the_next_stage(policy: LadderPolicy) -> None:
    """No stage is skipped, and the last is the conversion."""
    now, seen = START, []
    for _ in range(policy.bumps + 2):
        seen.append(due_stage(started=START, now=now, policy=policy))
        wake = next_stage_at(started=START, now=now, policy=policy)
        if wake is None:
            break
        assert wake > now
        now = wake
    assert seen[-1] == DueStage(stage=LadderStage.CONVERT)
    assert [at.bumps for at in seen[:-1]] == list(range(len(seen) - 1))
    assert now == START + policy.window


def test_the_default_timetable() -> None:
    """20 s a step, three bumps, conversion at 90 s, late after 15 s more.

    There is no stage after the conversion.
    """
    times = [0, 19, 20, 40, 60, 89, 90, 105, 106]
    at = [due_stage(started=START, now=START + timedelta(seconds=s), policy=LadderPolicy()) for s in times]
    assert [(x.stage, x.bumps) for x in at] == [
        (LadderStage.FIRST, 0),
        (LadderStage.FIRST, 0),
        (LadderStage.BUMP, 1),
        (LadderStage.BUMP, 2),
        (LadderStage.BUMP, 3),
        (LadderStage.BUMP, 3),
        (LadderStage.CONVERT, 0),
        (LadderStage.CONVERT, 0),
        (LadderStage.LATE, 0),
    ]
    assert next_stage_at(started=START, now=START + timedelta(seconds=200), policy=LadderPolicy()) is None


@given(policy=LADDERS, left=st.timedeltas(timedelta(hours=-1), timedelta(seconds=400)))
def test_no_order_of_a_ladder_outlives_its_session(policy: LadderPolicy, left: timedelta) -> None:
    """ENT-70: for any time left, the last order has had its time by the session's end, or nothing is sent."""
    ends = START + left
    fitted = fit_to_session(policy, starts=START, session_ends=ends)
    if isinstance(fitted, Denied):
        assert fitted.code is Code.SESSION_ENDS_SOON
        assert START + policy.window + policy.grace + policy.conversion_wait > ends
        return
    assert START + fitted.window + fitted.grace + fitted.conversion_wait <= ends
    assert fitted == policy or (policy.near_close is NearClose.SHORTEN and fitted.window < policy.window)
    late = fitted.window + fitted.grace + timedelta(microseconds=1)
    assert due_stage(started=START, now=START + late, policy=fitted).stage is LadderStage.LATE


def test_a_shortened_ladder_has_one_step_at_least() -> None:
    """45 s before the end there are 20 s for the first limit; a moment later there are not."""
    policy = LadderPolicy(near_close=NearClose.SHORTEN)
    fitted = fit_to_session(policy, starts=START, session_ends=START + timedelta(seconds=45))
    assert isinstance(fitted, LadderPolicy)
    assert fitted.window == timedelta(seconds=20)
    denied = fit_to_session(policy, starts=START, session_ends=START + timedelta(seconds=44))
    assert isinstance(denied, Denied)
    assert (denied.facts["left_seconds"], denied.facts["needed_seconds"]) == ("44.0", "45.0")


def decided(
    quote: Quote | None,
    how: Conversion,
    *,
    within: int | None = None,
    now: datetime = START,
    quantity: int = 1,
) -> ConversionDecision:
    """Decide the conversion for a last limit of 1.28 and a ceiling of 1.37, in pennies."""
    policy = LadderPolicy(conversion=how, convert_within_ticks=within)
    return decide_conversion(
        policy=policy,
        safety=SafetyPolicy(),
        quote=quote,
        quantity=quantity,
        highest=price("1.37"),
        last_limit=price("1.28"),
        ticks=PENNY,
        now=now,
    )


def reason(decision: ConversionDecision) -> Code:
    """Return the denial code of a decision to cancel the remainder."""
    assert isinstance(decision, CancelRemainder)
    return decision.denied.code


def test_within_the_ceiling_the_policy_decides(quoted: Callable[..., Quote]) -> None:
    """At the ceiling: a market order, a limit order or a cancel, as the policy says."""
    quote = quoted("1.30", "1.37")
    assert decided(quote, Conversion.UNBOUNDED_MARKET) == ConvertToMarket()
    assert decided(quote, Conversion.MARKETABLE_LIMIT) == ConvertToLimit(price=price("1.37"))
    assert reason(decided(quote, Conversion.CANCEL)) is Code.LADDER_CANCELLED


def test_a_market_order_needs_an_ask_of_the_whole_quantity(quoted: Callable[..., Quote]) -> None:
    """ENT-80: an ask of one contract does not pass for ten; a limit buys those that are offered."""
    quote = replace(quoted("1.30", "1.30"), ask_size=9)
    assert decided(quote, Conversion.UNBOUNDED_MARKET, quantity=9) == ConvertToMarket()
    assert reason(decided(quote, Conversion.UNBOUNDED_MARKET, quantity=10)) is Code.LADDER_ASK_TOO_SMALL
    assert decided(quote, Conversion.MARKETABLE_LIMIT, quantity=10) == ConvertToLimit(price=price("1.37"))


@pytest.mark.parametrize("how", [Conversion.UNBOUNDED_MARKET, Conversion.MARKETABLE_LIMIT])
def test_above_the_ceiling_the_remainder_is_cancelled(quoted: Callable[..., Quote], how: Conversion) -> None:
    """An ask a cent above the ceiling is not paid, and the facts have the numbers."""
    decision = decided(quoted("1.30", "1.38"), how)
    assert isinstance(decision, CancelRemainder)
    assert decision.denied.code is Code.LADDER_ABOVE_CEILING
    assert decision.denied.facts == {"ask": "1.38", "last_limit": "1.28", "ceiling": "1.37"}


def test_convert_within_ticks_limits_the_conversion(quoted: Callable[..., Quote]) -> None:
    """An ask five ticks above the last limit converts within five, and not within four."""
    quote = quoted("1.30", "1.33")
    assert decided(quote, Conversion.MARKETABLE_LIMIT, within=5) == ConvertToLimit(price=price("1.37"))
    assert reason(decided(quote, Conversion.MARKETABLE_LIMIT, within=4)) is Code.LADDER_TOO_MANY_TICKS


@pytest.mark.parametrize("how", [Conversion.UNBOUNDED_MARKET, Conversion.MARKETABLE_LIMIT])
def test_without_a_good_quote_nothing_is_converted(quoted: Callable[..., Quote], how: Conversion) -> None:
    """RSK-40: a missing, one-sided, crossed, halted or stale quote never leads to a conversion."""
    assert reason(decided(None, how)) is Code.QUOTE_MISSING
    assert reason(decided(quoted("0", "1.30"), how)) is Code.QUOTE_UNUSABLE
    assert reason(decided(quoted("1.31", "1.30"), how)) is Code.QUOTE_UNUSABLE
    assert reason(decided(quoted("1.29", "1.30", halted=True), how)) is Code.QUOTE_UNUSABLE
    assert reason(decided(quoted("1.29", "1.30"), how, now=START + timedelta(seconds=31))) is Code.QUOTE_STALE


@given(
    quote=quotes(),
    highest=PRICES,
    last=PRICES,
    within=st.none() | st.integers(0, 8),
    ticks=TABLES,
    how=st.sampled_from(Conversion),
    quantity=st.integers(1, 3),
)
def test_a_conversion_is_bounded_by_the_ceiling(
    *,
    quote: Quote,
    highest: Price,
    last: Price,
    within: int | None,
    ticks: TickTable,
    how: Conversion,
    quantity: int,
) -> None:
    """RSK-10, ENT-80: for any quote it is sent only while the ask is within the ceiling, as a limit there.

    A market order only by its own setting, and for no more than the ask shows.
    """
    policy = LadderPolicy(conversion=how, convert_within_ticks=within)
    decision = decide_conversion(
        policy=policy,
        safety=SafetyPolicy(),
        quote=quote,
        quantity=quantity,
        highest=highest,
        last_limit=last,
        ticks=ticks,
        now=START,
    )
    if not isinstance(decision, CancelRemainder):
        assert quote.ask <= highest
        assert within is None or quote.ask <= last + (within + 1) * ticks.step(max(quote.ask, last))
        assert decision == ConvertToLimit(price=highest) or how is Conversion.UNBOUNDED_MARKET
        assert decision != ConvertToMarket() or quote.ask_size >= quantity
