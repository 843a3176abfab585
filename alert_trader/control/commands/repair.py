"""Repair a stuck trade: unpause it, reset it to its last good point, start it anew, or hand it over.

- A paused trade is unpaused.
- A trade whose workflow tasks fail is reset to the last completed task up to which the installed code replays
  its history. Temporal applies later signals again: the broker's reports, and people's commands. Its orders
  are adopted, since their ids derive from the trade's: nothing is sent twice.
- Where no such point is after the entry was sent, a reset would decide about the alert again, and deny it by
  its age. So the trade is terminated, and started anew with the state that its history records.
- Where the history does not say enough, or a person wants it so, the trade is terminated. Its orders stay at
  the broker as they are, and the account records position and orders as differences, which block entries
  until a person explains them.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    ResetWorkflowExecutionRequest,
    UnpauseWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowHistory

from alert_trader import clock
from alert_trader.activities.receipts import RPC_WITHIN, record_command
from alert_trader.activities.stuck_workflows import describe, examine, is_live
from alert_trader.activities.trade_watch import orders_of, protected
from alert_trader.control.account_workflow import command_account
from alert_trader.control.commands.recorded_state import SENDS, recorded_state
from alert_trader.control.errors import (
    ControlError,
    NoAnswerError,
    NotFoundError,
    NotPossibleError,
    UnreadableRecordError,
)
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.history import replay
from alert_trader.control.queries.trade_views import handle_of, request_of, view_of
from alert_trader.control.rpc_errors import account_subject, control_errors, trade_subject
from alert_trader.control.stamping import stamped
from alert_trader.control.start_trade import restart_trade
from alert_trader.domain.account.reconciliation import Difference, DifferenceKind, ExpectedPosition
from alert_trader.domain.account.stuck import StuckKind, StuckWorkflow
from alert_trader.domain.account.view import AccountReceipt
from alert_trader.domain.ids import AccountNumber, WorkflowId, account_workflow_id
from alert_trader.domain.orders.order import OrderReport
from alert_trader.workflows.interface import REPAIR_SIGNAL, Command, RepairRecord

SENT_WITHIN = timedelta(seconds=15)
"""Longest wait for an order that is being sent: its activity takes 10 s at most."""

WELL_WITHIN = timedelta(seconds=20)
"""Longest wait until a repaired trade answers."""

_POLL = 0.3
_HISTORY_TIMEOUT = timedelta(seconds=20)


class RepairKind(StrEnum):
    """How a trade is repaired."""

    UNPAUSE = "unpause"
    RESET = "reset"
    RESTART = "restart"
    """Terminate it, and start it anew with the state that its history records."""
    HAND_OVER = "hand over"
    """Terminate it; position and orders become differences of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """What is wrong with a trade, and what a repair would do."""

    trade: WorkflowId
    run_id: str
    account: AccountNumber
    stuck: StuckWorkflow
    kind: RepairKind
    why: str
    """Why it is repaired in this way."""
    effect: str
    """What that does to orders and position."""
    event_id: int = 0
    """The completed workflow task that a reset repeats."""
    orders: tuple[OrderReport, ...] = ()
    """The trade's working orders at the broker, as far as they could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a repair has led to."""

    plan: RepairPlan
    run_id: str
    """The trade's run after it."""
    well: bool
    """Whether the trade runs again, or was handed over as planned."""
    text: str


