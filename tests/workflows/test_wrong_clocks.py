"""A worker whose wall clock is wrong: it refuses entries at most, never an exit, a cancel or a close.

Nor does it send what Temporal has timed out.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities import deadline, orders
from alert_trader.activities.messages import SubmitAnswer, SubmitRequest
from alert_trader.activities.orders import OrderActivities
from alert_trader.domain.ids import Leg
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.orders.order import Side
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.workflows import activity_options
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

OFF = pytest.mark.parametrize(
    "skew", [timedelta(seconds=60), timedelta(seconds=-60)], ids=["ahead", "behind"]
)


class Wrong:
    """A wall clock that is ahead by `skew`, or behind."""

    def __init__(self, skew: timedelta) -> None:
        """Be wrong by `skew`."""
        self.skew = skew

    def now(self) -> datetime:
        """Read it."""
        return clock.now() + self.skew

    def steady(self) -> float:
        """Read the clock that nothing sets."""
        return clock.steady()


def set_clock(monkeypatch: pytest.MonkeyPatch, skew: timedelta) -> None:
    """Set the clock of the activities that send."""
    monkeypatch.setattr(deadline, "clock", Wrong(skew))
    monkeypatch.setattr(orders, "clock", Wrong(skew))


async def timed_out(trade: WorkflowHandle[Any, Any]) -> bool:
    """Whether Temporal has timed out an activity of the trade."""
    history = await trade.fetch_history()
    return any(each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT for each in history.events)


@OFF
async def test_a_wrong_clock_keeps_no_exit_and_no_close_from_being_sent(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    """EXT-40, UNK-50: Temporal is asked whether it still waits; no clock of this machine is believed."""
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        set_clock(monkeypatch, skew)
        await harness.quote("1.20", "1.20", ask_size=2)
        await harness.until(trade, "the second slice", bought=4, exits_working=2)
        await command(trade, TradeCommand.CLOSE, Command(by="tester"))
        assert (await trade.result()).outcome is Outcome.FLAT


@OFF
async def test_an_exit_that_stalled_before_its_code_ran_is_not_sent_twice(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    """UNK-50, EXT-10: the process is stopped with the exit's task in it, until Temporal has timed it out.

    What runs then is not sent, though by a clock that is behind it has all its time.
    """
    short = replace(activity_options.SUBMIT_EXIT, start_to_close=timedelta(seconds=3))
    monkeypatch.setattr(activity_options, "SUBMIT_EXIT", short)
    submit, late = OrderActivities._submit, list[SubmitAnswer]()

    async def stalled(self: OrderActivities, request: SubmitRequest) -> SubmitAnswer:
        if request.intent.side is Side.BUY_TO_OPEN or late:
            return await submit(self, request)
        trade = env.client.get_workflow_handle(activity.info().workflow_id or "")
        set_clock(monkeypatch, skew)  # not earlier: a clock that is ahead refuses the entry
        await eventually(lambda: timed_out(trade), "the attempt to time out", within=10)
        late.append(await submit(self, request))
        return late[0]

    monkeypatch.setattr(OrderActivities, "_submit", stalled)
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the entry", bought=4)
        await eventually(lambda: bool(late), "the stalled attempt to run on", within=20)
        assert (late[0].code, harness.posts(Leg.EXIT)) == (NotSentReason.STEP_DELAYED, [])
        monkeypatch.setattr(OrderActivities, "_submit", submit)
    await forward(env, trade, timedelta(minutes=3))
    await harness.until(trade, "the exit that was sent in its place", exits_working=2)
    assert len(harness.posts(Leg.EXIT)) == 1
