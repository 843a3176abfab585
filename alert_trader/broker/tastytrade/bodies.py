"""Orders in the broker's JSON: parse and write them.

Only the fields we use are modelled, and every status is a plain string. An order with an id and an unreadable
body is reported as unrecognised, which counts as working; it is never dropped.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from alert_trader.broker.tastytrade.sdk import (
    AdvancedInstructions,
    InstrumentType,
    Leg,
    LimitOrder,
    MarketOrder,
    OCOOrder,
    OrderAction,
    OrderTimeInForce,
    StopLimitOrder,
    StopOrder,
)
from alert_trader.domain.ids import ClientOrderId, FillId, OrderId, PairId, read_client_order_id
from alert_trader.domain.money import Price
from alert_trader.domain.orders.oco import OcoIntent
from alert_trader.domain.orders.order import Fill, OrderIntent, OrderKind, OrderReport, OrderStatus, Side

SOURCE = "alert-trader/"
"""Prefix of the source of our orders; the client order id follows."""

_STATUSES = {
    "Received": OrderStatus.PENDING,
    "Routed": OrderStatus.PENDING,
    "In Flight": OrderStatus.PENDING,
    "Contingent": OrderStatus.PENDING,
    "Live": OrderStatus.LIVE,
    "Cancel Requested": OrderStatus.CANCELLING,
    "Replace Requested": OrderStatus.CANCELLING,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELLED,
    "Removed": OrderStatus.CANCELLED,
    "Partially Removed": OrderStatus.CANCELLED,
    "Rejected": OrderStatus.REJECTED,
    "Expired": OrderStatus.EXPIRED,
}


class UnreadableBodyError(ValueError):
    """An answer that lacks a required field."""


def _utc(moment: datetime) -> datetime:
    # a time without a zone counts as UTC; every captured one is in UTC
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_utc)]


Amount = Annotated[Decimal, AfterValidator(abs)]
"""A decimal without its sign: the broker writes the sign in a separate effect field."""


class Body(BaseModel):
    """A part of an answer; other fields are ignored."""

    model_config = ConfigDict(
        alias_generator=lambda name: name.replace("_", "-"),
        extra="ignore",
        coerce_numbers_to_str=True,
        frozen=True,
    )


class FillBody(Body):
    """One execution of a leg."""

    fill_id: str = Field(min_length=1)
    quantity: Amount
    fill_price: Amount
    filled_at: Moment


class LegBody(Body):
    """One leg; without a remaining quantity when the order is not working."""

    symbol: str
    action: str
    quantity: Amount | None = None
    remaining_quantity: Amount | None = None
    fills: tuple[FillBody, ...] | None = None


class OrderBody(Body):
    """One order, ours or not."""

    id: str = Field(min_length=1)
    status: str
    legs: tuple[LegBody, ...]
    account_number: str | None = None
    price: Amount | None = None
    stop_trigger: Amount | None = None
    complex_order_id: str | None = None
    external_identifier: str | None = None
    source: str | None = None
    received_at: Moment | None = None
    updated_at: Moment | None = None
    reject_reason: str | None = None
    replaces_order_id: str | None = None
    replacing_order_id: str | None = None


_SdkOrder = LimitOrder | MarketOrder | StopOrder | StopLimitOrder


def order_json(intent: OrderIntent) -> str:
    """Return an order as JSON for the broker's API."""
    # `behavior` belongs to the SDK's paper exchange; the SDK would send it to the real one too
    return _sdk_order(intent).model_dump_json(by_alias=True, exclude_none=True, exclude={"behavior"})


def oco_json(intent: OcoIntent) -> str:
    """Return a pair as JSON for the broker's API. Both sides are strict, and have our id in two fields."""
    target, stop = _sdk_order(intent.target), _sdk_order(intent.stop)
    if not isinstance(target, LimitOrder) or not isinstance(stop, StopOrder | StopLimitOrder):
        raise TypeError(f"expected a limit order and a stop, found {type(target)} and {type(stop)}")
    pair = OCOOrder(source=SOURCE + intent.target.client_order_id, take_profit=target, stop_loss=stop)
    return pair.model_dump_json(
        by_alias=True, exclude_none=True, exclude={"orders": {"__all__": {"behavior"}}}
    )


