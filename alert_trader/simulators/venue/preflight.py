"""From a request's bytes to an order the exchange may take, or the refusal the broker would give.

Checked here is what the broker checks before acceptance. What the exchange itself rejects (a price off the
tick) is accepted first and rejected later; see `exchange.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alert_trader.simulators.venue.account import Account
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.instruments import Listings, parse
from alert_trader.simulators.venue.orders import Action, Effect, Leg, Order, OrderType, TimeInForce
from alert_trader.simulators.venue.refusal import VenueRefusalError, invalid, preflight
from alert_trader.simulators.venue.risk import Cost
from alert_trader.simulators.venue.session import SessionNow

_MOST_LEGS = 4


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class Request(BaseModel):
    """The fields that the venue uses; others are ignored, as the broker does."""

    model_config = ConfigDict(alias_generator=_dashed, populate_by_name=True, frozen=True)


class LegRequest(Request):
    """One leg as the client sent it."""

    symbol: str
    action: Action
    quantity: int = Field(gt=0)
    instrument_type: str = "Equity Option"


class Instructions(Request):
    """Advanced instructions; by default a close without a position turns into an open."""

    strict_position_effect_validation: bool = False


class TermsRequest(Request):
    """What a replacement may change."""

    order_type: OrderType
    time_in_force: TimeInForce = TimeInForce.DAY
    price: Decimal | None = Field(default=None, ge=0)
    price_effect: Effect | None = None
    stop_trigger: Decimal | None = Field(default=None, gt=0)
    source: str | None = None
    external_identifier: str | None = None


class OrderRequest(TermsRequest):
    """An order as the client sent it."""

    legs: tuple[LegRequest, ...] = Field(min_length=1, max_length=_MOST_LEGS)
    advanced_instructions: Instructions = Instructions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An order, what it costs, and the buying power before it."""

    order: Order
    cost: Cost
    buying_power: Decimal
    session: SessionNow


T = TypeVar("T", bound=Request)


