"""What a replay costs: work for what is new, not for everything that has happened.

Work is counted, in calls of functions, so that it is the same on every machine.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

import alert_trader
from alert_trader.domain.audit.event import EventKind
from alert_trader.workflows.trade.journal import Journal
from tests.support.long_trade import record_rejections, replay_watched

PACKAGE = str(Path(alert_trader.__file__).parent)
REJECTIONS = 400
PART = 100

pytestmark = pytest.mark.timeout(400)


class Counted:
    """Counts the calls of a replay: in all, and of each function of the product by its name."""

    def __init__(self) -> None:
        """Begin with none."""
        self.calls = 0
        self.named: Counter[str] = Counter()
        self.at_rejection: list[tuple[int, Counter[str]]] = []
        """What was counted when each rejection was recorded."""
        self._rejected = 0

    def around(self, activate: Callable[[Any], Any], activation: Any) -> Any:
        """Count what one activation calls."""
        assert threading.current_thread() is not threading.main_thread()
        sys.setprofile(self._count)
        try:
            return activate(activation)
        finally:
            sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, _: object) -> None:
        if event not in {"call", "c_call"}:
            return
        self.calls += 1
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            self.named[frame.f_code.co_name] += 1
            if frame.f_code is Journal.record.__code__ and frame.f_locals["kind"] is EventKind.EXIT_REJECTED:
                self.at_rejection.append((self.calls, self.named.copy()))


@pytest.fixture(scope="module")
async def rejected(env: WorkflowEnvironment) -> WorkflowHistory:
    """Record a trade whose exit is rejected 400 times, with a card and notices."""
    return await record_rejections(env.client, REJECTIONS)


async def test_a_replay_costs_the_same_for_each_rejection(rejected: WorkflowHistory) -> None:
    """DUR-40: a hundred rejections cost as much at the end of four hundred as at the beginning."""
    counted = Counted()
    await replay_watched(rejected, counted.around)
    assert len(counted.at_rejection) == REJECTIONS
    at = [counted.at_rejection[number - 1][0] for number in range(PART, REJECTIONS + 1, PART)]
    parts = [after - before for before, after in pairwise(at)]
    # neither the number of orders nor that of events, both of which have grown fourfold, is in it
    assert max(parts) < 1.05 * min(parts), f"calls of each {PART} rejections: {parts}"


async def test_a_replay_writes_no_page_and_counts_no_metric(rejected: WorkflowHistory) -> None:
    """DUR-40: pages and metrics are for the present; a view is made for each activity that shows one."""
    counted = Counted()
    await replay_watched(rejected, counted.around)
    assert (counted.named["page"], counted.named["details"], counted.named["_count"]) == (0, 0, 0)
    activities = sum(event.HasField("activity_task_scheduled_event_attributes") for event in rejected.events)
    assert 0 < counted.named["build_view"] <= activities
