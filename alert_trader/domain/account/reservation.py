"""What an entry asks its account for, what it is answered, and what the account keeps of it. Amounts are dollars."""

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
    """What an entry asks with before one of its orders is sent."""

    trade: WorkflowId
    order: ClientOrderId
    author: str
    contract: OptionContract
    alert_price: Price | None
    quantity: int
    """Contracts of this order."""
    notional_each: Usd
    """A contract at the ceiling, fees not counted."""
    cost_each: Usd
    """A contract alone at the ceiling, fees included: the most one can cost."""
    cost: Usd
    """This many contracts at the ceiling, fees and their caps included, by the broker's own figures where they are higher."""
    buying_power: Usd
    """What the broker said could be spent when the entry was sized."""
    read_at: datetime
    """When it said so."""
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def repost_key(self) -> str:
        """Write what makes an alert the same again, beside its expiration: author, contract and price."""
        contract, price = self.contract, "mid" if self.alert_price is None else plain(self.alert_price)
        return f"{self.author} {contract.root}{contract.strike}{contract.right} {price}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The order may be sent within `alert_trader.domain.account.account.PASS` of asking, for at most so many contracts."""

    quantity: int
    epoch: int
    first: bool
    """Whether this reserved the trade's money: of a bump or a repetition it is False."""
    reserved: Usd
    committed: Usd
    """What all open trades take, this one included."""
    reference: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReport:
    """What a trade tells its account when it has changed. Later ones have higher sequences; one that comes late is passed over."""

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
    """A trade that was admitted and is not over."""

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
        """Give what it takes of the day's reference: all of it while it may buy, then what it holds; of an earlier day's, nothing."""
        if self.entering:
            return self.reserved
        if self.day != today or self.bought == 0:
            return NOTHING  # the reference was read after that was paid for
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
    """What the broker said of the day's session when the day was last read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repost:
    """Why a trade was denied as a re-post: what is remembered of it until a person allows it."""

    trade: WorkflowId
    key: str
