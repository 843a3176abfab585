"""The look before each sending.

While it is not answered the order's name may be in use, and no other is taken for it.
"""

from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.reports.trade_record import facts_from_events
from alert_trader.domain.trade.lifecycle import Outcome
from tests.support.harness import Harness


async def test_an_entry_with_a_failed_lookup_keeps_its_client_order_id(harness: Harness) -> None:
    """A reset trade may have its order at the venue already.

    A failed look never leads to an order of another name (UNK-30, UNK-40).
    """
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=3)
    trade = await harness.alert()
    await harness.until(trade, "bought and protected", bought=4, exits_working=2)
    assert [line.client_id.rpartition("-")[2] for line in harness.posts() if line.client_id] == ["e1", "x1"]


async def test_an_exit_with_a_failed_lookup_keeps_its_client_order_id(harness: Harness) -> None:
    """The same for exits, which are never given up."""
    harness.exit_fraction = (
        None  # the venue does not answer for longer than five seconds of its own clock allow
    )
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, nth=2, count=6)
    trade = await harness.alert()
    await harness.until(trade, "bought and protected", bought=4, exits_working=2)
    assert [line.client_id.rpartition("-")[2] for line in harness.posts() if line.client_id] == ["e1", "x1"]


async def test_an_entry_that_cannot_be_looked_up_is_not_sent(harness: Harness) -> None:
    """No look, no order: when its time is over it is unknown, looked for as such, and given up."""
    await harness.control.mute_streams()
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=400)
    trade = await harness.alert()
    view = await harness.until(trade, "the entry unknown", unknown_orders=1)
    assert view.bought == 0
    assert not harness.posts("e")


async def test_an_entry_whose_look_failed_until_its_time_was_over_says_so(harness: Harness) -> None:
    """It is found to be absent, and given up with our own reason for not sending it.

    No code of the venue's.
    """
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=12)
    trade = await harness.alert()
    view = await trade.result()
    assert (view.outcome, view.bought, harness.posts("e")) == (Outcome.UNFILLED, 0, [])
    events = await harness.events(trade)
    facts = facts_from_events(events, view.reason)
    assert facts.code == NotSentReason.LOOKUP_FAILED
