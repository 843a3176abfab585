"""A trade that lives for long is a chain of runs: each continues where the one before it was."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import CommandRefusedError
from alert_trader.control.queries.cards import last_card
from alert_trader.control.queries.history import fetch_runs, replay
from alert_trader.control.queries.trade_history import read_record
from alert_trader.control.queries.trade_views import Filter, list_trades
from alert_trader.control.reports.report import Wanted, gather
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.ids import WorkflowId
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.reports.figures import Grouping
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows import timing
from alert_trader.workflows.interface import Command, SellOrder
from tests.support.commands import command
from tests.support.harness import Harness, next_monthly, open_harness, policy
from tests.support.served_cards import served_cards
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

Trade = WorkflowHandle[Any, TradeView]


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Continue as new after 100 events, until the histories have been replayed."""
    monkeypatch.setattr(timing, "MAX_TRADE_HISTORY", 100)


async def run_count(harness: Harness, trade: Trade) -> int:
    """Count the runs of a trade."""
    return len(await fetch_runs(harness.client, trade.id))


async def held(harness: Harness) -> Trade:
    """Open a trade that holds four contracts, two of them with a working exit."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    return trade


async def test_a_card_is_found_in_a_run_that_has_not_shown_it(
    harness: Harness, env: WorkflowEnvironment
) -> None:
    """The mark of a stuck trade is put on its card, whichever run has shown that last."""
    async with served_cards(harness.client, harness.account):
        with env.with_time_skipping_disabled():
            await harness.quote("1.20", "1.20")
            trade = await harness.alert(rules=policy(cards=True))
            await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
            first = await eventually(
                lambda: last_card(harness.client, WorkflowId(trade.id)), "the card to be shown"
            )
            assert first is not None
            await forward(env, trade, timedelta(days=1))
            assert await run_count(harness, trade) == 2
            found = await last_card(harness.client, WorkflowId(trade.id))
    assert found is not None
    assert (found.place, found.view.position) == (first.place, 4)


@pytest.mark.at("2035-03-06 10:00")  # a report of a day reads all its trades: no other test is on this one
async def test_a_held_position_has_one_run_a_day(harness: Harness, env: WorkflowEnvironment) -> None:
    """DUR-40: after each daily check a new run begins, and the trade stays one trade for whoever looks."""
    with env.with_time_skipping_disabled():
        trade = await held(harness)
        before = await harness.view(trade)
        for _ in range(5):
            await forward(env, trade, timedelta(days=1))
        runs = await fetch_runs(harness.client, trade.id)
        assert len(runs) >= 4
        view = await harness.view(trade)
        assert (view.received_at, view.position, view.orders) == (before.received_at, 4, before.orders)
        await harness.quote("2.40", "2.45")
        await harness.until(trade, "the profit-take in a later run", sold=2)
        receipt = await command(trade, TradeCommand.CLOSE, Command(by="gateway"))
    assert receipt.accepted
    assert (await trade.result()).outcome is Outcome.FLAT
    events = await harness.events(trade)
    assert hash_chain.first_fault(trade.id, events) is None
    assert [event.kind for event in events].count(EventKind.EXIT_SUBMITTED) == 2  # the profit-take, the close
    record = await read_record(harness.client, trade.id)
    assert record is not None
    assert [row.sequence for row in record.events] == [event.sequence for event in events]
    listed = await list_trades(harness.client, Filter(), limit=1000, views=False)
    assert [row.workflow_id for row in listed].count(trade.id) == 1
    first = new_york_date(before.received_at)
    for day, there in ((first, True), (first + timedelta(days=3), False)):
        found = await gather(harness.client, Wanted(grouping=Grouping.DAY, since=day, until=day))
        assert (trade.id in [each.workflow_id for each in found.trades]) is there
    assert (await replay(await fetch_runs(harness.client, trade.id))).deterministic


@pytest.mark.usefixtures("short_runs")
async def test_commands_and_reports_reach_the_next_run(harness: Harness) -> None:
    """DUR-40: while a trade continues as new all the time, each command is carried out once and answered."""
    trade = await held(harness)

    async def look() -> None:
        for _ in range(25):
            await harness.view(trade)

    async def ask(number: int) -> None:
        with pytest.raises(CommandRefusedError):
            await command(trade, TradeCommand.CONVERT, Command(by=f"person {number}"))

    await asyncio.gather(look(), *(ask(number) for number in range(30)))
    sold = await command(
        trade, TradeCommand.SELL, SellOrder(command=Command(by="gateway"), portion=Portion(count=1))
    )
    assert sold.accepted
    await harness.until(trade, "one contract sold", sold=1)
    receipt = await command(trade, TradeCommand.CLOSE, Command(by="gateway"))
    assert receipt.accepted
    assert (await trade.result()).outcome is Outcome.FLAT
    assert harness.fills("x") == 4
    assert await run_count(harness, trade) > 2


@pytest.mark.usefixtures("short_runs")
async def test_no_run_is_long_whatever_its_exit_goes_through(harness: Harness) -> None:
    """DUR-40: with 40 rejected exits no run is much longer than the limit, and the last is protected."""
    harness.exit_fraction = None  # the venue rejects 40 of them, which takes as long as the machine needs
    await harness.quote("1.20", "1.20")
    await harness.reject_orders("*-x*", times=40)
    trade = await harness.alert()
    await harness.until(trade, "protected at last", exits_working=2)
    runs = await fetch_runs(harness.client, trade.id)
    assert len(runs) > 4
    assert max(len(run.events) for run in runs) < 200
    events = await harness.events(trade)
    assert [event.kind for event in events].count(EventKind.EXIT_REJECTED) == 40
    warned = [event.text for event in events if "times in a row" in event.text]
    assert len(warned) == len(set(warned))


YEAR = timedelta(days=365)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_a_trade_is_carried_over_a_year(env: WorkflowEnvironment) -> None:
    """DUR-40: 250 trading days, a run for each; the trail is whole, each run replays, and the exit fills."""
    async with open_harness(env.client) as harness:
        harness.contract = replace(harness.contract, expiry=next_monthly(clock.now(), days=400))
        with env.with_time_skipping_disabled():
            trade = await held(harness)
            await forward(env, trade, YEAR)
            runs = await fetch_runs(harness.client, trade.id)
            assert len(runs) > 245
            await harness.quote("2.40", "2.45")
            view = await harness.until(trade, "the profit-take a year later", sold=2)
        assert view.position == 2
        assert_small(runs)
        events = await harness.events(trade)
        assert hash_chain.first_fault(trade.id, events) is None


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_an_exit_that_is_rejected_for_a_year_fits_in_small_runs(env: WorkflowEnvironment) -> None:
    """DUR-40: below 2,000 events and 1 MB a run, whatever an exit goes through for a year."""
    async with open_harness(env.client) as harness:
        harness.exit_fraction = None  # the venue rejects every exit
        harness.contract = replace(harness.contract, expiry=next_monthly(clock.now(), days=400))
        await harness.quote("1.20", "1.20")
        await harness.reject_orders("*-x*", times=100_000)
        with env.with_time_skipping_disabled():
            trade = await harness.alert()
            await harness.until(trade, "bought", bought=4)
            await forward(env, trade, YEAR)
            runs = await fetch_runs(harness.client, trade.id)
        assert_small(runs)
        events = await harness.events(trade)
        assert [event.kind for event in events].count(EventKind.EXIT_REJECTED) > 400
        assert hash_chain.first_fault(trade.id, events) is None


def assert_small(runs: list[WorkflowHistory]) -> None:
    """Assert that no run has 2,000 events or a megabyte."""
    assert max(len(run.events) for run in runs) < 2000
    assert max(sum(event.ByteSize() for event in run.events) for run in runs) < 1_000_000
