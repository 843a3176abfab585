"""Histories as files, and their replay on the installed code."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import PayloadCodec
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from alert_trader.control.errors import NotFoundError, UnreadableHistoryError
from alert_trader.control.payload_codec import decrypted
from alert_trader.control.queries.history_steps import Step, steps_of
from alert_trader.control.queries.trade_views import check_name
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.control.temporal import converter, runtime
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.broker_read import BrokerReadWorkflow
from alert_trader.workflows.housekeeping import HousekeepingWorkflow
from alert_trader.workflows.trade.workflow import TradeWorkflow

WORKFLOWS = (TradeWorkflow, AccountWorkflow, BrokerReadWorkflow, HousekeepingWorkflow)

REPLAYS = 3
"""Attempts to replay a history: see `replay_failure`."""

_DEADLOCK = "[TMPRL1101]"
_RPC_TIMEOUT = timedelta(seconds=20)
_RUN = re.compile(r"\.run\d+$")
_CORE_MESSAGE = re.compile(r'message: "(.+?)", source: ', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A workflow's runs, replayed on the installed code."""

    workflow_id: str
    steps: list[Step]
    deterministic: bool
    """Whether every command was the same as recorded."""
    fault: str | None
    """What differed, or how the code failed."""


async def fetch_runs(client: Client, trade: str) -> list[WorkflowHistory]:
    """Read the histories of a trade's runs from Temporal, the first run first.

    Runs that Temporal no longer keeps are left out. Raises NotFoundError or UnreachableError.
    """
    return await fetch_runs_of(client, check_name(trade))


async def fetch_runs_of(client: Client, workflow_id: str) -> list[WorkflowHistory]:
    """Read the histories of any workflow's runs, by its id; raises as `fetch_runs` does."""
    handle = client.get_workflow_handle(workflow_id)
    with control_errors(client, trade_subject(handle.id)):
        newest = await handle.fetch_history(rpc_timeout=_RPC_TIMEOUT)
    runs = [newest]
    while before := run_before(runs[0].events[0]):
        earlier = client.get_workflow_handle(handle.id, run_id=before)
        try:
            with control_errors(client, trade_subject(handle.id)):
                runs.insert(0, await earlier.fetch_history(rpc_timeout=_RPC_TIMEOUT))
        except NotFoundError:
            break
    return runs


def run_before(first: HistoryEvent) -> str:
    """Return the id of the run that the run with this first event continues; empty for a first run."""
    return first.workflow_execution_started_event_attributes.continued_execution_run_id


def write_runs(runs: Sequence[WorkflowHistory], directory: Path) -> list[Path]:
    """Write the histories of a trade's runs, in the format of Temporal's tools and our replay tests.

    The only run is `<workflow id>.json`; of several the second is `<workflow id>.run2.json`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, history in enumerate(runs, 1):
        name = history.workflow_id if len(runs) == 1 else f"{history.workflow_id}.run{number}"
        path = directory / f"{name}.json"
        path.write_text(json.dumps(json.loads(history.to_json()), indent=1) + "\n")
        paths.append(path)
    return paths


def read_history(path: Path) -> WorkflowHistory:
    """Read a history file; its name says the workflow's id. Raises UnreadableHistoryError."""
    try:
        history = WorkflowHistory.from_json(_RUN.sub("", path.stem), path.read_text())
        started = bool(history.events) and history.events[0].HasField(
            "workflow_execution_started_event_attributes"
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableHistoryError(
            f"{path} does not hold a history: {error}. Write one with `trader history export`"
        ) from error
    if not started:
        raise UnreadableHistoryError(
            f"{path} does not begin with the start of a workflow. Write one with `trader history export`"
        )
    return history


async def replay(runs: Sequence[WorkflowHistory], codec: PayloadCodec | None = None) -> Replayed:
    """Replay a workflow's runs on the installed code; nothing is sent. `codec` decrypts them."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=converter(codec), runtime=runtime())
    steps: list[Step] = []
    faults: list[str] = []
    deterministic = True
    for number, history in enumerate(runs, 1):
        failure = await replay_failure(replayer, history)
        # a workflow that failed then fails again: that replay is deterministic
        deterministic &= failure is None or not isinstance(failure, (NondeterminismError, RuntimeError))
        if failure is not None:
            run = f"run {number} of {len(runs)}: " if len(runs) > 1 else ""
            faults.append(f"{run}{replay_fault(failure)}")
        steps += [replace(step, run=number) for step in steps_of(decrypted(history, codec))]
    return Replayed(
        workflow_id=runs[0].workflow_id,
        steps=steps,
        deterministic=deterministic,
        fault="; ".join(faults) or None,
    )


async def replay_failure(replayer: Replayer, history: WorkflowHistory) -> BaseException | None:
    """Replay one run; return how it failed, None when it replays.

    The SDK takes a task that computes for 2 s of the wall clock for a deadlock. On a busy machine the first
    task of a process can take that long, whatever the history: it is replayed again.
    """
    for _ in range(REPLAYS):
        failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
        if failure is None or _DEADLOCK not in str(failure):
            break
    return failure


def replay_fault(failure: BaseException) -> str:
    """Return the kind and the message of a failed replay; the SDK's core writes it with all its fields."""
    found = _CORE_MESSAGE.search(str(failure))
    return f"{type(failure).__name__}: {found[1] if found is not None else failure}"
