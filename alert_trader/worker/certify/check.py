"""What one check found, and what all of them share: the contracts to trade and their prices."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from alert_trader.worker.certify.line import SOURCE, Line

BUY, CLOSE = "Buy to Open", "Sell to Close"
"""The two actions of an order here."""


class Verdict(StrEnum):
    """How a check ended."""

    EXPECTED = "as expected"
    DIFFERENT = "different"
    RECORDED = "recorded"
    """Nothing is known of what to expect: the answer settles it."""
    NOT_RUN = "not run"


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a check found."""

    verdict: Verdict
    found: str
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings of the simulated venue that this broker confirmed or denied, by their dotted names."""


def expected(holds: bool, found: str, **settings: Any) -> Outcome:
    """Return an outcome with an expectation."""
    verdict = Verdict.EXPECTED if holds else Verdict.DIFFERENT
    return Outcome(verdict=verdict, found=found, settings=_dotted(settings))


def recorded(found: str, **settings: Any) -> Outcome:
    """Return an outcome without an expectation."""
    return Outcome(verdict=Verdict.RECORDED, found=found, settings=_dotted(settings))


def not_run(why: str) -> Outcome:
    """Return the outcome of a check that could not be made."""
    return Outcome(verdict=Verdict.NOT_RUN, found=why)


def _dotted(settings: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in settings.items() if value is not None}


@dataclass(slots=True, kw_only=True)
class Bench:
    """What the checks use: the line, two contracts far out of the money, and what is known of the market."""

    line: Line
    is_open: bool = False
    streams: bool = False
    symbol: str = ""
    other: str = ""
    """A second contract, of which nothing is ever held."""
    bid: Decimal | None = None
    ask: Decimal | None = None
    held: int = 0
    """Contracts of `symbol` that the checks have bought."""

    @property
    def buy_at(self) -> str:
        """The limit at which a purchase should fill: the ask, or a dime where there is no quote."""
        return str(self.ask or Decimal("0.10"))

    def leg(self, action: str, quantity: int = 1, symbol: str = "") -> dict[str, Any]:
        """Return a leg of an order."""
        return {
            "instrument-type": "Equity Option",
            "symbol": symbol or self.symbol,
            "action": action,
            "quantity": quantity,
        }

    def limit(self, action: str, price: str, *, symbol: str = "", **more: Any) -> dict[str, Any]:
        """Return a day limit order for one contract; `more` are further fields, `_` for `-`."""
        return self.order(
            action,
            symbol=symbol,
            order_type="Limit",
            price=price,
            price_effect="Debit" if action == BUY else "Credit",
            **more,
        )

    def order(self, action: str, *, symbol: str = "", strict: bool = False, **fields: Any) -> dict[str, Any]:
        """Return an order for one contract."""
        body: dict[str, Any] = {
            "time-in-force": "Day",
            "source": SOURCE,
            "legs": [self.leg(action, symbol=symbol)],
            **{name.replace("_", "-"): value for name, value in fields.items()},
        }
        if strict:
            body["advanced-instructions"] = {"strict-position-effect-validation": True}
        return body

    def pair(self, *sides: dict[str, Any]) -> dict[str, Any]:
        """Return a one-cancels-other pair of two closes."""
        return {"type": "OCO", "source": SOURCE, "orders": list(sides)}


Run = Callable[[Bench], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: its number in the list of open facts, what it does, what to expect and what it settles."""

    number: int
    title: str
    expects: str
    settles: str
    run: Run
    in_session: bool = False
    """Whether it needs the market to be open."""
    position: bool = False
    """Whether it needs contracts that were bought before."""
