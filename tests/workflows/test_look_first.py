"""The look before each sending: while it is not answered the order's name may be in use, and no other is taken for it."""

from tests.support.floor import Floor


async def test_an_entry_whose_look_fails_is_tried_again_under_its_own_name(floor: Floor) -> None:
    """A reset trade may have its order at the venue already: a failed look never leads to an order of another name (UNK-30, UNK-40)."""
    await floor.quote("1.20", "1.20")
    await floor.fault(kind="status", method="GET", path="*/orders", status=503, count=3)
    trade = await floor.alert()
    await floor.until(trade, "bought and protected", bought=4, exits_working=2)
    assert [line.client_id.rpartition("-")[2] for line in floor.posts() if line.client_id] == ["e1", "x1"]


async def test_an_exit_whose_look_fails_is_tried_again_under_its_own_name(floor: Floor) -> None:
    """The same for exits, which are never given up."""
    floor.exit_fraction = (
        None  # the venue does not answer for longer than five seconds of its own clock allow
    )
    await floor.quote("1.20", "1.20")
    await floor.fault(kind="status", method="GET", path="*/orders", status=503, nth=2, count=6)
    trade = await floor.alert()
    await floor.until(trade, "bought and protected", bought=4, exits_working=2)
    assert [line.client_id.rpartition("-")[2] for line in floor.posts() if line.client_id] == ["e1", "x1"]


async def test_an_entry_that_can_never_be_looked_for_is_not_sent(floor: Floor) -> None:
    """No look, no order: when its time is over it is unknown, looked for as such, and given up."""
    await floor.control.mute_streams()
    await floor.fault(kind="status", method="GET", path="*/orders", status=503, count=400)
    trade = await floor.alert()
    view = await floor.until(trade, "the entry unknown", unknown_orders=1)
    assert view.bought == 0
    assert not floor.posts("e")
