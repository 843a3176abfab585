"""One trade as a tape shows it: its orders, what was bought and sold, and what its exits can still sell."""

from collections.abc import Callable
from dataclasses import dataclass, field

from alert_trader.simulators.venue.orders import Status
from alert_trader.simulators.venue.tape import OrderState, TapeLine


@dataclass(slots=True)
class TapeTrade:
    """The orders of one trade, by id, each as its last line shows it."""

    orders: dict[int, OrderState] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    wanted: int = 0
    bought: int = 0
    sold: int = 0
    uncovered_since: TapeLine | None = None

    @property
    def held(self) -> int:
        """Contracts bought and not sold."""
        return self.bought - self.sold

    @property
    def stopped(self) -> bool:
        """Whether a stop, or a side of a pair, was ever sent for it."""
        return any(
            order.trigger is not None or order.complex_id is not None for order in self.orders.values()
        )

    def working(self, *, entry: bool) -> list[OrderState]:
        """Return the entries, or the exits, that have not ended."""
        return [
            order
            for order in self.orders.values()
            if not order.status.terminal and order.action.buying is entry
        ]

    def selling(self, counts: Callable[[OrderState], bool] = lambda _: True) -> int:
        """Count the contracts that working exits can still sell, of those that count.

        Of a pair only one side counts, and no more than is left of the pair; of a replacement that is under
        way only the original.
        """
        groups: dict[int, int] = {}
        for order in self.working(entry=False):
            if counts(order) and not self._waits_for_original(order):
                key = order.order_id if order.complex_id is None else -order.complex_id
                groups[key] = max(groups.get(key, 0), order.quantity - order.filled)
        return sum(left if key > 0 else min(left, self._left_of_pair(-key)) for key, left in groups.items())

    def _left_of_pair(self, complex_id: int) -> int:
        sides = [order for order in self.orders.values() if order.complex_id == complex_id]
        return max(order.quantity for order in sides) - sum(order.filled for order in sides)

    def _waits_for_original(self, order: OrderState) -> bool:
        original = None if order.replaces is None else self.orders.get(order.replaces)
        return order.status is Status.CONTINGENT and original is not None and not original.status.terminal