def read(model: type[T], body: Any) -> T:
    """Read a request body; raises the broker's 422 for the first field that cannot be read."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise invalid(
            ".".join(str(part) for part in first["loc"]) or "body", "does not have a valid value"
        ) from None


def draft(
    request: OrderRequest,
    account: Account,
    listings: Listings,
    *,
    order_id: int,
    at: datetime,
    request_id: str,
) -> Order:
    """Build the order a request asks for; raises when a leg is not a listed option."""
    today = at.astimezone(NEW_YORK).date()
    underlyings = set()
    for index, leg in enumerate(request.legs):
        series = parse(leg.symbol)
        row = listings.underlying(series.root) if series is not None else None
        if row is None or listings.find(leg.symbol, today) is None:
            raise invalid(f"legs[{index}].symbol", f"is not a listed option: {leg.symbol}")
        underlyings.add(row.symbol)
    if len(underlyings) != 1 or len({leg.symbol for leg in request.legs}) != len(request.legs):
        raise invalid("legs", "must be distinct symbols of one underlying")
    return Order(
        order_id=order_id,
        account=account.number,
        underlying=underlyings.pop(),
        legs=[
            Leg(symbol=leg.symbol, action=leg.action, sent=leg.action, quantity=leg.quantity)
            for leg in request.legs
        ],
        order_type=request.order_type,
        limit=request.price,
        effect=request.price_effect,
        trigger=request.stop_trigger,
        time_in_force=request.time_in_force,
        received_at=at,
        updated_at=at,
        source=request.source,
        external_identifier=request.external_identifier,
        global_request_id=request_id,
        strict=request.advanced_instructions.strict_position_effect_validation,
    )


def replacement_request(old: Order, lots: int, terms: TermsRequest) -> OrderRequest:
    """Build the request of a replacement: other terms, the same legs, for `lots`."""
    body = terms.model_dump(include=set(TermsRequest.model_fields)) | {
        "legs": [
            {"symbol": leg.symbol, "action": leg.action, "quantity": leg.quantity // old.size * lots}
            for leg in old.legs
        ],
        "advanced_instructions": {"strict_position_effect_validation": old.strict},
    }
    return OrderRequest.model_validate(body)


def own_terms(order: Order) -> TermsRequest:
    """Return the terms of an order, for a replacement that keeps them."""
    return TermsRequest(
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        price=order.limit,
        price_effect=order.effect,
        stop_trigger=order.trigger,
        source=order.source,
        external_identifier=order.external_identifier,
    )


def check_terms(order: Order, *, market_open: bool, gtc_stop: bool = False) -> None:
    """Refuse a price, type and duration that do not go together."""
    _check_trigger(order, gtc_stop=gtc_stop)
    match order.order_type:
        case OrderType.MARKET:
            _check_market(order, market_open=market_open)
        case OrderType.LIMIT | OrderType.STOP_LIMIT:
            if order.limit is None:
                raise invalid("price", "is required")
            if order.limit > 0 and order.effect is None:
                raise invalid("price-effect", "is required")
            sides = {leg.action.buying for leg in order.legs}
            if sides == {True} and order.effect is Effect.CREDIT:
                raise preflight("cant_buy_for_credit", "You cannot buy for a credit.")
            if sides == {False} and order.effect is Effect.DEBIT:
                raise preflight("cant_sell_for_debit", "You cannot sell for a debit.")


def _check_trigger(order: Order, *, gtc_stop: bool) -> None:
    """Refuse what only concerns stops (codes invented)."""
    if not order.order_type.waits:
        if order.trigger is not None:
            raise preflight("order_must_omit_stop_trigger", "This order can not have a stop trigger.")
        return
    if order.trigger is None:
        raise invalid("stop-trigger", "is required")
    if len(order.legs) > 1:
        raise preflight("stop_orders_single_leg_only", "Stop orders may only have one leg.")
    if order.order_type is OrderType.STOP:
        if order.limit is not None:
            raise preflight(
                "order_must_omit_price", "This order can not be submitted with an associated price."
            )
        if order.time_in_force is TimeInForce.GTC and (order.opening or not gtc_stop):
            raise preflight("gtc_stop_orders_not_supported", "GTC/GTD Stop orders are not supported.")


def _check_market(order: Order, *, market_open: bool) -> None:
    if order.limit is not None:
        raise preflight("order_must_omit_price", "This order can not be submitted with an associated price.")
    if order.time_in_force is not TimeInForce.DAY:
        raise preflight("gtc_market_orders_not_supported", "GTC/GTD Market orders are not supported.")
    if len(order.legs) > 1:
        raise preflight("market_orders_single_leg_only", "Market orders may only have one leg.")
    if order.opening and not market_open:
        raise preflight("market_closed", "Opening market orders are not accepted while the market is closed.")


def check_account(order: Order, account: Account) -> None:
    """Refuse what the account's flags forbid (codes invented)."""
    if account.config.closed or account.config.frozen:
        raise preflight("account_frozen", "This account is not allowed to place orders.")
    if account.config.closing_only and order.opening:
        raise preflight("account_closing_only", "This account may only place closing orders.")


def resolve_closes(order: Order, account: Account, working: Sequence[Order], *, count_working: bool) -> None:
    """Check closing legs against the ledger: enough held, else refused (strict) or turned into an open.

    The ledger lags in both directions: contracts that a close has just sold still show in it, so a second
    strict close is taken and the account goes short. The client has to prevent that. The refusal's code was
    seen in production; whether contracts in other working closes count is not known, hence `count_working`.
    Of a pair only one side counts.
    """
    for leg in order.legs:
        if leg.action.opening:
            continue
        held = account.ledger.get(leg.symbol, 0)
        available = -held if leg.action.buying else held
        taken = _taken(working, leg) if count_working else 0
        if leg.quantity <= available - taken:
            continue
        if order.strict:
            raise _not_held(leg)
        leg.action = leg.action.as_opening


def _taken(working: Sequence[Order], leg: Leg) -> int:
    pairs: dict[int, int] = {}
    for other in working:
        contracts = sum(
            each.remaining for each in other.legs if each.symbol == leg.symbol and each.action is leg.action
        )
        key = other.order_id if other.complex_id is None else -other.complex_id
        pairs[key] = max(pairs.get(key, 0), contracts)
    return sum(pairs.values())


def _not_held(leg: Leg) -> VenueRefusalError:
    return preflight(
        "margin_check_failed",
        "Account is not approved for uncovered options: "
        f"no position of {leg.quantity} contracts to close in {leg.symbol}.",
    )
