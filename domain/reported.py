"""A trade as reports read it: flat, from its view and events alone, so that it reads the same from Temporal and from an archive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from domain.contract import OptionContract, Right
from domain.event import EventKind, TradeEvent
from domain.ids import Leg, read_client_order_id
from domain.money import Price, Usd, price

FIRST_STEP = "limit"
CONVERSION_STEP = "conversion"
"""The last step of price discovery, whether to market or to a limit at the ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFill:
    """One execution, and the step of price discovery that its order stood for (exits have none)."""

    order: str
    leg: Leg
    step: str
    quantity: int
    price: Price
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOrder:
    """An order that was meant, and how much of it filled."""

    order: str
    leg: Leg
    step: str
    quantity: int
    limit: Price | None
    filled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedTrade:
    """Everything a report asks of one trade. Money in dollars, prices a share."""

    workflow_id: str
    text: str
    author_id: str
    author_name: str
    channel_id: str
    mode: str
    account: str
    received_at: datetime
    closed_at: datetime | None
    phase: str
    outcome: str | None
    """How it ended, or how Temporal says its workflow did; None while it runs."""
    code: str | None = None
    """Why nothing, or not everything, was bought: a denial's code, or the venue's."""
    reason: str | None = None
    symbol: str | None = None
    """The OCC symbol: as confirmed, else as alerted; None where the alert names no contract."""
    contract: str | None = None
    quantity: int = 0
    alert_price: Price | None = None
    quote_bid: Price | None = None
    quote_ask: Price | None = None
    quoted_at: datetime | None = None
    """When the trade was sized, which is when that quote held."""
    first_limit: Price | None = None
    ceiling: Price | None = None
    bought: int = 0
    average_entry: Decimal | None = None
    sold: int = 0
    average_exit: Decimal | None = None
    position: int = 0
    fees: Usd | None = None
    pnl: Usd | None = None
    orders: tuple[RecordedOrder, ...] = ()
    fills: tuple[RecordedFill, ...] = ()
    events: tuple[TradeEvent, ...] = ()

    @property
    def author(self) -> str:
        """The author as people know them."""
        return self.author_name or self.author_id

    @property
    def mid(self) -> Decimal | None:
        """The middle of the quote the trade was sized at."""
        return None if self.quote_bid is None or self.quote_ask is None else (self.quote_bid + self.quote_ask) / 2

    def of(self, leg: Leg) -> tuple[RecordedFill, ...]:
        """Give the fills of one leg, oldest first."""
        return tuple(fill for fill in self.fills if fill.leg is leg)


def alerted_contract(symbol: str | None, expiry: date | None, right: str | None, strike: Decimal | None) -> OptionContract | None:
    """Give the contract that an alert names; None where it does not name all of one, or names one that no symbol could carry."""
    if not symbol or expiry is None or not right or strike is None:
        return None
    try:
        return OptionContract(root=symbol, expiry=expiry, right=Right(right), strike=strike)
    except ValueError:
        return None


def quoted_at(events: Iterable[TradeEvent]) -> datetime | None:
    """Give the moment at which the trade was sized, and its quote held."""
    return next((event.at for event in events if event.kind is EventKind.SIZED), None)


def entry_steps(events: Iterable[TradeEvent]) -> dict[str, str]:
    """Tell which step of price discovery each entry order stood for, by client order id."""
    steps: dict[str, str] = {}
    step = FIRST_STEP
    for event in events:
        order = event.facts.get("order", "")
        if event.kind is EventKind.BUMPED:
            step = f"bump {event.facts.get('bump', '')}".strip()
        elif event.kind is EventKind.ENTRY_INTENDED:
            steps[order] = step if "limit" in event.facts else CONVERSION_STEP
        elif event.kind is EventKind.CONVERTED and order:
            steps[order] = CONVERSION_STEP
    return steps


def fills_of(events: Sequence[TradeEvent]) -> tuple[RecordedFill, ...]:
    """Give every fill that the events tell of, oldest first."""
    steps = entry_steps(events)
    found = []
    for event in events:
        if event.kind not in {EventKind.FILLED, EventKind.EXIT_FILLED}:
            continue
        facts = event.facts
        order = facts.get("order", "")
        filled_at = facts.get("filled_at")
        fill = RecordedFill(
            order=order,
            leg=Leg.ENTRY if event.kind is EventKind.FILLED else Leg.EXIT,
            step=steps.get(order, FIRST_STEP) if event.kind is EventKind.FILLED else "",
            quantity=int(facts["quantity"]),
            price=price(facts["price"]),
            at=event.at if filled_at is None else datetime.fromisoformat(filled_at),
        )
        found.append(fill)
    return tuple(sorted(found, key=lambda fill: fill.at))


def code_of(events: Iterable[TradeEvent], reason: str | None) -> str | None:
    """Give the code of the last event that says why something was not bought; without events, the one the reason begins with."""
    wanted = {EventKind.DENIED, EventKind.GIVEN_UP, EventKind.REFUSED, EventKind.ENTRY_NOT_SENT}
    codes = [event.facts["code"] for event in events if event.kind in wanted and event.facts.get("code")]
    if codes:
        return codes[-1]
    head, colon, _ = (reason or "").partition(":")
    return head if colon and head.isupper() and " " not in head else None


def orders_of(events: Sequence[TradeEvent], fills: Iterable[RecordedFill]) -> tuple[RecordedOrder, ...]:
    """Give every order that was meant, with what filled of it."""
    steps = entry_steps(events)
    filled: dict[str, int] = {}
    for fill in fills:
        filled[fill.order] = filled.get(fill.order, 0) + fill.quantity
    found = []
    for event in events:
        if event.kind not in {EventKind.ENTRY_INTENDED, EventKind.EXIT_INTENDED}:
            continue
        order = event.facts.get("order", "")
        named = read_client_order_id(order)
        limit = event.facts.get("limit")
        found.append(
            RecordedOrder(
                order=order,
                leg=Leg.EXIT if named is None else named[1],
                step=steps.get(order, ""),
                quantity=int(event.facts.get("quantity", 0)),
                limit=None if limit is None else price(limit),
                filled=filled.get(order, 0),
            )
        )
    return tuple(found)
