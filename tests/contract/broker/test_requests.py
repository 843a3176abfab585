"""What leaves for the broker: the order as meant, to the byte that matters."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side, TimeInForce

ORDERS = "/accounts/5WT00042/orders"


@pytest.fixture
def sent(
    gateway: Any, script: Any, order_body: Callable[..., dict[str, Any]]
) -> Callable[[OrderIntent], Any]:
    """Return a function that places an order and gives the body that left."""

    async def place(intent: OrderIntent) -> Any:
        body = order_body(external_identifier=intent.client_order_id)
        script.on("POST", ORDERS, httpx2.Response(201, json={"data": {"order": body}}))
        await gateway.place(intent)
        return script.sent("POST", ORDERS)[-1]

    return place


async def test_an_entry_is_a_limit_order_with_our_id_in_two_fields(sent: Any, buy: OrderIntent) -> None:
    """WHO-50: the leg carries the alerted contract's own symbol, and nothing travels that was not meant."""
    assert await sent(buy) == {
        "time-in-force": "Day",
        "source": "alert-trader/1234-e1",
        "legs": [
            {
                "instrument-type": "Equity Option",
                "symbol": "AAPL  261218C00200000",
                "action": "Buy to Open",
                "quantity": 3,
            }
        ],
        "external-identifier": "1234-e1",
        "order-type": "Limit",
        "price": "2.05",
        "price-effect": "Debit",
    }


async def test_an_exit_is_strict_and_for_a_credit(sent: Any, sell: OrderIntent) -> None:
    """EXT-20: a sell to close is discarded by the broker when there is nothing to close."""
    body = await sent(sell)
    assert body["advanced-instructions"] == {"strict-position-effect-validation": True}
    assert (body["legs"][0]["action"], body["price"], body["price-effect"], body["time-in-force"]) == (
        "Sell to Close",
        "10",
        "Credit",
        "GTC",
    )


@pytest.mark.parametrize("side", Side)
async def test_every_market_order_has_no_price_and_every_close_is_strict(
    side: Side, sent: Any, buy: OrderIntent
) -> None:
    """EXT-20: strictness goes with the side, however the order is priced."""
    body = await sent(
        replace(buy, side=side, kind=OrderKind.MARKET, limit=None, time_in_force=TimeInForce.DAY)
    )
    assert (body["order-type"], "price" in body, "price-effect" in body) == ("Market", False, False)
    assert ("advanced-instructions" in body) == (side is Side.SELL_TO_CLOSE)


@pytest.mark.parametrize(
    ("price", "wire"),
    [("1E+1", "10"), ("1E+3", "1000"), ("2.050", "2.05"), ("0.05", "0.05"), ("1E-2", "0.01")],
)
async def test_a_price_is_written_without_exponent(
    price: str, wire: str, sent: Any, buy: OrderIntent
) -> None:
    """No exponent reaches the broker."""
    assert (await sent(replace(buy, limit=Price(Decimal(price)))))["price"] == wire


async def test_a_limit_of_zero_is_never_sent(gateway: Any, script: Any, buy: OrderIntent) -> None:
    """A price of zero would leave without the effect that makes it a debit."""
    with pytest.raises(ValueError, match="above zero"):
        await gateway.place(replace(buy, limit=Price(Decimal(0))))
    assert script.asked == []


async def test_the_dry_run_sends_the_same_order(
    gateway: Any, script: Any, sent: Any, sell: OrderIntent
) -> None:
    """What is checked is what is sent."""
    fees = {
        "total-fees": "3.36",
        "total-fees-effect": "Debit",
        "commission": "3.0",
        "commission-effect": "Debit",
    }
    power = {"change-in-buying-power": "618.36", "change-in-buying-power-effect": "Debit"}
    answer = {
        "fee-calculation": fees,
        "buying-power-effect": power,
        "warnings": [{"code": "tif_next_valid_sesssion", "message": "Later."}],
    }
    script.on("POST", f"{ORDERS}/dry-run", httpx2.Response(201, json={"data": answer}))
    found = await gateway.check(sell)
    assert script.sent("POST", f"{ORDERS}/dry-run") == [await sent(sell)]
    assert (found.total, found.commission, found.buying_power_effect) == (
        Decimal("3.36"),
        Decimal("3.0"),
        Decimal("618.36"),
    )
    assert found.warnings == ("tif.next_valid_session: Later.",)


async def test_a_rebate_and_released_buying_power_are_negative_costs(
    gateway: Any, script: Any, sell: OrderIntent
) -> None:
    """Costs are positive, whichever way the broker writes the sign."""
    fees = {
        "total-fees": "-0.36",
        "total-fees-effect": "Debit",
        "commission": "1.0",
        "commission-effect": "Credit",
    }
    power = {"change-in-buying-power": "400", "change-in-buying-power-effect": "Credit"}
    script.on(
        "POST",
        f"{ORDERS}/dry-run",
        httpx2.Response(201, json={"data": {"fee-calculation": fees, "buying-power-effect": power}}),
    )
    found = await gateway.check(sell)
    assert (found.total, found.commission, found.buying_power_effect) == (
        Decimal("0.36"),
        Decimal("-1.0"),
        Decimal(-400),
    )


async def test_a_quote_is_requested_by_occ_symbol(
    gateway: Any, script: Any, contract: OptionContract
) -> None:
    """The quote that is read is the contract's own."""
    item = {
        "symbol": "AAPL  261218P00200000",
        "bid": "1",
        "ask": "2",
        "updated-at": "2026-09-17T18:32:25.535Z",
    }
    script.on("GET", "/market-data/by-type", httpx2.Response(200, json={"data": {"items": [item]}}))
    assert await gateway.quote(contract) is None
    assert script.asked[-1].url.params["equity-option"] == "AAPL  261218C00200000"
