"""Pairs of orders as tests write them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import price
from alert_trader.domain.orders.oco import OcoIntent
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side, TimeInForce

CONTRACT = OptionContract(root="AAPL", expiry=date(2026, 12, 18), right=Right.CALL, strike=Decimal(200))


def written_target(contract: OptionContract = CONTRACT, *, quantity: int = 3) -> OrderIntent:
    """Write a target at 4.10, GTC."""
    return OrderIntent(
        client_order_id=ClientOrderId("1234-x1"),
        contract=contract,
        side=Side.SELL_TO_CLOSE,
        quantity=quantity,
        kind=OrderKind.LIMIT,
        limit=price("4.10"),
        time_in_force=TimeInForce.GTC,
    )


def written_stop(
    contract: OptionContract = CONTRACT,
    name: str = "1234-x2",
    *,
    quantity: int = 3,
    trigger: str = "1.45",
    limit: str | None = "1.30",
) -> OrderIntent:
    """Write a stop limit, GTC; without a limit a stop of the day."""
    return replace(
        written_target(contract, quantity=quantity),
        client_order_id=ClientOrderId(name),
        kind=OrderKind.STOP if limit is None else OrderKind.STOP_LIMIT,
        limit=None if limit is None else price(limit),
        trigger=price(trigger),
        time_in_force=TimeInForce.DAY if limit is None else TimeInForce.GTC,
    )


def written_pair(contract: OptionContract = CONTRACT, *, quantity: int = 3) -> OcoIntent:
    """Write a pair of both, GTC."""
    return OcoIntent(
        target=written_target(contract, quantity=quantity), stop=written_stop(contract, quantity=quantity)
    )
