"""A trade as reports use it: flat, from its view and events, the same from Temporal and from the archive."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.denial import code_in
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import Price, Usd, price

FIRST_STEP = "limit"
CONVERSION_STEP = "conversion"
"""The last step of price discovery, whether to market or to a limit at the ceiling."""


NOT_TRADED = frozenset({EventKind.DENIED, EventKind.GIVEN_UP, EventKind.REJECTED, EventKind.ENTRY_NOT_SENT})
"""Events with a code that says why something was not bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOrder:
    """An entry order: its step of price discovery, its quantity, and how many contracts filled."""

    step: str
    quantity: int
    filled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A fill of an exit: dollars a share."""

    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """What a report uses of a trade's events; `control.reports.archived` computes the same in SQL."""

    code: str | None = None
    """Why nothing, or not everything, was bought: a denial, a reason for not sending, a broker's code."""
    ask: Decimal | None = None
    """The ask that a denial is based on, dollars a share."""
    quoted_at: datetime | None = None
    """When the trade was sized: the time of its quote."""
    ordered_at: datetime | None = None
    bought_at: datetime | None = None
    """The first fill of its entry."""
    entries: tuple[EntryOrder, ...] = ()
    sales: tuple[Sale, ...] = ()
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedTrade:
    """Everything a report uses of one trade. Money in dollars, prices a share."""

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
    """Its outcome, or how its workflow ended without one; None while it runs."""
    facts: EventFacts = EventFacts()
    symbol: str | None = None
    """The OCC symbol, as confirmed by the broker or else as alerted; None without a contract."""
    contract: str | None = None
    quantity: int = 0
    alert_price: Price | None = None
    quote_bid: Price | None = None
    quote_ask: Price | None = None
    bought: int = 0
    average_entry: Decimal | None = None
    position: int = 0
    fees: Usd | None = None
    pnl: Usd | None = None

    @property
    def author(self) -> str:
        """The author's name, else the id."""
        return self.author_name or self.author_id

    @property
    def mid(self) -> Decimal | None:
        """The mid of the quote at sizing."""
        return (
            None
            if self.quote_bid is None or self.quote_ask is None
            else (self.quote_bid + self.quote_ask) / 2
        )


def alerted_contract(
    symbol: str | None, expiry: date | None, right: str | None, strike: Decimal | None
) -> OptionContract | None:
    """Return the contract that an alert names; None where it is incomplete or impossible."""
    if not symbol or expiry is None or not right or strike is None:
        return None
    try:
        return OptionContract(root=symbol, expiry=expiry, right=Right(right), strike=strike)
    except ValueError:
        return None


def facts_from_events(events: Sequence[TradeEvent], reason: str | None) -> EventFacts:
    """Return what a report uses of events.

    The code is the last of theirs, else that of the trade's reason.
    """
    codes = [event.facts["code"] for event in events if event.kind in NOT_TRADED and event.facts.get("code")]
    asks = [event.facts["ask"] for event in events if event.kind in NOT_TRADED and "ask" in event.facts]
    return EventFacts(
        code=codes[-1] if codes else code_in(reason),
        ask=Decimal(asks[-1]) if asks else None,
        quoted_at=next((event.at for event in events if event.kind is EventKind.SIZED), None),
        ordered_at=next((event.at for event in events if event.kind is EventKind.ENTRY_INTENDED), None),
        bought_at=min(
            (_filled_at(event) for event in events if event.kind is EventKind.FILLED), default=None
        ),
        entries=_entries(events),
        sales=tuple(
            sorted(
                (
                    Sale(at=_filled_at(event), price=price(event.facts["price"]))
                    for event in events
                    if event.kind is EventKind.EXIT_FILLED
                ),
                key=lambda sale: (sale.at, sale.price),
            )
        ),
    )


def _filled_at(event: TradeEvent) -> datetime:
    """Return the broker's time of a fill, else the time of its report."""
    filled_at = event.facts.get("filled_at")
    return event.at if filled_at is None else datetime.fromisoformat(filled_at).astimezone(UTC)


def _entries(events: Iterable[TradeEvent]) -> tuple[EntryOrder, ...]:
    """Return the entry orders, each with its step: the conversion, or the last bump before it."""
    intended: list[tuple[str, str, Mapping[str, str]]] = []
    converted: set[str] = set()
    filled: Counter[str] = Counter()
    bump = FIRST_STEP
    for event in events:
        order = event.facts.get("order", "")
        match event.kind:
            case EventKind.BUMPED:
                bump = f"bump {event.facts.get('bump', '')}".strip()
            case EventKind.ENTRY_INTENDED:
                intended.append((order, bump if "limit" in event.facts else CONVERSION_STEP, event.facts))
            case EventKind.CONVERTED:
                converted.add(order)
            case EventKind.FILLED:
                filled[order] += int(event.facts["quantity"])
            case _:
                pass
    return tuple(
        EntryOrder(
            step=CONVERSION_STEP if order in converted else step,
            quantity=int(facts.get("quantity", 0)),
            filled=filled[order],
        )
        for order, step, facts in intended
    )
