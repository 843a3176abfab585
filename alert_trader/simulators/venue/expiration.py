"""What becomes of positions in a series that expires: they leave, at their value, and the books show it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from alert_trader.simulators.venue.instruments import Series, parse


class Removal(StrEnum):
    """How the books name the end of a long position at expiration."""

    EXPIRED = "Expiration"
    EXERCISED = "Exercise"
    CASH = "Cash Settled Exercise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """A position in a series that has expired, and what one share of it is worth."""

    series: Series
    worth: Decimal
    removal: Removal


def expired(symbol: str, day: date, spot: Decimal | None, *, is_index: bool) -> Expired | None:
    """Value a series that has expired by the end of `day`; None when it lives on, or nobody quotes it."""
    series = parse(symbol)
    if series is None or spot is None or series.day > day:
        return None
    worth = max(spot - series.strike if series.right == "C" else series.strike - spot, Decimal(0))
    in_the_money = Removal.CASH if is_index else Removal.EXERCISED
    removal = in_the_money if worth > 0 else Removal.EXPIRED
    return Expired(series=series, worth=worth, removal=removal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A position that has left at expiration, as the books show it; `value` is dollars, positive."""

    transaction_id: int
    symbol: str
    underlying: str
    removal: Removal
    quantity: int
    value: Decimal
    at: datetime
