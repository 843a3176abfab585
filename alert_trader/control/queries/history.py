"""Histories as files, and their replay on the installed code."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowHistory
from temporalio.converter import PayloadCodec
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from alert_trader.control.errors import UnreadableHistoryError
from alert_trader.control.payload_codec import decrypted
from alert_trader.control.queries.history_steps import Step, steps_of
from alert_trader.control.queries.trade_views import handle_of
from alert_trader.control.rpc_errors import control_errors, trade_subject
from alert_trader.control.temporal import converter, runtime
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.housekeeping import HousekeepingWorkflow
from alert_trader.workflows.trade.workflow import TradeWorkflow

WORKFLOWS = (TradeWorkflow, AccountWorkflow, HousekeepingWorkflow)

_RPC_TIMEOUT = timedelta(seconds=20)
_CORE_MESSAGE = re.compile(r'message: "(.+?)", source: ', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A history replayed on the installed code: its steps, and whether the same commands were issued."""

    workflow_id: str
    steps: list[Step]
    deterministic: bool
    """Whether every command was the same as recorded."""
    fault: str | None
    """What differed, or how the code failed."""


async def fetch_history(client: Client, trade: str) -> WorkflowHistory:
    """Read a trade's history from Temporal; raises NotFoundError or UnreachableError."""
    handle = handle_of(client, trade)
    with control_errors(client, trade_subject(handle.id)):
        return await handle.fetch_history(rpc_timeout=_RPC_TIMEOUT)


def write_history(history: WorkflowHistory, directory: Path) -> Path:
    """Write a history as `<workflow id>.json`, in the format of Temporal's tools and our replay tests."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{history.workflow_id}.json"
    path.write_text(json.dumps(json.loads(history.to_json()), indent=1) + "\n")
    return path


def read_history(path: Path) -> WorkflowHistory:
    """Read a history file; its name without `.json` is the workflow's id. Raises UnreadableHistoryError."""
    try:
        history = WorkflowHistory.from_json(path.stem, path.read_text())
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


async def replay(history: WorkflowHistory, codec: PayloadCodec | None = None) -> Replayed:
    """Replay a history on the installed workflow code; nothing is sent. `codec` decrypts it."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=converter(codec), runtime=runtime())
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    failure = result.replay_failure
    # a workflow that failed then fails again: that replay is deterministic
    deterministic = failure is None or not isinstance(failure, (NondeterminismError, RuntimeError))
    return Replayed(
        workflow_id=history.workflow_id,
        steps=steps_of(decrypted(history, codec)),
        deterministic=deterministic,
        fault=None if failure is None else f"{type(failure).__name__}: {_message(failure)}",
    )


def _message(failure: BaseException) -> str:
    """Return the message of a failure that the SDK's core writes with all its fields."""
    found = _CORE_MESSAGE.search(str(failure))
    return found[1] if found is not None else str(failure)
