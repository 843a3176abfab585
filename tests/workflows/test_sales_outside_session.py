"""Closes and partial exits that are requested outside the session: they wait for it, and say so."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.alerts.portion import HALF
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows import timing
from alert_trader.workflows.interface import Command, SellOrder
from tests.support.commands import begin
from tests.support.harness import CONTRACT, Harness, policy
from tests.support.instants import new_york
from tests.support.virtual_time import forward, forward_to
from tests.support.waiting import eventually

pytestmark = pytest.mark.at("2035-05-11 15:00")  # a Friday
EVENING, OPENING = new_york("2035-05-11 17:00"), new_york("2035-05-14 09:30")
ME = Command(by="tester", reason="because")
Trade = WorkflowHandle[Any, TradeView]


async def hold_until_evening(env: WorkflowEnvironment, harness: Harness) -> Trade:
    """Buy 4 contracts in an exit, and go to the evening, when the broker's market is closed."""
    harness.exit_fraction = None
    contract = replace(CONTRACT, expiry=date(2035, 8, 17))
    await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20", ask_size=4, bid_size=50)
    rules = policy(exits=ExitPolicy(fraction=Decimal(1), gain=Decimal("0.5")))
    trade = await harness.alert(f"BTO SPY {contract.expiry:%m/%d/%Y} 450c @ 1.20", rules=rules)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await forward_to(env, trade, EVENING)
    await harness.control.set_session(is_open=False)
    return trade


async def test_a_close_in_the_evening_sells_at_the_next_opening(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """EXT-70: receipt, card and timeline say when it is sold; no order waits at the broker for it."""
    with env.with_time_skipping_disabled():
        trade = await hold_until_evening(env, harness)
        closing = await begin(trade, TradeCommand.CLOSE, ME)
        await eventually(lambda: _waits(harness, trade), "the wait")
        await forward(env, trade, timing.COMMAND_WAIT + timedelta(seconds=1))
        receipt, view = await closing, await harness.view(trade)
        says = "waits for it to open, next attempt at 2035-05-14 09:30 ET"
        assert (receipt.done, says in receipt.text, says in (view.reason or "")) == (False, True, True)
        await forward_to(env, trade, OPENING - timedelta(seconds=1))
        assert len(harness.posts("x")) == 1
        await harness.control.set_session(is_open=True)
        await forward_to(env, trade, OPENING + timedelta(minutes=1), may_end=True)
        await eventually(lambda: harness.fills("x") == 4, "the sale")
    assert (await trade.result()).outcome is Outcome.FLAT
    events = [event for event in await harness.events(trade) if event.kind == "sale_waits"]
    assert [event.facts["opens_at"] for event in events] == [OPENING.isoformat()]


async def test_a_partial_exit_in_the_evening_leaves_the_target_working(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """EXT-70: its contracts stay in their profit-take until the market opens; then half is sold."""
    with env.with_time_skipping_disabled():
        trade = await hold_until_evening(env, harness)
        selling = await begin(trade, TradeCommand.SELL, SellOrder(command=ME, portion=HALF))
        await eventually(lambda: _waits(harness, trade), "the wait")
        await forward(env, trade, timing.COMMAND_WAIT + timedelta(seconds=1))
        assert "next attempt at 2035-05-14 09:30 ET" in (await selling).text
        await forward_to(env, trade, OPENING - timedelta(seconds=1))
        assert (await harness.view(trade)).exits_working == 4
        await harness.control.set_session(is_open=True)
        await forward_to(env, trade, OPENING + timedelta(minutes=1))
        await harness.until(trade, "half sold", sold=2, position=2, exits_working=2)


async def test_a_second_request_asks_the_broker_again(env: WorkflowEnvironment, harness: Harness) -> None:
    """EXT-70: the calendar says that it is closed, and the broker is open by now: it is sold at once."""
    with env.with_time_skipping_disabled():
        trade = await hold_until_evening(env, harness)
        await begin(trade, TradeCommand.CLOSE, ME)
        await eventually(lambda: _waits(harness, trade), "the wait")
        await harness.control.set_session(is_open=True)
        await begin(trade, TradeCommand.CLOSE, ME)
        await eventually(lambda: harness.fills("x") == 4, "the sale")
    assert (await trade.result()).outcome is Outcome.FLAT


async def _waits(harness: Harness, trade: Trade) -> bool:
    return "sale_waits" in await harness.kinds(trade)
