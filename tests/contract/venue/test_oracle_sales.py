"""STP-60: the oracle sees each way to sell too cheaply; the trader is played by a person who sells so."""

from decimal import Decimal

import pytest
from tastytrade.order import LimitOrder, MarketOrder, OrderAction, OrderStatus

from alert_trader.simulators.venue.oracle import Expectation, check
from tests.contract.venue.api_client import SPY, ApiClient, limit, market

SELL = OrderAction.SELL_TO_CLOSE
SOURCE = "alert-trader/m1-"


async def held(api_client: ApiClient, quantity: int = 3) -> None:
    """Buy, as a trade does."""
    order = await api_client.send(named(limit(SPY, OrderAction.BUY_TO_OPEN, quantity, "-2.05"), "e1"))
    await api_client.reach(order, OrderStatus.FILLED)


def named(order: LimitOrder | MarketOrder, name: str) -> LimitOrder | MarketOrder:
    """Name an order as the trader would."""
    order.external_identifier, order.source = f"m1-{name}", SOURCE + name
    return order


def sale(price: str, name: str = "x1", *, gtc: bool = False, quantity: int = 1) -> LimitOrder | MarketOrder:
    """Sell for the day, or by plan."""
    return named(limit(SPY, SELL, quantity, price, gtc=gtc, strict=True), name)


def cards(api_client: ApiClient, **expected: object) -> list[str]:
    """Return the promises that were broken."""
    found = check(api_client.venue.tape.lines, Expectation(**expected))  # type: ignore[arg-type]
    return [each.card for each in found]


async def test_a_sale_by_a_market_order_is_seen(api_client: ApiClient) -> None:
    """STP-60: whatever it fills at, it had no lowest price."""
    await held(api_client)
    await api_client.send(named(market(SPY, SELL, 1, strict=True), "x1"))
    assert cards(api_client) == ["STP-60"]


@pytest.mark.parametrize(("price", "found"), [("1.00", []), ("0.89", ["STP-60"])])
async def test_a_sale_under_its_floor_is_seen(api_client: ApiClient, price: str, found: list[str]) -> None:
    """STP-60: the bid is 2.00 and the floor half of it, less what a quote may have moved."""
    await held(api_client)
    await api_client.send(sale(price))
    assert cards(api_client) == found
    assert cards(api_client, sale_floor=Decimal("0.1")) == []


async def test_a_sale_that_follows_the_bid_under_its_floor_is_seen(api_client: ApiClient) -> None:
    """STP-60: the bid collapses; who follows it sells under the floor, unless a person requested it again."""
    await held(api_client)
    first = await api_client.send(sale("2.05"))
    await api_client.reach(first, OrderStatus.LIVE)
    await api_client.account.delete_order(api_client.session, first.id)
    await api_client.reach(first, OrderStatus.CANCELLED)
    await api_client.control.set_quote(SPY, bid="0.60", ask="0.65")
    await api_client.send(sale("0.60", "x2"))
    assert cards(api_client) == ["STP-60"]
    assert cards(api_client, requested_again=["m1"]) == []


async def test_a_later_sale_begins_at_its_own_bid(api_client: ApiClient) -> None:
    """A part is sold at 2.00, and another at 0.60 when that is the bid: neither is under its floor."""
    await held(api_client)
    await api_client.reach(await api_client.send(sale("2.00")), OrderStatus.FILLED)
    await api_client.control.set_quote(SPY, bid="0.60", ask="0.65")
    await api_client.reach(await api_client.send(sale("0.60", "x2")), OrderStatus.FILLED)
    assert cards(api_client) == []


async def test_an_exit_by_plan_has_no_floor(api_client: ApiClient) -> None:
    """A target is priced from what was paid."""
    await held(api_client)
    await api_client.send(sale("0.10", gtc=True))
    assert cards(api_client) == []
