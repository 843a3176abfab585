"""10. The audit trail and its hash chain.

Every step of a trade is an event: a number, a time, a kind, a sentence, and the facts behind it. Each event
has a hash over itself and over the hash before it, and the trade's view has the last hash. So a copy of the
trail, in Redis or in the archive, can be verified: an event that was changed, removed, added or moved is
detected.
"""

from dataclasses import replace
from decimal import Decimal

from alert_trader.domain.audit.hash_chain import first_fault, with_hash
from tests.support.harness import Harness


async def test_every_order_can_be_explained(harness: Harness) -> None:
    """Read the trail of a trade: the events of its entry, with the numbers behind each decision."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the exit", exits_working=2)
    events = {event.kind.value: event for event in await harness.events(trade)}
    assert events["sized"].facts["quantity"] == "4"
    assert Decimal(events["entry_intended"].facts["limit"]) == Decimal("1.20")
    assert Decimal(events["filled"].facts["price"]) == Decimal("1.20")


async def test_a_changed_event_is_detected(harness: Harness) -> None:
    """Verify a trail, then change a fill in a copy of it."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the exit", exits_working=2)
    view, events = await harness.view(trade), await harness.events(trade)
    assert first_fault(trade.id, events) is None
    assert (events[-1].chain, len(events)) == (view.chain, view.events)

    # A changed fact no longer matches the event's hash.
    number = next(index for index, event in enumerate(events) if event.kind == "filled")
    forged = replace(events[number], facts={**events[number].facts, "price": "1.10"})
    changed = [*events[:number], forged, *events[number + 1 :]]
    assert f"event {number + 1} (filled)" in (first_fault(trade.id, changed) or "")

    # With a recomputed hash the next event does not match. Even the last hash is checked: it is in the view.
    changed[number] = with_hash(events[number - 1].chain, forged)
    assert f"event {number + 2}" in (first_fault(trade.id, changed) or "")

    # A removed event leaves a gap.
    assert first_fault(trade.id, [*events[:number], *events[number + 1 :]]) is not None