async def plan_repair(client: Client, trade: str, *, hand_over: bool = False) -> RepairPlan:
    """Examine a stuck trade, and say how it would be repaired; changes nothing.

    With `hand_over` it is terminated though a reset is possible. Raise NotPossibleError when the trade is
    over or not stuck, NotFoundError, UnreachableError.
    """
    workflow_id = WorkflowId(handle_of(client, trade).id)
    with control_errors(client, trade_subject(workflow_id)):
        described = await describe(client, workflow_id)
        stuck = await examine(client, workflow_id)
    if described is None:
        raise NotFoundError(f"there is no trade {trade} in namespace {client.namespace}. See `trader list`")
    if not is_live(described):
        raise NotPossibleError(f"{workflow_id} is over: nothing to repair. See `trader show {trade}`")
    if stuck is None:
        raise NotPossibleError(
            f"{workflow_id} is not stuck: its workflow tasks complete. See `trader show {trade}`"
        )
    account = AccountNumber((await request_of(client, workflow_id)).account)
    stuck, orders = await _protection(client, account, stuck)
    found = RepairPlan(
        trade=workflow_id,
        run_id=described.workflow_execution_info.execution.run_id,
        account=account,
        stuck=stuck,
        kind=RepairKind.UNPAUSE,
        why="it is paused in Temporal",
        effect="Reports and commands that came meanwhile are applied. Then it sends and cancels as usual",
        orders=orders,
    )
    if hand_over:
        return _handed_over(found, "requested")
    return found if stuck.kind is StuckKind.PAUSED else await _plan_reset(client, found)


async def _protection(
    client: Client, account: AccountNumber, stuck: StuckWorkflow
) -> tuple[StuckWorkflow, tuple[OrderReport, ...]]:
    """Read what the trade holds and its working orders now; what cannot be read stays unknown."""
    expected: tuple[ExpectedPosition, ...] = ()
    orders = positions = None
    with contextlib.suppress(ControlError):
        expected = await account_queries.expected(client, account)
    with contextlib.suppress(ControlError):
        orders = await account_queries.orders(client, account)
        positions = await account_queries.positions(client, account)
    return protected(stuck, expected, positions, orders), tuple(orders_of(stuck.workflow_id, orders or ()))


