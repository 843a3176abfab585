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
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import Usd

PREFLIGHT_FAILED = "preflight failed: "


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
    kill_switch: str | None = None
    """What stops entries without Temporal, and since when; the reader's machine adds it."""

    @property
    def blocking(self) -> tuple[str, ...]:
        """What prevents every entry, by whom and since when; empty when nothing does."""
        halted = []
        if self.state is not AccountState.ACTIVE:
            since = "" if self.halted_at is None else f" since {eastern(self.halted_at, '%Y-%m-%d %H:%M')}"
            halted.append(f"{self.state} by {self.halted_by}{since}: {self.halt_reason}")
        return (*halted, *self._blocking_when_active)

    @property
    def _blocking_when_active(self) -> tuple[str, ...]:
        found = [] if self.kill_switch is None else [self.kill_switch]
        found += [f"unexplained difference: {each}" for each in self.differences if not each.explained_by]
        found += [f"{PREFLIGHT_FAILED}{each.name}: {each.found}" for each in self.preflight if not each.ok]
        if self.reference is None:
            found.append("buying power of the day is not known yet")
        return tuple(found)

    @property
    def reached(self) -> tuple[str, ...]:
        """The limits that deny every new trade now; empty when none does."""
        limits = self.limits
        counts = (
            ("open trades", len(self.open_trades), limits.max_open_trades),
            ("trades today", self.trades_today, limits.max_trades_per_day),
            ("dollars bought today", self.notional_today, limits.max_notional_per_day),
            ("entry orders in the last minute", self.orders_last_minute, limits.max_orders_per_minute),
        )
        return tuple(
            f"limit reached: {found:,} of {most:,} {what}" for what, found, most in counts if found >= most
        )

    @property
    def may_trade(self) -> bool:
        """Whether a new alert could be bought now, so far as the account decides."""
        return not self.stops

    @property
    def stops(self) -> tuple[str, ...]:
        """Everything that stops a new trade now: the one answer that every interface shows."""
        return (*self.blocking, *self.reached)

    @property
    def stops_after_resume(self) -> tuple[str, ...]:
        """What would still stop a new trade if the account were resumed."""
        return (*self._blocking_when_active, *self.reached)


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
