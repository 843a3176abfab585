"""Pairs of orders of which one cancels the other (OCO): a target and a stop for the same contracts.

What a partial fill of one side does to the other is documented nowhere: the other side may be untouched,
cancelled, or replaced by one for fewer contracts, or everything may be cancelled. Either message may come
first, and in a fast market both sides may fill. So a report of a pair says which orders are its sides now,
and how much is sold follows from the reports of every order alone.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from alert_trader.domain.ids import OrderId, PairId
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.orders.matching import fits, is_unnamed, search_window
from alert_trader.domain.orders.order import OrderIntent, OrderKind, OrderReport, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class OcoIntent:
    """A pair that is to be sent: a limit order above a stop, both for the same contracts."""

    target: OrderIntent
    stop: OrderIntent

    def __post_init__(self) -> None:
        """Raise ValueError for a pair that must never be sent."""
        target, stop = self.target, self.stop
        if target.kind is not OrderKind.LIMIT or not stop.kind.triggered:
            raise ValueError(
                "expected a limit order and a stop: the broker pairs nothing else, found "
                f"{target.kind} and {stop.kind}"
            )
        if Side.BUY_TO_OPEN in {target.side, stop.side}:
            raise ValueError(f"expected two sells to close, found {target.side} and {stop.side}")
        if (target.contract, target.quantity) != (stop.contract, stop.quantity):
            raise ValueError(
                "expected one contract and one quantity, found "
                f"{target.quantity} {target.contract.occ_symbol} and "
                f"{stop.quantity} {stop.contract.occ_symbol}"
            )
        if target.time_in_force is not stop.time_in_force:
            # what is left of a pair when one side expires is not documented
            raise ValueError(
                "expected one time in force for both orders, found "
                f"{target.time_in_force} and {stop.time_in_force}"
            )
        if target.client_order_id == stop.client_order_id:
            raise ValueError(f"expected two client order ids, found {target.client_order_id} twice")
        if target.limit is None or stop.trigger is None or target.limit <= stop.trigger:
            raise ValueError(
                f"expected a target above the stop, found {target.limit} and trigger {stop.trigger}"
            )

    @property
    def orders(self) -> tuple[OrderIntent, OrderIntent]:
        """Return both orders, the target first."""
        return self.target, self.stop

    def of(self, report: OrderReport) -> OrderIntent:
        """Return the order that a side's report is about: by its id, else by whether it has a trigger."""
        for order in self.orders:
            if report.client_order_id == order.client_order_id:
                return order
        return self.target if report.trigger is None else self.stop


@dataclass(frozen=True, slots=True, kw_only=True)
class OcoReport:
    """The broker's report of a pair at one moment."""

    pair_id: PairId
    orders: tuple[OrderReport, ...]
    """The sides as they are now: two, or fewer when one was replaced by an order outside the pair."""
    former: tuple[OrderId, ...] = ()
    """Orders that were a side before: replaced, or a replacement that failed."""

    @property
    def ended(self) -> bool:
        """Whether no side works any more: only then may the contracts be sold by another order."""
        return all(order.status.terminal for order in self.orders)


def oco_differences(intent: OcoIntent, report: OcoReport) -> tuple[str, ...]:
    """Return how the sides of a pair differ from what was sent, in words; empty when they do not.

    The broker has turned a sell to close into a sell to open, of one side only, without an error: a pair
    whose sides differ must be cancelled. Quantities count only while neither side has traded or was replaced.
    """
    found = []
    if len(report.orders) != len(intent.orders):
        found.append(f"expected 2 orders, found {len(report.orders)}")
    if len({intent.of(order).client_order_id for order in report.orders}) != len(report.orders):
        found.append("expected one limit order and one stop")
    untouched = not report.former and not any(order.fills for order in report.orders)
    for order in report.orders:
        sent = intent.of(order)
        if order.side != sent.side:
            found.append(f"{sent.client_order_id}: expected {sent.side}, found {order.side}")
        if not same_contract(order.symbol, sent.contract.occ_symbol):
            found.append(f"{sent.client_order_id}: expected {sent.contract.occ_symbol}, found {order.symbol}")
        if (order.limit, order.trigger) != (sent.limit, sent.trigger):
            found.append(
                f"{sent.client_order_id}: expected limit {sent.limit} and trigger {sent.trigger}, "
                f"found {order.limit} and {order.trigger}"
            )
        if untouched and order.quantity != sent.quantity:
            found.append(
                f"{sent.client_order_id}: expected {sent.quantity} contracts, found {order.quantity}"
            )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcoMatch:
    """What a search for a pair found."""

    report: OcoReport | None
    by_attributes: bool = False
    ambiguous: int = 0
    """How many pairs without ids fit, when it is more than one."""
    outside: tuple[OrderReport, ...] = ()
    """Orders with an id of the pair that are no side of a pair that was listed: cancel each by itself."""


def match_oco(
    pairs: Iterable[OcoReport],
    orders: Iterable[OrderReport],
    intent: OcoIntent,
    *,
    intended_at: datetime,
    lost_at: datetime,
    known_ids: Collection[OrderId] = (),
) -> OcoMatch:
    """Find a pair whose answer was lost, in complete lists of the account's pairs and orders.

    The pair itself has no identifier of ours: it is recognised by the identifiers of its sides, or, where the
    broker echoed none, by the attributes of both, if exactly one pair matches.
    """
    pairs = tuple(pairs)
    ours = {order.client_order_id for order in intent.orders}
    named = [pair for pair in pairs if any(order.client_order_id in ours for order in pair.orders)]
    inside = {order_id for pair in named for order_id in _ids(pair)}
    outside = tuple(
        order for order in orders if order.client_order_id in ours and order.order_id not in inside
    )
    if named or outside:
        return OcoMatch(report=named[0] if named else None, ambiguous=max(len(named) - 1, 0), outside=outside)
    times = search_window(intended_at, lost_at)
    fitting = [
        pair
        for pair in pairs
        if len(pair.orders) == len(intent.orders)
        and all(
            is_unnamed(order) and order.order_id not in known_ids and fits(order, intent.of(order), times)
            for order in pair.orders
        )
    ]
    if len(fitting) == 1:
        return OcoMatch(report=fitting[0], by_attributes=True)
    return OcoMatch(report=None, ambiguous=len(fitting))


def _ids(pair: OcoReport) -> tuple[OrderId, ...]:
    return (*(order.order_id for order in pair.orders), *pair.former)
