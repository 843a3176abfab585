"""What an entry is denied for before it is priced: its age, its quote, and the gap between them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alert_trader.domain.denial import Code
from alert_trader.domain.execution.ladder import age_check, entry_checks
from alert_trader.domain.execution.policy import SafetyPolicy
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Price

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SAFETY = SafetyPolicy()
SIDES = st.decimals(min_value=0, max_value=10, places=2).map(Price)


@given(
    age=st.timedeltas(timedelta(days=-2), timedelta(days=400))
    | st.timedeltas(timedelta(seconds=-130), timedelta(seconds=130))
)
@example(age=timedelta(seconds=60))
@example(age=timedelta(seconds=60, microseconds=1))
@example(age=timedelta(seconds=-60, microseconds=-1))
def test_an_alert_older_than_the_maximum_is_denied(age: timedelta) -> None:
    """WHO-30: alerts within the maximum age pass; older ones, and ones dated as far in the future, do not."""
    denied = age_check(NOW - age, now=NOW, safety=SAFETY)
    if age > SAFETY.max_alert_age:
        assert denied is not None
        assert denied.code is Code.ALERT_TOO_OLD
    elif -age > SAFETY.max_alert_age:
        assert denied is not None
        assert denied.code is Code.ALERT_FROM_FUTURE
    else:
        assert denied is None


def test_the_maximum_age_is_far_below_any_retention() -> None:
    """WHO-30: the shortest retention of a Temporal server is a day; the default maximum age is a minute."""
    assert timedelta(days=1) > 100 * SAFETY.max_alert_age


@given(
    bid=SIDES,
    ask=SIDES,
    age=st.timedeltas(timedelta(seconds=-90), timedelta(seconds=90)),
    halted=st.booleans(),
)
def test_an_entry_needs_a_fresh_two_sided_quote(
    *, bid: Price, ask: Price, age: timedelta, halted: bool
) -> None:
    """RSK-40: a zero, crossed, halted or stale quote denies the entry; any other quote passes."""
    quote = Quote(bid=bid, ask=ask, at=NOW - age, bid_size=1, ask_size=1, halted=halted)
    denied = entry_checks(posted_at=NOW, alert_price=None, quote=quote, now=NOW, safety=SAFETY)
    if bid == 0 or ask == 0 or bid > ask or halted:
        assert denied is not None
        assert denied.code is Code.QUOTE_UNUSABLE
    elif abs(age) > SAFETY.max_quote_age:
        assert denied is not None
        assert denied.code is Code.QUOTE_STALE
    else:
        assert denied is None


def test_no_quote_denies() -> None:
    """RSK-40: without a quote nothing is priced."""
    denied = entry_checks(posted_at=NOW, alert_price=None, quote=None, now=NOW, safety=SAFETY)
    assert denied is not None
    assert denied.code is Code.QUOTE_MISSING


@pytest.mark.parametrize(
    ("bid", "ask", "denied"),
    [("1.40", "1.60", False), ("1.41", "1.61", True), ("0.40", "0.60", False), ("0.39", "0.59", True)],
)
def test_a_price_far_from_the_market_is_denied_on_both_sides(
    quoted: Callable[..., Quote], bid: str, ask: str, *, denied: bool
) -> None:
    """With a gap of 50 %, an alert at 1.00 allows mids from 0.50 to 1.50, bounds included."""
    answer = entry_checks(
        posted_at=NOW, alert_price=Price(Decimal("1.00")), quote=quoted(bid, ask), now=NOW, safety=SAFETY
    )
    assert (answer is not None) is denied
    assert answer is None or answer.code is Code.PRICE_FAR_FROM_MARKET


def test_the_age_is_checked_before_the_quote(quoted: Callable[..., Quote]) -> None:
    """An old alert is denied for its age, whatever the quote."""
    answer = entry_checks(
        posted_at=NOW - timedelta(minutes=5), alert_price=None, quote=quoted("0", "0"), now=NOW, safety=SAFETY
    )
    assert answer is not None
    assert answer.code is Code.ALERT_TOO_OLD
    assert answer.facts["age_seconds"] == "300.0"
