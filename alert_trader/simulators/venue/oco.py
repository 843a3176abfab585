"""Pairs of orders of which one cancels the other (OCO): a limit and a stop that close the same position.

Both sides are Contingent when the pair is accepted, and are routed a moment later. When one side fills, the
other is cancelled a moment later: between the two it may still trade. Nothing of a pair is kept beside its
orders: each carries the pair's id. What a partial fill, an edit, a cancellation or the expiry of one side
does to the other is not documented, so each is a setting (`OcoRules`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Literal, Protocol

from pydantic import Field

from alert_trader.simulators.venue.config import (
    OcoCancel,
    OcoEdit,
    OcoExpiry,
    OcoMessages,
    OcoPartialFill,
    OcoRules,
    VenueConfig,
)
from alert_trader.simulators.venue.orders import Order, OrderType, Status
from alert_trader.simulators.venue.preflight import OrderRequest, Request, TermsRequest
from alert_trader.simulators.venue.refusal import VenueRefusalError, cannot_update, not_found, preflight

DRY_RUN_ID = 3
"""The pair's id in the answer to a dry-run, as in a capture."""


class OcoRequest(Request):
    """A pair as the client sent it."""

    type: Literal["OCO"]
    orders: tuple[OrderRequest, ...] = Field(min_length=1, max_length=4)
    source: str | None = None


class Host(Protocol):
    """What a pair needs of the exchange."""

    config: VenueConfig
    orders: dict[int, Order]
    later: Callable[[float, Callable[[], None]], object]

    def start(self, order: Order, why: str) -> None:
        """Route a waiting order, or keep it until the opening."""
        ...

    def end(self, order: Order, why: str) -> None:
        """Cancel an order at once, unless it has ended."""
        ...

    def request_cancel(self, order: Order) -> None:
        """Begin the cancellation of an order that has not ended."""
        ...

    def reduce(self, order: Order, lots: int) -> None:
        """Replace an order by one for fewer lots."""
        ...


