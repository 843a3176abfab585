"""Trades as reports read them, written by their events."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.money import Usd, price
from alert_trader.domain.reports.trade_record import ReportedTrade, facts_from_events

DAY = date(2026, 11, 24)
OPEN = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
SYMBOL = "SPY   261218C00600000"

Step = tuple[float, EventKind, dict[str, str]]
"""Seconds after the alert, what happened, and its facts."""

BOUGHT: tuple[Step, ...] = (
    (0.0, EventKind.RECEIVED, {}),
    (0.1, EventKind.SIZED, {"quantity": "4"}),
    (0.2, EventKind.ENTRY_INTENDED, {"order": "m1-e1", "quantity": "4", "limit": "1.20"}),
    (20.0, EventKind.BUMPED, {"bump": "1"}),
    (20.1, EventKind.ENTRY_INTENDED, {"order": "m1-e2", "quantity": "4", "limit": "1.21"}),
    (25.0, EventKind.FILLED, {"order": "m1-e2", "quantity": "1", "price": "1.21"}),
    (90.0, EventKind.ENTRY_INTENDED, {"order": "m1-e3", "quantity": "3"}),
    (90.1, EventKind.CONVERTED, {"order": "m1-e3"}),
    (90.2, EventKind.FILLED, {"order": "m1-e3", "quantity": "3", "price": "1.25"}),
    (90.3, EventKind.EXIT_INTENDED, {"order": "m1-x1", "quantity": "2", "limit": "2.48"}),
    (900.0, EventKind.EXIT_FILLED, {"order": "m1-x1", "quantity": "2", "price": "2.48"}),
)
"""One contract after a bump, three at the market, half sold at the double."""

DENIED: tuple[Step, ...] = (
    (0.0, EventKind.RECEIVED, {}),
    (0.1, EventKind.DENIED, {"code": "QUOTE_STALE"}),
)

Trades = Callable[..., ReportedTrade]


@pytest.fixture
def trade() -> Trades:
    """Make a trade from what happened to it."""

    def make(
        name: str, steps: tuple[Step, ...], *, after: timedelta = timedelta(), **fields: object
    ) -> ReportedTrade:
        begun = OPEN + after
        events = [
            TradeEvent(
                sequence=number,
                at=begun + timedelta(seconds=seconds),
                kind=kind,
                text=kind.value,
                facts=facts,
            )
            for number, (seconds, kind, facts) in enumerate(steps, start=1)
        ]
        given: dict[str, object] = {
            "workflow_id": f"trade-{name}",
            "text": "BTO SPY 600c 12/18 @ 1.20",
            "author_id": "7",
            "author_name": "ann",
            "channel_id": "9",
            "mode": "demo",
            "account": "5WT00001",
            "received_at": begun,
            "closed_at": None,
            "phase": "holding",
            "outcome": None,
            "symbol": SYMBOL,
            "contract": "SPY 600C 2026-12-18",
            "facts": facts_from_events(events, None),
        }
        return ReportedTrade(**{**given, **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def bought(trade: Trades) -> ReportedTrade:
    """Return the trade that bought four and sold two at the double."""
    return trade(
        "m1",
        BOUGHT,
        quantity=4,
        alert_price=price("1.20"),
        quote_bid=price("1.18"),
        quote_ask=price("1.22"),
        bought=4,
        position=2,
        average_entry=Decimal("1.24"),
        pnl=Usd(Decimal("248.00")),
        fees=Usd(Decimal("5.20")),
    )