def _sdk_order(intent: OrderIntent) -> _SdkOrder:
    """Return an order as a model of the SDK.

    The price is negative for a debit, as the SDK expects, and has no exponent: the SDK accepts "1E+1", and a
    zero without effect, and sends them wrong. Every sell to close is strict: otherwise the broker turns it
    into an opening order when it sees no position.
    """
    closing = intent.side is Side.SELL_TO_CLOSE
    leg = Leg(
        instrument_type=InstrumentType.EQUITY_OPTION,
        symbol=intent.contract.occ_symbol,
        action=OrderAction(intent.side.value),
        quantity=intent.quantity,
    )
    common: dict[str, Any] = {
        "time_in_force": OrderTimeInForce(intent.time_in_force.value),
        "source": SOURCE + intent.client_order_id,
        "external_identifier": intent.client_order_id,
        "legs": [leg],
        "advanced_instructions": AdvancedInstructions(strict_position_effect_validation=True)
        if closing
        else None,
    }
    if intent.limit is not None:
        if intent.limit <= 0:
            raise ValueError(f"expected a limit price above zero, found {intent.limit}")
        price = _written(intent.limit)
        common["price"] = price if closing else -price
    if intent.trigger is not None:
        common["stop_trigger"] = _written(intent.trigger)
    models: dict[OrderKind, type[_SdkOrder]] = {
        OrderKind.LIMIT: LimitOrder,
        OrderKind.MARKET: MarketOrder,
        OrderKind.STOP: StopOrder,
        OrderKind.STOP_LIMIT: StopLimitOrder,
    }
    return models[intent.kind](**common)


def _written(price: Price) -> Decimal:
    return Decimal(format(price.normalize(), "f"))


def order_report(body: object) -> OrderReport:
    """Parse one order; raises `UnreadableError` when it has no id."""
    try:
        order = OrderBody.model_validate(body)
    except ValidationError as error:
        found = body.get("id") if isinstance(body, dict) else None
        if not isinstance(found, str | int) or not str(found):
            raise UnreadableBodyError(
                f"expected an order with an id, found one where {_first(error)}"
            ) from None
        return _unrecognised(str(found), body)
    leg = order.legs[0] if order.legs else LegBody(symbol="", action="")
    quantity = _whole(leg.quantity)
    fills = tuple(
        Fill(
            fill_id=FillId(fill.fill_id),
            quantity=_whole(fill.quantity),
            price=Price(fill.fill_price),
            at=fill.filled_at,
        )
        for fill in leg.fills or ()
    )
    unfilled = quantity - sum(fill.quantity for fill in fills)
    return OrderReport(
        order_id=OrderId(order.id),
        client_order_id=client_order_id_of(order.external_identifier, order.source),
        status=_STATUSES.get(order.status, OrderStatus.UNRECOGNISED),
        symbol=leg.symbol,
        side=leg.action,
        quantity=quantity,
        remaining=unfilled if leg.remaining_quantity is None else _whole(leg.remaining_quantity),
        limit=None if order.price is None else Price(order.price),
        fills=fills,
        received_at=order.received_at,
        updated_at=order.updated_at,
        reject_reason=order.reject_reason,
        replaces=OrderId(order.replaces_order_id) if order.replaces_order_id else None,
        replaced_by=OrderId(order.replacing_order_id) if order.replacing_order_id else None,
        broker_status=order.status,
        source=order.source or "",
        trigger=None if order.stop_trigger is None else Price(order.stop_trigger),
        pair_id=PairId(order.complex_order_id) if order.complex_order_id else None,
    )


def client_order_id_of(external_identifier: object, source: object) -> ClientOrderId | None:
    """Return our client order id from either field that has it; None for an order that is not ours."""
    tail = source.removeprefix(SOURCE) if isinstance(source, str) and source.startswith(SOURCE) else None
    for text in (external_identifier, tail):
        if isinstance(text, str) and read_client_order_id(text) is not None:
            return ClientOrderId(text)
    return None


def _unrecognised(order_id: str, body: object) -> OrderReport:
    """Report an order whose body cannot be parsed: only its existence is certain."""
    fields = body if isinstance(body, dict) else {}
    legs = fields.get("legs")
    leg = legs[0] if isinstance(legs, list) and legs and isinstance(legs[0], dict) else {}
    quantity = leg.get("quantity")
    contracts = quantity if isinstance(quantity, int) and quantity > 0 else 0
    return OrderReport(
        order_id=OrderId(order_id),
        client_order_id=client_order_id_of(fields.get("external-identifier"), fields.get("source")),
        status=OrderStatus.UNRECOGNISED,
        symbol=str(leg.get("symbol", "")),
        side=str(leg.get("action", "")),
        quantity=contracts,
        remaining=contracts,
        limit=None,
        fills=(),
        broker_status=f"unreadable, status {fields.get('status')!r}",
        source=str(fields.get("source") or ""),
    )


def _whole(value: Decimal | None) -> int:
    # a foreign order for shares may be fractional, and a notional order has no quantity
    return 0 if value is None else int(value)


def _first(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'the answer'}: {problem['msg']}"
