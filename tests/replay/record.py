"""Record the golden histories that are missing.

`make golden`, after a scenario was added for what a workflow does now.

Trades and accounts run on these workflows, so a history that is here stays as it was recorded: a change that
would make it differ is patched. Each is recorded on a normal dev server, with the worker as a process and
credentials planted, and written with its fingerprint beside it. `python -m tests.replay.record STORY ...`
records those again.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from temporalio.client import WorkflowHistory

from alert_trader import clock
from alert_trader.activities.messages import ORDER_REPORT_SIGNAL
from alert_trader.broker.dry_run import DryRunBroker
from alert_trader.control.commands import trade_commands
from alert_trader.control.queries.history import read_history, write_runs
from alert_trader.control.queries.history_steps import Step, StepKind, steps_of
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import ClientOrderId, FillId, OrderId
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill, OrderReport, OrderStatus, Side
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.runtime.account_bootstrap import ensure_account_workflow
from alert_trader.runtime.channels import LogChannel
from alert_trader.worker.wiring import make_worker
from tests.replay.accounts import ACCOUNTS, chain, housekeeping, lived, server
from tests.replay.expiring import exit_rejected, expired
from tests.replay.people import ME, WITH_PEOPLE
from tests.support.cluster import Cluster, Trade, WorkerSlot, open_cluster
from tests.support.waiting import eventually
from tests.support.workers import running

HERE = Path(__file__).parent
HISTORIES, FINGERPRINTS = HERE / "histories", HERE / "fingerprints"
ROOT = HERE.parent.parent

AT_ONCE = 4
"""Stories that run at once. With more, a busy machine is too slow for an admission, which ends in 2.5 s."""

CANARIES = ("canary-golden-secret-71c4", "canary-golden-token-e02b")
"""The credentials the recording worker runs with; they must be in no history."""

RECORDER = "recorder"
"""Stands for the process and host names of whoever recorded."""

_VENUE_ID = re.compile(r"[Oo]rder \d+")
_LENGTHS = {0.15, 0.3, 0.6, 1, 2, 3, 5, 10, 15, 20, 60}
"""Timers of a fixed length, in seconds."""

_COMMANDS = {StepKind.ACTIVITY, StepKind.LOCAL_ACTIVITY, StepKind.TIMER, StepKind.COMMAND, StepKind.ENDED}
HOUSEKEEPING = "golden-housekeeping"

Recording = Callable[[WorkerSlot], Awaitable[Trade]]


def fingerprint(path: Path) -> str:
    """Write what a recorded workflow requested, one command a line.

    What signals reported is left out.
    """
    steps = [step for step in steps_of(read_history(path)) if step.kind in _COMMANDS]
    return "".join(
        f"{step.kind:<14}  {_steady(step):<14}  {_VENUE_ID.sub('order #', step.summary)}".rstrip() + "\n"
        for step in steps
    )


def _steady(step: Step) -> str:
    """Name a step without what differs from one recording to the next.

    A timer that ends at a moment has another length each time.
    """
    if step.kind is not StepKind.TIMER:
        return step.name
    seconds = float(step.name.removesuffix(" s"))
    return step.name if seconds in _LENGTHS else "until a step" if seconds < 60 else "until a day ends"


async def _started(
    slot: WorkerSlot, name: str, *, bid: str = "1.20", ask: str = "1.20", text: str | None = None
) -> Trade:
    trade = slot.plan(name=f"golden-{name}", text=text)
    await trade.quote(bid, ask)
    await trade.send()
    return trade


async def _closed(trade: Trade) -> Trade:
    await trade.until("protected", within=150, phase=Phase.HOLDING, bought=4, exits_working=2)
    await trade_commands.close(trade.cluster.client, trade.id, ME)
    await trade.result()
    return trade


async def filled(slot: WorkerSlot) -> Trade:
    """Fill at once, sell half of it at the target, close the rest."""
    trade = await _started(slot, "filled")
    await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
    await trade.quote("2.50", "2.52")
    await trade.until("sold", sold=2)
    await trade_commands.close(trade.cluster.client, trade.id, ME)
    await trade.result()
    return trade


async def converted(slot: WorkerSlot) -> Trade:
    """Fill in part, bump three times, convert the rest; close."""
    trade = await _started(slot, "converted", bid="1.10", ask="1.30")
    await trade.fill("e1", 2)
    return await _closed(trade)


async def given_up(slot: WorkerSlot) -> Trade:
    """End unfilled: the ask is above the ceiling at the end of the window."""
    trade = await _started(slot, "given-up", bid="1.10", ask="1.50")
    await trade.result()
    return trade


async def _lose_entry(slot: WorkerSlot, name: str, kind: str) -> Trade:
    trade = slot.plan(name=f"golden-{name}")
    await trade.quote("1.20", "1.20")
    await trade.fault(kind, leg="e1")
    await trade.fault("stream-drop", method=None, path="Order", client_id=f"{trade.id}-e1", count=None)
    await trade.send()
    return trade


async def unknown_found(slot: WorkerSlot) -> Trade:
    """Lose the entry's answer, find the order at the venue; close."""
    return await _closed(await _lose_entry(slot, "unknown-found", "lost-after"))


