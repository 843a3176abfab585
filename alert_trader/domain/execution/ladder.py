"""Price discovery: the first price, the bumps, the conversion, and which of them is due when.

A price here is dollars a share. An entry starts at the mid or the alert's price, rises a tick at a time, and never above its ceiling.
Invariants: every price is on a valid tick and at most the ceiling; past the window and its grace nothing is bought; without a usable
and fresh quote nothing is bought.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.policy import Conversion, LadderPolicy, SafetyPolicy
from alert_trader.domain.market.quotes import Quote, TickTable
from alert_trader.domain.money import Price, plain


def first_limit(alert_price: Price | None, quote: Quote, ticks: TickTable) -> Price | Denied:
    """Price the first entry order: the mid when it is below the alert's price or there is none, else the alert's price.

    Rounded down to a tick, as for every buy; denied when that leaves nothing. The quote was checked by `entry_checks` before.
    """
    wanted = quote.mid if alert_price is None else min(quote.mid, alert_price)
    limit = ticks.buy(wanted)
    if limit > 0:
        return limit
    reason = f"expected a price of at least one tick ({plain(ticks.step(wanted))}), found {plain(wanted)}: the contract is too cheap to bid for"
    return Denied(
        code=Code.PRICE_BELOW_TICK,
        reason=reason,
        facts={
            "wanted": plain(wanted),
            "tick": plain(ticks.step(wanted)),
            "bid": plain(quote.bid),
            "ask": plain(quote.ask),
        },
    )


def ceiling(alert_price: Price | None, first: Price, policy: LadderPolicy, ticks: TickTable) -> Price:
    """Give the most any entry order may pay: the alert's price, or the first limit where it names none, plus the policy's share.

    Rounded down to a tick, and never below the first limit.
    """
    base = first if alert_price is None else alert_price
    return max(ticks.buy(base * (1 + policy.ceiling)), first)


def bumped(limit: Price, ticks: TickTable, highest: Price) -> Price:
    """Raise a limit by one tick, never above `highest` (the ceiling); the same price when no tick is left."""
    raised = ticks.up(limit)
    return raised if raised <= highest else limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Buy the remainder at the market."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketableLimit:
    """Buy the remainder with a limit at the ceiling, which the ask is within."""

    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Buy nothing more."""

    why: Denied


LastStep = Market | MarketableLimit | GiveUp
"""What becomes of the unfilled remainder when the window ends."""


def conversion(
    *,
    policy: LadderPolicy,
    safety: SafetyPolicy,
    quote: Quote | None,
    highest: Price,
    last_limit: Price,
    ticks: TickTable,
    now: datetime,
) -> LastStep:
    """Decide what becomes of the unfilled remainder when the window ends. `highest` is the ceiling.

    A market or marketable order only while the ask of a usable, fresh quote is within the ceiling, and within
    `convert_within_ticks` of the last limit where that is set.
    """
    if policy.conversion is Conversion.CANCEL:
        return _give_up(
            Code.LADDER_CANCELLED,
            "the window ended unfilled and the policy is to cancel the remainder: set conversion to market to buy it",
            {"last_limit": plain(last_limit), "ceiling": plain(highest)},
        )
    checked = quote_check(quote, now=now, safety=safety)
    if isinstance(checked, Denied):
        return GiveUp(why=checked)
    facts = {"ask": plain(checked.ask), "last_limit": plain(last_limit), "ceiling": plain(highest)}
    if checked.ask > highest:
        reason = f"expected an ask of at most {plain(highest)} (the ceiling), found {plain(checked.ask)}: the market ran away from the alert"
        return _give_up(Code.LADDER_ABOVE_CEILING, reason, facts)
    allowed = policy.convert_within_ticks
    if allowed is not None and not _within_ticks(checked.ask, last_limit, allowed, ticks):
        reason = (
            f"expected an ask within {allowed} ticks of the last limit {plain(last_limit)}, found {plain(checked.ask)}: "
            "raise convert_within_ticks to pay more"
        )
        return _give_up(Code.LADDER_TOO_MANY_TICKS, reason, {**facts, "convert_within_ticks": str(allowed)})
    if policy.conversion is Conversion.MARKETABLE_LIMIT:
        return MarketableLimit(price=highest)
    return Market()


def _give_up(code: Code, reason: str, facts: dict[str, str]) -> GiveUp:
    return GiveUp(why=Denied(code=code, reason=reason, facts=facts))


def _within_ticks(ask: Decimal, limit: Price, allowed: int, ticks: TickTable) -> bool:
    reach = limit
    for _ in range(allowed):
        if reach >= ask:
            break
        reach = ticks.up(reach)
    return ask <= reach


class Rung(StrEnum):
    """Where on the ladder an entry stands at a moment."""

    FIRST = "first"
    """The first limit works."""
    BUMP = "bump"
    """A raised limit works."""
    CONVERT = "convert"
    """The window is over: convert the remainder, or give it up."""
    LATE = "late"
    """The window and its grace are over: whoever wakes up now cancels the remainder and never chases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The rung that is due, and how many bumps were due by then."""

    rung: Rung
    bumps: int = 0
    """From 1 to the policy's number on BUMP; 0 on every other rung."""


