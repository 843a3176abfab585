"""A workflow set back to its beginning: everything it does again is recognised at the venue."""

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from alert_trader.control.commands import trade_commands
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command
from tests.support.cluster import Trade, WorkerSlot
from tests.support.concurrent_scenes import beside

pytestmark = pytest.mark.timeout(180)

ME = Command(by="tester")


async def reset_to_the_beginning(trade: Trade) -> None:
    """Reset the trade's workflow to its first task, as an operator can in the Web UI."""
    client = trade.cluster.client
    history = await trade.handle.fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    )
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=trade.handle.id),
            reason="a test",
            request_id=f"reset-{trade.id}",
            workflow_task_finish_event_id=first,
        )
    )


@beside
async def test_a_reset_of_a_held_trade_adds_no_order(slot: WorkerSlot) -> None:
    """The entry and the exit are found under their names and adopted (UNK-40)."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
    await reset_to_the_beginning(trade)
    view = await trade.until("held again", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert view.position == 4
    assert await trade.sent() == ["e1", "x1"]
    assert not await trade.violations()


@beside
async def test_a_reset_of_a_bumped_trade_adds_no_order(slot: WorkerSlot) -> None:
    """Two slices, three bumps, a conversion and two exits: all of them are recognised (UNK-40)."""
    trade = await slot.alert()
    await trade.fill("e1", 2)
    await trade.until("protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    sent = await trade.sent()
    await reset_to_the_beginning(trade)
    await trade.until("held again", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert await trade.sent() == sent
    assert not await trade.violations()


@beside
async def test_a_reset_in_the_middle_of_the_ladder_adds_no_second_entry(slot: WorkerSlot) -> None:
    """The working entry is adopted, and the ladder starts over with it.

    One order is live at a time (ENT-10, UNK-40).
    """
    trade = await slot.alert()
    await trade.order("e2")
    await reset_to_the_beginning(trade)
    await trade.until("bought and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    names = await trade.sent()
    assert len(names) == len(set(names))
    assert not await trade.violations()


@beside
async def test_a_reset_of_a_finished_trade_adds_no_order(slot: WorkerSlot) -> None:
    """A trade that was sold is restored from the venue's own record.

    Nothing is bought or sold a second time (UNK-40, WHO-20).
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("protected", phase=Phase.HOLDING, exits_working=2)
    await trade_commands.close(slot.cluster.client, trade.id, ME)
    first = await trade.result()
    await reset_to_the_beginning(trade)
    again = await trade.result()
    assert (again.outcome, again.bought, again.sold) == (Outcome.FLAT, first.bought, first.sold)
    assert await trade.sent() == ["e1", "x1", "x2"]
    assert not await trade.violations()
