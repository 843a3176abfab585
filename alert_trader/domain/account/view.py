"""An account as it is shown to people, and the receipts of its commands."""

from dataclasses import dataclass
from datetime import date, datetime

from alert_trader.domain.account.clocks import ClockReport
from alert_trader.domain.account.limits import LimitChange, Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference, ForeignOrder
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.ids import AccountNumber, WorkflowId
from alert_trader.domain.money import Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTradeView:
    """One trade that is buying or holding."""

    trade: WorkflowId
    author: str
    contract: str
    entering: bool
    """Whether it may still buy."""
    quantity: int
    """Contracts admitted."""
    bought: int
    position: int
    reserved: Usd
    """What it commits of the day's reference buying power."""
    realised: Usd
    admitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """The current state of an account. Money in dollars, times in UTC, the day a New York date."""

    account: AccountNumber
    mode: str
    state: AccountState
    epoch: int
    """How often it was halted: orders admitted in an earlier epoch are not sent any more."""
    halted_at: datetime | None
    halted_by: str | None
    halt_reason: str | None
    day: date
    reference: Usd | None
    """Buying power at the start of the day, the basis of allocations; None until it was read."""
    committed: Usd
    """The part of it that open trades commit."""
    trades_today: int
    trades_by_author: dict[str, int]
    notional_today: Usd
    realised_today: Usd
    orders_last_minute: int
    open_trades: tuple[OpenTradeView, ...]
    limits: Limits
    differences: tuple[Difference, ...]
    """Where account and trades disagree; unexplained ones block entries."""
    foreign_orders: tuple[ForeignOrder, ...]
    """Orders in the account that are not ours: reported, never changed."""
    preflight: tuple[Check, ...]
    preflight_at: datetime | None
    stream_since: datetime | None
    """Since when the order stream is connected; None while it is not."""
    clocks: tuple[ClockReport, ...] = ()
    """How far the clocks are apart, as each worker last reported."""
    events: tuple[TradeEvent, ...]
    """The last audit events of the account, oldest first."""
    stuck: tuple[StuckWorkflow, ...] = ()
    """Trades that can do nothing until they are repaired, and the account's workflow itself."""

    @property
    def blocking(self) -> tuple[str, ...]:
        """What prevents entries, apart from the limits; empty when nothing does."""
        found = (
            []
            if self.state is AccountState.ACTIVE
            else [f"{self.state} by {self.halted_by}: {self.halt_reason}"]
        )
        found += [f"unexplained difference: {each}" for each in self.differences if not each.explained_by]
        found += [f"preflight failed: {each.name}: {each.found}" for each in self.preflight if not each.ok]
        if self.reference is None:
            found.append("buying power of the day is not known yet")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltReceipt:
    """The effect of a halt by the time of the answer."""

    acknowledged: bool
    """Whether it is certain that no worker sends an entry any more. A recorded halt is never lost."""
    state: AccountState | None
    """None when no worker answered."""
    epoch: int | None
    cancelled: tuple[str, ...]
    """Entries that ended since the halt, one line each."""
    remaining: tuple[str, ...]
    """What remains: entries being cancelled, and positions with their exits; one line each."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReceipt:
    """The result of a resume, a flatten or an explanation."""

    done: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsReceipt:
    """The result of a change of limits."""

    changes: tuple[LimitChange, ...]
    limits: Limits
    text: str