def due(*, started: datetime, now: datetime, policy: LadderPolicy) -> Due:
    """Tell which rung is due at `now` for a window that began at `started`. A clock that went back is taken as the start."""
    elapsed = now - started
    if elapsed > policy.window + policy.grace:
        return Due(rung=Rung.LATE)
    if elapsed >= policy.window:
        return Due(rung=Rung.CONVERT)
    bumps = min(elapsed // policy.step, policy.bumps)
    return Due(rung=Rung.BUMP, bumps=bumps) if bumps > 0 else Due(rung=Rung.FIRST)


def next_wake(*, started: datetime, now: datetime, policy: LadderPolicy) -> datetime | None:
    """Tell when the next rung begins, or None once the conversion is due: nothing on the ladder comes after it."""
    at = due(started=started, now=now, policy=policy)
    match at.rung:
        case Rung.FIRST | Rung.BUMP:
            converts_at = started + policy.window
            return (
                min(started + (at.bumps + 1) * policy.step, converts_at)
                if at.bumps < policy.bumps
                else converts_at
            )
        case Rung.CONVERT | Rung.LATE:
            return None
        case _:
            assert_never(at.rung)


def entry_checks(
    *,
    posted_at: datetime,
    alert_price: Price | None,
    quote: Quote | None,
    now: datetime,
    safety: SafetyPolicy,
) -> Denied | None:
    """Check that an entry may be priced now: the alert's age, the quote, and the gap between them; None when nothing is wrong."""
    too_old = age_check(posted_at, now=now, safety=safety)
    if too_old is not None:
        return too_old
    checked = quote_check(quote, now=now, safety=safety)
    if isinstance(checked, Denied):
        return checked
    return None if alert_price is None else gap_check(alert_price, checked, safety=safety)


def age_check(posted_at: datetime, *, now: datetime, safety: SafetyPolicy) -> Denied | None:
    """Deny an alert that is too old, or that claims to come from a future further away than that. Asked again when the entry is sent."""
    age, most = now - posted_at, safety.max_alert_age
    facts = {"age_seconds": _seconds(age), "max_alert_age_seconds": _seconds(most)}
    if age > most:
        reason = f"expected an alert of at most {_seconds(most)} s, found one of {_seconds(age)} s: the market has moved on, wait for the next"
        return Denied(code=Code.ALERT_TOO_OLD, reason=reason, facts=facts)
    if -age > most:
        reason = f"expected an alert posted before now, found one dated {_seconds(-age)} s ahead: check this machine's clock"
        return Denied(code=Code.ALERT_FROM_FUTURE, reason=reason, facts=facts)
    return None


def quote_check(quote: Quote | None, *, now: datetime, safety: SafetyPolicy) -> Quote | Denied:
    """Give the quote back when an entry may rest on it; deny when it is missing, zero, crossed, halted or stale."""
    if quote is None:
        return Denied(
            code=Code.QUOTE_MISSING, reason="expected a quote of the contract, found none: nothing was priced"
        )
    facts = {"bid": plain(quote.bid), "ask": plain(quote.ask)}
    if not quote.usable:
        what = "a halted one" if quote.halted else f"bid {plain(quote.bid)} and ask {plain(quote.ask)}"
        reason = f"expected a two-sided quote that is not crossed, found {what}: nothing was priced"
        return Denied(
            code=Code.QUOTE_UNUSABLE, reason=reason, facts={**facts, "halted": str(quote.halted).lower()}
        )
    age, most = now - quote.at, safety.max_quote_age
    if abs(age) > most:
        reason = f"expected a quote of at most {_seconds(most)} s, found one of {_seconds(age)} s: nothing was priced"
        return Denied(
            code=Code.QUOTE_STALE,
            reason=reason,
            facts={**facts, "age_seconds": _seconds(age), "max_quote_age_seconds": _seconds(most)},
        )
    return quote


def gap_check(alert_price: Price, quote: Quote, *, safety: SafetyPolicy) -> Denied | None:
    """Deny when the mid is further from the alert's price than the policy's fraction of that price, above or below."""
    if abs(quote.mid - alert_price) <= alert_price * safety.max_price_gap:
        return None
    reason = (
        f"expected a mid within {plain(safety.max_price_gap * 100)} % of the alert's price {plain(alert_price)}, "
        f"found {plain(quote.mid)}: check the contract and the price of the alert"
    )
    return Denied(
        code=Code.PRICE_FAR_FROM_MARKET,
        reason=reason,
        facts={
            "alert_price": plain(alert_price),
            "mid": plain(quote.mid),
            "bid": plain(quote.bid),
            "ask": plain(quote.ask),
            "max_price_gap": plain(safety.max_price_gap),
        },
    )


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.1f}"
