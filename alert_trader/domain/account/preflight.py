"""What must be in order before the first order of a session, judged from the broker's answers."""

from dataclasses import dataclass
from decimal import Decimal

from alert_trader.domain.money import plain

DAY_TRADER_EQUITY = Decimal(25_000)
"""Equity in dollars below which a margin account flagged as pattern day trader may not sell on the day it
bought."""

FREE_DAY_TRADES = 3
"""Day trades in five days that a smaller margin account may make without being flagged."""

_NO_OPTIONS = ("none", "no options", "not approved", "no permissions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check and its result."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    """What to do when it failed."""


def restrictions(*, closed: bool, frozen: bool, closing_only: bool, options_level: str) -> tuple[str, ...]:
    """Return what prevents an account from opening option positions; empty when nothing does."""
    named = [
        word
        for word, is_set in (("closed", closed), ("frozen", frozen), ("closing only", closing_only))
        if is_set
    ]
    if not may_buy_options(options_level):
        named.append(f"options level {options_level or 'not given'}")
    return tuple(named)


def may_buy_options(level: str) -> bool:
    """Whether an options level allows buying options.

    Only levels that forbid it are known here; for the others the broker's check decides.
    """
    return bool(level.strip()) and not any(word in level.lower() for word in _NO_OPTIONS)


def may_day_trade(*, margin: bool, flagged: bool, equity: Decimal) -> bool:
    """Whether contracts may be sold on the day they were bought: a flagged margin account needs equity."""
    return not (margin and flagged and equity < DAY_TRADER_EQUITY)


def day_trading(*, margin: bool, flagged: bool, equity: Decimal, count: int) -> Check:
    """Check whether exits on the day of the entry are allowed."""
    flag = "flagged" if flagged else "not flagged"
    found = f"{flag}, {count} day trades in five days, {plain(equity)} dollars of equity"
    if not may_day_trade(margin=margin, flagged=flagged, equity=equity):
        fix = f"bring the equity to {plain(DAY_TRADER_EQUITY)} dollars, or ask the broker to lift the flag"
        return Check(name="day trading", ok=False, found=found, fix=fix)
    if margin and not flagged and equity < DAY_TRADER_EQUITY and count >= FREE_DAY_TRADES:
        found += f"; one more flags the account ({FREE_DAY_TRADES} are allowed)"
    return Check(name="day trading", ok=True, found=found)
