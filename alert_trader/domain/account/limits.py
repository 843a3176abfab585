"""The limits that every entry of an account is checked against, and how a person changes them.

Amounts are dollars. A day is a New York date. Each limit is checked when a trade is admitted, before anything
is sent.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from alert_trader.domain.money import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one account. A number of zero admits nothing; a time of zero means no window."""

    max_contracts: int = 10
    """Contracts of one trade."""
    max_notional: Decimal = Decimal(2000)
    """Dollars of one trade at its ceiling, without fees."""
    max_open_trades: int = 50
    """Trades that are buying or holding at the same time."""
    max_trades_per_day: int = 300
    max_trades_per_author: int = 50
    """Trades of one author on one day."""
    max_notional_per_day: Decimal = Decimal(50_000)
    """Dollars of all trades of a day at their ceilings, without fees, whether sold again or not."""
    max_orders_per_minute: int = 120
    """Entry orders, including bumps and conversions. Exits and cancels have no such limit."""
    max_loss_per_day: Decimal = Decimal(1000)
    """Dollars of realised loss, before fees, at which the account is halted."""
    no_entry_after_open: timedelta = timedelta(0)
    """No entries for this long after the open."""
    no_entry_before_close: timedelta = timedelta(0)
    """No entries for this long before the close."""
    halted_symbols: tuple[str, ...] = ()
    """No entries in these underlyings."""
    deny_reposts: bool = True
    """Whether the same author, contract and price again is denied until the contract expires."""

    def __post_init__(self) -> None:
        """Raise ValueError for a negative limit."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | Decimal) and value < 0:
                raise ValueError(f"expected {field.name} of zero or more, found {value}")
            if isinstance(value, timedelta) and value < timedelta(0):
                raise ValueError(
                    f"expected {field.name} of zero or more seconds, found {value.total_seconds():g}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """One limit before and after, as text."""

    name: str
    old: str
    new: str

    def __str__(self) -> str:
        """Return it as a line of a diff."""
        return f"{self.name}: {self.old} -> {self.new}"


def written(value: object) -> str:
    """Return a limit as text: seconds for times, symbols separated by commas, yes or no."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case timedelta():
            return f"{value.total_seconds():g} s"
        case tuple():
            return ", ".join(str(each) for each in value) or "none"
        case _:
            return str(value)


def changed(limits: Limits, changes: Mapping[str, str]) -> Limits:
    """Return the limits with `changes` applied; raises ValueError that names the limit and the value."""
    kinds = typing.get_type_hints(Limits)
    unknown = [name for name in changes if name not in kinds]
    if unknown:
        raise ValueError(f"expected one of {', '.join(kinds)}; found {', '.join(unknown)}")
    read: dict[str, Any] = {name: _read(name, kinds[name], text) for name, text in changes.items()}
    return replace(limits, **read)


def diff(old: Limits, new: Limits) -> tuple[LimitChange, ...]:
    """Return the changed limits, in the order of declaration."""
    pairs = ((field.name, getattr(old, field.name), getattr(new, field.name)) for field in fields(Limits))
    return tuple(
        LimitChange(name=name, old=written(was), new=written(now)) for name, was, now in pairs if was != now
    )


def merged(current: Limits, was_set: Limits, is_set: Limits) -> Limits:
    """Apply the limits changed in the settings; keep a person's changes to the others."""
    names = [
        field.name for field in fields(Limits) if getattr(was_set, field.name) != getattr(is_set, field.name)
    ]
    return replace(current, **{name: getattr(is_set, name) for name in names})


def _read(name: str, kind: object, text: str) -> object:
    text = text.strip()
    try:
        if kind is bool:
            return {"yes": True, "true": True, "no": False, "false": False}[text.lower()]
        if kind is int:
            return int(text)
        if kind is Decimal:
            return _number(text)
        if kind is timedelta:
            return timedelta(microseconds=int(_number(text.removesuffix("s").strip()) * 1_000_000))
    except (KeyError, ValueError, InvalidOperation):
        kinds = {bool: "yes or no", int: "a whole number", Decimal: "dollars", timedelta: "seconds"}
        wanted = kinds[kind]  # type: ignore[index]
        raise ValueError(f"expected {wanted} for {name}, found {text!r}") from None
    assert isinstance(kind, types.GenericAlias)
    return tuple(
        part.strip().upper() for part in text.split(",") if part.strip() and part.strip().lower() != "none"
    )


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError("not finite")
    return value
