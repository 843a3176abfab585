"""The state of one account, and how it admits entry orders: reservations, counters, re-posts, halts.

    every entry order is admitted before it is sent; the first of a trade reserves its money and counts it
    open trades, at their ceilings, never commit more than the day's reference buying power less its losses
    repeated requests change nothing: a trade is admitted, counted and released once
    an admission is for one epoch, and a halted account has none and admits nothing: see `admission.py`

The state is carried over by continue-as-new, so every collection has a bound. Amounts are dollars, a day is a
New York date, times are UTC. Exits and cancels need no admission.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from alert_trader.domain.account import denials
from alert_trader.domain.account.buying_power import Commitments, affordable_quantity
from alert_trader.domain.account.limits import Limits, diff
from alert_trader.domain.account.reconciliation import Difference, ExpectedPosition, carry_over_explanations
from alert_trader.domain.account.reservation import (
    NOTHING,
    AdmitRequest,
    Admitted,
    Day,
    OpenTrade,
    PositionReport,
    Repost,
)
from alert_trader.domain.account.trading_state import (
    AccountState,
    TradingStateCommand,
    change_event,
    next_state,
)
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.ids import WorkflowId
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.money import Usd, plain

BUYING_POWER_LAG = timedelta(seconds=10)
"""How long after a trade's admission the broker's buying power may not include its order yet."""

MAX_EVENTS = 100
MAX_REPOSTS = 16_000
"""Enough for hundreds a day over weeks. All are carried over by continue-as-new, and Temporal allows 2 MB."""
MAX_CLOSED_TRADES = 3000
MAX_DENIED_REPOSTS = 50


@dataclass(slots=True, kw_only=True)
class Account:
    """The state of one account."""

    limits: Limits
    settings_limits: Limits
    """The limits in the settings, as last reported: a person's change stays until the setting itself
    changes."""
    day: Day
    state: AccountState = AccountState.ACTIVE
    epoch: int = 0
    halted_at: datetime | None = None
    halted_by: str | None = None
    halt_reason: str | None = None
    trades: dict[str, OpenTrade] = field(default_factory=dict)
    closed_trades: dict[str, date] = field(default_factory=dict)
    """Trades that ended today or the day before: they are not admitted again."""
    recent_orders: dict[str, datetime] = field(default_factory=dict)
    """Orders admitted in the last minute."""
    reposts: dict[str, list[str]] = field(default_factory=dict)
    """Author, contract and price of every admitted trade, by expiration date."""
    denied_reposts: list[Repost] = field(default_factory=list)
    allowed_reposts: list[str] = field(default_factory=list)
    """Re-posts that a person allowed, each for one trade."""
    differences: tuple[Difference, ...] = ()
    events: list[TradeEvent] = field(default_factory=list)
    recorded: int = 0
    last_admitted_at: datetime | None = None

    @property
    def open_epoch(self) -> int | None:
        """The epoch in which entries may be sent; None while the account is not active."""
        return self.epoch if self.state is AccountState.ACTIVE else None

    @property
    def committed(self) -> Usd:
        """The part of the day's reference buying power that open trades commit."""
        return Usd(sum((each.committed(self.day.date) for each in self.trades.values()), Decimal(0)))

    @property
    def expected(self) -> tuple[ExpectedPosition, ...]:
        """The position that each open trade reports."""
        return tuple(
            ExpectedPosition(trade=each.trade, symbol=each.symbol, position=each.position)
            for each in self.trades.values()
        )

    @property
    def entering(self) -> tuple[OpenTrade, ...]:
        """The trades that may still buy."""
        return tuple(each for each in self.trades.values() if each.entering)

    def orders_since(self, moment: datetime) -> int:
        """Count the entry orders admitted after `moment`."""
        return sum(at > moment for at in self.recent_orders.values())

    # Days

    def start_day(self, now: datetime) -> bool:
        """Start the day of `now` if it is a new one; return whether it is."""
        today = new_york_date(now)
        if today <= self.day.date:
            return False
        yesterday, self.day = self.day.date, Day(date=today)
        self.closed_trades = {trade: day for trade, day in self.closed_trades.items() if day >= yesterday}
        self.reposts = {
            expiry: keys for expiry, keys in self.reposts.items() if date.fromisoformat(expiry) >= today
        }
        return True

    def open_day(self, reference: Usd, now: datetime) -> None:
        """Record the day's reference buying power."""
        self.day.reference, self.day.reference_at = reference, now
        amount = f"{plain(reference)} dollars (basis of allocations)"
        text = f"Buying power at the start of {self.day.date}: {amount}"
        self.record(now, EventKind.DAY_OPENED, text, reference=reference)

    # Admitting

    def admit(self, request: AdmitRequest, now: datetime) -> Admitted | Denied:
        """Admit an entry order, or deny it.

        The first order of a trade reserves its money, and may be admitted for fewer contracts than requested.
        """
        self.start_day(now)
        self.recent_orders = {
            order: at for order, at in self.recent_orders.items() if at > now - timedelta(minutes=1)
        }
        denied = self._check_open(request)
        if denied is not None:
            return denied
        known = self.trades.get(request.trade)
        answer = self._admit_first(request, now) if known is None else self._admit_next(request, known, now)
        if isinstance(answer, Admitted) and answer.quantity > 0:
            self.recent_orders.setdefault(request.order, now)
            self.last_admitted_at = now
        return answer

    def _check_open(self, request: AdmitRequest) -> Denied | None:
        if self.state is not AccountState.ACTIVE:
            return denials.account_halted(
                self.state, self.epoch, at=self.halted_at, by=self.halted_by, reason=self.halt_reason
            )
        if request.trade in self.closed_trades:
            return Denied(
                code=Code.TRADE_OVER,
                reason=f"Trade {request.trade} has already ended; send a new alert",
            )
        return None

    def _admit_next(self, request: AdmitRequest, trade: OpenTrade, now: datetime) -> Admitted | Denied:
        if not trade.entering:
            return Denied(
                code=Code.TRADE_OVER,
                reason=f"The entry of {trade.trade} has already ended; no order was sent",
            )
        return self._check_order_rate(request, now) or self._admitted(
            min(request.quantity, trade.quantity - trade.bought), trade, first=False
        )

    def _admitted(self, quantity: int, trade: OpenTrade, *, first: bool) -> Admitted:
        return Admitted(
            quantity=quantity,
            epoch=self.epoch,
            first=first,
            reserved=trade.reserved,
            committed=self.committed,
            reference=self.day.reference or NOTHING,
        )

    def _admit_first(self, request: AdmitRequest, now: datetime) -> Admitted | Denied:
        denied = (
            self._check_ready()
            or self._check_symbol_and_time(request, now)
            or self._check_counts(request)
            or self._check_order_rate(request, now)
        )
        if denied is not None:
            return denied
        quantity = self._affordable(request)
        if isinstance(quantity, Denied):
            return quantity
        cost = (
            request.cost
            if quantity == request.quantity
            else min(request.cost, Usd(request.cost_each * quantity))
        )
        trade = OpenTrade(
            trade=request.trade,
            author=request.author,
            symbol=request.contract.occ_symbol,
            contract=str(request.contract),
            quantity=quantity,
            reserved=Usd(cost),
            notional=Usd(request.notional_each * quantity),
            admitted_at=now,
            day=self.day.date,
        )
        self.trades[request.trade] = trade
        self.day.trades += 1
        self.day.by_author[request.author] = self.day.by_author.get(request.author, 0) + 1
        self.day.notional = Usd(self.day.notional + trade.notional)
        self._store_repost_key(request, now)
        return self._admitted(quantity, trade, first=True)

    def _check_ready(self) -> Denied | None:
        if self.day.reference is None:
            reason = f"Buying power at the start of {self.day.date} is not known yet; see `trader doctor`"
            return Denied(
                code=Code.ACCOUNT_NOT_READY, reason=reason, facts={"day": self.day.date.isoformat()}
            )
        wrong = next((each for each in self.day.preflight if not each.ok), None)
        if wrong is not None or self.day.preflight_at is None:
            return denials.preflight_failed(wrong)
        unexplained = next((each for each in self.differences if each.explained_by is None), None)
        if unexplained is not None:
            return denials.unexplained_difference(unexplained)
        return None

    def _check_symbol_and_time(self, request: AdmitRequest, now: datetime) -> Denied | None:
        limits, name = self.limits, request.contract.underlying
        if name in limits.halted_symbols or request.contract.root in limits.halted_symbols:
            reason = f"{name} is listed in halted_symbols; remove it there to trade it again"
            return Denied(code=Code.SYMBOL_HALTED, reason=reason, facts={"symbol": name})
        opens, closes = request.opens_at, request.closes_at
        if opens is not None and opens <= now < opens + limits.no_entry_after_open:
            return denials.no_entry_window("after the open", limits.no_entry_after_open, now - opens)
        if closes is not None and closes - limits.no_entry_before_close < now:
            return denials.no_entry_window("before the close", limits.no_entry_before_close, closes - now)
        return self._check_repost(request)

    def _check_repost(self, request: AdmitRequest) -> Denied | None:
        key = request.repost_key
        if (
            not self.limits.deny_reposts
            or key in self.allowed_reposts
            or key not in self.reposts.get(request.contract.expiry.isoformat(), ())
        ):
            return None
        if all(each.trade != request.trade for each in self.denied_reposts):
            self.denied_reposts = [*self.denied_reposts, Repost(trade=request.trade, key=key)][
                -MAX_DENIED_REPOSTS:
            ]
        return denials.reposted(request)

    def _store_repost_key(self, request: AdmitRequest, now: datetime) -> None:
        key, expiry = request.repost_key, request.contract.expiry.isoformat()
        if key in self.allowed_reposts:
            self.allowed_reposts.remove(key)
        keys = self.reposts.setdefault(expiry, [])
        if key not in keys:
            keys.append(key)
        if sum(map(len, self.reposts.values())) > MAX_REPOSTS:
            furthest = max(self.reposts)
            self.reposts[furthest].pop(0)
            text = (
                f"More than {MAX_REPOSTS} alerts stored: the oldest with expiration {furthest} was dropped, "
                "and a re-post of it would trade"
            )
            self.record(now, EventKind.WARNING, text)

    def _check_counts(self, request: AdmitRequest) -> Denied | None:
        limits, day = self.limits, self.day
        for code, name, found, most in (
            (Code.LIMIT_OPEN_TRADES, "max_open_trades", len(self.trades), limits.max_open_trades),
            (Code.LIMIT_TRADES_PER_DAY, "max_trades_per_day", day.trades, limits.max_trades_per_day),
            (
                Code.LIMIT_TRADES_PER_AUTHOR,
                "max_trades_per_author",
                day.by_author.get(request.author, 0),
                limits.max_trades_per_author,
            ),
        ):
            if found >= most:
                return denials.limit_reached(code, name, str(found), str(most))
        if -day.realised >= limits.max_loss_per_day:
            return denials.limit_reached(
                Code.LIMIT_LOSS_PER_DAY,
                "max_loss_per_day",
                plain(-day.realised),
                plain(limits.max_loss_per_day),
            )
        return None

    def _check_order_rate(self, request: AdmitRequest, now: datetime) -> Denied | None:
        most, found = self.limits.max_orders_per_minute, self.orders_since(now - timedelta(minutes=1))
        if request.order in self.recent_orders or found < most:
            return None
        return denials.limit_reached(
            Code.LIMIT_ORDERS_PER_MINUTE, "max_orders_per_minute", str(found), str(most)
        )

    def _affordable(self, request: AdmitRequest) -> int | Denied:
        unseen = sum(
            (
                each.reserved
                for each in self.trades.values()
                if each.admitted_at > request.read_at - BUYING_POWER_LAG
            ),
            Decimal(0),
        )
        return affordable_quantity(
            request,
            self.limits,
            Commitments(
                reference=self.day.reference or NOTHING,
                committed=self.committed,
                realised=self.day.realised,
                notional=self.day.notional,
                unseen=Usd(unseen),
            ),
        )

    # Reports of trades

    def apply_report(self, report: PositionReport, now: datetime) -> bool:
        """Apply a trade's report, and release it if it ended; return False for a repeated or late one."""
        self.start_day(now)
        trade = self.trades.get(report.trade)
        if trade is None or report.sequence <= trade.sequence:
            return False
        self.day.realised = Usd(self.day.realised + report.realised - trade.realised)
        trade.sequence, trade.entering = report.sequence, report.entering
        trade.bought, trade.position = report.bought, report.position
        trade.paid, trade.realised = report.paid, report.realised
        if report.over:
            self.release(report.trade)
        if -self.day.realised >= self.limits.max_loss_per_day and self.state is AccountState.ACTIVE:
            lost, most = plain(Usd(-self.day.realised)), plain(self.limits.max_loss_per_day)
            self.change_state(
                TradingStateCommand.HALT,
                now,
                by="the daily loss limit",
                reason=f"{lost} dollars lost today, the limit is {most}",
            )
        return True

    def release(self, trade: WorkflowId) -> None:
        """Free the reservation of a trade that ended; releasing it again changes nothing."""
        if self.trades.pop(trade, None) is not None:
            self.closed_trades[trade] = self.day.date
            while len(self.closed_trades) > MAX_CLOSED_TRADES:
                del self.closed_trades[next(iter(self.closed_trades))]

    # Commands

    def change_state(
        self, command: TradingStateCommand, now: datetime, *, by: str, reason: str
    ) -> AccountState:
        """Change the state by the table in `trading_state`; raises `IllegalStateChangeError`.

        Leaving ACTIVE increments the epoch: orders admitted in an earlier epoch are not sent any more.
        """
        before, self.state = self.state, next_state(self.state, command)
        if before is AccountState.ACTIVE:
            self.epoch += 1
            self.halted_at, self.halted_by, self.halt_reason = now, by, reason
        if before is self.state and command is TradingStateCommand.HALT:
            return self.state  # a repeated halt is not recorded again
        kind, text = change_event(command, by=by, reason=reason, open_trades=len(self.trades))
        self.record(now, kind, text, by=by, reason=reason, epoch=self.epoch, state=self.state)
        if self.state is AccountState.ACTIVE:
            self.halted_at = self.halted_by = self.halt_reason = None
        return self.state

    def change_limits(self, new: Limits, now: datetime, *, by: str, reason: str) -> None:
        """Change the limits, and record the change."""
        changes = diff(self.limits, new)
        self.limits = new
        if changes:
            text = f"{by} changed limits: {'; '.join(map(str, changes))}. {reason}".strip()
            self.record(
                now,
                EventKind.LIMITS_CHANGED,
                text,
                by=by,
                reason=reason,
                **{each.name: f"{each.old} -> {each.new}" for each in changes},
            )

    def update_differences(self, found: tuple[Difference, ...], now: datetime) -> tuple[Difference, ...]:
        """Replace the differences between account and trades; return the new ones."""
        known = {each.key for each in self.differences}
        resolved = [each for each in self.differences if each.key not in {one.key for one in found}]
        self.differences = carry_over_explanations(found, self.differences)
        new = tuple(each for each in self.differences if each.key not in known)
        for each in new:
            text = f"Account and trades disagree: {each}. No entry is sent until this is explained"
            self.record(
                now, EventKind.DIFFERENCE, text, kind=each.kind, expected=each.expected, found=each.found
            )
        for each in resolved:
            self.record(now, EventKind.EXPLAINED, f"Difference resolved: {each}")
        return new

    def explain(self, what: str | None, now: datetime, *, by: str, reason: str) -> int:
        """Mark the difference about `what`, or all, as explained; return how many."""
        chosen = {
            each.key for each in self.differences if each.explained_by is None and what in {None, each.what}
        }
        self.differences = tuple(
            replace(each, explained_by=by, explanation=reason) if each.key in chosen else each
            for each in self.differences
        )
        if chosen:
            words = "; ".join(str(each) for each in self.differences if each.key in chosen)
            self.record(now, EventKind.EXPLAINED, f"{by} explained: {words}. {reason}", by=by, reason=reason)
        return len(chosen)

    def allow(self, trade: str, now: datetime, *, by: str, reason: str) -> bool:
        """Allow one trade of a re-post; return False unless `trade` was denied as one."""
        found = next((each for each in self.denied_reposts if each.trade == trade), None)
        if found is None:
            return False
        self.denied_reposts = [each for each in self.denied_reposts if each.key != found.key]
        self.allowed_reposts = [*[each for each in self.allowed_reposts if each != found.key], found.key][
            -MAX_DENIED_REPOSTS:
        ]
        self.record(
            now,
            EventKind.EXPLAINED,
            f"{by} allowed the re-post {trade}: the alert trades when it is sent again. {reason}",
            by=by,
            reason=reason,
        )
        return True

    def record(self, now: datetime, kind: EventKind, text: str, /, **facts: object) -> None:
        """Append an audit event; older ones than the last `MAX_EVENTS` are in the workflow's earlier runs."""
        self.recorded += 1
        known = {name: str(value) for name, value in facts.items() if value is not None}
        self.events = [
            *self.events,
            TradeEvent(sequence=self.recorded, at=now, kind=kind, text=text, facts=known),
        ][-MAX_EVENTS:]


def new_account(limits: Limits, now: datetime) -> Account:
    """Return the initial state of an account."""
    return Account(limits=limits, settings_limits=limits, day=Day(date=new_york_date(now)))
