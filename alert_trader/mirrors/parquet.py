"""Convert rows to Parquet and back. A trade is one record with its orders and events nested in it.

Mode and day are folders (`mode=demo/day=2026-11-24`), as DuckDB, Spark and pandas read them, not columns. New
York times are stored as local times without a zone; reading computes them from UTC.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from alert_trader.mirrors.schema import EventRow, OrderRow, Status, TradeRecord, TradeRow, new_york

_TEXT, _COUNT, _DATE = pa.string(), pa.int32(), pa.date32()
_UTC, _CLOCK = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
_PRICE, _AVERAGE, _USD = pa.decimal128(18, 4), pa.decimal128(18, 6), pa.decimal128(18, 2)

FOLDERS = pa.schema([("mode", _TEXT), ("day", _DATE)])
"""The columns that the folders give."""

_SPECIAL: dict[str, pa.DataType] = {
    "strike": _PRICE,
    "alert_price": _PRICE,
    "quote_bid": _PRICE,
    "quote_ask": _PRICE,
    "first_limit": _PRICE,
    "ceiling": _PRICE,
    "limit": _PRICE,
    "price": _PRICE,
    "average_entry": _AVERAGE,
    "average_exit": _AVERAGE,
    "average_price": _AVERAGE,
    "fees": _USD,
    "pnl": _USD,
    "expiry": _DATE,
    "facts": pa.map_(_TEXT, _TEXT),
}
_COUNTS = {
    "version",
    "sequence",
    "quantity",
    "filled",
    "bought",
    "sold",
    "position",
    "exits_working",
    "unprotected",
    "unknown_orders",
    "events",
}
_OF_THE_TRADE = {"version", "mode", "account", "day", "workflow_id"}
"""What an event shares with its trade: stored once, with the trade."""

_COLUMNS = {
    "at": "happened_at",
    "at_new_york": "happened_new_york",
    "order": "client_order_id",
    "limit": "limit_price",
}
"""Columns named differently from their field, because the field's name is an SQL keyword."""

TRADE_FIELDS = tuple(each.name for each in fields(TradeRow) if each.name not in {"mode", "day", "orders"})
ORDER_FIELDS = tuple(each.name for each in fields(OrderRow))
EVENT_FIELDS = tuple(each.name for each in fields(EventRow) if each.name not in _OF_THE_TRADE)


def _type(name: str) -> pa.DataType:
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name in _COUNTS:
        return _COUNT
    if name.endswith("new_york"):
        return _CLOCK
    return _UTC if name == "at" or name.endswith("_at") else _TEXT


def column(name: str) -> str:
    """Return the column of a field."""
    return _COLUMNS.get(name, name)


_ORDER = pa.struct([(column(name), _type(name)) for name in ORDER_FIELDS])
_EVENT = pa.struct([(column(name), _type(name)) for name in EVENT_FIELDS])

SCHEMA = pa.schema(
    [
        *((name, _type(name)) for name in TRADE_FIELDS),
        ("orders", pa.list_(_ORDER)),
        ("trail", pa.list_(_EVENT)),
        ("run_id", _TEXT),
        ("archived_at", _UTC),
    ]
)
"""A file's columns: the trade's, its orders, its events (`trail`), the run it was read from, and when it was
written here."""

WITH_FOLDERS = pa.schema([*SCHEMA, *FOLDERS])
"""A file's columns and those of its folders."""


def table(records: Sequence[TradeRecord], archived_at: datetime) -> pa.Table:
    """Write records of one day as a table."""
    trades = [record.trade for record in records]
    columns = [_column(name, trades) for name in TRADE_FIELDS]
    columns.append(_nested(_ORDER, ORDER_FIELDS, [trade.orders for trade in trades]))
    columns.append(_nested(_EVENT, EVENT_FIELDS, [record.events for record in records]))
    columns.append(pa.array([record.run_id for record in records], _TEXT))
    columns.append(pa.array([archived_at] * len(records), _UTC))
    return pa.table(columns, schema=SCHEMA)


def records(found: Iterable[dict[str, Any]]) -> list[TradeRecord]:
    """Read records back from the rows of a table with all columns."""
    return [_record(each) for each in found]


def trade_of(found: dict[str, Any]) -> TradeRow:
    """Read a trade back from a row: its columns, its folders' and its orders."""
    values: dict[str, Any] = {name: _read(name, found) for name in TRADE_FIELDS}
    values["status"] = Status(values["status"])
    orders = tuple(
        OrderRow(**{name: each[column(name)] for name in ORDER_FIELDS}) for each in found["orders"]
    )
    return TradeRow(**values, mode=found["mode"], day=found["day"], orders=orders)


def event_of(found: dict[str, Any]) -> EventRow:
    """Read an event back from a row with its own columns and those it shares with its trade."""
    values: dict[str, Any] = {name: _read(name, found) for name in EVENT_FIELDS}
    values["facts"] = dict(values["facts"])
    return EventRow(**values, **{name: found[name] for name in _OF_THE_TRADE})


def _record(found: dict[str, Any]) -> TradeRecord:
    trade = trade_of(found)
    shared = {name: found[name] for name in _OF_THE_TRADE}
    return TradeRecord(
        trade=trade,
        events=tuple(event_of({**each, **shared}) for each in found["trail"]),
        run_id=found["run_id"],
    )


def _read(name: str, found: dict[str, Any]) -> Any:
    """Read a value of a row; a New York time is computed from UTC, as one local hour occurs twice a year."""
    if not name.endswith("new_york"):
        value = found[column(name)]
        return value.astimezone(UTC) if isinstance(value, datetime) else value
    moment = found[column(name.removesuffix("_new_york") + ("" if name == "at_new_york" else "_at"))]
    return None if moment is None else new_york(moment)


def _column(name: str, rows: Sequence[Any]) -> pa.Array:
    take: Callable[[Any], Any] = _local_time if name.endswith("new_york") else _plain
    return pa.array([take(getattr(row, name)) for row in rows], _type(name))


def _nested(kind: pa.StructType, names: Sequence[str], lists: Sequence[Sequence[Any]]) -> pa.Array:
    flat = [each for inner in lists for each in inner]
    offsets = [0]
    for inner in lists:
        offsets.append(offsets[-1] + len(inner))
    struct = pa.StructArray.from_arrays([_column(name, flat) for name in names], fields=list(kind))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct)


def _local_time(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=None)


def _plain(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value
