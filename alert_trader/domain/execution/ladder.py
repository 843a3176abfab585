"""The entry price ladder: the first limit, the bumps, the conversion, and when each is due.

Prices are dollars a share. An entry starts at the mid or at the alert's price, whichever is lower, and its
limit is raised one tick at a time.

Invariants: every price is on a valid tick and at most the ceiling; after the window and its grace nothing is
bought; without a usable and fresh quote nothing is bought.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.policy import Conversion, LadderPolicy, NearClose, SafetyPolicy
from alert_trader.domain.market.quotes import Quote, TickTable
from alert_trader.domain.money import Price, plain


def first_limit(alert_price: Price | None, quote: Quote, ticks: TickTable) -> Price | Denied:
    """Return the limit of the first entry order: the lower of mid and alert price, if it has one.

    Rounded down to a tick, like every buy; denied when that leaves zero. The quote has passed `entry_checks`.
    """
    wanted = quote.mid if alert_price is None else min(quote.mid, alert_price)
    limit = ticks.buy(wanted)
    if limit > 0:
        return limit
    return Denied(
        code=Code.PRICE_BELOW_TICK,
        reason=f"Price {plain(wanted)} is below one tick ({plain(ticks.step(wanted))}); no order was sent",
        facts={
            "wanted": plain(wanted),
            "tick": plain(ticks.step(wanted)),
            "bid": plain(quote.bid),
            "ask": plain(quote.ask),
        },
    )


def ceiling(alert_price: Price | None, first: Price, policy: LadderPolicy, ticks: TickTable) -> Price:
    """Return the most that any entry order may pay.

    The alert's price, or the first limit where the alert has none, plus the policy's fraction of it. Rounded
    down to a tick, and never below the first limit.
    """
    base = first if alert_price is None else alert_price
    return max(ticks.buy(base * (1 + policy.ceiling)), first)


def bumped(limit: Price, ticks: TickTable, highest: Price) -> Price:
    """Return the limit raised by one tick, or unchanged when that would exceed `highest` (the ceiling)."""
    raised = ticks.up(limit)
    return raised if raised <= highest else limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertToMarket:
    """Buy the remainder with a market order, whose price has no bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertToLimit:
    """Buy the remainder with a limit order at the ceiling, which is at or above the ask."""

    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRemainder:
    """Buy nothing more."""

    denied: Denied


ConversionDecision = ConvertToMarket | ConvertToLimit | CancelRemainder
"""What happens to the unfilled remainder when the window ends."""


def decide_conversion(
    *,
    policy: LadderPolicy,
    safety: SafetyPolicy,
    quote: Quote | None,
    quantity: int,
    highest: Price,
    last_limit: Price,
    ticks: TickTable,
    now: datetime,
) -> ConversionDecision:
    """Decide what happens to the unfilled `quantity` when the window ends. `highest` is the ceiling.

    Converts only while the ask of a usable, fresh quote is within the ceiling, and within
    `convert_within_ticks` of the last limit where that is set. A limit at the ceiling may then pay less than
    that, never more; a market order needs an ask that shows the whole quantity.
    """
    if policy.conversion is Conversion.CANCEL:
        return _cancel(
            Code.LADDER_CANCELLED,
            "Not filled within the window, and the policy is to cancel. To buy then: set ladder_conversion "
            "to marketable-limit",
            {"last_limit": plain(last_limit), "ceiling": plain(highest)},
        )
    checked = quote_check(quote, now=now, safety=safety)
    if isinstance(checked, Denied):
        return CancelRemainder(denied=checked)
    ask = plain(checked.ask)
    facts = {"ask": ask, "last_limit": plain(last_limit), "ceiling": plain(highest)}
    if checked.ask > highest:
        reason = f"Ask {ask} is above the ceiling of {plain(highest)}; the remainder was not bought"
        return _cancel(Code.LADDER_ABOVE_CEILING, reason, facts)
    allowed = policy.convert_within_ticks
    if allowed is not None and not _within_ticks(checked.ask, last_limit, allowed, ticks):
        reason = (
            f"Ask {ask} is more than {allowed} ticks above the last limit of {plain(last_limit)}; "
            "the remainder was not bought. To pay more: raise convert_within_ticks"
        )
        return _cancel(Code.LADDER_TOO_MANY_TICKS, reason, {**facts, "convert_within_ticks": str(allowed)})
    if policy.conversion is Conversion.MARKETABLE_LIMIT:
        return ConvertToLimit(price=highest)
    return _at_market(checked, quantity, facts)


