"""A trade that somebody looks at while its worker is being replaced: looking changes nothing."""

import asyncio
import contextlib
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from alert_trader.workflows.interface import VIEW_QUERY
from tests.support.cluster import Trade, WorkerSlot
from tests.support.concurrent_scenes import beside
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)

SLOW: dict[str, Any] = {
    "step": timedelta(seconds=6),
    "window": timedelta(seconds=30),
    "grace": timedelta(seconds=30),
}
"""A ladder on which every trade still waits for its first bump when the worker is killed."""


@beside
async def test_a_query_after_a_crash_changes_nothing(slot: WorkerSlot) -> None:
    """Queries that wait for the next worker leave histories that replay (DUR-10, UNK-40).

    Without the guard of `alert_trader.worker.query_guard` about half of these trades continue by an old clock
    and are stuck for ever.
    """
    trades = [await slot.alert(**SLOW) for _ in range(8)]
    for trade in trades:
        await eventually(partial(_waits, trade), "the entry to wait for the next stage of its ladder")
    await slot.kill()
    asking = [asyncio.create_task(_look_on(trade)) for trade in trades]
    for trade in trades:
        await eventually(partial(_is_due, trade), "the step to be due", within=20)
    await slot.start_worker()
    await asyncio.gather(*(trade.order("e2") for trade in trades))
    for each in asking:
        each.cancel()
    await asyncio.wait(asking)
    await slot.replay()


@beside
async def test_concurrent_queries_wait_for_the_next_worker(slot: WorkerSlot) -> None:
    """All are answered by the next worker: a server that keeps one query a workflow rejects the rest."""
    await slot.kill()
    trade = await slot.alert(**SLOW)
    asking = [asyncio.create_task(_ask_once(trade)) for _ in range(5)]
    await eventually(partial(_is_due, trade), "the trade's first task to wait")
    await slot.start_worker()
    assert all(await asyncio.gather(*asking))


async def _ask_once(trade: Trade) -> int:
    """Read the state of a trade, and not again; returns the length of the answer."""
    client = trade.cluster.client
    asked = QueryWorkflowRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=trade.handle.id),
        query=WorkflowQuery(query_type=VIEW_QUERY),
    )
    answer = await client.workflow_service.query_workflow(asked, retry=False, timeout=timedelta(seconds=40))
    return len(answer.query_result.payloads[0].data)


async def _waits(trade: Trade) -> bool:
    """Whether the entry works and nothing is to be done for it before the next stage."""
    described = (await trade.handle.describe()).raw_description
    return (
        bool(await trade.order("e1"))
        and not described.HasField("pending_workflow_task")
        and not described.pending_activities
    )


async def _is_due(trade: Trade) -> bool:
    """Whether a task of the trade waits for a worker."""
    return (await trade.handle.describe()).raw_description.HasField("pending_workflow_task")


async def _look_on(trade: Trade) -> None:
    """Ask again and again, as a page that refreshes does."""
    while True:
        with contextlib.suppress(RPCError, WorkflowQueryFailedError):
            await trade.view()
        await asyncio.sleep(0.05)
