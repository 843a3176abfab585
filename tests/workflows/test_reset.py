"""A trade that is reset in the Web UI: its working order is found, and no second one is sent."""

from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.domain.execution.policy import SafetyPolicy
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from tests.support.harness import Harness, policy
from tests.support.waiting import eventually


async def reset_to_start(harness: Harness, handle: WorkflowHandle) -> None:  # type: ignore[type-arg]
    """Reset a trade to before its entry was sized, as an operator might in the Web UI."""
    history = await handle.fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    )
    await harness.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=harness.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="a test",
            workflow_task_finish_event_id=first,
            request_id="reset",
        )
    )


async def test_a_reset_sends_no_second_entry(env: WorkflowEnvironment, harness: Harness) -> None:
    """Reports that come before the entry is decided again name the order that works.

    It is resumed, no second is sent (UNK-40).
    """
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        await eventually(
            lambda: [order.status for order in harness.venue.exchange.orders.values()] == ["Live"],
            "the order to be live",
        )
        await reset_to_start(harness, trade)
        again = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        harness.handles[-1] = again
        await harness.until(again, "the entry to continue", phase=Phase.ENTERING, step="limit")
    assert len(harness.order_ids("e")) == 1


async def test_a_reset_that_denies_the_alert_reports_its_working_order(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """By the time of the reset the alert is too old to be sized.

    A person hears of the order that the trade no longer looks after.
    """
    await harness.quote("1.10", "1.30")
    rules = policy(
        safety=SafetyPolicy(max_alert_age=timedelta(seconds=2), late_fill_watch=timedelta(seconds=8))
    )
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules)
        posted = clock.now()
        await eventually(
            lambda: [order.status for order in harness.venue.exchange.orders.values()] == ["Live"],
            "the order to be live",
        )
        await eventually(lambda: clock.now() - posted > timedelta(seconds=2.5), "the alert to be too old")
        await reset_to_start(harness, trade)
        again = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        harness.handles[-1] = again
        view = await again.result()
    assert view.outcome is Outcome.DENIED
    warned = [event for event in await harness.events(again) if event.kind == "warning"]
    assert [event.facts["orders"] for event in warned] == [str(harness.order_ids("e")[0])]
    await harness.control.cancel(harness.order_ids("e")[0])
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("e")[0]].status.terminal,
        "the order to be over",
    )
