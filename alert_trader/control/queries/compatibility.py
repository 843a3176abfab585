"""Whether the installed code replays the histories of an account's open workflows."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from alert_trader.control.queries.history import WORKFLOWS, replay_failure, replay_fault
from alert_trader.control.rpc_errors import control_errors
from alert_trader.control.temporal import runtime
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.interface import task_queue

AT_ONCE = 4
"""Histories that are read and replayed at once: their memory is bounded, and one process computes on one
core."""

REPLAY_WITHIN = timedelta(seconds=30)
"""Ten times what a workflow task may take: a history that needs longer would stop its trade."""

_RPC_TIMEOUT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFailure:
    """An open workflow that the installed code does not replay."""

    workflow_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatibility:
    """The result of replaying every open workflow of an account."""

    replayed: int
    failures: tuple[ReplayFailure, ...]


def no_progress(_done: int, _total: int) -> None:
    """Report no progress."""


async def replay_open_workflows(
    client: Client, account: AccountNumber, *, progress: Callable[[int, int], None] = no_progress
) -> Compatibility:
    """Replay the current run of every open workflow of an account; nothing is sent.

    `progress` is called after each with how many are done, and of how many. Workflows that start meanwhile
    are replayed, too. Raise UnreachableError.
    """
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=client.data_converter,
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules("alert_trader")
        ),
        runtime=runtime(),
    )
    gate = asyncio.Semaphore(AT_ONCE)
    seen: dict[tuple[str, str], ReplayFailure | None] = {}
    done = 0

    async def one(workflow_id: str, run_id: str) -> None:
        nonlocal done
        async with gate:
            seen[workflow_id, run_id] = await _failure(client, replayer, workflow_id, run_id)
        done += 1
        progress(done, len(seen))

    while fresh := [each for each in await _open(client, account) if each not in seen]:
        seen |= dict.fromkeys(fresh)
        await asyncio.gather(*(one(*each) for each in fresh))
    return Compatibility(
        replayed=len(seen), failures=tuple(each for each in seen.values() if each is not None)
    )


async def _open(client: Client, account: AccountNumber) -> list[tuple[str, str]]:
    query = f"TaskQueue = '{task_queue(account)}' AND ExecutionStatus = 'Running'"
    with control_errors(client):
        return [
            (each.id, each.run_id) async for each in client.list_workflows(query, rpc_timeout=_RPC_TIMEOUT)
        ]


async def _failure(client: Client, replayer: Replayer, workflow_id: str, run_id: str) -> ReplayFailure | None:
    """Return why a workflow does not replay; None when it does."""
    with control_errors(client):
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history(
            rpc_timeout=_RPC_TIMEOUT
        )
    try:
        async with asyncio.timeout(REPLAY_WITHIN.total_seconds()):
            failure = await replay_failure(replayer, history)
    except TimeoutError:
        reason = f"its replay took longer than {REPLAY_WITHIN.total_seconds():g} s"
        return ReplayFailure(workflow_id=workflow_id, reason=reason)
    if failure is None:
        return None
    return ReplayFailure(workflow_id=workflow_id, reason=replay_fault(failure))
