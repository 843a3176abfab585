"""Compare the account's positions and orders with what its trades report.

A difference is what no trade explains: contracts too many or too few, a working order of ours without an open
trade, a trade that ended while holding contracts. No entry is sent until a person explains it or it is
resolved.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alert_trader.domain.ids import OrderId, WorkflowId, read_client_order_id, trade_workflow_id
from alert_trader.domain.market.calendar import new_york_date, session_closes_at
from alert_trader.domain.market.contract import from_occ, same_contract
from alert_trader.domain.market.trading_hours import LATE
from alert_trader.domain.orders.order import OrderReport, Position


class DifferenceKind(StrEnum):
    """The kind of a difference."""

    EXTRA = "extra contracts"
    """The account holds more contracts than its trades."""
    MISSING = "missing contracts"
    """The account holds fewer contracts than its trades."""
    ORDER_WITHOUT_TRADE = "order without a trade"
    """An order with one of our client order ids is working, and its trade is not open."""
    TRADE_ENDED = "trade ended"
    """A trade's workflow ended or was terminated without a report; its position is not managed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference, and who explained it."""

    kind: DifferenceKind
    what: str
    """The contract, the order or the trade."""
    expected: int
    """Contracts according to the trades."""
    found: int
    """Contracts according to the account."""
    explained_by: str | None = None
    explanation: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Identifies a difference in later comparisons; an explanation is valid for that many contracts."""
        return (self.kind, self.what, self.found - self.expected)

    def __str__(self) -> str:
        """Return it as text."""
        match self.kind:
            case DifferenceKind.EXTRA | DifferenceKind.MISSING:
                return f"{self.what}: account holds {self.found}, trades hold {self.expected}"
            case DifferenceKind.ORDER_WITHOUT_TRADE:
                return f"{self.what}: working order for {self.found} contracts, but its trade is not open"
            case _:
                return f"{self.what}: ended while holding {self.expected} contracts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOrder:
    """An order in the account that is not ours."""

    order_id: OrderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPosition:
    """The position that one open trade reports."""

    trade: WorkflowId
    symbol: str
    position: int


def compare(
    expected: Iterable[ExpectedPosition],
    positions: Iterable[Position],
    working: Iterable[OrderReport],
    ended: Iterable[ExpectedPosition] = (),
    *,
    now: datetime | None = None,
) -> tuple[Difference, ...]:
    """Return the differences, in a fixed order. `ended` are trades whose workflow ended without a report.

    Contracts that have expired by `now` are none: the broker removes them during the night, and their trades
    wait until it has posted what they came to.
    """
    trades = list(expected)
    held: dict[str, tuple[int, int]] = {}
    for each in trades:
        symbol = _known_symbol(held, each.symbol)
        held[symbol] = (held.get(symbol, (0, 0))[0] + each.position, 0)
    for position in positions:
        symbol = _known_symbol(held, position.symbol)
        by_trades, by_account = held.get(symbol, (0, 0))
        held[symbol] = (by_trades, by_account + position.quantity)
    found = [
        Difference(
            kind=DifferenceKind.EXTRA if by_account > by_trades else DifferenceKind.MISSING,
            what=" ".join(symbol.split()),
            expected=by_trades,
            found=by_account,
        )
        for symbol, (by_trades, by_account) in held.items()
        if by_trades != by_account and not _has_expired(symbol, now)
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
        Difference(kind=DifferenceKind.TRADE_ENDED, what=each.trade, expected=each.position, found=0)
        for each in ended
    ]
    return tuple(sorted(found, key=lambda each: each.key))


def carry_over_explanations(
    found: Iterable[Difference], known: Iterable[Difference]
) -> tuple[Difference, ...]:
    """Return `found` with the explanations of the differences that are still the same."""
    explained = {each.key: each for each in known if each.explained_by}
    return tuple(
        replace(
            each, explained_by=explained[each.key].explained_by, explanation=explained[each.key].explanation
        )
        if each.key in explained
        else each
        for each in found
    )


def _has_expired(symbol: str, now: datetime | None) -> bool:
    if now is None:
        return False
    try:
        expiry = from_occ(symbol).expiry
    except ValueError:
        return False
    closes = session_closes_at(expiry)
    return expiry < new_york_date(now) or (closes is not None and now >= closes + LATE)


def _known_symbol(held: dict[str, tuple[int, int]], symbol: str) -> str:
    return symbol if symbol in held else next((each for each in held if same_contract(each, symbol)), symbol)
