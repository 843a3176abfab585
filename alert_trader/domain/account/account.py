"""What an account remembers, and how it lets entries pass: reservations, counters, re-posts, halts.

    an entry asks before each order of it is sent; the first time it is admitted, which reserves its money and counts it
    what open trades take, at their ceilings, is never more than the day's reference buying power less the day's losses
    asking twice is asking once: a trade is admitted, counted and released once, whatever comes again
    a pass holds for `PASS` from the moment it was asked for; after a halt none is given, so a halt is certain that much later

Everything here is carried when the account's workflow starts afresh, so everything has a bound. Amounts are dollars, a day is a New York
date, times are UTC. Exits and cancels never ask.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from alert_trader.domain.account.buying_power import Commitments, affordable_quantity
from alert_trader.domain.account.limits import Limits, diff
from alert_trader.domain.account.reconciliation import Difference, Expected, explained
from alert_trader.domain.account.reservation import (
    NOTHING,
    AdmitRequest,
    Admitted,
    Day,
    OpenTrade,
    PositionReport,
    Repost,
)
from alert_trader.domain.account.trading_state import AccountState, TradingStateCommand, next_state
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.ids import WorkflowId
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.money import Usd, plain

PASS = timedelta(milliseconds=600)
"""How long an entry may be sent after it asked. A halt waits this long before it is certain, so it must be well below a second; and
asking takes a hundredth of one."""

SETTLES = timedelta(seconds=10)
"""How old a trade's admission must be for the broker's buying power to show its order: as long as a sending may take."""

MOST_EVENTS = 100
MOST_REPOSTS = 16_000
"""Hundreds a day for weeks; the workflow starts afresh with all of them, and Temporal takes two megabytes."""
MOST_OVER = 3000
MOST_DENIED = 50


@dataclass(slots=True, kw_only=True)
class Account:
    """One account's memory."""

    limits: Limits
    set_limits: Limits
    """The limits of the settings when they were last told: what a person changes since holds until the settings change."""
    day: Day
    state: AccountState = AccountState.ACTIVE
    epoch: int = 0
    halted_at: datetime | None = None
    halted_by: str | None = None
    halt_reason: str | None = None
    trades: dict[str, OpenTrade] = field(default_factory=dict)
    over: dict[str, date] = field(default_factory=dict)
    """Trades of today and the day before that are over: they are not admitted again."""
    orders: dict[str, datetime] = field(default_factory=dict)
    """Orders let pass in the last minute."""
    reposts: dict[str, list[str]] = field(default_factory=dict)
    """What was admitted, by expiration date: author, contract and price."""
    denied: list[Repost] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    """What a person lets through once though it is a re-post."""
    differences: tuple[Difference, ...] = ()
    events: list[TradeEvent] = field(default_factory=list)
    recorded: int = 0
    passed_at: datetime | None = None
    """When the last order was let pass."""

    # Reading

    @property
    def committed(self) -> Usd:
        """Give what all open trades take of the day's reference."""
        return Usd(sum((each.committed(self.day.date) for each in self.trades.values()), Decimal(0)))

    @property
    def expected(self) -> tuple[Expected, ...]:
        """Give what the open trades say they hold."""
        return tuple(
            Expected(trade=each.trade, symbol=each.symbol, position=each.position)
            for each in self.trades.values()
        )

    @property
    def entering(self) -> tuple[OpenTrade, ...]:
        """Give the trades that may still buy."""
        return tuple(each for each in self.trades.values() if each.entering)

    def orders_since(self, moment: datetime) -> int:
        """Count the entry orders let pass since a moment."""
        return sum(at > moment for at in self.orders.values())

    # Days

    def roll(self, now: datetime) -> bool:
        """Begin the day of `now` when it is another; tells whether it did."""
        today = new_york_date(now)
        if today <= self.day.date:
            return False
        yesterday, self.day = self.day.date, Day(date=today)
        self.over = {trade: day for trade, day in self.over.items() if day >= yesterday}
        self.reposts = {
            expiry: keys for expiry, keys in self.reposts.items() if date.fromisoformat(expiry) >= today
        }
        return True

    def open_day(self, reference: Usd, now: datetime) -> None:
        """Fix the day's reference buying power."""
        self.day.reference, self.day.reference_at = reference, now
        text = f"Buying power at the start of {self.day.date}: {plain(reference)} dollars; allocations are shares of it"
        self.record(now, EventKind.DAY_OPENED, text, reference=reference)

    # Admitting

    def admit(self, request: AdmitRequest, now: datetime) -> Admitted | Denied:
        """Let an order pass, or say why not. The first of a trade reserves its money, and may get fewer contracts than it asks for."""
        self.roll(now)
        self.orders = {order: at for order, at in self.orders.items() if at > now - timedelta(minutes=1)}
        denied = self._closed(request)
        if denied is not None:
            return denied
        known = self.trades.get(request.trade)
        answer = self._admit_first(request, now) if known is None else self._admit_next(request, known, now)
        if isinstance(answer, Admitted) and answer.quantity > 0:
            self.orders.setdefault(request.order, now)
            self.passed_at = now
        return answer

    def _closed(self, request: AdmitRequest) -> Denied | None:
        if self.state is not AccountState.ACTIVE:
            since = "" if self.halted_at is None else self.halted_at.isoformat(timespec="seconds")
            reason = (
                f"expected an active account, found it {self.state} by {self.halted_by} since {since} ({self.halt_reason}): "
                "resume it when that is mended"
            )
            return Denied(
                code=Code.ACCOUNT_HALTED,
                reason=reason,
                facts={"state": self.state, "epoch": str(self.epoch), "since": since},
            )
        if request.trade in self.over:
            return Denied(
                code=Code.TRADE_OVER,
                reason=f"expected a trade that was not over, found {request.trade} ended before: send a new alert",
            )
        return None

    def _admit_next(self, request: AdmitRequest, trade: OpenTrade, now: datetime) -> Admitted | Denied:
        if not trade.entering:
            return Denied(
                code=Code.TRADE_OVER,
                reason=f"expected an entry that goes on, found that of {trade.trade} over: nothing to do",
            )
        return self._rate(request, now) or self._admitted(
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
            self._not_ready()
            or self._not_here(request, now)
            or self._counted(request)
            or self._rate(request, now)
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
        self._remember(request, now)
        return self._admitted(quantity, trade, first=True)

    def _not_ready(self) -> Denied | None:
        if self.day.reference is None:
            reason = f"expected the buying power at the start of {self.day.date}, which is not known yet: see that the broker answers"
            return Denied(
                code=Code.ACCOUNT_NOT_READY, reason=reason, facts={"day": self.day.date.isoformat()}
            )
        wrong = next((each for each in self.day.preflight if not each.ok), None)
        if wrong is not None or self.day.preflight_at is None:
            found = "not run" if wrong is None else f"{wrong.name}: {wrong.found}"
            reason = f"expected a preflight that is all right, found {found}: {'' if wrong is None else wrong.fix or 'see trader doctor'}"
            return Denied(
                code=Code.PREFLIGHT_FAILED,
                reason=reason.removesuffix(": "),
                facts={"check": "" if wrong is None else wrong.name},
            )
        open_question = next((each for each in self.differences if each.explained_by is None), None)
        if open_question is not None:
            reason = f"expected account and trades to agree, found {open_question}: explain it with `trader account explain`"
            facts = {
                "kind": str(open_question.kind),
                "expected": str(open_question.expected),
                "found": str(open_question.found),
            }
            return Denied(code=Code.ACCOUNT_DIFFERENCE, reason=reason, facts=facts)
        return None

    def _not_here(self, request: AdmitRequest, now: datetime) -> Denied | None:
        limits, name = self.limits, request.contract.underlying
        if name in limits.halted_symbols or request.contract.root in limits.halted_symbols:
            reason = f"expected a symbol that is traded, found {name} halted: take it out of halted_symbols when it may be"
            return Denied(code=Code.SYMBOL_HALTED, reason=reason, facts={"symbol": name})
        opens, closes = request.opens_at, request.closes_at
        if opens is not None and opens <= now < opens + limits.no_entry_after_open:
            return _window("after the open", limits.no_entry_after_open, now - opens)
        if closes is not None and closes - limits.no_entry_before_close < now:
            return _window("before the close", limits.no_entry_before_close, closes - now)
        return self._repost(request)

    def _repost(self, request: AdmitRequest) -> Denied | None:
        key = request.repost_key
        if (
            not self.limits.deny_reposts
            or key in self.allowed
            or key not in self.reposts.get(request.contract.expiry.isoformat(), ())
        ):
            return None
        if all(each.trade != request.trade for each in self.denied):
            self.denied = [*self.denied, Repost(trade=request.trade, key=key)][-MOST_DENIED:]
        price = "no price" if request.alert_price is None else plain(request.alert_price)
        reason = (
            f"expected a new alert, found author {request.author}, {request.contract} and {price} traded before: "
            f"`trader account allow {request.trade}` lets it through when it is sent again"
        )
        facts = {"author": request.author, "contract": str(request.contract), "price": price}
        return Denied(code=Code.ALERT_REPOSTED, reason=reason, facts=facts)

    def _remember(self, request: AdmitRequest, now: datetime) -> None:
        key, expiry = request.repost_key, request.contract.expiry.isoformat()
        if key in self.allowed:
            self.allowed.remove(key)
        keys = self.reposts.setdefault(expiry, [])
        if key not in keys:
            keys.append(key)
        if sum(map(len, self.reposts.values())) > MOST_REPOSTS:
            furthest = max(self.reposts)
            self.reposts[furthest].pop(0)
            text = f"More than {MOST_REPOSTS} alerts are remembered: the oldest that expires on {furthest} is forgotten, and would trade again"
            self.record(now, EventKind.WARNING, text)

    def _counted(self, request: AdmitRequest) -> Denied | None:
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
                return _over(code, name, str(found), str(most))
        if -day.realised >= limits.max_loss_per_day:
            return _over(
                Code.LIMIT_LOSS_PER_DAY,
                "max_loss_per_day",
                plain(-day.realised),
                plain(limits.max_loss_per_day),
            )
        return None

    def _rate(self, request: AdmitRequest, now: datetime) -> Denied | None:
        most, found = self.limits.max_orders_per_minute, self.orders_since(now - timedelta(minutes=1))
        if request.order in self.orders or found < most:
            return None
        return _over(Code.LIMIT_ORDERS_PER_MINUTE, "max_orders_per_minute", str(found), str(most))

    def _affordable(self, request: AdmitRequest) -> int | Denied:
        unseen = sum(
            (each.reserved for each in self.trades.values() if each.admitted_at > request.read_at - SETTLES),
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

    # What trades tell

    def take(self, standing: PositionReport, now: datetime) -> bool:
        """Take in how a trade stands; one that is over is released. Tells whether it changed anything: twice is once, late is never."""
        self.roll(now)
        trade = self.trades.get(standing.trade)
        if trade is None or standing.sequence <= trade.sequence:
            return False
        self.day.realised = Usd(self.day.realised + standing.realised - trade.realised)
        trade.sequence, trade.entering = standing.sequence, standing.entering
        trade.bought, trade.position = standing.bought, standing.position
        trade.paid, trade.realised = standing.paid, standing.realised
        if standing.over:
            self.release(standing.trade)
        if -self.day.realised >= self.limits.max_loss_per_day and self.state is AccountState.ACTIVE:
            lost, most = plain(Usd(-self.day.realised)), plain(self.limits.max_loss_per_day)
            self.order(
                TradingStateCommand.HALT,
                now,
                by="the daily loss limit",
                reason=f"{lost} dollars lost today, at most {most} are allowed",
            )
        return True

    def release(self, trade: WorkflowId) -> None:
        """Free what a trade that is over had reserved. Releasing twice frees once."""
        if self.trades.pop(trade, None) is not None:
            self.over[trade] = self.day.date
            while len(self.over) > MOST_OVER:
                del self.over[next(iter(self.over))]

    # What people and limits order

    def order(self, order: TradingStateCommand, now: datetime, *, by: str, reason: str) -> AccountState:
        """Move by the table of `alert_trader.domain.account.trading_state`; raises IllegalHalting. Entries that were let pass in an earlier epoch are over."""
        before, self.state = self.state, next_state(self.state, order)
        if before is AccountState.ACTIVE:
            self.epoch += 1
            self.halted_at, self.halted_by, self.halt_reason = now, by, reason
        if before is self.state and order is TradingStateCommand.HALT:
            return self.state  # it is recorded once
        kinds = {
            TradingStateCommand.HALT: EventKind.HALTED,
            TradingStateCommand.FLATTEN: EventKind.FLATTENING,
            TradingStateCommand.FLAT: EventKind.FLATTENED,
        }
        words = {
            TradingStateCommand.HALT: f"Halted by {by}: {reason}. No entry is sent until a person resumes",
            TradingStateCommand.FLATTEN: f"{by} flattens the account: {reason}. Nothing is bought, and {len(self.trades)} open trades are closed",
            TradingStateCommand.FLAT: "Flat: every trade is closed. The account stays halted until a person resumes",
            TradingStateCommand.RESUME: f"Resumed by {by}, who says what changed: {reason}",
        }
        self.record(
            now,
            kinds.get(order, EventKind.RESUMED),
            words[order],
            by=by,
            reason=reason,
            epoch=self.epoch,
            state=self.state,
        )
        if self.state is AccountState.ACTIVE:
            self.halted_at = self.halted_by = self.halt_reason = None
        return self.state

    def limit(self, new: Limits, now: datetime, *, by: str, reason: str) -> None:
        """Change the limits, on record."""
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

    def differ(self, found: tuple[Difference, ...], now: datetime) -> tuple[Difference, ...]:
        """Take in where account and trades do not agree; gives what is new of it and not explained."""
        known = {each.key for each in self.differences}
        gone = [each for each in self.differences if each.key not in {one.key for one in found}]
        self.differences = explained(found, self.differences)
        fresh = tuple(each for each in self.differences if each.key not in known)
        for each in fresh:
            text = f"Account and trades do not agree: {each}. Nothing is bought until this is explained"
            self.record(
                now, EventKind.DIFFERENCE, text, kind=each.kind, expected=each.expected, found=each.found
            )
        for each in gone:
            self.record(now, EventKind.EXPLAINED, f"Account and trades agree again: no longer so: {each}")
        return fresh

    def explain(self, what: str | None, now: datetime, *, by: str, reason: str) -> int:
        """Explain differences, or the one about `what`; gives how many that was."""
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
        """Let a re-post through once; tells whether `trade` was denied as one."""
        found = next((each for each in self.denied if each.trade == trade), None)
        if found is None:
            return False
        self.denied = [each for each in self.denied if each.key != found.key]
        self.allowed = [*[each for each in self.allowed if each != found.key], found.key][-MOST_DENIED:]
        self.record(
            now,
            EventKind.EXPLAINED,
            f"{by} lets the re-post {trade} through when it is sent again. {reason}",
            by=by,
            reason=reason,
        )
        return True

    def record(self, now: datetime, kind: EventKind, text: str, /, **facts: object) -> None:
        """Write an audit event down; the oldest beyond `MOST_EVENTS` are in the workflow's earlier runs."""
        self.recorded += 1
        known = {name: str(value) for name, value in facts.items() if value is not None}
        self.events = [
            *self.events,
            TradeEvent(sequence=self.recorded, at=now, kind=kind, text=text, facts=known),
        ][-MOST_EVENTS:]


def opened(limits: Limits, now: datetime) -> Account:
    """Open the memory of an account that is looked after from now on."""
    return Account(limits=limits, set_limits=limits, day=Day(date=new_york_date(now)))


def _window(where: str, window: timedelta, found: timedelta) -> Denied:
    facts = {"window_seconds": f"{window.total_seconds():g}", "seconds": f"{found.total_seconds():.0f}"}
    reason = f"expected a moment outside of {window.total_seconds():g} s {where}, found one {found.total_seconds():.0f} s {where}: entries wait"
    return Denied(code=Code.NO_ENTRY_WINDOW, reason=reason, facts=facts)


def _over(code: Code, name: str, found: str, most: str) -> Denied:
    reason = f"expected less than {most} ({name}), found {found}: wait, or raise the limit with `trader limits set`"
    return Denied(code=code, reason=reason, facts={"limit": most, "found": found})
