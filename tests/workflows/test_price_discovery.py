"""How an entry finds its price: at once, after bumps, by conversion, or not at all."""

from dataclasses import replace

import pytest

from alert_trader.domain.execution.policy import Conversion, LadderPolicy
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.config import VenueConfig
from tests.support.harness import Harness, policy


async def test_an_entry_at_the_ask_fills_at_once(harness: Harness) -> None:
    """An alert at the ask buys at once, and half of it is offered at double."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    view = await harness.until(trade, "half protected", bought=4, exits_working=2)
    assert harness.entry_limits() == ["1.2"]
    assert view.average_entry is not None
    assert view.orders[-1].limit == 2 * view.average_entry


async def test_the_first_limit_is_the_mid_when_it_is_below_the_alert(harness: Harness) -> None:
    """A market below the alert's price is bid at its mid, rounded down to a tick."""
    await harness.quote("1.11", "1.16")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought on the second step at last", bought=4)
    assert harness.entry_limits()[0] == "1.13"


@pytest.mark.parametrize("bump", [1, 2, 3])
async def test_a_bump_reaches_the_ask(harness: Harness, bump: int) -> None:
    """Unfilled at the alert's price, the entry rises a tick at a time until it meets the ask.

    One order is live at a time (ENT-10).
    """
    await harness.quote("1.19", f"1.2{bump}", bid_size=1)
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought after bumps", bought=4, exits_working=2)
    assert harness.entry_limits() == [f"1.2{step}".rstrip("0") for step in range(bump + 1)]


async def test_the_window_ends_in_a_limit_at_the_ceiling(harness: Harness) -> None:
    """ENT-80: after three bumps the remainder is bought at 10 % above the alert's price, or less."""
    await harness.quote("1.19", "1.30")
    trade = await harness.alert(price="1.20")
    view = await harness.until(trade, "converted", bought=4, exits_working=2)
    assert harness.entry_limits() == ["1.2", "1.21", "1.22", "1.23", "1.32"]
    assert view.step == "marketable limit"


async def test_an_ask_above_the_ceiling_is_not_bought(harness: Harness) -> None:
    """When the market ran away nothing is converted, no order is left, and the reason has its numbers."""
    await harness.quote("1.19", "1.34")
    trade = await harness.alert(price="1.20")
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert "LADDER_ABOVE_CEILING" in (view.reason or "")
    assert harness.entry_limits() == ["1.2", "1.21", "1.22", "1.23"]


async def test_a_conversion_buys_what_is_offered_up_to_the_ceiling(harness: Harness) -> None:
    """ENT-80: the ask shows one contract of four: that one is bought, and nothing is left working."""
    await harness.quote("1.19", "1.30", ask_size=1)
    trade = await harness.alert(price="1.20")
    view = await harness.until(trade, "bought in part", bought=1, phase=Phase.HOLDING)
    assert "LADDER_CONVERSION_UNFILLED: the limit at the ceiling of 1.32 bought 1 of 4" in (view.reason or "")
    assert [(line.body or {})["time-in-force"] for line in harness.posts("e")] == [*["Day"] * 4, "IOC"]
    assert all(order.status.terminal for order in harness.venue.exchange.orders.values())


async def test_without_immediate_or_cancel_the_conversion_is_a_day_order(harness: Harness) -> None:
    """ENT-80: the broker takes no such order in options: the same limit works for the conversion's time."""
    harness.venue.exchange.config = VenueConfig(immediate_or_cancel=False)
    await harness.quote("1.19", "1.30")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "converted", bought=4, exits_working=2)
    last = [line.body or {} for line in harness.posts("e")][-2:]
    assert [(each["time-in-force"], each["price"]) for each in last] == [("IOC", "1.32"), ("Day", "1.32")]


async def test_only_the_unbounded_setting_sends_a_market_order(harness: Harness) -> None:
    """ENT-80: it is sent when the ask shows the whole remainder, and not for one contract of four."""
    rules = policy(ladder=LadderPolicy(conversion=Conversion.UNBOUNDED_MARKET))
    await harness.quote("1.19", "1.30")
    trade = await harness.alert(price="1.20", rules=rules)
    await harness.until(trade, "converted", bought=4, step="market")
    await harness.quote("1.19", "1.30", ask_size=1)
    trade = await harness.alert(price="1.20", rules=rules)
    assert "LADDER_ASK_TOO_SMALL" in ((await trade.result()).reason or "")
    assert harness.entry_limits().count("market") == 1


async def test_the_cancel_policy_buys_nothing_at_the_end(harness: Harness) -> None:
    """With that policy the remainder is cancelled at the end of the window, whatever the ask."""
    await harness.quote("1.19", "1.30")
    trade = await harness.alert(price="1.20", rules=policy(ladder=LadderPolicy(conversion=Conversion.CANCEL)))
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert "market" not in harness.entry_limits()


async def test_no_bump_goes_above_the_ceiling(harness: Harness) -> None:
    """At the ceiling the order is left working instead of being replaced by one of the same price."""
    await harness.quote("1.19", "1.40")
    rules = policy(ladder=replace(LadderPolicy(), ceiling=policy().ladder.ceiling / 10))
    trade = await harness.alert(price="1.20", rules=rules)
    assert (await trade.result()).outcome is Outcome.UNFILLED
    assert harness.entry_limits() == ["1.2", "1.21"]


async def test_bumps_follow_the_tick_table_across_its_threshold(harness: Harness) -> None:
    """At 3.00 a penny-programme class moves in nickels: the bump from 2.99 is 3.00, the next 3.05."""
    symbol = harness.symbol.replace("SPY   ", "AAPL  ")
    await harness.control.set_quote(symbol, bid="2.98", ask="3.05")
    text = f"BTO AAPL {harness.expiry:%m/%d/%Y} 450c @ 2.99"
    trade = await harness.alert(text)
    await harness.until(trade, "bought at the second bump", bought=4)
    assert harness.entry_limits() == ["2.99", "3", "3.05"]
