"""4. The price ladder, and the conversion within a ceiling.

An entry starts at the lower of mid and alert price. Every 20 s an unfilled order is cancelled and sent again
one tick higher, three times at most. After 90 s the remainder is converted to a market order, but only while
the ask is within the ceiling, 10 % above the alert's price. Otherwise the remainder is cancelled.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from alert_trader.domain.execution.ladder import LadderStage, bumped, ceiling, due_stage, first_limit
from alert_trader.domain.execution.policy import LadderPolicy
from alert_trader.domain.market.quotes import PENNY, Quote
from alert_trader.domain.money import Price
from alert_trader.domain.trade.lifecycle import Outcome
from tests.support.harness import Harness

POLICY = LadderPolicy()
START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def test_the_prices_of_the_ladder() -> None:
    """Compute first limit, ceiling and bump, with the pure functions of `domain/execution/ladder.py`."""
    alert = Price(Decimal("1.20"))
    quote = Quote(bid=Price(Decimal("1.14")), ask=Price(Decimal("1.19")), at=START, bid_size=10, ask_size=10)

    first = first_limit(alert, quote, PENNY)
    # The mid is 1.165, below the alert's price; a buy is rounded down to a tick.
    assert first == Decimal("1.16")

    highest = ceiling(alert, Price(Decimal("1.16")), POLICY, PENNY)
    assert highest == Decimal("1.32")
    assert bumped(Price(Decimal("1.16")), PENNY, highest) == Decimal("1.17")
    assert bumped(highest, PENNY, highest) == highest  # never above the ceiling


def test_the_timetable_of_the_ladder() -> None:
    """Look up what is due when. A worker that was down finds the stage by the time, and never buys late."""

    def stage(seconds: int) -> LadderStage:
        return due_stage(started=START, now=START + timedelta(seconds=seconds), policy=POLICY).stage

    assert [stage(seconds) for seconds in (0, 20, 89)] == [
        LadderStage.FIRST,
        LadderStage.BUMP,
        LadderStage.BUMP,
    ]
    assert stage(90) is LadderStage.CONVERT
    assert stage(90 + 16) is LadderStage.LATE  # the remainder is cancelled, whatever the price


async def test_an_unfilled_entry_is_converted_within_the_ceiling(harness: Harness) -> None:
    """Run the whole ladder against an ask of 1.30, which only the conversion reaches."""
    await harness.quote("1.19", "1.30")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the conversion to fill", bought=4)
    assert harness.entry_limits() == ["1.2", "1.21", "1.22", "1.23", "market"]


async def test_above_the_ceiling_nothing_is_bought(harness: Harness) -> None:
    """Run the ladder against an ask of 1.33, a cent above the ceiling: the trade ends unfilled."""
    await harness.quote("1.19", "1.33")
    trade = await harness.alert(price="1.20")
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert (view.reason or "").startswith("LADDER_ABOVE_CEILING")
    assert harness.entry_limits() == ["1.2", "1.21", "1.22", "1.23"]