async def _plan_reset(client: Client, found: RepairPlan) -> RepairPlan:
    with control_errors(client, trade_subject(found.trade)):
        history = await client.get_workflow_handle(found.trade, run_id=found.run_id).fetch_history(
            rpc_timeout=_HISTORY_TIMEOUT
        )
    points = [
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
    if not points:
        return _handed_over(found, "it has completed no workflow task, so nothing was sent")
    point = await _last_good_point(client, history, points)
    if point is None:
        return _restarted(client, found, history, "the installed code replays no part of its history")
    if not _entry_is_kept(history.events, point):
        why = (
            f"the installed code replays its history only up to event {point}, before its entry was sent: "
            "after a reset to there the alert would be denied by its age"
        )
        return _restarted(client, found, history, why)
    whole = point == points[-1]
    why = (
        "the installed code replays its history up to the task that fails"
        if whole
        else f"the installed code replays its history up to event {point} of {history.events[-1].event_id}"
    )
    effect = (
        f"A new run repeats what happened before event {point}, and decides again from there. Reports of the "
        "broker and commands that came later are applied again. Its orders at the broker are found by their "
        "ids and adopted: none is cancelled, none is sent twice"
    )
    return replace(found, kind=RepairKind.RESET, why=why, effect=effect, event_id=point)


def _restarted(client: Client, found: RepairPlan, history: WorkflowHistory, why: str) -> RepairPlan:
    """Plan to start the trade anew, or to hand it over when its history does not say enough for that."""
    try:
        _, state = recorded_state(history, client.data_converter.payload_codec, clock.now())
    except UnreadableRecordError as error:
        return _handed_over(found, f"{why}; it cannot be started anew: {error}")
    effect = (
        "The trade is terminated and started anew with the state that its history records: "
        f"{state.held} contracts held. Its orders at the broker are adopted: working exits stay, working "
        "entries are cancelled, nothing more is bought. Partial exits and offers that waited have to be "
        "requested again"
    )
    return replace(found, kind=RepairKind.RESTART, why=why, effect=effect)


def _handed_over(found: RepairPlan, why: str) -> RepairPlan:
    effect = (
        "The trade is terminated. No order is cancelled and none is sent: working exits stay at the broker, "
        "working entries may still fill. The account records position and orders as differences: no entry "
        "is sent until a person explains them. Nothing manages the position after that: do it at the broker"
    )
    return replace(found, kind=RepairKind.HAND_OVER, why=why, effect=effect)


async def _last_good_point(client: Client, history: WorkflowHistory, points: Sequence[int]) -> int | None:
    """Return the last completed task before which the installed code replays everything; None: none.

    Code that replays a history replays each beginning of it, so the last point is found by bisection.
    """

    async def good(point: int) -> bool:
        before = [event for event in history.events if event.event_id < point]
        beginning = WorkflowHistory(workflow_id=history.workflow_id, events=before)
        return (await replay([beginning], client.data_converter.payload_codec)).deterministic

    if await good(points[-1]):
        return points[-1]
    first, last = 0, len(points) - 1
    while first < last:
        middle = (first + last) // 2
        if await good(points[middle]):
            first = middle + 1
        else:
            last = middle
    return points[first - 1] if first > 0 else None


def _entry_is_kept(events: Sequence[HistoryEvent], point: int) -> bool:
    """Whether the history up to `point` has the entry's sending, or no entry was sent.

    A run that continues another has the entry in the state that it began with.
    """
    started = events[0].workflow_execution_started_event_attributes
    if started.continued_execution_run_id:
        return True
    sent = [
        event.event_id
        for event in events
        if event.HasField("activity_task_scheduled_event_attributes")
        and event.activity_task_scheduled_event_attributes.activity_type.name in SENDS
    ]
    return not sent or sent[0] < point


async def repair(client: Client, plan: RepairPlan, command: Command) -> Repaired:
    """Carry out a plan, and record it in the account's audit trail before and after.

    Temporal records who repairs and why even where no worker runs. Raise NotPossibleError when the trade has
    changed since the plan, UnreachableError.
    """
    asked = stamped(command)
    if not asked.reason.strip():
        raise NotPossibleError("expected why the trade is repaired, found it empty: use --reason")
    await _record(client, plan, asked, f"repairs {plan.trade} ({plan.kind}). {plan.stuck.what}")
    with control_errors(client, trade_subject(plan.trade)):
        await _wait_for_sends(client, plan.trade)
        current = await describe(client, plan.trade)
        run = "" if current is None else current.workflow_execution_info.execution.run_id
        if not is_live(current) or run != plan.run_id:
            raise NotPossibleError(f"{plan.trade} has changed meanwhile: look again with `trader repair`")
        match plan.kind:
            case RepairKind.UNPAUSE:
                await _unpause(client, plan, asked)
            case RepairKind.RESET:
                run = await _reset(client, plan, asked)
            case RepairKind.RESTART:
                run = await _restart(client, plan, asked)
            case RepairKind.HAND_OVER:
                reason = f"handed over by {asked.by}: {asked.reason}"
                await client.get_workflow_handle(plan.trade, run_id=run).terminate(reason)
    well = plan.kind is RepairKind.HAND_OVER or await _is_well(client, plan.trade)
    text = _outcome(plan, well=well)
    differences = _differences(plan) if plan.kind is RepairKind.HAND_OVER else ()
    with contextlib.suppress(NoAnswerError):  # recorded all the same: the account applies it when it can
        await _record(client, plan, stamped(command), text, differences, wait=True)
    return Repaired(plan=plan, run_id=run, well=well, text=text)


def _outcome(plan: RepairPlan, *, well: bool) -> str:
    if not well:
        return (
            f"{plan.trade}: {plan.kind} done, but it does not answer yet. If its workflow tasks still fail, "
            "run workers with code that fits its history, or hand it over: trader repair --hand-over"
        )
    match plan.kind:
        case RepairKind.UNPAUSE:
            return f"{plan.trade} was unpaused and runs again"
        case RepairKind.RESET:
            return f"{plan.trade} was reset to event {plan.event_id} and runs again"
        case RepairKind.RESTART:
            return f"{plan.trade} was started anew with its recorded state and runs again"
        case RepairKind.HAND_OVER:
            left = len(plan.orders)
            held = "no reported position" if plan.stuck.held is None else f"{plan.stuck.held} held"
            return f"{plan.trade} was terminated with {held} and {left} working orders. Nothing manages them"


def _differences(plan: RepairPlan) -> tuple[Difference, ...]:
    """Return what no trade manages after a hand-over, as reconciliation would find it later."""
    found = [
        Difference(
            kind=DifferenceKind.ORDER_WITHOUT_TRADE,
            what=f"{each.client_order_id} (order {each.order_id})",
            expected=0,
            found=each.remaining,
        )
        for each in plan.orders
    ]
    held = plan.stuck.held or 0
    if held > 0:
        kind = DifferenceKind.TRADE_ENDED
        found.append(Difference(kind=kind, what=plan.trade, expected=held, found=0))
    return tuple(found)


async def _record(
    client: Client,
    plan: RepairPlan,
    command: Command,
    text: str,
    differences: tuple[Difference, ...] = (),
    *,
    wait: bool = False,
) -> None:
    record = RepairRecord(command=command, trade=plan.trade, text=text, differences=differences)
    if wait:
        await command_account(client, plan.account, REPAIR_SIGNAL, record, command, AccountReceipt)
        return
    with control_errors(client, account_subject(plan.account)):
        await record_command(client, account_workflow_id(plan.account), REPAIR_SIGNAL, record)


async def _wait_for_sends(client: Client, trade: WorkflowId) -> None:
    """Wait until no activity of the trade is sending an order, so that no answer is lost with the old run."""
    deadline = asyncio.get_running_loop().time() + SENT_WITHIN.total_seconds()
    while asyncio.get_running_loop().time() < deadline:
        described = await describe(client, trade)
        sending = described is not None and any(
            each.activity_type.name in SENDS
            and each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            for each in described.pending_activities
        )
        if not sending:
            return
        await asyncio.sleep(_POLL)


async def _reset(client: Client, plan: RepairPlan, command: Command) -> str:
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=plan.trade, run_id=plan.run_id),
            reason=f"repaired by {command.by}: {command.reason}",
            workflow_task_finish_event_id=plan.event_id,
            request_id=command.id,
        ),
        timeout=RPC_WITHIN,
    )
    return answer.run_id