async def unknown_absent(slot: WorkerSlot) -> Trade:
    """Look for an entry that never arrived, and give it up.

    It is swept for until its day ends, so this history is an open one.
    """
    trade = await _lose_entry(slot, "unknown-absent", "lost-before")

    async def absent() -> bool:
        return "given_up" in await trade.kinds()

    await eventually(absent, "the entry to be given up", within=150, every=1)
    await trade.until("watched", phase=Phase.WATCHING)
    return trade


async def exit_absent(slot: WorkerSlot) -> Trade:
    """Look for an exit that never arrived, and send it again; close."""
    trade = slot.plan(name="golden-exit-absent")
    await trade.quote("1.20", "1.20")
    await trade.fault("lost-before", leg="x1")
    await trade.send()
    return await _closed(trade)


async def denied(slot: WorkerSlot) -> Trade:
    """Deny an alert that does not say call or put."""
    trade = await _started(slot, "denied", text="BTO SPY 450 @ 2.00")
    assert (await trade.result()).outcome is Outcome.DENIED
    return trade


async def rejected(slot: WorkerSlot) -> Trade:
    """Have the venue reject the entry."""
    trade = slot.plan(name="golden-rejected")
    await trade.quote("1.20", "1.20")
    await trade.fault(
        "status", leg="e1", status=422, code="margin_check_failed", message="Not enough buying power"
    )
    await trade.send()
    assert (await trade.result()).outcome is Outcome.REJECTED
    return trade


async def late_fill(slot: WorkerSlot) -> Trade:
    """Show a fill of the first order after its end was read, while the second works.

    The venue knows of none, so this trade stays open.
    """
    trade = await _started(slot, "late-fill", bid="1.10", ask="1.30")
    first, _ = await trade.order("e1"), await trade.order("e2")
    fill = Fill(fill_id=FillId("late"), quantity=2, price=Price(Decimal("1.20")), at=clock.now())
    report = OrderReport(
        order_id=OrderId(str(first.order_id)),
        client_order_id=ClientOrderId(f"{trade.id}-e1"),
        status=OrderStatus.CANCELLED,
        symbol=trade.contract.occ_symbol,
        side=Side.BUY_TO_OPEN,
        quantity=4,
        remaining=0,
        limit=Price(Decimal("1.20")),
        fills=(fill,),
    )
    await trade.handle.signal(ORDER_REPORT_SIGNAL, report)
    await trade.until("held", phase=Phase.HOLDING)
    return trade


ALONE: tuple[Recording, ...] = (late_fill,)
"""The run that leaves an account at odds with the venue: it has one of its own."""


async def dry_run(slot: WorkerSlot) -> Trade:
    """Make a dry run with a worker that cannot send, against the same venue."""
    settings, client = slot.settings, slot.cluster.client
    broker = DryRunBroker(
        client_secret=CANARIES[0],
        refresh_token=CANARIES[1],
        account=settings.account,
        is_test=False,
        venue_url=settings.venue_base_url,
        call_timeout=timedelta(seconds=4),
    )
    worker = make_worker(
        client,
        account=settings.account,
        reader=broker,
        gateway=None,
        mode=Mode.DRY_RUN,
        channels=(LogChannel(),),
    )
    trade = slot.plan(name="golden-dry-run")
    trade.policy = replace(trade.policy, mode=Mode.DRY_RUN)
    await trade.quote("1.10", "1.30")
    try:
        async with running(worker):
            await ensure_account_workflow(
                client, settings.account, mode=Mode.DRY_RUN, limits=settings.limits()
            )
            await trade.send()
            assert (await trade.result()).outcome is Outcome.DRY_RUN
    finally:
        await broker.aclose()
    return trade


WITH_A_WORKER: tuple[Recording, ...] = (
    filled,
    converted,
    given_up,
    unknown_found,
    unknown_absent,
    exit_absent,
    denied,
    rejected,
)


SHORT_RUNS = (*(story.__name__ for story in ACCOUNTS), "lived")
"""Stories of an account, on a server whose runs are short; the last has as many runs as it takes, and trades
that heard of it."""

EXPIRING = {"expired": expired, "exit-rejected": exit_rejected}
"""Trades that hold to the end of their contract."""

OF_LIVED = ("flattened", "halted", "denied-by-halt")


def stems() -> list[str]:
    """Name every history that has one file."""
    trades = [
        *(_named(story) for story in (*WITH_A_WORKER, *WITH_PEOPLE, *ALONE, dry_run)),
        *OF_LIVED,
        *EXPIRING,
    ]
    accounts = [_named(story) for story in ACCOUNTS]
    return sorted(
        [
            *(f"trade-golden-{each}" for each in trades),
            *(f"account-golden-{each}" for each in accounts),
            HOUSEKEEPING,
        ]
    )


