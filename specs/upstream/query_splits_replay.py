"""The minimal case of a query that splits a replay: see query-splits-replay.md beside it.

    PYTHONPATH=. .venv/bin/python -m specs.upstream.query_splits_replay --rounds 20
    PYTHONPATH=. .venv/bin/python -m specs.upstream.query_splits_replay --rounds 200 --guarded

A round: a workflow waits for a signal. No worker runs; queries wait. The signal arrives in time, and a worker
dies with the task that carries it. When the next worker runs, the deadline has passed. Prints how many
histories do not replay, and ends with 1 if any does not.
"""

import argparse
import asyncio
import contextlib
import sys
from datetime import timedelta

from temporalio import activity
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from alert_trader.runtime.local.temporal_server import find_binary
from alert_trader.worker.query_guard import GuardedRunner
from specs.upstream.deciding_workflow import Deciding

QUERIES = 14
TASK_TIMEOUT = timedelta(seconds=4)
AT_ONCE = 20


@activity.defn
async def early() -> None:
    """Do what is due within the window."""


@activity.defn
async def late() -> None:
    """Do what is due after it."""


async def replays(client: Client, name: str, *, guarded: bool) -> bool:
    """Play one round; return whether the history that it leaves replays."""

    def worker() -> Worker:
        return Worker(
            client,
            task_queue=name,
            workflows=[Deciding],
            activities=[early, late],
            workflow_runner=GuardedRunner() if guarded else SandboxedWorkflowRunner(),
        )

    async def ask() -> None:
        with contextlib.suppress(WorkflowQueryFailedError, RPCError):
            await handle.query(Deciding.state, rpc_timeout=timedelta(seconds=7))

    async with worker():
        handle = await client.start_workflow(
            Deciding.run, id=name, task_queue=name, task_timeout=TASK_TIMEOUT
        )
        while (await handle.describe()).history_length < 4:  # noqa: ASYNC110 - its first task is done then
            await asyncio.sleep(0.05)
    asking = [asyncio.create_task(ask()) for _ in range(QUERIES)]
    await asyncio.sleep(0.5)
    await handle.signal(Deciding.go)
    await _take_a_task(client, name)
    async with worker():
        await asyncio.gather(*asking)
        await asyncio.wait_for(handle.result(), 60)
    history = await handle.fetch_history()
    replayed = await Replayer(workflows=[Deciding]).replay_workflow(history, raise_on_replay_failure=False)
    return replayed.replay_failure is None


async def _take_a_task(client: Client, queue: str) -> None:
    """Take the workflow's task, and never answer: a worker that dies."""
    poll = PollWorkflowTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), identity="a worker that dies"
    )
    for _ in range(2 * QUERIES):
        task = await client.workflow_service.poll_workflow_task_queue(poll, timeout=timedelta(seconds=10))
        if task.task_token and not task.HasField("query"):
            return
    raise RuntimeError("no task of the workflow arrived")


async def main() -> int:
    """Play the rounds; return how many histories do not replay."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--guarded", action="store_true", help="with the guard of this product")
    asked = parser.parse_args()
    gate = asyncio.Semaphore(AT_ONCE)

    async def played(number: int) -> bool:
        async with gate:
            return await replays(env.client, f"round-{number}", guarded=asked.guarded)

    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(find_binary(None))) as env:
        found = await asyncio.gather(*(played(number) for number in range(asked.rounds)))
    bad = found.count(False)
    sys.stdout.write(f"{asked.rounds} rounds, {bad} histories do not replay\n")
    return bad


if __name__ == "__main__":
    sys.exit(1 if asyncio.run(main()) else 0)
