"""The broker's JSON for pairs of orders."""

from collections.abc import Sequence

from alert_trader.simulators.venue.bodies import Body, order_body, placed_body
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.orders import Order
from alert_trader.simulators.venue.preflight import Priced


def complex_body(exchange: Exchange, account: str, complex_id: int) -> Body:
    """Write a pair as it is now."""
    echo = exchange.config.echo_external_identifier
    body: Body = {
        "id": complex_id,
        "account-number": account,
        "type": "OCO",
        "orders": [order_body(each, echo=echo) for each in exchange.oco.sides(complex_id)],
    }
    related = [_related(exchange, complex_id, each) for each in exchange.oco.related(complex_id)]
    return body | ({"related-orders": related} if related else {})


def _related(exchange: Exchange, complex_id: int, order: Order) -> Body:
    def written(number: int) -> int | str:
        return number if exchange.config.oco.numeric_related_ids else str(number)

    body: Body = {
        "id": written(order.order_id),
        "complex-order-id": written(complex_id),
        "complex-order-tag": "OCO::order",
        "status": order.status,
    }
    if order.replaced_by is not None:
        body["replacing-order-id"] = written(order.replaced_by)
    if order.replaces is not None:
        body["replaces-order-id"] = written(order.replaces)
    return body


def pair_body(exchange: Exchange, sides: Sequence[Priced], *, dry_run: bool) -> Body:
    """Write the answer to a new pair, or to its dry-run: costs and proceeds count once."""
    first = sides[0]
    echo = exchange.config.echo_external_identifier
    parts = [placed_body(each, echo=echo, dry_run=dry_run) for each in sides]
    orders = [part["order"] for part in parts]
    warnings = parts[0]["warnings"]
    if any(leg.action.opening for each in sides for leg in each.order.legs):
        warnings = [
            {
                "code": "closing_with_no_position",
                "message": "You cannot route a closing order without an existing position to close. This "
                "order will be updated to a sell to open order when routed.",
            },
            *warnings,
        ]
    pair: Body = {"account-number": first.order.account, "type": "OCO", "orders": orders}
    return {
        "buying-power-effect": parts[0]["buying-power-effect"],
        "fee-calculation": parts[0]["fee-calculation"],
        "complex-order": pair if dry_run else {"id": first.order.complex_id, **pair},
        "warnings": warnings,
    } | ({"notes": []} if dry_run else {})