def _named(story: Callable[..., object]) -> str:
    return story.__name__.replace("_", "-")


async def record(wanted: Sequence[str]) -> list[Path]:
    """Record the wanted histories side by side, by the names of their stories; returns the files."""
    canaries: dict[str, Any] = {
        "venue": {"client_secret": CANARIES[0], "refresh_token": CANARIES[1]},
        "tastytrade_client_secret": SecretStr(CANARIES[0]),
        "tastytrade_refresh_token": SecretStr(CANARIES[1]),
        # histories name the build: the same one in each recording
        "build_id": "golden",
    }
    kept: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        if chosen := [story for story in (*WITH_A_WORKER, *WITH_PEOPLE) if story.__name__ in wanted]:
            (home := Path(folder) / "trades").mkdir()
            async with open_cluster(home, **canaries) as cluster:
                slot = cluster.take_slot()
                await slot.start_worker()
                gate = asyncio.Semaphore(AT_ONCE)

                async def recorded(story: Callable[[WorkerSlot], Awaitable[Trade]]) -> Trade:
                    async with gate:
                        return await story(slot)

                kept += [
                    _keep(await trade.handle.fetch_history())
                    for trade in await asyncio.gather(*(recorded(story) for story in chosen))
                ]
        alone = [story for story in ALONE if story.__name__ in wanted]
        if alone or "dry_run" in wanted or "housekeeping" in wanted:
            (home := Path(folder) / "rest").mkdir()
            async with open_cluster(home, **canaries) as cluster:
                for story in alone:
                    slot = cluster.take_slot()
                    await slot.start_worker()
                    kept.append(_keep(await (await story(slot)).handle.fetch_history()))
                if "dry_run" in wanted:
                    kept.append(_keep(await (await dry_run(cluster.take_slot())).handle.fetch_history()))
                if "housekeeping" in wanted:
                    kept.append(_keep(await housekeeping(cluster.client), HOUSEKEEPING))
        for name, until_expired in EXPIRING.items():
            runs = await until_expired(name) if name in wanted else []
            kept += [_keep(run, f"trade-golden-{name}.run{number}") for number, run in enumerate(runs, 1)]
        if set(SHORT_RUNS) & set(wanted):
            (home := Path(folder) / "accounts").mkdir()
            async with (
                server() as address,
                open_cluster(home, temporal_address=address, **canaries) as cluster,
            ):
                kept += await _accounts(cluster)
    return kept


async def _accounts(cluster: Cluster) -> list[Path]:
    slot = cluster.take_slot()
    heard = await lived(slot)
    kept = [_keep(await trade.handle.fetch_history()) for trade in heard]
    kept += [_keep(run, f"account-golden-lived-{number}") for number, run in enumerate(await chain(slot), 1)]
    for story in ACCOUNTS:
        slot = cluster.take_slot()
        await story(slot)
        kept += [_keep(run, f"account-golden-{_named(story)}") for run in await chain(slot)]
    return kept


def _keep(history: WorkflowHistory, name: str | None = None) -> Path:
    """Write a history, an event a line, and its fingerprint beside it."""
    [path] = write_runs([history], HISTORIES)
    exported = _anonymous(json.loads(path.read_text().replace(f"{ROOT}/", "")))
    path.unlink()
    path = path.with_stem(name or path.stem)
    assert isinstance(exported, dict)
    path.write_text(
        '{"events": [\n'
        + ",\n".join(json.dumps(event, separators=(",", ":")) for event in exported["events"])
        + "\n]}\n"
    )
    FINGERPRINTS.mkdir(exist_ok=True)
    (FINGERPRINTS / f"{path.stem}.txt").write_text(fingerprint(path))
    return path


def _anonymous(value: object) -> object:
    if isinstance(value, list):
        return [_anonymous(each) for each in value]
    if isinstance(value, dict):
        return {key: RECORDER if key == "identity" else _anonymous(each) for key, each in value.items()}
    return value


def missing() -> list[str]:
    """Name the stories that have no history yet."""
    there = {read_history(path).workflow_id for path in HISTORIES.glob("*.json")}
    trades = [
        story.__name__
        for story in (*WITH_A_WORKER, *WITH_PEOPLE, *ALONE, dry_run)
        if f"trade-golden-{_named(story)}" not in there
    ]
    accounts = [story.__name__ for story in ACCOUNTS if f"account-golden-{_named(story)}" not in there]
    lived = [] if "account-golden-lived-1" in there else ["lived"]
    expiring = [each for each in EXPIRING if f"trade-golden-{each}" not in there]
    return [*trades, *accounts, *expiring, *lived, *([] if HOUSEKEEPING in there else ["housekeeping"])]


if __name__ == "__main__":
    began = clock.now()
    for kept in asyncio.run(record(sys.argv[1:] or missing())):
        sys.stdout.write(f"{kept.relative_to(ROOT)}\n")
    sys.stdout.write(f"recorded in {(clock.now() - began).total_seconds():.0f} s\n")
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(0)
