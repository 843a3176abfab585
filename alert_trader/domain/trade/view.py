"""The view of a trade for people: cards, tables, mirrors and the Web UI are made from it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.portion import ALL, Portion
from alert_trader.domain.ids import AccountNumber, ClientOrderId, OrderId
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.trade.lifecycle import Outcome, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order of the trade."""

    client_order_id: ClientOrderId
    order_id: OrderId | None
    leg: str
    kind: str
    quantity: int
    limit: Price | None
    status: str
    filled: int
    average_price: Decimal | None


class OfferKind(StrEnum):
    """What a trade offers for a person's decision."""

    ENTRY = "entry"
    """To buy what was sized."""
    EXIT = "exit"
    """To sell what the author's exit message says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What waits for a person's decision: approve, approve half, or skip."""

    id: str
    """The message that it came from."""
    kind: OfferKind
    text: str
    quantity: int
    """Contracts, as far as known when the offer is made; half means half of these."""
    until: datetime
    portion: Portion = ALL
    """What an exit would sell, of the position at that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeView:
    """A trade as it is now, for people. Money is in dollars, prices are per share."""

    workflow_id: str
    message: AlertMessage
    account: AccountNumber
    mode: str
    phase: Phase
    outcome: Outcome | None
    reason: str | None
    """Why it ended or waits: a denial's code and numbers, the broker's reason, or what is being retried."""
    parsed: ParsedAlert | None
    symbol: str | None
    """The OCC symbol."""
    contract: str | None
    """The contract as traders write it."""
    expiry: date | None
    quantity: int
    """Contracts intended."""
    alert_price: Price | None
    quote_bid: Price | None
    quote_ask: Price | None
    """The quote when the trade was sized."""
    first_limit: Price | None
    ceiling: Price | None
    step: str
    """How far price discovery is: "limit", "bump 2", "marketable limit", "market", or "" before the first
    order."""
    bought: int
    average_entry: Decimal | None
    sold: int
    average_exit: Decimal | None
    position: int
    exits_working: int
    """Contracts in working exit orders."""
    unprotected: int
    """Contracts for which a profit-take is due and none works yet."""
    unknown_orders: int
    """Orders of unknown outcome, which count as working."""
    fees: Usd | None
    """Estimated by the broker for the entry and by the settings for exits, in dollars."""
    pnl: Usd | None
    """Realised profit or loss without fees; None before anything was sold."""
    orders: tuple[OrderView, ...]
    received_at: datetime
    first_filled_at: datetime | None
    closed_at: datetime | None
    last_event: str
    offer: Offer | None = None
    """What waits for a person's decision now."""
    events: int = 0
    """How many events the audit trail has."""
    unvalued: int = 0
    """Contracts held to expiration whose value is not known: they may be exercised, and are not in `pnl`."""
    settlement: Usd | None = None
    """Dollars that the broker settled contracts for that were held to expiration; part of `pnl`."""
    without_exit: int = 0
    """Contracts held of which nothing will sell any: no exit works, and the exit plan has none due."""
    protection: str = ""
    """What sells the contracts held now, in words; empty while none are held."""
    exit_plan: str = ""
    """The exit plan, as its parts are written in commands; empty before the entry."""
    chain: str = ""
    """The hash of the last event, by which the whole trail can be verified:
    `alert_trader.domain.audit.hash_chain`."""


def contract_of(view: TradeView) -> str | None:
    """Return the contract as traders write it; as alerted until it is confirmed, None without a symbol."""
    parsed = view.parsed
    if view.contract is not None or parsed is None or parsed.symbol is None:
        return view.contract
    strike = "" if parsed.strike is None else format(parsed.strike.normalize(), "f")
    parts = (parsed.symbol, f"{strike}{parsed.right or ''}", parsed.expiry)
    return " ".join(str(each) for each in parts if each)
