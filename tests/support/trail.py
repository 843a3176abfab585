"""Trades with their trails, made from the real view and the real events, as a workflow would leave them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.ids import AccountNumber, ClientOrderId, MessageId, OrderId, WorkflowId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OrderView, TradeView
from alert_trader.mirrors.schema import TradeRecord, trade_record

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
"""Midday in New York."""

_PRICE = Price(Decimal("1.20"))
_CONTRACT = OptionContract(
    root="SPY", expiry=datetime(2026, 12, 18, tzinfo=UTC).date(), right=Right.CALL, strike=Decimal(600)
)

_EVENT_KINDS = (
    EventKind.RECEIVED,
    EventKind.PARSED,
    EventKind.SIZED,
    EventKind.ENTRY_INTENDED,
    EventKind.ENTRY_SUBMITTED,
    EventKind.BUMPED,
    EventKind.CANCELLED,
    EventKind.ENTRY_INTENDED,
    EventKind.ENTRY_SUBMITTED,
    EventKind.FILLED,
    EventKind.EXIT_INTENDED,
    EventKind.EXIT_SUBMITTED,
    EventKind.EXIT_FILLED,
    EventKind.WARNING,
    EventKind.CLOSED,
)


def trail(
    trade: str, count: int = len(_EVENT_KINDS), *, at: datetime = NOON, life: str = ""
) -> list[TradeEvent]:
    """Return the first events of a trade, chained; `life` makes them those of another run."""
    events: list[TradeEvent] = []
    before = hash_chain.first_link(trade)
    for number, kind in enumerate(_EVENT_KINDS[:count], 1):
        facts = {
            "order": f"{trade.removeprefix('trade-')}-e1",
            "quantity": "4",
            "price": "1.20",
            "order_id": f"50{number}",
        }
        text = f"{kind.value.replace('_', ' ')} 4 x SPY 600C at 1.20{life}"
        event = TradeEvent(
            sequence=number, at=at + timedelta(seconds=number), kind=kind, text=text, facts=facts
        )
        events.append(hash_chain.with_hash(before, event))
        before = events[-1].chain
    return events


def _alert(message: str, at: datetime) -> AlertMessage:
    return AlertMessage(
        message_id=MessageId(message),
        text="BTO SPY 600c 12/18 @ 1.20",
        author_id="11",
        channel_id="22",
        guild_id="33",
        posted_at=at,
    )


def _orders(message: str) -> tuple[OrderView, ...]:
    return tuple(
        OrderView(
            client_order_id=ClientOrderId(f"{message}-{name}"),
            order_id=OrderId(f"9{name}"),
            leg=leg,
            kind="Limit",
            quantity=4,
            limit=_PRICE,
            status="Filled",
            filled=4,
            average_price=Decimal("1.2"),
        )
        for name, leg in (("e1", "entry"), ("x1", "exit"))
    )


def view(
    message: str,
    events: Sequence[TradeEvent],
    *,
    at: datetime = NOON,
    mode: str = "demo",
    pnl: str = "316.00",
) -> TradeView:
    """Return the view of a trade after these events; it is over when they are all there are."""
    over = len(events) == len(_EVENT_KINDS)
    price, contract = _PRICE, _CONTRACT
    return TradeView(
        workflow_id=WorkflowId(f"trade-{message}"),
        message=_alert(message, at),
        account=AccountNumber("5WT00001"),
        mode=mode,
        phase=Phase.DONE if over else Phase.HOLDING,
        outcome=Outcome.FLAT if over else None,
        reason="LADDER_CEILING: the ask ran away" if over else None,
        parsed=ParsedAlert(
            kind=AlertKind.ENTRY,
            symbol="SPY",
            strike=Decimal(600),
            right=Right.CALL,
            expiry=contract.expiry,
            price=price,
        ),
        symbol=contract.occ_symbol,
        contract=str(contract),
        expiry=contract.expiry,
        quantity=4,
        alert_price=price,
        quote_bid=Price(Decimal("1.1")),
        quote_ask=Price(Decimal("1.30")),
        first_limit=price,
        ceiling=Price(Decimal("1.32")),
        step="bump 1",
        bought=4,
        average_entry=Decimal(5) / 3,
        sold=4 if over else 0,
        average_exit=Decimal("2.40") if over else None,
        position=0 if over else 4,
        exits_working=0 if over else 2,
        unprotected=0,
        unknown_orders=0,
        fees=Usd(Decimal("9.12")),
        pnl=Usd(Decimal(pnl)) if over else None,
        orders=_orders(message),
        received_at=at,
        first_filled_at=at + timedelta(seconds=10),
        closed_at=events[-1].at if over else None,
        last_event=events[-1].text if events else "",
        events=len(events),
        chain=events[-1].chain if events else "",
    )


def record(
    message: str,
    count: int = len(_EVENT_KINDS),
    *,
    at: datetime = NOON,
    mode: str = "demo",
    pnl: str = "316.00",
    life: str = "",
) -> TradeRecord:
    """Return the record of a trade after so many events; without a number it is over."""
    events = trail(f"trade-{message}", count, at=at, life=life)
    return trade_record(view(message, events, at=at, mode=mode, pnl=pnl), events, run_id=f"run{life or '-1'}")
