"""A sale that is not a target: from the bid down to the floor, never at the market (STP-60)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.alerts.portion import HALF
from alert_trader.domain.execution.policy import SalePolicy
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows import activity_options, timing
from alert_trader.workflows.interface import Command, SellOrder
from tests.support.commands import begin, command
from tests.support.harness import Harness, policy
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")
QUICK = policy(sale=SalePolicy(step=timedelta(milliseconds=40), steps=4))


def offers(harness: Harness) -> list[tuple[str, str, str]]:
    """Return the sales that reached the venue after the profit-take: kind, time in force and price."""
    bodies = [line.body or {} for line in harness.posts("x")][1:]
    return [(body["order-type"], body["time-in-force"], str(body.get("price"))) for body in bodies]


async def _hold(harness: Harness):  # type: ignore[no-untyped-def] # noqa: ANN202
    """Buy 4 contracts, of which 2 are in the profit-take."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=QUICK)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    return trade


async def test_a_close_is_a_limit_for_the_day_at_the_bid(env: WorkflowEnvironment, harness: Harness) -> None:
    """STP-60: one order, which fills at the bid. It does not wait for an opening."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness)
        await harness.quote("1.30", "1.34")
        await command(trade, TradeCommand.CLOSE, ME)
    assert (await trade.result()).outcome is Outcome.FLAT
    assert offers(harness) == [("Limit", "Day", "1.3")]


async def test_a_sale_is_lowered_step_by_step_until_it_fills(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """STP-60: nobody takes it at the bid, then the bid falls: the next order is at that bid.

    Each is cancelled, and has ended, before the next one. They are no failures: nobody is paged.
    """
    with env.with_time_skipping_disabled():
        trade = await _hold(harness)
        await harness.quote("1.20", "1.24", bid_size=0)
        closing = asyncio.create_task(command(trade, TradeCommand.CLOSE, ME))
        await eventually(lambda: len(offers(harness)) == 2, "the second offer")
        await harness.quote("0.90", "0.94")
        assert (await closing).done
    view = await trade.result()
    prices = [price for _, _, price in offers(harness)]
    assert prices[:2] == ["1.2", "1.05"]
    assert Decimal(prices[-1]) in {Decimal("0.90"), Decimal("0.75")}
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)
    assert "warning" not in await harness.kinds(trade)


async def test_a_sale_stays_at_its_floor_and_pages_a_person(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """STP-60: the bid collapses to a third. The order works at half of the first bid, and a person is paged.

    Only when a person requests it again does the sale begin anew, at the bid of that moment.
    """
    harness.exit_fraction, harness.requested_again = None, True
    with env.with_time_skipping_disabled():
        trade = await _hold(harness)
        await harness.quote("1.20", "1.24", bid_size=0)
        await begin(trade, TradeCommand.CLOSE, ME)
        await eventually(lambda: len(offers(harness)) == 1, "the first offer")
        await harness.quote("0.40", "0.44")

        async def paged() -> bool:
            return "warning" in await harness.kinds(trade)

        await eventually(paged, "the page", within=20)
        assert (await harness.view(trade)).position == 4
        assert offers(harness)[-1][2] == "0.6"
        said = [event.text for event in await harness.events(trade) if event.kind == "warning"]
        assert len(said) == 1
        assert "offered at 0.60, the lowest price of this sale (50% of 1.20)" in said[0]
        await command(trade, TradeCommand.CLOSE, ME)
    assert (await trade.result()).outcome is Outcome.FLAT
    assert offers(harness)[-1][2] == "0.4"


async def test_a_part_is_sold_by_the_same_ladder(env: WorkflowEnvironment, harness: Harness) -> None:
    """STP-60, EXT-10: two of four, offered lower until they fill; the profit-take of the others stays."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness)
        await harness.quote("1.20", "1.24", bid_size=0)
        selling = await begin(trade, TradeCommand.SELL, SellOrder(command=ME, portion=HALF))
        await eventually(lambda: len(offers(harness)) == 2, "the second offer")
        await harness.quote("1.10", "1.14", bid_size=1)
        await harness.until(trade, "one sold", sold=1)
        await harness.quote("1.10", "1.14")
        assert (await selling).text == "Sold 2, requested by tester"
        view = await harness.view(trade)
    assert (view.position, view.exits_working, view.unprotected) == (2, 2, 0)
    assert all(offer[:2] == ("Limit", "Day") for offer in offers(harness))


async def test_without_a_price_nothing_is_sold_and_a_person_is_paged(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STP-60: there are no quotes. No price is guessed; the sale follows when there is one, by itself."""
    pauses = (timedelta(milliseconds=20),)
    monkeypatch.setattr(timing, "SALE_QUOTE_PAUSES", pauses)
    quick = replace(activity_options.QUOTE_TO_SELL_AT, schedule_to_close=timedelta(seconds=1))
    monkeypatch.setattr(activity_options, "QUOTE_TO_SELL_AT", quick)
    harness.exit_fraction = None
    with env.with_time_skipping_disabled():
        trade = await _hold(harness)
        await harness.control.remove_quote(harness.symbol)
        closing = await begin(trade, TradeCommand.CLOSE, ME)

        async def paged() -> bool:
            return any("cannot be sold: its quote" in event.text for event in await harness.events(trade))

        await eventually(paged, "the page", within=20)
        assert offers(harness) == []
        await harness.quote("1.10", "1.14")
        assert (await closing).done
    assert (await trade.result()).outcome is Outcome.FLAT
    assert offers(harness) == [("Limit", "Day", "1.1")]
