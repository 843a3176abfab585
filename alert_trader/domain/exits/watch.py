"""Watch the quotes of a held contract: which quote is a price, when a stop is crossed, when it has risen.

A watcher feeds quotes and, at least once a second, the time. What comes out is a crossing, a level that rose
by a step, or that there has been no price for too long; the quotes themselves are not recorded.

Invariant (STP-40): nothing is triggered by a quote that is stale, one-sided, crossed, too wide, halted, or
outside the regular session.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.exits.plan import ExitPlan
from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel, stop_level
from alert_trader.domain.market.quotes import Quote, TickTable
from alert_trader.domain.money import Price


class QuoteFault(StrEnum):
    """Why a quote is not a price."""

    MISSING = "missing"
    OUT_OF_SESSION = "outside the session"
    HALTED = "halted"
    STALE = "stale"
    ONE_SIDED = "one-sided"
    """No bid, no ask, or one that is not a number."""
    CROSSED = "crossed"
    TOO_WIDE = "too wide"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    """When a quote is a price, and when prices are a crossing."""

    max_age: timedelta = timedelta(seconds=5)
    """Counted from when it arrived, or was read again: a quiet contract needs a reading behind its feed."""
    max_spread: Decimal = Decimal("0.5")
    """As a fraction of the mid."""
    narrow_ticks: int = 5
    """A spread of so many ticks is never too wide: cheap contracts are quoted 0.01 to 0.05."""
    confirm_quotes: int = 2
    confirm_for: timedelta = timedelta(seconds=2)
    """A stop is crossed when so many quotes in a row are at or under it, or one is for so long."""
    trail_step: Decimal = Decimal("0.02")
    """A trail is reported when it has risen by this fraction, and by a tick at least."""
    silent_after: timedelta = timedelta(seconds=15)
    """How long there may be no price in the session before a person is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHours:
    """The regular session of the contract's day."""

    opens_at: datetime
    closes_at: datetime

    def open(self, at: datetime) -> bool:
        """Whether it is open."""
        return self.opens_at <= at < self.closes_at


def quote_fault(
    quote: Quote | None,
    *,
    now: datetime,
    session: SessionHours | None,
    rules: WatchRules,
    ticks: TickTable,
) -> QuoteFault | None:
    """Return why this quote is not a price, or None where it is one. `session` is None on a closed day."""
    if session is None or not session.open(now):
        return QuoteFault.OUT_OF_SESSION
    if quote is None:
        return QuoteFault.MISSING
    # a quote from before the opening says nothing of the price after it
    if not timedelta(0) <= now - quote.at <= rules.max_age or quote.at < session.opens_at:
        return QuoteFault.STALE
    return _price_fault(quote, rules, ticks)


def _price_fault(quote: Quote, rules: WatchRules, ticks: TickTable) -> QuoteFault | None:
    if quote.halted:
        return QuoteFault.HALTED
    # NaN first: it cannot be compared
    if not (quote.bid.is_finite() and quote.ask.is_finite()) or quote.bid <= 0 or quote.ask <= 0:
        return QuoteFault.ONE_SIDED
    if quote.ask < quote.bid:
        return QuoteFault.CROSSED
    widest = max(quote.mid * rules.max_spread, rules.narrow_ticks * ticks.step(quote.bid))
    return QuoteFault.TOO_WIDE if quote.ask - quote.bid > widest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Quotes at or under the stop that are not a crossing yet."""

    since: datetime
    quotes: int
    last: Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """What is known of the quotes so far. A watcher that begins again needs `facts` and `level` only."""

    facts: StopFacts
    level: StopLevel | None
    """As it was reported last."""
    pending: Pending | None = None
    crossed: bool = False
    """A crossing was reported; it is reported once."""
    no_price_since: datetime | None = None
    called: bool = False
    """A person was called because there is no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """The bid is at or under the stop: sell everything."""

    level: StopLevel
    bid: Price
    seen_at: datetime
    """When the first quote of the crossing arrived: how late a sale is counts from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The stop rose."""

    level: StopLevel
    highest_bid: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPrice:
    """There has been no price for too long: a person is to be called."""

    fault: QuoteFault
    since: datetime


Observation = Crossed | Raised | NoPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one contract of one trade is watched by."""

    plan: ExitPlan
    ticks: TickTable
    rules: WatchRules = WatchRules()

    def observe(
        self, state: WatchState, quote: Quote | None, *, now: datetime, session: SessionHours | None
    ) -> tuple[WatchState, tuple[Observation, ...]]:
        """Take the latest quote, new or not, and return what follows from it.

        Call it for each quote, and without a new one at least once a second with the last.
        """
        fault = quote_fault(quote, now=now, session=session, rules=self.rules, ticks=self.ticks)
        if fault is not None or quote is None:
            return self._without_price(state, fault or QuoteFault.MISSING, now)
        state = replace(state, no_price_since=None, called=False)
        state, raised = self._raise(state, quote)
        state, crossed = self._cross(state, quote, now)
        return state, tuple(each for each in (raised, crossed) if each is not None)

    def _without_price(
        self, state: WatchState, fault: QuoteFault, now: datetime
    ) -> tuple[WatchState, tuple[Observation, ...]]:
        pending = state.pending
        if pending is not None and now - pending.last.at > self.rules.max_age:
            pending = None
        if fault is QuoteFault.OUT_OF_SESSION:
            return replace(state, pending=None, no_price_since=None, called=False), ()
        since = state.no_price_since or now
        call = not state.called and now - since >= self.rules.silent_after
        after = replace(state, pending=pending, no_price_since=since, called=state.called or call)
        return after, (NoPrice(fault=fault, since=since),) if call else ()

    def _raise(self, state: WatchState, quote: Quote) -> tuple[WatchState, Raised | None]:
        high = state.facts.highest_bid
        if high is None or quote.bid > high:
            high = quote.bid
        facts = replace(state.facts, highest_bid=high)
        level = stop_level(self.plan, facts, before=state.level, ticks=self.ticks)
        state = replace(state, facts=facts)
        if level is None or level == state.level:
            return state, None
        if state.level is not None:
            step = max(self.ticks.step(state.level.price), state.level.price * self.rules.trail_step)
            if level.rule is state.level.rule and level.price - state.level.price < step:
                return state, None
        return replace(state, level=level), Raised(level=level, highest_bid=high)

    def _cross(self, state: WatchState, quote: Quote, now: datetime) -> tuple[WatchState, Crossed | None]:
        if state.level is None or quote.bid > state.level.price:
            return replace(state, pending=None), None
        if state.crossed:
            return state, None
        pending = state.pending
        if pending is None:
            pending = Pending(since=now, quotes=1, last=quote)
        elif quote != pending.last:
            pending = replace(pending, quotes=pending.quotes + 1, last=quote)
        confirmed = (
            pending.quotes >= self.rules.confirm_quotes or now - pending.since >= self.rules.confirm_for
        )
        state = replace(state, pending=pending, crossed=confirmed)
        crossed = Crossed(level=state.level, bid=quote.bid, seen_at=pending.since) if state.level else None
        return state, crossed if confirmed else None
