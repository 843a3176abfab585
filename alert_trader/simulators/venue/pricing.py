"""Black-Scholes values for the seeded market.

These are floats because they are a model, not money: `market.py` turns them into tick-sized decimals before
anyone can trade on them.
"""

from dataclasses import dataclass
from math import erf, exp, log, pi, sqrt

_RATE = 0.04
_SHORTEST = 15 / (365 * 24 * 60)
"""A quarter of an hour in years: an option about to expire still has some value."""


@dataclass(frozen=True, slots=True)
class Greeks:
    """An option's value a share and its sensitivities."""

    price: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


def black_scholes(*, call: bool, spot: float, strike: float, years: float, volatility: float) -> Greeks:
    """Value a European option; `years` below a quarter of an hour count as one."""
    years = max(years, _SHORTEST)
    spread = volatility * sqrt(years)
    d1 = (log(spot / strike) + (_RATE + volatility**2 / 2) * years) / spread
    d2 = d1 - spread
    sign = 1.0 if call else -1.0
    density = exp(-(d1**2) / 2) / sqrt(2 * pi)
    discounted = strike * exp(-_RATE * years)
    return Greeks(
        price=max(sign * (spot * _normal(sign * d1) - discounted * _normal(sign * d2)), 0.0),
        delta=sign * _normal(sign * d1),
        gamma=density / (spot * spread),
        theta=(
            -spot * density * volatility / (2 * sqrt(years)) - sign * _RATE * discounted * _normal(sign * d2)
        )
        / 365,
        vega=spot * density * sqrt(years) / 100,
        rho=sign * discounted * years * _normal(sign * d2) / 100,
    )


def _normal(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2
