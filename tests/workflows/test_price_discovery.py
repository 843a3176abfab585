"""How an entry finds its price: at once, bump by bump, converted, given up."""

from tests.support.floor import Floor


async def test_an_entry_at_the_ask_fills_at_once(floor: Floor) -> None:
    """An alert at the ask buys at once, protects half at double, and holds the rest."""
    await floor.quote("1.20", "1.20")
    trade = await floor.alert(price="1.20")
    view = await floor.until(trade, "half protected", bought=4, exits_working=2)
    assert floor.entry_limits() == ["1.2"]
    assert view.orders[-1].limit == 2 * view.average_entry
