"""Pairs of orders in the broker's answers.

The SDK's own models of an answer are not used: they fail on an id that is a number among the related orders,
and on a status or type they do not know, and then a whole list cannot be read.
"""

from dataclasses import replace
from typing import Any

from pydantic import Field, ValidationError

from alert_trader.broker.tastytrade.bodies import (
    Body,
    LegBody,
    UnreadableBodyError,
    order_report,
)
from alert_trader.domain.ids import OrderId, PairId
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.orders.oco import OcoIntent, OcoReport


class _Related(Body):
    id: str = Field(min_length=1)


class _Pair(Body):
    id: str = Field(min_length=1)
    orders: tuple[dict[str, Any], ...] = ()
    trigger_order: dict[str, Any] | None = None
    related_orders: tuple[_Related, ...] | None = None


class _Priced(Body):
    legs: tuple[LegBody, ...] = Field(min_length=1)


def oco_report(body: object) -> OcoReport:
    """Parse one pair of whatever type; raises `UnreadableBodyError` when it, or an order of it, has no id."""
    try:
        pair = _Pair.model_validate(body)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise UnreadableBodyError(
            f"expected a pair with an id, found one where {'.'.join(map(str, problem['loc']))}: "
            f"{problem['msg']}"
        ) from None
    orders = (*((pair.trigger_order,) if pair.trigger_order is not None else ()), *pair.orders)
    pair_id = PairId(pair.id)
    return OcoReport(
        pair_id=pair_id,
        orders=tuple(replace(order_report(each), pair_id=pair_id) for each in orders),
        former=tuple(OrderId(each.id) for each in pair.related_orders or ()),
    )


def priced_differences(intent: OcoIntent, body: object) -> tuple[str, ...]:
    """Return how the orders of a dry-run differ from what was asked: they have no id and no other names."""
    orders = body.get("orders") if isinstance(body, dict) else None
    try:
        legs = [_Priced.model_validate(each).legs[0] for each in (orders if isinstance(orders, list) else ())]
    except ValidationError:
        raise UnreadableBodyError("expected two orders with a leg each in the dry-run of a pair") from None
    if len(legs) != len(intent.orders):
        raise UnreadableBodyError(f"expected two orders in the dry-run of a pair, found {len(legs)}")
    return tuple(
        f"{sent.client_order_id}: expected {sent.side} {sent.contract.occ_symbol}, found "
        f"{leg.action} {leg.symbol}"
        for sent, leg in zip(intent.orders, legs, strict=True)
        if leg.action != sent.side or not same_contract(leg.symbol, sent.contract.occ_symbol)
    )
