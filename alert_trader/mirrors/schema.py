"""The rows of the mirrors: one for each trade and one for each audit event, typed, with a version.

Money is a decimal with a fixed number of places, so that a row is the same from Redis and from Parquet. Times
are UTC, each with its New York time. `day` is the New York day on which the alert was posted: it never
changes, so a trade and its events stay in one folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from pydantic import TypeAdapter

from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.denial import code_in
from alert_trader.domain.market.calendar import NEW_YORK
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import OrderView, TradeView

VERSION = 1
"""The version of this schema, written with every row. A reader takes rows of its own version and of older
ones."""

PRICE_PLACES = Decimal("0.0001")
"""Dollars a share."""
AVERAGE_PLACES = Decimal("0.000001")
"""Dollars a share, averaged over fills."""
USD_PLACES = Decimal("0.01")


class Status(StrEnum):
    """The state of a trade's workflow."""

    OPEN = "open"
    COMPLETED = "completed"
    """It completed; `outcome` says how."""
    BROKEN = "broken"
    """It was terminated, failed or timed out: there is no outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One audit event."""

    version: int = VERSION
    mode: str
    account: str
    day: date
    workflow_id: str
    sequence: int
    at: datetime
    at_new_york: datetime
    kind: str
    """An `EventKind`; text, because stored rows may have kinds of other versions."""
    text: str
    order: str | None
    """The client order id it is about."""
    quantity: int | None
    price: Decimal | None
    """Dollars a share: a fill's price, or else the order's limit."""
    facts: dict[str, str] = field(default_factory=dict)
    chain: str
    """The hash over this event and the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order of a trade."""

    client_order_id: str
    order_id: str | None
    leg: str
    """entry or exit."""
    kind: str
    quantity: int
    limit: Decimal | None
    status: str
    filled: int
    average_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One trade in its current or final state."""

    version: int = VERSION
    mode: str
    account: str
    day: date
    workflow_id: str
    message_id: str
    status: Status
    phase: str
    outcome: str | None
    code: str | None
    """The code that `reason` begins with, where it does."""
    reason: str | None
    author_id: str
    author_name: str
    channel_id: str
    guild_id: str
    text: str
    """The alert as it was written: untrusted data, never to be formatted."""
    underlying: str | None
    symbol: str | None
    """The OCC symbol."""
    contract: str | None
    right: str | None
    strike: Decimal | None
    expiry: date | None
    quantity: int
    """Contracts intended."""
    alert_price: Decimal | None
    quote_bid: Decimal | None
    quote_ask: Decimal | None
    first_limit: Decimal | None
    ceiling: Decimal | None
    step: str
    bought: int
    average_entry: Decimal | None
    sold: int
    average_exit: Decimal | None
    position: int
    exits_working: int
    unprotected: int
    unknown_orders: int
    fees: Decimal | None
    """Dollars, estimated."""
    pnl: Decimal | None
    """Realised dollars before fees; None before anything was sold."""
    posted_at: datetime
    posted_new_york: datetime
    received_at: datetime
    received_new_york: datetime
    first_filled_at: datetime | None
    first_filled_new_york: datetime | None
    closed_at: datetime | None
    closed_new_york: datetime | None
    last_event: str
    events: int
    """How many events it has."""
    chain: str
    """The hash of the last of them."""
    orders: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """A trade with all its events: the unit that is archived, compared and rebuilt."""

    trade: TradeRow
    events: tuple[EventRow, ...]
    run_id: str
    """The workflow run it was read from."""


TRADE_JSON = TypeAdapter(TradeRow)
EVENT_JSON = TypeAdapter(EventRow)


def trade_row(view: TradeView, status: Status | None = None) -> TradeRow:
    """Return a trade's row from its view; without `status`, it is completed when its phase is done."""
    parsed, message = view.parsed, view.message
    if status is None:
        status = Status.COMPLETED if view.phase is Phase.DONE else Status.OPEN
    return TradeRow(
        mode=str(view.mode),
        account=view.account,
        day=day_of(message.posted_at),
        workflow_id=view.workflow_id,
        message_id=message.message_id,
        status=status,
        phase=view.phase.value,
        outcome=None if view.outcome is None else view.outcome.value,
        code=code_in(view.reason),
        reason=view.reason,
        author_id=message.author_id,
        author_name=message.author_name,
        channel_id=message.channel_id,
        guild_id=message.guild_id,
        text=message.shown,
        underlying=None if parsed is None else parsed.symbol,
        symbol=view.symbol,
        contract=view.contract,
        right=None if parsed is None or parsed.right is None else parsed.right.value,
        strike=_places(None if parsed is None else parsed.strike, PRICE_PLACES),
        expiry=view.expiry if view.expiry is not None or parsed is None else parsed.expiry,
        quantity=view.quantity,
        alert_price=_places(view.alert_price, PRICE_PLACES),
        quote_bid=_places(view.quote_bid, PRICE_PLACES),
        quote_ask=_places(view.quote_ask, PRICE_PLACES),
        first_limit=_places(view.first_limit, PRICE_PLACES),
        ceiling=_places(view.ceiling, PRICE_PLACES),
        step=view.step,
        bought=view.bought,
        average_entry=_places(view.average_entry, AVERAGE_PLACES),
        sold=view.sold,
        average_exit=_places(view.average_exit, AVERAGE_PLACES),
        position=view.position,
        exits_working=view.exits_working,
        unprotected=view.unprotected,
        unknown_orders=view.unknown_orders,
        fees=_places(view.fees, USD_PLACES),
        pnl=_places(view.pnl, USD_PLACES),
        posted_at=message.posted_at.astimezone(UTC),
        posted_new_york=new_york(message.posted_at),
        received_at=view.received_at.astimezone(UTC),
        received_new_york=new_york(view.received_at),
        first_filled_at=None if view.first_filled_at is None else view.first_filled_at.astimezone(UTC),
        first_filled_new_york=None if view.first_filled_at is None else new_york(view.first_filled_at),
        closed_at=None if view.closed_at is None else view.closed_at.astimezone(UTC),
        closed_new_york=None if view.closed_at is None else new_york(view.closed_at),
        last_event=view.last_event,
        events=view.events,
        chain=view.chain,
        orders=tuple(_order_row(order) for order in view.orders),
    )


