"""Money: decimals only, in US dollars."""

from decimal import Decimal
from typing import NewType

Price = NewType("Price", Decimal)
"""Dollars per share of an option, as quoted: 1.20 means 120 dollars a contract of 100 shares. Never negative."""

Usd = NewType("Usd", Decimal)
"""An amount of dollars; a loss or a cost is negative where the name says P&L."""

CONTRACT_MULTIPLIER = 100
"""Shares a standard contract stands for. Contracts with another deliverable are refused when they are confirmed."""


def price(text: str | int | Decimal) -> Price:
    """Read a price in dollars a share; raises ValueError when it is negative or not finite."""
    value = Decimal(text)
    if not value.is_finite() or value < 0:
        raise ValueError(f"expected a price of zero or more, found {text!r}")
    return Price(value)


def plain(value: Decimal) -> str:
    """Write a decimal without exponent or trailing zeros, but with at least two decimal places: 1.2 gives 1.20."""
    text = format(value.normalize(), "f")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"
