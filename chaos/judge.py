"""The verdict at the end: has everything settled, is it protected, and which rules does the tape break."""

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory
from temporalio.worker import Replayer

from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.queries.history import fetch_runs, write_runs
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.simulators.venue.oracle import Expectation, check
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.trade.workflow import TradeWorkflow
from chaos.market import Played
from tests.support.cluster import Cluster, Trade

SETTLED_WITHIN = timedelta(seconds=240)
"""After the last trouble: a lost order is looked for over a minute and a half before it counts as absent,
and then sent again."""

KEPT = Path("var") / "chaos"
"""Where histories go that do not replay."""

HARMLESS = {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}
"""Something arrived while the task was being completed: it is simply run again."""

FRACTION = 2
"""One of this many contracts bought has an exit."""


@dataclass
class Verdict:
    """What was found, and what is wrong."""

    faults: list[str] = field(default_factory=list)
    views: dict[str, TradeView] = field(default_factory=dict)
    events: list[int] = field(default_factory=list)
    """Length of each history."""
    waits: list[float] = field(default_factory=list)
    """Seconds from each fill that was known to the next exit at the broker."""

    @property
    def slowest(self) -> str:
        """The waits for an exit, in words."""
        if not self.waits:
            return "none"
        ordered = sorted(self.waits)
        p50, p95 = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
        return f"p50 {p50:.2f} s, p95 {p95:.2f} s, max {ordered[-1]:.2f} s"


async def judge(cluster: Cluster, played: Sequence[Played]) -> Verdict:
    """Wait until every trade has settled, then look at all of it."""
    verdict = Verdict()
    deadline = asyncio.get_running_loop().time() + SETTLED_WITHIN.total_seconds()
    for each in played:
        await _settle(each.trade, verdict, deadline)
    closed = [trade for trade, view in verdict.views.items() if view.closed_at is not None]
    verdict.faults += [
        str(violation) for violation in check(await cluster.tape(), Expectation(closed=closed))
    ]
    for each in played:
        await _look(each.trade, verdict)
    return verdict


async def _settle(trade: Trade, verdict: Verdict, deadline: float) -> None:
    while True:
        view = await trade.view()
        if view is not None:
            verdict.views[trade.id] = view
            if await _settled(trade, view):
                return
        if asyncio.get_running_loop().time() > deadline:
            found = (
                "nobody answers"
                if view is None
                else f"{view.phase}, bought {view.bought}, exits {view.exits_working}: {view.last_event}"
            )
            verdict.faults.append(
                f"{trade.id} has not settled within {SETTLED_WITHIN.total_seconds():g} s: {found}"
            )
            return
        await asyncio.sleep(0.5)


async def _settled(trade: Trade, view: TradeView) -> bool:
    working = [order for order in (await trade.orders("e")).values() if not order.status.terminal]
    if view.phase is Phase.DONE:
        return view.closed_at is not None
    if view.phase is Phase.WATCHING:
        # an absent entry is searched for until its day ends
        return view.bought == 0 and not working and view.unknown_orders == 0
    covered = view.exits_working + view.sold >= view.bought // FRACTION
    return view.phase is Phase.HOLDING and view.unknown_orders == 0 and covered and not working


async def _look(trade: Trade, verdict: Verdict) -> None:
    status = (await trade.handle.describe()).status
    if status not in {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED}:
        verdict.faults.append(f"{trade.id} is {status}")
    view = verdict.views.get(trade.id)
    traded = (await trade.fills("e"), await trade.fills("x"))
    if view is not None and (view.bought, view.sold) != traded:
        verdict.faults.append(
            f"{trade.id} counts {view.bought} bought and {view.sold} sold; "
            f"the venue {traded[0]} and {traded[1]}"
        )
    runs = await fetch_runs(trade.slot.cluster.client, trade.id)
    verdict.events.append(sum(len(run.events) for run in runs))
    for event in (event for run in runs for event in run.events):
        failed = event.workflow_task_failed_event_attributes
        if event.HasField("workflow_task_failed_event_attributes") and failed.cause not in HARMLESS:
            why = failed.failure.message or WorkflowTaskFailedCause.Name(failed.cause)
            verdict.faults.append(f"{trade.id} failed a workflow task: {why}")
    for run in runs:
        await _replay(run, verdict)
    await _wait_for_exits(trade, verdict)


async def _replay(history: WorkflowHistory, verdict: Verdict) -> None:
    replayer = Replayer(workflows=[TradeWorkflow], data_converter=DATA_CONVERTER, workflow_runner=sandbox())
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        [path] = write_runs([history], KEPT)
        verdict.faults.append(
            f"{history.workflow_id} does not replay, kept as {path}: {str(result.replay_failure)[:300]}"
        )


async def _wait_for_exits(trade: Trade, verdict: Verdict) -> None:
    if verdict.views.get(trade.id) is None or verdict.views[trade.id].bought < FRACTION:
        return
    events = await trade.events()
    posted = {str(line.client_id): line.at for line in await trade.posts("x")}
    exits = [event for event in events if event.kind == "exit_intended" and event.facts["order"] in posted]
    for fill in (event for event in events if event.kind == "filled"):
        after = [posted[event.facts["order"]] for event in exits if event.sequence > fill.sequence]
        if after:
            verdict.waits.append((min(after) - fill.at).total_seconds())
