"""7. A command and its receipt.

People act on a running trade by commands: cancel, close, convert now, sell, approve, skip. A command is a
Temporal signal: it is in the trade's history before the trade acts on it, and its receipt is published when
it has taken effect. A command names who sent it and why, and has an id: it acts once, however often it is
sent.
"""

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import NotPossibleError
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command
from tests.support.harness import Harness


async def test_a_cancel_is_answered_when_the_order_is_cancelled(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """Cancel a working entry: with the receipt, no order is left at the venue."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the working entry", step="limit")
        receipt = await trade_commands.cancel(
            harness.client, trade.id, Command(by="ann", reason="news", id="c1")
        )
    assert receipt.done
    assert (receipt.view.bought, receipt.view.phase) == (0, Phase.WATCHING)
    assert all(order.status.terminal for order in harness.venue.exchange.orders.values())

    # Who sent it, and why, is in the audit trail.
    commanded = next(event for event in await harness.events(trade) if event.kind == "commanded")
    assert commanded.facts["by"] == "ann"
    assert "news" in commanded.text


async def test_a_repeated_command_acts_once(harness: Harness) -> None:
    """Send a close twice with the same id: the second answer is the receipt of the first."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the position", phase=Phase.HOLDING, exits_working=2)
    close = Command(by="ann", reason="enough", id="c2")
    receipt = await trade_commands.close(harness.client, trade.id, close)
    assert receipt.done
    assert (await trade_commands.close(harness.client, trade.id, close)).text == receipt.text
    view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def test_a_command_that_is_not_possible_says_why(harness: Harness) -> None:
    """Cancel a trade that has bought everything: nothing is left to cancel, so the command is refused."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the position", phase=Phase.HOLDING, exits_working=2)
    with pytest.raises(NotPossibleError):
        await trade_commands.cancel(harness.client, trade.id, Command(by="ann", id="c3"))
    assert (await harness.view(trade)).position == 4
