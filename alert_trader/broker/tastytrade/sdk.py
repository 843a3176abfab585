"""The broker's SDK, imported without pandas.

On import the SDK reads the exchange's calendar with pandas, for functions about expirations that we do not
call: 0.9 of the 2.3 seconds of CPU of a worker's start. Both are imported when such a function is called. Our
modules import the SDK's names from here.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class _Calendar:
    """A calendar of pandas_market_calendars, which is imported at the first use."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, asked: str) -> Any:
        return getattr(importlib.import_module("pandas_market_calendars").get_calendar(self._name), asked)


def _import_sdk() -> None:
    """Import the SDK with stand-ins for the two packages, and remove the stand-ins again."""
    stand_ins = {
        "pandas": ModuleType("pandas"),
        "pandas_market_calendars": ModuleType("pandas_market_calendars"),
    }
    stand_ins["pandas"].__dict__["Timestamp"] = object  # used in annotations only
    stand_ins["pandas_market_calendars"].__dict__["get_calendar"] = _Calendar
    missing = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(missing)
    try:
        importlib.import_module("tastytrade")
    finally:
        for name in missing:
            del sys.modules[name]


_import_sdk()

from tastytrade import AlertStreamer, Session  # noqa: E402 - after the stand-ins
from tastytrade.order import (  # noqa: E402
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
from tastytrade.streamer import SubscriptionType  # noqa: E402
from tastytrade.utils import TastytradeError  # noqa: E402

__all__ = [
    "AdvancedInstructions",
    "AlertStreamer",
    "InstrumentType",
    "Leg",
    "LimitOrder",
    "MarketOrder",
    "OCOOrder",
    "OrderAction",
    "OrderTimeInForce",
    "Session",
    "StopLimitOrder",
    "StopOrder",
    "SubscriptionType",
    "TastytradeError",
]