async def _restart(client: Client, plan: RepairPlan, command: Command) -> str:
    """Terminate a trade, and start it anew; raise NotPossibleError, with nothing changed, if it cannot be."""
    run = client.get_workflow_handle(plan.trade, run_id=plan.run_id)
    history = await run.fetch_history(rpc_timeout=_HISTORY_TIMEOUT)
    try:
        request, state = recorded_state(history, client.data_converter.payload_codec, clock.now())
    except UnreadableRecordError as error:
        raise NotPossibleError(f"{error}. To leave it to a person: trader repair --hand-over") from error
    text = f"Started anew with the recorded state by {command.by}: {command.reason}"
    await run.terminate(text)
    return await restart_trade(client, replace(request, restarted=text), state)


async def _unpause(client: Client, plan: RepairPlan, command: Command) -> None:
    await client.workflow_service.unpause_workflow_execution(
        UnpauseWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_id=plan.trade,
            run_id=plan.run_id,
            identity=command.by,
            reason=command.reason,
            request_id=command.id,
        ),
        timeout=RPC_WITHIN,
    )


async def _is_well(client: Client, trade: WorkflowId) -> bool:
    """Wait until a trade answers and no workflow task of it fails; return whether it does."""
    deadline = asyncio.get_running_loop().time() + WELL_WITHIN.total_seconds()
    while asyncio.get_running_loop().time() < deadline:
        with contextlib.suppress(ControlError):
            await view_of(client, trade)
            with control_errors(client, trade_subject(trade)):
                described = await describe(client, trade)
            if described is not None and described.pending_workflow_task.attempt <= 1:
                return True
        await asyncio.sleep(_POLL)
    return False
