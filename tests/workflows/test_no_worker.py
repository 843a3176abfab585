"""What is requested while no worker runs: an entry is not sent, and a halt is recorded."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.worker import Worker

from alert_trader.activities.account_client import AccountClient
from alert_trader.activities.messages import SIZE_ENTRY, SizeAnswer, SizeRequest
from alert_trader.activities.parsing import parse_alert
from alert_trader.activities.sizing import SizeActivity
from alert_trader.control.account_workflow import account_handle
from alert_trader.control.commands import account_commands
from alert_trader.domain.account.admission import ADMISSION_LIFETIME
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.reports.trade_record import facts_from_events
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.runtime.account_bootstrap import ensure_account_workflow
from alert_trader.worker.wiring import make_worker, sandbox
from alert_trader.workflows import activity_options
from alert_trader.workflows.interface import task_queue
from alert_trader.workflows.trade.workflow import TradeWorkflow
from tests.support.harness import LIMITS, Harness, plain_client

OTHER = AccountNumber("5WT90210")
"""Its task queue is not the harness's: only the workers of the test poll it."""


async def test_a_halt_that_no_worker_takes_is_answered_when_it_is_certain(harness: Harness) -> None:
    """HLT-10: after the longest life of an admission, not after the longest time a worker may take."""
    nobody = AccountNumber("5WT90211")
    await ensure_account_workflow(plain_client(harness.client), nobody, mode=Mode.DEMO, limits=LIMITS)
    began = time.monotonic()
    receipt = await account_commands.halt(harness.client, nobody, by="ann", reason="a test")
    took = time.monotonic() - began
    assert ADMISSION_LIFETIME.total_seconds() <= took < ADMISSION_LIFETIME.total_seconds() + 2
    assert (receipt.acknowledged, receipt.state) == (True, None)
    assert "recorded, and no entry can be sent. No worker has carried it out" in receipt.text
    await account_handle(harness.client, nobody).terminate("the test is over")


async def test_an_entry_that_no_worker_takes_is_named_so(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last worker with activities leaves after the sizing: nothing is sent, and NO_WORKER is recorded.

    The reason is in the trade's record too, when a worker has confirmed that the entry is not at the broker.
    """
    # the server does not skip the time of an activity that waits for a worker
    soon = replace(activity_options.SUBMIT_ENTRY, schedule_to_start=timedelta(seconds=0.3))
    monkeypatch.setattr(activity_options, "SUBMIT_ENTRY", soon)
    sizing = SizeActivity(harness.gateway, AccountClient(harness.client, harness.account))
    leaving: list[asyncio.Task[None]] = []

    @activity.defn(name=SIZE_ENTRY)
    async def size_and_leave(request: SizeRequest) -> SizeAnswer:
        """Answer when this worker, whose only slot this takes, polls for nothing more."""
        answer = await sizing.size_entry(request)
        leaving.append(asyncio.create_task(sizer.shutdown()))
        await activity.wait_for_worker_shutdown()
        return answer

    workflows = Worker(
        harness.client,
        task_queue=task_queue(OTHER),
        workflows=[TradeWorkflow],
        activities=[parse_alert],
        no_remote_activities=True,
        workflow_runner=sandbox(),
    )
    sizer = Worker(
        harness.client,
        task_queue=task_queue(OTHER),
        activities=[size_and_leave],
        max_concurrent_activities=1,
        max_concurrent_activity_task_polls=1,
        graceful_shutdown_timeout=timedelta(seconds=10),
    )
    async with workflows:
        running = asyncio.create_task(sizer.run())
        trade = await harness.alert(account=OTHER)
        await running
        await asyncio.gather(*leaving)
        view = await harness.until(trade, "the entry unknown", unknown_orders=1)
        assert view.bought == 0
        unknown = next(each for each in await harness.events(trade) if each.kind == "unknown")
        assert unknown.facts["why"].startswith(f"{NotSentReason.NO_WORKER}: ")

    async with make_worker(
        harness.client,
        account=OTHER,
        reader=harness.gateway,
        gateway=None,
        mode=Mode.DEMO,
        channels=(),
    ):
        view = await trade.result()
        events = await harness.events(trade)
    assert (view.outcome, harness.posts()) == (Outcome.UNFILLED, [])
    assert facts_from_events(events, view.reason).code == NotSentReason.NO_WORKER
