"""The clocks of the worker's machine, of Temporal and of the broker: compared, reported, paged, and shown."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from temporalio.common import MetricMeter
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities import clock_watch
from alert_trader.activities.messages import CLOCKS_SIGNAL, Level
from alert_trader.broker.tastytrade import client
from alert_trader.control.commands import account_commands
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.clocks import ClockReport, Offset
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import account_workflow_id
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness, open_harness
from tests.support.waiting import eventually

A_LITTLE = timedelta(milliseconds=5)


def report(worker: str, ahead: float) -> ClockReport:
    """Report that a worker's clock is so many seconds ahead of both others."""
    found = Offset(lowest=timedelta(seconds=ahead) - A_LITTLE, highest=timedelta(seconds=ahead) + A_LITTLE)
    return ClockReport(worker=worker, temporal=found, broker=found)


async def view(harness: Harness) -> AccountView:
    """Read the account."""
    return await account_queries.account_view(harness.client, harness.account)


async def clock_fails(harness: Harness) -> bool:
    """Whether the clock's check fails, and no other."""
    return [each.name for each in (await view(harness)).preflight if not each.ok] == ["clock"]


async def all_pass(harness: Harness) -> bool:
    """Whether the account was read, and every check passes."""
    found = (await view(harness)).preflight
    return bool(found) and all(each.ok for each in found)


@pytest.fixture
async def watching(env: WorkflowEnvironment) -> AsyncIterator[Harness]:
    """Open a harness whose worker compares its clock at every activity."""
    async with open_harness(env.client, watch=True) as opened:
        yield opened


class Moved:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        """Start with the right time."""
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Read it."""
        return clock.now() + self.ahead

    def steady(self) -> float:
        """Read the clock that nothing sets."""
        return clock.steady()


async def test_the_worker_finds_that_all_clocks_agree(watching: Harness) -> None:
    """One machine: the order stream's activity makes the round trips, and every HTTP answer has a date."""
    await eventually(lambda: watching.clocks.report.known, "both clocks to be compared")
    found = watching.clocks.report
    assert found.temporal is not None
    assert found.broker is not None
    assert (found.temporal.certain, found.broker.certain, found.wrong) == (timedelta(0), timedelta(0), False)
    assert found.temporal.error < timedelta(milliseconds=250)


async def test_a_clock_that_is_set_wrong_is_found_and_reported_and_so_is_its_correction(
    watching: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both comparisons follow a clock that jumps by a minute, there and back."""
    moved, soon = Moved(), timedelta(milliseconds=50)
    monkeypatch.setattr(clock_watch, "clock", moved)
    monkeypatch.setattr(client, "clock", moved)
    monkeypatch.setattr(clock_watch, "LOOK_EVERY", soon)
    running = asyncio.create_task(watching.clocks.run(watching.client, MetricMeter.noop))
    try:
        await eventually(lambda: all_pass(watching), "the first preflight")
        moved.ahead = timedelta(minutes=1)
        await eventually(lambda: clock_fails(watching), "the clock's check to fail", within=20)
        [found] = (await view(watching)).clocks
        assert found.temporal is not None
        assert abs(found.temporal.middle - moved.ahead) < timedelta(milliseconds=250)
        assert found.broker is not None
        assert found.broker.lowest <= moved.ahead <= found.broker.highest
        moved.ahead = timedelta(0)
        await eventually(lambda: all_pass(watching), "the preflight to pass again", within=20)
    finally:
        running.cancel()


async def test_a_clock_that_is_a_second_off_pages_and_refuses_entries_only(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """EXT-40, HLT-30: a trade that is open gets its exit and is closed, a halt is answered.

    A new trade is denied until the clock is right.
    """
    account = harness.client.get_workflow_handle(account_workflow_id(harness.account))
    await eventually(lambda: all_pass(harness), "the first preflight")
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2)
        await account.signal(CLOCKS_SIGNAL, report("one", 1.5))
        await eventually(lambda: clock_fails(harness), "the clock's check to fail")
        await harness.quote("1.20", "1.20", ask_size=2)
        await harness.until(trade, "both slices, and their exits", bought=4, exits_working=2)
        await command(trade, TradeCommand.CLOSE, Command(by="tester"))
        assert (await trade.result()).outcome is Outcome.FLAT
    denied = await (await harness.alert()).result()
    assert (denied.outcome, str(denied.reason).split(":")[0]) == (Outcome.DENIED, Code.PREFLIGHT_FAILED)
    halted = await account_commands.halt(harness.client, harness.account, by="tester", reason="a test")
    assert halted.acknowledged
    paged = [each.text for each in harness.heard.notices if each.level is Level.PAGE]
    assert [text for text in paged if "1.50 s" in text]
    await account.signal(CLOCKS_SIGNAL, report("two", 0.0))
    assert await clock_fails(harness)
    assert [each.worker for each in (await view(harness)).clocks] == ["one", "two"]
    await account.signal(CLOCKS_SIGNAL, report("one", 0.0))
    await eventually(lambda: all_pass(harness), "the preflight to pass again")
