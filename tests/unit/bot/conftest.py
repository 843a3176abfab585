"""A trade as people are shown it, for cards."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.ids import AccountNumber, MessageId
from alert_trader.domain.market.contract import Right
from alert_trader.domain.money import Price
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def make_view(**changes: Any) -> TradeView:
    """Make the view of a trade that holds four contracts; `changes` are its fields, `text` its alert's."""
    text = changes.pop("text", "BTO SPY 12/18/2026 600c @ 1.20")
    message = AlertMessage(
        message_id=MessageId("1574672848276946944"),
        text=text,
        author_id="11",
        author_name="ada",
        channel_id="22",
        guild_id="33",
        posted_at=NOON,
    )
    parsed = ParsedAlert(
        kind=AlertKind.ENTRY,
        symbol="SPY",
        strike=Decimal(600),
        right=Right.CALL,
        expiry=date(2026, 12, 18),
        price=Price(Decimal("1.20")),
    )
    held = TradeView(
        workflow_id="trade-1574672848276946944",
        message=message,
        account=AccountNumber("5WT31673"),
        mode="demo",
        phase=Phase.HOLDING,
        outcome=None,
        reason=None,
        parsed=parsed,
        symbol="SPY   261218C00600000",
        contract="SPY 600C 2026-12-18",
        expiry=date(2026, 12, 18),
        quantity=4,
        alert_price=Price(Decimal("1.20")),
        quote_bid=Price(Decimal("1.18")),
        quote_ask=Price(Decimal("1.20")),
        first_limit=Price(Decimal("1.19")),
        ceiling=Price(Decimal("1.32")),
        step="",
        bought=4,
        average_entry=Decimal("1.20"),
        sold=0,
        average_exit=None,
        position=4,
        exits_working=2,
        unprotected=0,
        unknown_orders=0,
        fees=None,
        pnl=None,
        orders=(),
        received_at=NOON,
        first_filled_at=NOON.replace(second=9),
        closed_at=None,
        last_event="",
    )
    return replace(held, **changes)


@pytest.fixture
def view() -> Callable[..., TradeView]:
    """Return the maker of views."""
    return make_view
