"""The tutorial: what this product does, step by step, on a real venue and a real Temporal server. Read it from top to bottom."""

from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import CLOSE_UPDATE, Command, CommandReceipt
from tests.support.harness import Harness
from tests.support.waiting import eventually


async def test_an_alert_becomes_a_trade(harness: Harness) -> None:
    """One alert, from the message to the profit."""
    # The market: someone offers the contract at 1.21.
    await harness.quote("1.19", "1.21")

    # An allowlisted author writes an alert. It starts one workflow, named after the message.
    trade = await harness.alert(f"BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20")

    # The alert was read, confirmed on the broker's chain, sized, and sent at the alert's price. Nobody sold at 1.20, so after twenty
    # seconds the order was taken back and sent again a tick higher, where it filled.
    view = await harness.until(trade, "the entry to fill", bought=4)
    assert harness.entry_limits() == ["1.2", "1.21"]

    # At once, half of what was bought is offered at twice its price. The order stays at the broker until it fills or is taken back.
    view = await harness.until(trade, "the exit to work", phase=Phase.HOLDING, exits_working=2)
    assert view.average_entry is not None
    assert view.orders[-1].limit == 2 * view.average_entry

    # The market doubles: the exit fills.
    await harness.quote("2.42", "2.45")
    await harness.until(trade, "the exit to fill", sold=2)

    # The other half is the operator's. Closing sells it at the market; the trade is flat and over.
    receipt = await trade.execute_update(
        CLOSE_UPDATE, Command(by="you", reason="enough"), result_type=CommandReceipt
    )
    assert receipt.done
    view = await trade.result()
    assert (view.outcome, view.position) == (Outcome.FLAT, 0)
    assert view.pnl == 4 * 121

    # Everything that happened is on record, in order, and can be asked for as long as the server keeps the trade.
    told = await harness.kinds(trade)
    story = [
        "received",
        "parsed",
        "sized",
        "entry_submitted",
        "bumped",
        "filled",
        "exit_submitted",
        "exit_filled",
        "commanded",
        "closed",
    ]
    assert [kind for kind in dict.fromkeys(told) if kind in story] == story

    # People were told of what cost or made money.
    await eventually(
        lambda: any("Closed flat" in notice.text for notice in harness.heard.notices), "the last notice"
    )
