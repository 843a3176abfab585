"""What the oracle expects of a sale that is not a target: a limit, and never far under the bid it began at.

The trader's exits by plan work until cancelled (GTC), so a sale for the day is one that somebody requested.
Its floor is a share of the bid when its first order came. The tape does not show when a later sale of the
same trade begins: after an order that filled, and on another day, the lower of both bids counts.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.orders import OrderType, Status, TimeInForce
from alert_trader.simulators.venue.tape import OrderLine

QUOTE_DRIFT = Decimal("0.9")
"""The trader has read its quote before its order came, and the bid may have moved since: so much of the floor
is demanded."""


@dataclass(slots=True)
class SaleRule:
    """The sales of one trade."""

    bid: Decimal | None = None
    """The bid that the floor is a share of; None before the first sale that came while somebody bid."""
    day: date | None = None
    last: int = 0
    """The venue's id of the last sale."""
    filled: bool = False
    """Whether the last sale filled."""

    def look(self, line: OrderLine, *, floor: Decimal, again: bool) -> str | None:
        """Return what is wrong with a sale; None when nothing is.

        `again`: a person requested the sale again, so it may begin anew with each order.
        """
        order = line.order
        if order.order_id == self.last:
            self.filled = order.status is Status.FILLED
        if line.before is not None or order.replaces is not None:
            return None
        if order.order_type is OrderType.MARKET:
            return "sold by a market order, which has no lowest price"
        limited = order.order_type is OrderType.LIMIT and order.limit is not None
        if order.time_in_force is not TimeInForce.DAY or not limited or order.limit is None:
            return None
        day = line.at.astimezone(NEW_YORK).date()
        if line.bid is not None and line.bid > 0:
            if self.bid is None:
                self.bid = line.bid
            elif self.filled or again or day != self.day:
                self.bid = min(self.bid, line.bid)
        self.day, self.last, self.filled = day, order.order_id, False
        if self.bid is None or order.limit >= self.bid * floor * QUOTE_DRIFT:
            return None
        return f"offered at {order.limit}, under {floor:%} of the bid of {self.bid} at which the sale began"
