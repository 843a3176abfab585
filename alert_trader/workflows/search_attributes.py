"""The search attributes of a trade: the columns of lists, in the command and in the Web UI. Typed, and registered when a worker starts.

P&L is a double because Temporal has no decimal type; it is for sorting and display, and nothing is ever computed from it.
"""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.common import SearchAttributeKey

SYMBOL = SearchAttributeKey.for_keyword("TradeSymbol")
"""The underlying as alerted: SPY."""
PHASE = SearchAttributeKey.for_keyword("TradePhase")
"""`Phase` while it runs, `Outcome` once it is done."""
AUTHOR = SearchAttributeKey.for_keyword("TradeAuthor")
"""The alert author's id."""
MODE = SearchAttributeKey.for_keyword("TradeMode")
ACCOUNT = SearchAttributeKey.for_keyword("TradeAccount")
PNL = SearchAttributeKey.for_float("TradePnl")
"""Realised P&L in dollars."""

KEYS = (SYMBOL, PHASE, AUTHOR, MODE, ACCOUNT, PNL)

REGISTERED: dict[str, "IndexedValueType.ValueType"] = {
    key.name: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE
    if key is PNL
    else IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    for key in KEYS
}
"""Every attribute with the type it is registered as."""
