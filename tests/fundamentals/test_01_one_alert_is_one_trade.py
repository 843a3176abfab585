"""1. One alert is one trade.

An alert starts one durable Temporal workflow, the trade. It buys, sells part of the position at a profit
target, and keeps the rest until a person closes it or the contract expires.
"""

import pytest
from temporalio.exceptions import WorkflowAlreadyStartedError

from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness
from tests.support.waiting import eventually


async def test_an_alert_becomes_a_trade(harness: Harness) -> None:
    """Follow one alert from the message to the profit."""
    # The market: the contract is offered at 1.21.
    await harness.quote("1.19", "1.21")

    # An author on the allowlist posts an alert. It starts one workflow, whose id is made of the message's id.
    trade = await harness.alert(f"BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20")
    assert trade.id.startswith("trade-")

    # The alert is parsed, the contract looked up on the broker's chain, the order sized and sent at the
    # alert's price. It does not fill at 1.20, so after 20 s it is cancelled and sent again one tick higher,
    # where it fills.
    await harness.until(trade, "the entry to fill", bought=4)
    assert harness.entry_limits() == ["1.2", "1.21"]

    # At once, half of the position gets a profit-take exit: a sell order at twice the entry price, good till
    # cancelled.
    view = await harness.until(trade, "the exit to work", phase=Phase.HOLDING, exits_working=2)
    assert view.average_entry is not None
    assert view.orders[-1].limit == 2 * view.average_entry

    # The market doubles: the exit fills.
    await harness.quote("2.42", "2.45")
    await harness.until(trade, "the exit to fill", sold=2)

    # The other half is the operator's. A close sells it at the bid; the trade is flat and closed.
    receipt = await command(trade, TradeCommand.CLOSE, Command(by="you", reason="enough"))
    assert receipt.done
    view = await trade.result()
    assert (view.outcome, view.position) == (Outcome.FLAT, 0)
    assert view.pnl == 4 * 121

    # Every step was recorded, in order.
    kinds = await harness.kinds(trade)
    steps = [
        "received",
        "parsed",
        "sized",
        "entry_submitted",
        "bumped",
        "filled",
        "exit_submitted",
        "exit_filled",
    ]
    steps += ["commanded", "closed"]
    assert [kind for kind in dict.fromkeys(kinds) if kind in steps] == steps

    # People were notified of what cost or made money.
    await eventually(
        lambda: any("Closed flat" in notice.text for notice in harness.heard.notices), "the last notice"
    )


async def test_the_same_message_never_trades_twice(harness: Harness) -> None:
    """Deliver a message again: its workflow id is in use, so there is no second trade."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "the entry to fill", bought=4)

    history = await trade.fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    with pytest.raises(WorkflowAlreadyStartedError):
        await harness.client.start_workflow(
            started.workflow_type.name, id=trade.id, task_queue=started.task_queue.name
        )
    assert len(harness.posts("e")) == 1
