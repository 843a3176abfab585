"""How a replay fails: a busy machine is no fault of a history."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from alert_trader.control.queries.history import REPLAYS, replay_failure

HISTORY = WorkflowHistory(workflow_id="trade-m1", events=[])
TOO_SLOW = RuntimeError("[TMPRL1101] Potential deadlock detected: workflow didn't yield within 2 second(s).")
DIFFERS = NondeterminismError("another command")


class Replays:
    """Fails in the given ways, one replay after the other."""

    def __init__(self, *failures: Exception | None) -> None:
        """Keep the failures."""
        self.left = list(failures)

    async def replay_workflow(self, history: WorkflowHistory, **_: Any) -> Any:
        """Return the next one."""
        assert history is HISTORY
        return SimpleNamespace(replay_failure=self.left.pop(0))


@pytest.mark.parametrize(
    ("failures", "found"),
    [
        ([None], None),
        ([DIFFERS], DIFFERS),
        ([TOO_SLOW, None], None),
        ([TOO_SLOW, DIFFERS], DIFFERS),
        ([TOO_SLOW] * REPLAYS, TOO_SLOW),
    ],
)
async def test_a_replay_that_took_too_long_is_repeated(
    failures: list[Exception | None], found: Exception | None
) -> None:
    """DUR-10: a task that took 2 s does not refuse a build, and nothing else is replayed again."""
    replays = Replays(*failures)
    assert await replay_failure(cast("Replayer", replays), HISTORY) is found
    assert replays.left == []
