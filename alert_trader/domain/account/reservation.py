"""Admission of an entry: request, answer, and what the account stores. Amounts are dollars."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from alert_trader.domain.account.preflight import Check
from alert_trader.domain.ids import ClientOrderId, WorkflowId
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.trading_hours import StatedSession
from alert_trader.domain.money import Price, Usd, plain

NOTHING = Usd(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitRequest:
    """The request for admission of one entry order."""

    trade: WorkflowId
    order: ClientOrderId
    author: str
    contract: OptionContract
    alert_price: Price | None
    quantity: int
    """Contracts of this order."""
    notional_each: Usd
    """One contract at the ceiling, without fees."""
    cost_each: Usd
    """One contract at the ceiling with the fees of an order for one: the most a contract can cost."""
    cost: Usd
    """`quantity` contracts at the ceiling with fees and their caps; the broker's own figure where it is
    higher."""
    buying_power: Usd
    """Buying power at the broker when the entry was sized."""
    read_at: datetime
    """When the buying power was read."""
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def repost_key(self) -> str:
        """Identifies a re-post, together with the expiration: author, contract and price."""
        contract, price = self.contract, "mid" if self.alert_price is None else plain(self.alert_price)
        return f"{self.author} {contract.root}{contract.strike}{contract.right} {price}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The order may be sent within its `SendWindow`, for at most `quantity` contracts."""

    quantity: int
    epoch: int
    first: bool
    """Whether this reserved the trade's money; False for a bump or a repeated request."""
    reserved: Usd
    committed: Usd
    """What all open trades commit, this one included."""
    reference: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReport:
    """A trade's report to its account after a change. Sequences rise; a late report is ignored."""

    trade: WorkflowId
    sequence: int
    entering: bool
    bought: int
    position: int
    paid: Usd
    """For everything bought, fees included."""
    realised: Usd
    """P&L of what was sold, before fees."""
    over: bool = False


@dataclass(slots=True, kw_only=True)
class OpenTrade:
    """A trade that was admitted and has not ended."""

    trade: WorkflowId
    author: str
    symbol: str
    contract: str
    quantity: int
    reserved: Usd
    notional: Usd
    admitted_at: datetime
    day: date
    entering: bool = True
    bought: int = 0
    position: int = 0
    paid: Usd = NOTHING
    realised: Usd = NOTHING
    sequence: int = 0

    def committed(self, today: date) -> Usd:
        """Return what it commits of today's reference: its reservation, then what its position cost."""
        if self.entering:
            return self.reserved
        if self.day != today or self.bought == 0:
            return NOTHING  # today's reference was read after this was paid
        return Usd(self.paid * self.position / self.bought)


@dataclass(slots=True, kw_only=True)
class Day:
    """The counters of one New York day."""

    date: date
    reference: Usd | None = None
    reference_at: datetime | None = None
    trades: int = 0
    by_author: dict[str, int] = field(default_factory=dict)
    notional: Usd = NOTHING
    realised: Usd = NOTHING
    preflight: tuple[Check, ...] = ()
    preflight_at: datetime | None = None
    session: StatedSession | None = None
    """The session the broker reported when the day was last read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repost:
    """A trade that was denied as a re-post, stored so that a person can allow it."""

    trade: WorkflowId
    key: str
