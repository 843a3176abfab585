"""A worker that dies while it works on a workflow task: nobody waits for it longer than for the task."""

import signal
from datetime import datetime, timedelta
from functools import partial

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.workflows import timing
from alert_trader.workflows.interface import CLOSE_SIGNAL, Command
from tests.support.cluster import Trade, WorkerSlot
from tests.support.concurrent_scenes import beside
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)

STARTED, SCHEDULED = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
)
SIGNALED, TIMED_OUT = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
)


@beside
async def test_a_worker_that_dies_within_a_task_delays_a_close_for_seconds(slot: WorkerSlot) -> None:
    """EXT-40, DUR-10: another worker continues 3 s later, not the 10 s of Temporal's default.

    The worker that knows the trade is frozen, so that it takes the task and does nothing with it, and then
    killed.
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING, bought=4, exits_working=2)
    await slot.start_worker()
    frozen = slot.workers[0]
    await frozen.kill(signal.SIGSTOP)
    await trade.handle.signal(CLOSE_SIGNAL, Command(by="tester", reason="flattened"))
    await eventually(partial(_taken, trade), "the frozen worker to take the task", within=5, every=0.02)
    await frozen.kill(signal.SIGKILL)
    await trade.result()
    events = await _since_signal(trade)
    taken = next(_at(event) for event in events if event.event_type == STARTED)
    continued = next(_at(event) for event in events if event.event_type == SCHEDULED)
    assert [event for event in events if event.event_type == TIMED_OUT], (
        "the task did not die with its worker"
    )
    assert timing.TASK_TIMEOUT - timedelta(seconds=0.5) < continued - taken
    assert continued - taken < timing.TASK_TIMEOUT + timedelta(seconds=1.5)
    assert not await trade.violations()


async def _taken(trade: Trade) -> bool:
    """Whether a worker has taken the task of the signal."""
    described = (await trade.handle.describe()).raw_description
    return described.pending_workflow_task.HasField("started_time")


async def _since_signal(trade: Trade) -> list[HistoryEvent]:
    """Return the history from the close on."""
    events = list((await trade.handle.fetch_history()).events)
    first = next(
        number
        for number, event in enumerate(events)
        if event.event_type == SIGNALED
        and event.workflow_execution_signaled_event_attributes.signal_name == CLOSE_SIGNAL
    )
    return events[first:]


def _at(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime()
