"""The value that one token spells: a ticker, strike, right, price or count. Nothing is rounded.

Each value is cached by its text, as a token is read several times and most alerts of a day share a few
numbers.
"""

import re
from decimal import Decimal
from functools import lru_cache

from alert_trader.domain.alerts.parsing.tokens import NUMBER, Token
from alert_trader.domain.market.contract import Right
from alert_trader.domain.money import Price

_DIGITS = re.compile(rf"[0-9]{{7,8}}|{NUMBER}")
_OCC_STRIKE = re.compile(r"[cp][0-9]{8}")


def symbol_of(token: Token) -> str:
    """Return the ticker as the broker writes it: BRK/B and $brk.b are BRK.B."""
    return _ticker(token.text)


@lru_cache(maxsize=4096)
def _ticker(text: str) -> str:
    return text.lstrip("$").upper().replace("/", ".")


def right_of(token: Token) -> Right:
    """Return the right of a strike token, or of the word for a right."""
    return _right(token.lower)


@lru_cache(maxsize=4096)
def _right(lower: str) -> Right:
    return Right(next(letter for letter in reversed(lower) if letter in "cp").upper())


def strike_of(token: Token) -> Decimal:
    """Return the strike in dollars, exactly as written; the eight digits of an OCC symbol are thousandths."""
    number = _number(token.text)
    return number / 1000 if _OCC_STRIKE.fullmatch(token.lower) else number


def price_of(token: Token) -> Price:
    """Return a price in dollars a share, exactly as written."""
    return Price(_number(token.text))


def number_of(token: Token) -> Decimal:
    """Return the number in a token, without $ and thousands' commas."""
    return _number(token.text)


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal:
    found = _DIGITS.search(text)
    return Decimal("" if found is None else found[0].replace(",", ""))


def count_of(token: Token) -> int | None:
    """Return a number of contracts; None where the number is not a whole one, as in "Quantity: 1.5"."""
    number = _number(token.text)
    return int(number) if number == int(number) else None
