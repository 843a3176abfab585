"""The value that one token spells: a ticker, strike, right, price or count. Nothing is rounded."""

from decimal import Decimal
from functools import lru_cache

from alert_trader.domain.alerts.parsing.tokens import Token, number_in, right_in
from alert_trader.domain.market.contract import Right
from alert_trader.domain.money import Price


def symbol_of(token: Token) -> str:
    """Return the ticker as the broker writes it: BRK/B and $brk.b are BRK.B."""
    return _ticker(token.text)


@lru_cache(maxsize=4096)
def _ticker(text: str) -> str:
    return text.lstrip("$").upper().replace("/", ".")


def strike_of(token: Token) -> Decimal:
    """Return the strike in dollars, exactly as written."""
    return _decimal(number_in(token))


@lru_cache(maxsize=4096)
def _decimal(digits: str) -> Decimal:
    return Decimal(digits)


def right_of(token: Token) -> Right:
    """Return the right of a strike token, or of the word for a right."""
    return Right(right_in(token))


def price_of(token: Token) -> Price:
    """Return a price in dollars a share, exactly as written."""
    return Price(_decimal(number_in(token)))


def count_of(token: Token) -> int | None:
    """Return a number of contracts; None where the number is not a whole one, as in "Quantity: 1.5"."""
    digits = number_in(token)
    return int(digits) if digits.isdigit() else None
