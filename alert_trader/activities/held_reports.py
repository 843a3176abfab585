"""Reports of the order stream that say nothing new of an order, held for a moment.

The broker reports an order on its way to the exchange, and one whose cancel is in progress, milliseconds
before it reports what became of it. Reports are cumulative, so the later one has all of the earlier one; each
that is not signalled saves a trade four events of its history.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from alert_trader.domain.ids import OrderId
from alert_trader.domain.orders.order import OrderReport, OrderStatus

HELD_FOR = timedelta(milliseconds=250)
"""How long a report waits for the next one of its order."""

IN_BETWEEN = frozenset({OrderStatus.PENDING, OrderStatus.CANCELLING})
"""States that an order passes through."""


class HeldReports:
    """Holds the newest in-between report of each order until it is replaced, or its time is over."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: dict[OrderId, OrderReport] = {}
        self._new = asyncio.Event()

    def take(self, report: OrderReport, known: OrderReport | None) -> bool:
        """Return whether a report is held. One that is not replaces the held one of its order.

        `known` is the last report of the order that its trade received.
        """
        self._held.pop(report.order_id, None)
        if not _is_in_between(report, known):
            return False
        self._held[report.order_id] = report
        self._new.set()
        return True

    def drop(self, order_id: OrderId) -> None:
        """Drop what is held of an order: its trade has received a newer report."""
        self._held.pop(order_id, None)

    def clear(self) -> None:
        """Drop all that is held: every order is read again."""
        self._held.clear()

    async def run(self, route: Callable[[OrderReport], Awaitable[None]]) -> None:
        """Route each held report whose time is over, until cancelled."""
        while True:
            await self._new.wait()
            await asyncio.sleep(HELD_FOR.total_seconds())
            self._new.clear()
            for report in list(self._held.values()):
                if self._held.pop(report.order_id, None) is not None:
                    await route(report)


def _is_in_between(report: OrderReport, known: OrderReport | None) -> bool:
    """Whether a report shows no fill, link or number that the trade does not know."""
    if report.status not in IN_BETWEEN or report.reject_reason is not None:
        return False
    if known is None:
        untouched = not report.fills and report.remaining == report.quantity
        return untouched and report.replaces is None and report.replaced_by is None
    return (report.fills, report.remaining, report.quantity, report.replaces, report.replaced_by) == (
        known.fills,
        known.remaining,
        known.quantity,
        known.replaces,
        known.replaced_by,
    )
