"""The broker's JSON for orders and quotes, and its format of numbers, money and times.

Prices and amounts are strings, quantities integers, `updated-at` of an order milliseconds, other times ISO
with an offset.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from alert_trader.simulators.venue.config import UnderlyingConfig
from alert_trader.simulators.venue.fees import Fees
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.instruments import TICKS
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Leg, Order, Status
from alert_trader.simulators.venue.preflight import Priced
from alert_trader.simulators.venue.session import SessionNow

Body = dict[str, Any]

_ZERO = Decimal(0)


def plain(amount: Decimal) -> str:
    """Write a number as the broker does: no exponent, no needless zeros, at least one decimal."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


def stamp(at: datetime) -> str:
    """Write a time as the broker does."""
    return at.isoformat(timespec="milliseconds")


def _effect(amount: Decimal) -> str:
    return "None" if amount == 0 else "Debit" if amount > 0 else "Credit"


def money(name: str, amount: Decimal) -> Body:
    """Write an amount, positive for a cost, with the effect beside it."""
    return {name: plain(abs(amount)), f"{name}-effect": _effect(amount)}


def order_body(order: Order, *, echo: bool) -> Body:
    """Write an order; `echo` says whether the client's own identifier is sent back."""
    body: Body = {
        "id": order.order_id,
        "account-number": order.account,
        "cancellable": order.changeable,
        "editable": order.changeable,
        "edited": order.replaced_by is not None,
        "global-request-id": order.global_request_id,
        "leg-count": len(order.legs),
        "order-type": order.order_type,
        "received-at": stamp(order.received_at),
        "size": order.size,
        "status": order.status,
        "time-in-force": order.time_in_force,
        "underlying-instrument-type": "Equity",
        "underlying-symbol": order.underlying,
        "updated-at": int(order.updated_at.timestamp() * 1000),
        "legs": [_leg(leg, withheld=order.withheld_fill) for leg in order.legs],
    }
    if order.limit is not None:
        body["price"] = plain(order.limit)
        if order.effect is not None:
            body["price-effect"] = order.effect
    if order.trigger is not None:
        body["stop-trigger"] = plain(order.trigger)
    if order.source is not None:
        body["source"] = order.source
    if echo and order.external_identifier is not None:
        body["external-identifier"] = order.external_identifier
    if order.live_at is not None:
        body["ext-client-order-id"] = f"JAAAC{order.order_id:X}"
    if order.complex_id is not None:
        body["complex-order-id"] = order.complex_id
        body["complex-order-tag"] = "OCO::order"
        body["preflight-id"] = order.preflight_id
    return body | _ending(order)


def _ending(order: Order) -> Body:
    body: Body = {}
    if order.status is Status.CONTINGENT:
        body["contingent-status"] = "Pending Order"
    if order.replaces is not None:
        body["replaces-order-id"] = order.replaces
    if order.replaced_by is not None:
        body["replacing-order-id"] = order.replaced_by
    if order.cancelled_at is not None:
        body["cancelled-at"] = stamp(order.cancelled_at)
        body["cancelled-size"] = plain(
            Decimal(order.cancelled_size if order.cancelled_size is not None else 0)
        )
    if order.terminal_at is not None:
        body["terminal-at"] = stamp(order.terminal_at)
    if order.reject_reason is not None:
        body["reject-reason"] = order.reject_reason
    return body


def _leg(leg: Leg, *, withheld: bool) -> Body:
    return {
        "action": leg.action,
        "instrument-type": "Equity Option",
        "quantity": leg.quantity,
        "remaining-quantity": leg.remaining,
        "symbol": leg.symbol,
        "fills": [
            {
                "destination-venue": "SIM_A",
                "ext-exec-id": fill.exec_id,
                "ext-group-fill-id": "0",
                "fill-id": fill.fill_id,
                "fill-price": plain(fill.price),
                "filled-at": stamp(fill.at),
                "quantity": fill.quantity,
            }
            for fill in (leg.fills[:-1] if withheld else leg.fills)
        ],
    }


def fee_body(fees: Fees) -> Body:
    """Write a fee calculation with its breakdowns."""

    def row(name: str, amount: Decimal) -> Body:
        return {"name": name, "value": plain(amount), "effect": _effect(amount)}

    return {
        **money("regulatory-fees", fees.regulatory),
        "regulatory-fees-breakdown": [
            row("exchange", _ZERO),
            row("nfa", _ZERO),
            row("orf", fees.orf),
            row("sec", fees.sec),
            row("taf", fees.taf),
        ],
        **money("clearing-fees", fees.clearing),
        "clearing-fees-breakdown": [row("clearing", fees.clearing)],
        **money("commission", fees.commission),
        "commission-breakdown": [row("brokerage", fees.commission)],
        **money("proprietary-index-option-fees", fees.proprietary),
        "proprietary-fees-breakdown": [row("proprietary", fees.proprietary)],
        **money("total-fees", fees.total),
        **money("rebates", _ZERO),
        "rebates-breakdown": [row("rebate", _ZERO)],
        "per-quantity": False,
    }


def placed_body(priced: Priced, *, echo: bool, dry_run: bool) -> Body:
    """Write the answer to a new order, or to its dry-run."""
    order = order_body(priced.order, echo=echo)
    if dry_run:
        del order["id"], order["global-request-id"]
        order["updated-at"] = 0
    change = priced.cost.total if priced.order.opening else priced.cost.paid + priced.cost.fees.total
    after = priced.buying_power - change
    warnings = []
    if not priced.session.open:
        warnings.append(
            {
                "code": "tif_next_valid_sesssion",
                "message": "Your order will begin working during next valid session.",
            }
        )
    return {
        "buying-power-effect": {
            **money("change-in-margin-requirement", priced.cost.margin),
            **money("change-in-buying-power", change),
            **money("current-buying-power", -priced.buying_power),
            **money("new-buying-power", -after),
            **money("isolated-order-margin-requirement", priced.cost.margin),
            "is-spread": len(priced.order.legs) > 1,
            "impact": plain(abs(change)),
            "effect": _effect(change),
        },
        "fee-calculation": fee_body(priced.cost.fees),
        "order": order,
        "warnings": warnings,
    }


def quote_body(quote: Quote, instrument_type: str, session: SessionNow) -> Body:
    """Write market data of one symbol; the day's figures are the mid, as the venue keeps no history.

    The halt flag's key is the broker's own, which the SDK does not map.
    """
    mid = plain(quote.mid)
    day = session.open_at.astimezone(NEW_YORK).date()
    return {
        "symbol": quote.symbol,
        "instrument-type": instrument_type,
        "updated-at": stamp(quote.at).replace("+00:00", "Z"),
        "bid": plain(quote.bid),
        "bid-size": plain(Decimal(quote.bid_size)),
        "ask": plain(quote.ask),
        "ask-size": plain(Decimal(quote.ask_size)),
        "mid": mid,
        "mark": mid,
        "last": mid,
        "last-mkt": mid,
        "open": mid,
        "day-high-price": mid,
        "day-low-price": mid,
        "close-price-type": "Regular",
        "prev-close": mid,
        "prev-close-price-type": "Final",
        "summary-date": day.isoformat(),
        "prev-close-date": day.isoformat(),
        "is-trading-halted": quote.halted,
        "halt-start-time": -1,
        "halt-end-time": -1,
        "volume": "0.0",
    }


def ticks_body(row: UnderlyingConfig) -> list[dict[str, str]]:
    """Write the price steps of an underlying's options."""
    return [
        {"value": plain(step)} | ({"threshold": plain(below)} if below is not None else {})
        for step, below in TICKS[row.ticks]
    ]