def _at_market(quote: Quote, quantity: int, facts: dict[str, str]) -> ConversionDecision:
    """Buy at the market what the ask shows in full, and nothing otherwise."""
    if quote.ask_size >= quantity:
        return ConvertToMarket()
    reason = (
        f"The ask of {plain(quote.ask)} shows {quote.ask_size} of {quantity} contracts; no market order was "
        "sent"
    )
    sizes = {"ask_size": str(quote.ask_size), "quantity": str(quantity)}
    return _cancel(Code.LADDER_ASK_TOO_SMALL, reason, {**facts, **sizes})


def _cancel(code: Code, reason: str, facts: dict[str, str]) -> CancelRemainder:
    return CancelRemainder(denied=Denied(code=code, reason=reason, facts=facts))


def _within_ticks(ask: Decimal, limit: Price, allowed: int, ticks: TickTable) -> bool:
    highest = limit
    for _ in range(allowed):
        if highest >= ask:
            break
        highest = ticks.up(highest)
    return ask <= highest


class LadderStage(StrEnum):
    """What the ladder requires at a moment."""

    FIRST = "first"
    """The first limit works."""
    BUMP = "bump"
    """A raised limit works."""
    CONVERT = "convert"
    """The window is over: convert the remainder, or cancel it."""
    LATE = "late"
    """The window and its grace are over: cancel the remainder, at any price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStage:
    """The stage that is due, and how many bumps are due by then."""

    stage: LadderStage
    bumps: int = 0
    """From 1 to the policy's number on BUMP; 0 on every other stage."""


