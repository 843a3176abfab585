"""6. An order of unknown outcome is looked up before anything else is sent.

A request whose answer is lost may have been carried out. The order then counts as live. The trade looks it up
at the broker by our client order id, known before it is sent, until it is found or confirmed absent. Sending
it again could buy twice.
"""

from alert_trader.domain.ids import Leg, client_order_id, message_id, read_client_order_id
from tests.support.harness import Harness


def test_a_client_order_id_follows_from_the_message() -> None:
    """Derive the id of an order: any process, after any crash, finds the same order by it."""
    first_entry = client_order_id(message_id("1180"), Leg.ENTRY, 1)
    assert first_entry == "1180-e1"
    assert read_client_order_id(first_entry) == ("1180", Leg.ENTRY, 1)


async def test_an_entry_with_a_lost_answer_is_found(harness: Harness) -> None:
    """Let the venue accept the first entry order and drop the connection before its answer."""
    await harness.control.mute_streams()  # or the order stream would report the order first
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-e1")
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")

    # The trade finds the order, adopts it and protects its fill.
    await harness.until(trade, "the position and its exit", bought=4, exits_working=2, unknown_orders=0)
    kinds = await harness.kinds(trade)
    assert kinds.index("unknown") < kinds.index("found")

    # Exactly one order was sent for the entry.
    assert len(harness.posts("e")) == 1


async def test_an_exit_with_a_lost_answer_is_found(harness: Harness) -> None:
    """Lose the answer to the exit: it is found as well, so the same contracts are not sold twice."""
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-x1")
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the exit", exits_working=2, unknown_orders=0)
    assert len(harness.posts("x")) == 1
