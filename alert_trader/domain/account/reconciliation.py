"""Hold what the account has against what its trades say they have.

A difference is something that no trade explains: contracts nobody bought, contracts that are gone, an order of ours that works for no
open trade, a trade that ended while it held. A person explains it or it goes away by itself; until then nothing is bought.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from alert_trader.domain.ids import OrderId, WorkflowId, read_client_order_id, trade_workflow_id
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.orders.order import OrderReport, Position


class DifferenceKind(StrEnum):
    """What does not agree."""

    EXTRA = "extra contracts"
    """The account holds more than its trades."""
    MISSING = "missing contracts"
    """The account holds less than its trades."""
    ORDER_WITHOUT_TRADE = "order without a trade"
    """An order with a name of ours works, and its trade is not open."""
    TRADE_GONE = "trade gone"
    """A trade ended, or was terminated, without saying so; what it held is not looked after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that does not agree, and who explained it."""

    kind: DifferenceKind
    what: str
    """The contract, the order or the trade."""
    expected: int
    """Contracts, by the trades."""
    found: int
    """Contracts, by the account."""
    explained_by: str | None = None
    explanation: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it the same when it is seen again: an explanation holds for that many contracts, whatever is traded beside."""
        return (self.kind, self.what, self.found - self.expected)

    def __str__(self) -> str:
        """Write it for people."""
        match self.kind:
            case DifferenceKind.EXTRA | DifferenceKind.MISSING:
                return f"{self.what}: the account holds {self.found}, its trades {self.expected}"
            case DifferenceKind.ORDER_WITHOUT_TRADE:
                return f"{self.what}: {self.found} contracts work at the venue for a trade that is not open"
            case _:
                return f"{self.what} is gone and held {self.expected} contracts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOrder:
    """An order in the account that is not ours."""

    order_id: OrderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one open trade says it has."""

    trade: WorkflowId
    symbol: str
    position: int


def compare(
    expected: Iterable[Expected],
    positions: Iterable[Position],
    working: Iterable[OrderReport],
    gone: Iterable[Expected] = (),
) -> tuple[Difference, ...]:
    """List the differences, in a fixed order. `gone` are trades whose workflow is over though they never said so."""
    trades = list(expected)
    held: dict[str, tuple[int, int]] = {}
    for each in trades:
        symbol = _same(held, each.symbol)
        held[symbol] = (held.get(symbol, (0, 0))[0] + each.position, 0)
    for position in positions:
        symbol = _same(held, position.symbol)
        mine, there = held.get(symbol, (0, 0))
        held[symbol] = (mine, there + position.quantity)
    found = [
        Difference(
            kind=DifferenceKind.EXTRA if there > mine else DifferenceKind.MISSING,
            what=" ".join(symbol.split()),
            expected=mine,
            found=there,
        )
        for symbol, (mine, there) in held.items()
        if mine != there
    ]
    names = {each.trade for each in trades}
    for report in working:
        named = None if report.client_order_id is None else read_client_order_id(report.client_order_id)
        if named is not None and not report.status.terminal and trade_workflow_id(named[0]) not in names:
            found.append(
                Difference(
                    kind=DifferenceKind.ORDER_WITHOUT_TRADE,
                    what=f"{report.client_order_id} (order {report.order_id})",
                    expected=0,
                    found=report.remaining,
                )
            )
    found += [
        Difference(kind=DifferenceKind.TRADE_GONE, what=each.trade, expected=each.position, found=0)
        for each in gone
    ]
    return tuple(sorted(found, key=lambda each: each.key))


def explained(found: Iterable[Difference], known: Iterable[Difference]) -> tuple[Difference, ...]:
    """Carry explanations over to the differences that are still the same."""
    words = {each.key: each for each in known if each.explained_by}
    return tuple(
        replace(each, explained_by=words[each.key].explained_by, explanation=words[each.key].explanation)
        if each.key in words
        else each
        for each in found
    )


def _same(held: dict[str, tuple[int, int]], symbol: str) -> str:
    return symbol if symbol in held else next((each for each in held if same_contract(each, symbol)), symbol)
