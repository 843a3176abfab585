"""The search attributes of a trade: the columns of lists. A worker registers them when it starts.

P&L is a double because Temporal has no decimal type. It is for sorting and display; nothing is computed from
it.
"""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.common import SearchAttributeKey

SYMBOL = SearchAttributeKey.for_keyword("TradeSymbol")
"""The underlying as alerted: SPY."""
PHASE = SearchAttributeKey.for_keyword("TradePhase")
"""The phase while it runs, the outcome once it is over."""
AUTHOR = SearchAttributeKey.for_keyword("TradeAuthor")
"""The alert author's id."""
MODE = SearchAttributeKey.for_keyword("TradeMode")
ACCOUNT = SearchAttributeKey.for_keyword("TradeAccount")
RECEIVED = SearchAttributeKey.for_datetime("TradeReceived")
"""When the trade's alert arrived: the start of a run is later once the trade has continued as new."""
PNL = SearchAttributeKey.for_float("TradePnl")
"""Realised P&L in dollars."""

KEYS = (SYMBOL, PHASE, AUTHOR, MODE, ACCOUNT, RECEIVED, PNL)

REGISTERED: dict[str, "IndexedValueType.ValueType"] = {
    **{key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in KEYS},
    RECEIVED.name: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    PNL.name: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
}
"""Every attribute with the type it is registered as."""
