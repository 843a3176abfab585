"""Commands and cancels that arrive at the end of a trade."""

import asyncio
from functools import partial

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities.messages import Notice
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command
from tests.support.commands import begin
from tests.support.harness import Harness
from tests.support.waiting import eventually


async def test_a_command_is_answered_before_its_trade_closes(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """DUR-30: a close waits for the very end of its trade, and the trade for the close.

    In history every command ends before it does.
    """
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "held", phase=Phase.HOLDING)
        closing = await begin(trade, TradeCommand.CLOSE, Command(by="tester"))
        view = await trade.result()
    assert view.outcome is Outcome.FLAT
    receipt = await closing
    assert receipt.done
    kinds = [event.event_type for event in (await trade.fetch_history()).events]
    published = EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED
    assert kinds.count(published) == 1
    assert kinds.index(published) < kinds.index(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)


async def test_an_event_after_the_end_keeps_the_end_time(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Web UI's cancel comes while people are still being notified of the end.

    The trade has ended all the same, and when is known.
    """
    released = asyncio.Event()

    async def slowly(notice: Notice) -> None:
        assert notice
        await released.wait()

    monkeypatch.setattr(harness.heard, "send", slowly)
    trade = await harness.alert("BTO SPY")
    await eventually(partial(_has, harness, trade, "closed"), "the end")
    await trade.cancel()
    await eventually(partial(_has, harness, trade, "commanded"), "the cancel")
    released.set()
    view = await trade.result()
    assert (view.outcome, view.closed_at is not None) == (Outcome.DENIED, True)


async def _has(harness: Harness, trade: WorkflowHandle, kind: str) -> bool:  # type: ignore[type-arg]
    return kind in await harness.kinds(trade)
