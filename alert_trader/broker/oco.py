"""The broker calls for pairs of orders (OCO) and for replacing one order; errors as in `port.py`.

A pair is read and cancelled by its own id; each side is an ordinary order too, and its reports come as every
order's do. Cancel a pair by `cancel_oco`, not side by side: what the cancellation of one side does to the
other is not documented.
"""

from datetime import datetime
from typing import Protocol

from alert_trader.broker.port import MaySend, OrderGateway, OrderReader, OutcomeUnknownError, always_send
from alert_trader.domain.ids import OrderId, PairId
from alert_trader.domain.orders.oco import OcoIntent, OcoMatch, OcoReport
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport


class OcoNotAsSentError(OutcomeUnknownError):
    """The pair was accepted, and its sides are not what was sent: cancel `report.pair_id`."""

    def __init__(self, report: OcoReport, differences: tuple[str, ...]) -> None:
        """Store the pair."""
        super().__init__(f"Pair {report.pair_id} is not as sent, cancel it: {'; '.join(differences)}")
        self.report = report
        self.differences = differences


class OcoReader(OrderReader, Protocol):
    """An `OrderReader` that also reads pairs. Raises `UnavailableError` or `RejectedError`."""

    async def check_oco(self, intent: OcoIntent) -> FeeEstimate:
        """Read a pair's costs from the broker's dry-run.

        `RejectedError` when it would be rejected, or accepted with other orders than were asked.
        """
        ...

    async def oco(self, pair_id: PairId) -> OcoReport | None:
        """Read one pair; None only when the broker states that it has no such pair."""
        ...

    async def todays_ocos(self) -> list[OcoReport]:
        """Read every pair placed today, working or ended. Pairs of earlier days are not in the list."""
        ...

    async def find_oco(self, intent: OcoIntent, *, intended_at: datetime, lost_at: datetime) -> OcoMatch:
        """Search pairs and orders for a pair whose answer was lost, by the identifiers of its sides."""
        ...


class OcoGateway(OcoReader, OrderGateway, Protocol):
    """An `OcoReader` that can also send, cancel and replace."""

    async def place_oco(self, intent: OcoIntent, may_send: MaySend = always_send) -> OcoReport:
        """Send a pair once; both sides are pending at first.

        Raises as `place` does, and `OcoNotAsSentError` when the answer shows other orders than were sent.
        """
        ...

    async def cancel_oco(self, pair_id: PairId) -> None:
        """Request the cancellation of both sides once; raises as `cancel` does.

        They are cancelled only when their status says so: either may fill before.
        """
        ...

    async def replace(
        self, order_id: OrderId, intent: OrderIntent, may_send: MaySend = always_send
    ) -> OrderReport:
        """Replace an order, or one side of a pair, once; return the new order.

        It is pending until the old one ends.

        Its contracts are the old order's, whatever `intent` says. A fill of the old order in between leaves
        the old order as it is, and the new one rejected or cancelled. Whether the new order is a side of the
        pair is not documented: read the pair when the new order is live. Raises as `place` does; after
        `OutcomeUnknownError` look for an order that replaces `order_id`.
        """
        ...
