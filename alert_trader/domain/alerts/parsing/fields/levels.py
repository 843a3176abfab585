"""The stop and targets of an entry: the option's prices, shares of the entry, or the underlying's prices."""

import re
from decimal import Decimal
from typing import NamedTuple

from alert_trader.domain.alerts.alert import Level
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.money import Price

_NUMBERS = re.compile(r"[0-9]*\.?[0-9]+")
_LOW, _HIGH = Decimal("0.7"), Decimal("1.6")
"""A number between these shares of the strike may be a price of the underlying."""
_FAR = 4
"""Times the price of the entry, above which it is one."""


class Levels(NamedTuple):
    """The stop and the targets that an entry names, with the tokens that they were read from."""

    stop: Level | None = None
    stop_tokens: tuple[Token, ...] = ()
    targets: tuple[Level, ...] = ()
    target_tokens: tuple[Token, ...] = ()


NO_LEVELS = Levels()


def read_levels(named: tuple[tuple[str, Token], ...], strike: Decimal, price: Price | None) -> Levels:
    """Read the levels of an entry. One that cannot be a stop or target of it is left out.

    Two different stops are none: which one counts is not certain.
    """
    stops: dict[Level, Token] = {}
    targets: dict[Level, Token] = {}
    certain = True
    for name, token in named:
        for number in _numbers(token):
            level = _level(number, token, strike, price, stop=name == "stop")
            if level is not None:
                (stops if name == "stop" else targets).setdefault(level, token)
            elif name == "stop":
                certain = False
    certain = certain and len(stops) == 1
    return Levels(
        next(iter(stops)) if certain else None,
        tuple(stops.values()) if certain else (),
        tuple(targets),
        tuple(dict.fromkeys(targets.values())),
    )


def _numbers(token: Token) -> list[Decimal]:
    return [Decimal(each) for each in _NUMBERS.findall(token.text.replace(",", ""))]


def _level(
    number: Decimal, token: Token, strike: Decimal, price: Price | None, *, stop: bool
) -> Level | None:
    """Return what a number can be as a stop or target of this entry; None where it can be neither."""
    if token.kind == "PERCENT":
        share = number / 100
        possible = 0 < share < 1 if stop else share > 0 and token.text[0] != "-"
        return Level(change=share) if possible else None
    if _LOW * strike <= number <= _HIGH * strike and (price is None or number > _FAR * price):
        return Level(underlying=number)
    beside = price is None or (number < price if stop else number > price)
    return Level(price=Price(number)) if 0 < number < strike and beside else None
