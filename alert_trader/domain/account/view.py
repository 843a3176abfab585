"""An account as people are shown it, and what its commands answer."""

from dataclasses import dataclass
from datetime import date, datetime

from alert_trader.domain.account.limits import LimitChange, Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference, ForeignOrder
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.ids import AccountNumber, WorkflowId
from alert_trader.domain.money import Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTradeView:
    """One trade that buys or holds."""

    trade: WorkflowId
    author: str
    contract: str
    entering: bool
    """Whether something may still be bought."""
    quantity: int
    """Contracts admitted."""
    bought: int
    position: int
    reserved: Usd
    """What it takes of the day's reference buying power."""
    realised: Usd
    admitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account as it stands. Money in dollars, times in UTC, the day a New York date."""

    account: AccountNumber
    mode: str
    state: AccountState
    epoch: int
    """How often it was halted: what was admitted in an earlier epoch is not sent any more."""
    halted_at: datetime | None
    halted_by: str | None
    halt_reason: str | None
    day: date
    reference: Usd | None
    """Buying power at the session's start, which allocations are shares of; None until it was read."""
    committed: Usd
    """What open trades take of it."""
    trades_today: int
    trades_by_author: dict[str, int]
    notional_today: Usd
    realised_today: Usd
    orders_last_minute: int
    open_trades: tuple[OpenTradeView, ...]
    limits: Limits
    differences: tuple[Difference, ...]
    """Where the account and the trades do not agree; unexplained ones block entries."""
    foreign_orders: tuple[ForeignOrder, ...]
    """Orders in the account that are not ours: reported, never touched."""
    preflight: tuple[Check, ...]
    preflight_at: datetime | None
    stream_since: datetime | None
    """Since when the order stream is followed; None while it is lost."""
    events: tuple[TradeEvent, ...]
    """The last audit events of the account, the oldest first."""

    @property
    def blocking(self) -> tuple[str, ...]:
        """Say what keeps entries from being admitted, beside the limits; empty when nothing does."""
        found = (
            []
            if self.state is AccountState.ACTIVE
            else [f"{self.state} by {self.halted_by}: {self.halt_reason}"]
        )
        found += [
            f"a difference that nobody has explained: {each}"
            for each in self.differences
            if not each.explained_by
        ]
        found += [f"the preflight: {each.name}: {each.found}" for each in self.preflight if not each.ok]
        if self.reference is None:
            found.append("the day's buying power is not known yet")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltReceipt:
    """What a halt had led to by the time it was answered."""

    acknowledged: bool
    """Whether it is certain that no risk-increasing order leaves any more, from any worker. A halt that is recorded is never lost."""
    state: AccountState | None
    """None when no worker answered."""
    epoch: int | None
    cancelled: tuple[str, ...]
    """Entries that ended since the halt: one line each."""
    remaining: tuple[str, ...]
    """What is still there: entries being taken back, and positions with their exits; one line each."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReceipt:
    """What a resume, a flatten or an explanation led to."""

    done: bool
    text: str
    view: AccountView


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsReceipt:
    """What a change of limits changed."""

    changes: tuple[LimitChange, ...]
    limits: Limits
    text: str