class OcoPairs:
    """Every pair of the venue."""

    def __init__(self, host: Host) -> None:
        """Start without pairs."""
        self._host = host
        self._orders: defaultdict[int, list[Order]] = defaultdict(list)
        self._ids = count(host.config.first_complex_id)

    @property
    def _rules(self) -> OcoRules:
        return self._host.config.oco

    def ids(self) -> list[int]:
        """Return every pair's id, newest first."""
        return sorted(self._orders, reverse=True)

    def number(self) -> int:
        """Return the id of the next pair."""
        return next(self._ids)

    def add(self, order: Order) -> None:
        """Add a side to its pair, if it has one."""
        if order.complex_id is not None:
            self._orders[order.complex_id].append(order)

    def recall(self, orders: Iterable[Order]) -> None:
        """Restore the pairs of an earlier run from its orders."""
        for order in orders:
            self.add(order)
        self._ids = count(max(self._orders, default=self._host.config.first_complex_id - 1) + 1)

    def all_of(self, account: str, complex_id: int) -> list[Order]:
        """Return every order that was ever a side of a pair; raises 404."""
        found = self._orders.get(complex_id)
        if not found or found[0].account != account:
            raise not_found("ComplexOrder")
        return found

    def sides(self, complex_id: int) -> list[Order]:
        """Return a pair's two sides as they are now, in the order of the request."""
        found = [
            each
            for each in self._orders.get(complex_id, ())
            if each.replaced_by is None
            and (each.replaces is None or self._host.orders[each.replaces].replaced_by == each.order_id)
        ]
        return sorted(found, key=lambda each: each.preflight_id or 0)

    def related(self, complex_id: int) -> list[Order]:
        """Return the orders of a pair that are no side of it any more: replaced, or a failed replacement."""
        current = self.sides(complex_id)
        return [each for each in self._orders[complex_id] if each not in current]

    def available(self, order: Order) -> int:
        """Return how many lots an order may trade: both sides together no more than one, unless so set."""
        if order.complex_id is None or self._rules.overfill:
            return order.remaining
        orders = self._orders[order.complex_id]
        return min(order.remaining, max(each.size for each in orders) - sum(each.filled for each in orders))

    def traded(self, order: Order) -> None:
        """Act on the executions of a side, before they are announced."""
        if order.complex_id is None:
            return
        over = order.remaining == 0 or self.available(order) <= 0
        rule = OcoPartialFill.ALL_CANCELLED if over else self._rules.partial_fill
        if rule is OcoPartialFill.OTHER_REDUCED:
            self._soon(partial(self._reduce, order.complex_id))
        elif rule is not OcoPartialFill.UNTOUCHED:
            for other in self._others(order):
                if self._rules.messages is OcoMessages.CANCEL_FIRST:
                    self._host.end(other, "other side traded")
                else:
                    self._soon(partial(self._host.end, other, "other side traded"))
            if rule is OcoPartialFill.ALL_CANCELLED and order.remaining > 0:
                self._soon(partial(self._host.end, order, "pair ended"))

    def ended(self, order: Order) -> None:
        """Act on the end of a side."""
        if (
            order.complex_id is not None
            and order.replaces_pending is None
            and order.status in {Status.EXPIRED, Status.REJECTED}
            and self._rules.expiry is OcoExpiry.OTHER_CANCELLED
        ):
            for other in self._others(order):
                self._soon(partial(self._host.end, other, f"other side {order.status.lower()}"))

    def with_other(self, order: Order) -> list[Order]:
        """Return an order, and the other side where it has one."""
        return [order] if order.complex_id is None else self.sides(order.complex_id)

    def cancel(self, account: str, complex_id: int) -> list[Order]:
        """Cancel every side that has not ended; a pair that has ended stays as it is."""
        for order in self.all_of(account, complex_id):
            if not order.status.terminal and order.remaining > 0:
                self._host.request_cancel(order)
        return self.sides(complex_id)

    def cancel_side(self, order: Order) -> None:
        """Act on the requested cancellation of one side; raises where it is refused."""
        if order.complex_id is None:
            return
        if self._rules.cancel is OcoCancel.REFUSED:
            raise cannot_update()
        if self._rules.cancel is OcoCancel.BOTH_SIDES:
            for other in self._others(order):
                if other.remaining > 0:
                    self._host.request_cancel(other)

    def edit_side(self, order: Order, terms: TermsRequest) -> None:
        """Check the replacement of one side; raises where it is refused."""
        if order.complex_id is None:
            return
        if self._rules.edit is OcoEdit.REFUSED:
            raise cannot_update("replaced")
        if terms.order_type.waits is not order.order_type.waits or terms.order_type is OrderType.MARKET:
            raise wrong_types()

    def keeps(self, order: Order) -> bool:
        """Return whether the order that replaces a side is a side itself."""
        return order.complex_id is not None and self._rules.edit is not OcoEdit.LEAVES

    def _others(self, order: Order) -> list[Order]:
        return [
            each
            for each in self._orders[order.complex_id or 0]
            if each is not order and not each.status.terminal
        ]

    def _soon(self, act: Callable[[], None]) -> None:
        self._host.later(self._host.config.timing.oco_cancel_after, act)

    def _reduce(self, complex_id: int) -> None:
        """Replace what is for more than is left of the pair; waits for a replacement that is under way."""
        for order in self.sides(complex_id):
            left = self.available(order)
            if order.status.terminal or order.remaining <= left:
                continue
            pending = any(each.status is Status.CONTINGENT for each in self._orders[complex_id])
            if pending or order.status not in {Status.ROUTED, Status.LIVE}:
                self._soon(partial(self._reduce, complex_id))
            elif left > 0:
                # the flags of an account refuse orders of its own, not this
                with suppress(VenueRefusalError):
                    self._host.reduce(order, left)


def check_pair(request: OcoRequest) -> None:
    """Refuse a pair that is not a limit and a stop which close the same series."""
    types = [each.order_type for each in request.orders]
    if len(types) != 2 or OrderType.MARKET in types or types[0].waits is types[1].waits:
        raise wrong_types()
    legs = [leg for each in request.orders for leg in each.legs]
    if any(leg.action.opening for leg in legs) or len({(leg.symbol, leg.action) for leg in legs}) != 1:
        # the code is invented: that both sides must close is documented
        raise preflight("invalid_oco_orders", "OCO orders must close the same position.")


def wrong_types() -> VenueRefusalError:
    """Refuse a pair of other types."""
    return preflight(
        "invalid_oco_order_type_combo",
        "OCO Orders must have one Limit order and one Stop or Stop Limit order.",
    )