def due_stage(*, started: datetime, now: datetime, policy: LadderPolicy) -> DueStage:
    """Return the stage due at `now` for a window that began at `started`; before that, the first."""
    elapsed = now - started
    if elapsed > policy.window + policy.grace:
        return DueStage(stage=LadderStage.LATE)
    if elapsed >= policy.window:
        return DueStage(stage=LadderStage.CONVERT)
    bumps = min(elapsed // policy.step, policy.bumps)
    return DueStage(stage=LadderStage.BUMP, bumps=bumps) if bumps > 0 else DueStage(stage=LadderStage.FIRST)


def next_stage_at(*, started: datetime, now: datetime, policy: LadderPolicy) -> datetime | None:
    """Return when the next stage begins, or None once the conversion is due: it is the last."""
    at = due_stage(started=started, now=now, policy=policy)
    match at.stage:
        case LadderStage.FIRST | LadderStage.BUMP:
            converts_at = started + policy.window
            return (
                min(started + (at.bumps + 1) * policy.step, converts_at)
                if at.bumps < policy.bumps
                else converts_at
            )
        case LadderStage.CONVERT | LadderStage.LATE:
            return None
        case _:
            assert_never(at.stage)


def fit_to_session(
    policy: LadderPolicy, *, starts: datetime, session_ends: datetime
) -> LadderPolicy | Denied:
    """Return the ladder of an entry that starts now: each of its orders has ended when the session ends.

    The policy itself where its window, grace and conversion fit. Else a denial, or a shorter window where the
    policy allows it and one step at least is left for the first limit.
    """
    left, after = session_ends - starts, policy.grace + policy.conversion_wait
    if policy.window + after <= left:
        return policy
    if policy.near_close is NearClose.SHORTEN and left - after >= policy.step:
        return replace(policy, window=left - after)
    needed = (policy.step if policy.near_close is NearClose.SHORTEN else policy.window) + after
    reason = (
        f"The session ends in {_seconds(max(left, timedelta(0)))} s, and an entry needs {_seconds(needed)} "
        "s; nothing is bought after it"
    )
    if policy.near_close is NearClose.REFUSE:
        reason += ". To buy in less time: set ladder_near_close to shorten"
    facts = {
        "session_ends": session_ends.isoformat(timespec="seconds"),
        "left_seconds": _seconds(left),
        "needed_seconds": _seconds(needed),
    }
    return Denied(code=Code.SESSION_ENDS_SOON, reason=reason, facts=facts)


def entry_checks(
    *,
    posted_at: datetime,
    alert_price: Price | None,
    quote: Quote | None,
    now: datetime,
    safety: SafetyPolicy,
) -> Denied | None:
    """Check the alert's age, the quote, and the gap between alert price and mid; None when all pass."""
    too_old = age_check(posted_at, now=now, safety=safety)
    if too_old is not None:
        return too_old
    checked = quote_check(quote, now=now, safety=safety)
    if isinstance(checked, Denied):
        return checked
    return None if alert_price is None else gap_check(alert_price, checked, safety=safety)


def age_check(posted_at: datetime, *, now: datetime, safety: SafetyPolicy) -> Denied | None:
    """Deny an alert that is too old or dated as far ahead. Checked again right before the entry is sent."""
    age, most = now - posted_at, safety.max_alert_age
    facts = {"age_seconds": _seconds(age), "max_alert_age_seconds": _seconds(most)}
    if age > most:
        reason = (
            f"Alert is {_seconds(age)} s old, more than the {_seconds(most)} s allowed; wait for the next one"
        )
        return Denied(code=Code.ALERT_TOO_OLD, reason=reason, facts=facts)
    if -age > most:
        reason = f"Alert is dated {_seconds(-age)} s in the future; check this machine's clock"
        return Denied(code=Code.ALERT_FROM_FUTURE, reason=reason, facts=facts)
    return None


def quote_check(quote: Quote | None, *, now: datetime, safety: SafetyPolicy) -> Quote | Denied:
    """Return the quote if an entry may be priced from it; deny a missing, one-sided, crossed or old one."""
    if quote is None:
        return Denied(code=Code.QUOTE_MISSING, reason="No quote for the contract; nothing was priced")
    facts = {"bid": plain(quote.bid), "ask": plain(quote.ask)}
    if not quote.usable:
        reason = (
            "Trading in the contract is halted; nothing was priced"
            if quote.halted
            else f"Quote one-sided or crossed: bid {facts['bid']}, ask {facts['ask']}; nothing was priced"
        )
        return Denied(
            code=Code.QUOTE_UNUSABLE, reason=reason, facts={**facts, "halted": str(quote.halted).lower()}
        )
    age, most = now - quote.at, safety.max_quote_age
    if abs(age) > most:
        reason = (
            f"Quote is {_seconds(age)} s old, more than the {_seconds(most)} s allowed; nothing was priced"
        )
        return Denied(
            code=Code.QUOTE_STALE,
            reason=reason,
            facts={**facts, "age_seconds": _seconds(age), "max_quote_age_seconds": _seconds(most)},
        )
    return quote


def gap_check(alert_price: Price, quote: Quote, *, safety: SafetyPolicy) -> Denied | None:
    """Deny when the mid differs from the alert's price by more than the policy's fraction of that price."""
    if abs(quote.mid - alert_price) <= alert_price * safety.max_price_gap:
        return None
    reason = (
        f"Mid {plain(quote.mid)} is more than {plain(safety.max_price_gap * 100)} % away from the alert's "
        f"price of {plain(alert_price)}; check the contract and the price in the alert"
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
