"""Bodies that were seen in the field, or follow from the broker's documents, and differ from the usual ones.

A fault of the kind `field-body` or `stream-field-body` rewrites an answer or a message into one of them; what
the venue did stays as it is.
"""

import copy
from collections.abc import Callable
from enum import StrEnum
from typing import Any

Change = Callable[[dict[str, Any]], dict[str, Any]]


class FieldBody(StrEnum):
    """What is unusual about a body."""

    ERRORS_EMPTY = "errors-empty"
    """A dry-run or a new order with `"errors": []`; the venue leaves the key out, as the broker does."""
    ERRORS_NULL = "errors-null"
    WARNING_NEW = "warning-new"
    """A warning with the code `tif.next_valid_session`."""
    WARNING_OLD = "warning-old"
    """A warning with the code `tif_next_valid_sesssion`, with three s."""
    WARNING_BARE = "warning-bare"
    """A warning without a code, and one that is text only."""
    TICKS_OBJECT = "ticks-object"
    """Tick sizes as one object, not a list."""
    TICKS_INFINITY = "ticks-infinity"
    """The last tick size has the threshold "Infinity"."""
    IDS_TEXT = "ids-text"
    """Ids as strings."""
    IDS_NUMBER = "ids-number"
    """Ids as integers."""
    CONDITIONAL = "conditional"
    """Orders with rules made in the broker's app, Contingent until they trigger."""
    RELATED = "related"
    """Orders of a pair of which one side was replaced; `related-orders` with integers and null."""
    REPLACED = "replaced"
    """Orders that replace another and were replaced again, with integer ids, and the app's source."""
    ID_ELSEWHERE = "id-elsewhere"
    """A new order directly under `data`, and a single order under `data.order`."""
    ODD_FIELDS = "odd-fields"
    """Orders with a price of "NaN", no time of receipt that can be read, and unknown kinds."""
    ODD_POSITION = "odd-position"
    """Positions with an average price of "NaN", a multiplier of "0.5", and their quantity as a string."""
    NAN_QUOTE = "nan-quote"
    """The first quote has the text "NaN" on its bid, and in its sizes."""
    NAN_LITERAL = "nan-literal"
    """The same with JSON's NaN, which is not a string."""
    NULL_QUOTE = "null-quote"
    """The first quote has null on both sides, no sizes and no time."""


_IDS = frozenset({"id", "fill-id", "replaces-order-id", "replacing-order-id", "complex-order-id"})
_NAN = float("nan")


def changed(body: Any, shape: FieldBody) -> Any:
    """Return a copy of an answer or a stream message in an unusual form."""
    body = copy.deepcopy(body)
    if shape is FieldBody.ID_ELSEWHERE:
        return _moved(body)
    return _walked(body, _CHANGES[shape] if shape in _CHANGES else _quote_change(shape))


def _walked(body: Any, change: Change) -> Any:
    if isinstance(body, list):
        return [_walked(each, change) for each in body]
    if isinstance(body, dict):
        return change({key: _walked(value, change) for key, value in body.items()})
    return body


def _moved(body: Any) -> Any:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        return body
    if isinstance(data.get("order"), dict):
        return body | {"data": data["order"]}
    return body | {"data": {"order": data}} if "legs" in data else body


def _placed(**fields: Any) -> Change:
    return lambda part: part | fields if "fee-calculation" in part else part


def _order(**fields: Any) -> Change:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return lambda part: part | named if "legs" in part and "status" in part else part


def _quote(*left_out: str, **fields: Any) -> Change:
    """Change the first quote of a body only: the others show that one does not spoil them."""
    done: list[str] = []

    def change(part: dict[str, Any]) -> dict[str, Any]:
        if "bid" not in part or "ask" not in part or done:
            return part
        done.append(str(part.get("symbol")))
        kept = {key: value for key, value in part.items() if key not in left_out}
        return kept | {name.replace("_", "-"): value for name, value in fields.items()}

    return change


def _position(part: dict[str, Any]) -> dict[str, Any]:
    if "quantity-direction" not in part:
        return part
    return part | {"average-open-price": "NaN", "multiplier": "0.5", "quantity": f"{part['quantity']}.0"}


def _ids(write: Callable[[Any], Any]) -> Change:
    def change(part: dict[str, Any]) -> dict[str, Any]:
        ids = {key: write(value) for key, value in part.items() if key in _IDS and str(value).isdecimal()}
        return part | ids

    return change


def _ticks(write: Callable[[list[Any]], Any]) -> Change:
    return lambda part: part | {"tick-sizes": write(part["tick-sizes"])} if "tick-sizes" in part else part


_CONDITION = {
    "id": 40112,
    "action": "route",
    "symbol": "AAPL",
    "instrument-type": "Equity",
    "indicator": "last",
    "comparator": "lte",
    "threshold": "Infinity",
    "is-threshold-based-on-notional": False,
    "triggered-at": None,
    "triggered-value": None,
    "price-components": [],
}

_CHANGES: dict[FieldBody, Change] = {
    FieldBody.ERRORS_EMPTY: _placed(errors=[]),
    FieldBody.ERRORS_NULL: _placed(errors=None, warnings=None),
    FieldBody.WARNING_NEW: _placed(warnings=[{"code": "tif.next_valid_session", "message": "Later."}]),
    FieldBody.WARNING_OLD: _placed(warnings=[{"code": "tif_next_valid_sesssion", "message": "Later."}]),
    FieldBody.WARNING_BARE: _placed(warnings=[{"message": "Later."}, "Much later."]),
    FieldBody.TICKS_OBJECT: _ticks(lambda rows: rows[-1]),
    FieldBody.TICKS_INFINITY: _ticks(lambda rows: [*rows[:-1], rows[-1] | {"threshold": "Infinity"}]),
    FieldBody.IDS_TEXT: _ids(str),
    FieldBody.IDS_NUMBER: _ids(int),
    FieldBody.CONDITIONAL: _order(
        status="Contingent",
        contingent_status="Pending Condition",
        order_rule={"route-after": "2026-11-20T14:30:00Z", "order-conditions": [_CONDITION]},
    ),
    FieldBody.RELATED: _order(
        complex_order_id=71200345,
        complex_order_tag="OCO::order",
        related_orders=[{"id": 512400101, "complex-order-id": 71200345, "replaces-order-id": None}],
    ),
    FieldBody.REPLACED: _order(
        replaces_order_id=507340001, replacing_order_id=507349999, edited=True, source="WB2;101.1"
    ),
    FieldBody.ODD_POSITION: _position,
    FieldBody.ODD_FIELDS: _order(
        price="NaN",
        received_at="",
        updated_at=None,
        reject_reason={"code": "unknown"},
        order_type="Notional Market",
        time_in_force="Overnight",
        size="NaN",
    ),
}


def _quote_change(shape: FieldBody) -> Change:
    match shape:
        case FieldBody.NAN_QUOTE:
            return _quote(bid="NaN", bid_size="NaN", ask_size="NaN", mid="NaN")
        case FieldBody.NAN_LITERAL:
            return _quote(bid=_NAN, bid_size=_NAN, ask_size=_NAN, mid=_NAN)
        case _:
            return _quote("bid-size", "ask-size", "updated-at", bid=None, ask=None)