def event_row(view: TradeView, event: TradeEvent) -> EventRow:
    """Return an event's row; `view` is its trade's."""
    return EventRow(
        mode=str(view.mode),
        account=view.account,
        day=day_of(view.message.posted_at),
        workflow_id=view.workflow_id,
        sequence=event.sequence,
        at=event.at.astimezone(UTC),
        at_new_york=new_york(event.at),
        kind=str(event.kind),
        text=event.text,
        order=event.facts.get("order"),
        quantity=_count(event.facts.get("quantity")),
        price=_price(event.facts.get("price") or event.facts.get("limit")),
        facts=dict(event.facts),
        chain=event.chain,
    )


def trade_record(
    view: TradeView, events: Sequence[TradeEvent], *, run_id: str, status: Status | None = None
) -> TradeRecord:
    """Return a trade's row and its events' rows."""
    return TradeRecord(
        trade=trade_row(view, status), events=tuple(event_row(view, event) for event in events), run_id=run_id
    )


def new_york(moment: datetime) -> datetime:
    """Return the New York time of a moment with a fixed offset from UTC, as Redis returns it.

    Python never treats two times as equal when one has the New York zone and is in the hour that occurs
    twice.
    """
    local = moment.astimezone(NEW_YORK)
    offset = local.utcoffset()
    assert offset is not None
    return local.replace(tzinfo=timezone(offset), fold=0)


def day_of(moment: datetime) -> date:
    """Return the New York day of a moment."""
    return moment.astimezone(NEW_YORK).date()


def _order_row(order: OrderView) -> OrderRow:
    return OrderRow(
        client_order_id=order.client_order_id,
        order_id=order.order_id,
        leg=order.leg,
        kind=str(order.kind),
        quantity=order.quantity,
        limit=_places(order.limit, PRICE_PLACES),
        status=str(order.status),
        filled=order.filled,
        average_price=_places(order.average_price, AVERAGE_PLACES),
    )


def _places(value: Decimal | None, places: Decimal) -> Decimal | None:
    return None if value is None else value.quantize(places)


def _price(text: str | None) -> Decimal | None:
    """Read an amount of an event's facts; None for what is no number, such as "market"."""
    try:
        return None if text is None else Decimal(text).quantize(PRICE_PLACES)
    except InvalidOperation:
        return None


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
