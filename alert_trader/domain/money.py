"""Money in US dollars, as decimals only."""

from decimal import Decimal
from typing import NewType

Price = NewType("Price", Decimal)
"""Dollars a share, as options are quoted: 1.20 is 120 dollars for a contract of 100 shares. Never
negative."""

Usd = NewType("Usd", Decimal)
"""An amount of dollars. A P&L is negative for a loss."""

CONTRACT_MULTIPLIER = 100
"""Shares of a standard contract. Contracts with another deliverable are denied."""


def price(text: str | int | Decimal) -> Price:
    """Parse a price in dollars a share; raises ValueError when it is negative or not finite."""
    value = Decimal(text)
    if not value.is_finite() or value < 0:
        raise ValueError(f"expected a price of zero or more, found {text!r}")
    return Price(value)


def plain(value: Decimal) -> str:
    """Format a decimal without exponent and with at least two decimal places: 1.2 gives 1.20."""
    text = format(value.normalize(), "f")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"
