"""A trade whose exit is rejected many times, as a history to replay, and a bare workflow to compare it with.

The exit is sent again every five minutes instead of ever more seldom, so that a thousand rejections fit into
the life of one contract. A replay needs the same pauses: `short_pauses`.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, Worker

from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.trade.workflow import TradeWorkflow
from tests.support.served_cards import served_cards
from tests.support.waiting import eventually

with workflow.unsafe.imports_passed_through():
    from alert_trader.workflows import timing
    from alert_trader.workflows.trade.continuation import Continuation
    from tests.support.harness import open_harness, plain_client, policy

PAUSES = (*timing.EXIT_PAUSES[: timing.SLOW_AFTER], timedelta(minutes=5))
"""Before an exit is sent again, here."""

BARE_QUEUE = "bare"


@contextlib.contextmanager
def short_pauses() -> Iterator[None]:
    """Send a rejected exit again every five minutes, in one run: recorded and replayed alike."""
    with (
        patch.object(timing, "EXIT_PAUSES", PAUSES),
        patch.object(Continuation, "due_soon", lambda *_: False),
    ):
        yield


async def record_rejections(client: Client, times: int, *, cards: bool = True) -> WorkflowHistory:
    """Record a trade whose exit is rejected so often before it is accepted; the trade still holds."""
    with short_pauses():
        async with open_harness(client) as harness, served_cards(harness.client, harness.account):
            harness.exit_fraction = None
            await harness.quote("1.20", "1.20")
            await harness.reject_orders("*-x*", times=times)
            trade = await harness.alert(rules=replace(policy(), cards=cards))

            async def accepted() -> bool:
                return (await harness.view(trade)).exits_working > 0

            await eventually(accepted, f"{times} rejections, and an exit", within=30 + times, every=0.5)
            history = await trade.fetch_history()
            return WorkflowHistory(workflow_id=trade.id, events=history.events)


@activity.defn(name="nothing")
async def nothing(text: str) -> str:
    """Return what was given."""
    return text[:1]


@workflow.defn
class BareWorkflow:
    """Runs one activity after another, and does nothing else: what any workflow of so many events costs."""

    @workflow.run
    async def run(self, times: int, size: int) -> None:
        """Run so many activities with an input of `size` bytes."""
        for _ in range(times):
            await workflow.execute_activity(nothing, "x" * size, start_to_close_timeout=timedelta(seconds=5))


async def record_bare(client: Client, events: int, size: int) -> WorkflowHistory:
    """Record a workflow with about so many events and bytes that does nothing but run activities."""
    each = 6
    times = events // each
    client = plain_client(client)
    async with Worker(client, task_queue=BARE_QUEUE, workflows=[BareWorkflow], activities=[nothing]):
        run = await client.start_workflow(
            BareWorkflow.run,
            args=[times, max(size // times - 700, 1)],
            id=f"bare-{times}",
            task_queue=BARE_QUEUE,
        )
        await run.result()
    history = await run.fetch_history()
    return WorkflowHistory(workflow_id=run.id, events=history.events)


Around = Callable[[Callable[[Any], Any], Any], Any]
"""Calls what it is given with the second argument, and measures what that takes."""


async def replay_watched(history: WorkflowHistory, around: Around) -> None:
    """Replay a history in the sandbox of the workers; every activation is called through `around`."""
    runner = sandbox()
    create = runner.create_instance

    def watched(details: Any) -> Any:
        return _Watched(create(details), around)

    with short_pauses(), patch.object(runner, "create_instance", watched):
        await Replayer(
            workflows=[TradeWorkflow, BareWorkflow], data_converter=DATA_CONVERTER, workflow_runner=runner
        ).replay_workflow(history)


class _Watched:
    """A workflow instance whose activations are watched."""

    def __init__(self, instance: Any, around: Around) -> None:
        self._instance = instance
        self._around = around

    def activate(self, activation: Any) -> Any:
        """Activate the instance."""
        return self._around(self._instance.activate, activation)

    def __getattr__(self, name: str) -> Any:
        """Return what the instance has."""
        return getattr(self._instance, name)
