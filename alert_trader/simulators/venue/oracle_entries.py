"""What the oracle expects of entries: of the session they came in, their price, and the money they take.

ENT-70  no entry is sent outside a session, and none that came in one session fills in another
ENT-80  no entry fills above its ceiling, and none is a market order unless that is allowed
RSK-50  what an entry has paid and may still pay is never more than what was reserved for it
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from alert_trader.simulators.venue.orders import OrderType
from alert_trader.simulators.venue.tape import FillLine, OrderLine, OrderState, SessionLine

_CONTRACT = 100
"""Shares of a contract."""

Fault = tuple[str, str]
"""The card of a broken promise, and what broke it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryBounds:
    """What the trader has decided for one entry; None where the reader does not know it."""

    ceiling: Decimal | None = None
    """Dollars a share."""
    reserved: Decimal | None = None
    """Dollars, fees included."""
    unbounded: bool = False
    """Whether its settings allow a market order."""


@dataclass(slots=True)
class EntryRule:
    """The entries of one trade."""

    came: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    """The session in which each order was accepted, by its opening and the days that ended before it."""
    paid: Decimal = Decimal(0)
    """Dollars, fees included."""

    def order(
        self, line: OrderLine, session: SessionLine | None, days: int, bounds: EntryBounds
    ) -> Iterator[Fault]:
        """Look at an order when it is accepted. `days`: how many were ended by hand before it."""
        order = line.order
        if order.order_id in self.came or session is None:
            return
        self.came[order.order_id] = session.opened, days
        if order.replaces is None and not session.open:
            yield "ENT-70", f"order {order.order_id} was sent while the market is closed"
        if order.order_type is OrderType.MARKET and not bounds.unbounded:
            yield "ENT-80", f"order {order.order_id} is a market order, whose price has no bound"

    def fill(
        self, line: FillLine, session: SessionLine | None, days: int, bounds: EntryBounds
    ) -> Iterator[Fault]:
        """Look at a fill, by the session it came in and its price."""
        self.paid += line.price * _CONTRACT * line.quantity + line.fees
        came = self.came.get(line.order_id)
        if session is not None and came is not None and came != (session.opened, days):
            yield "ENT-70", f"order {line.order_id} came in the session of {came[0]} and fills in another"
        if bounds.ceiling is not None and not bounds.unbounded and line.price > bounds.ceiling:
            yield (
                "ENT-80",
                f"order {line.order_id} fills at {line.price}, above the ceiling of {bounds.ceiling}",
            )

    def money(self, working: list[OrderState], bounds: EntryBounds) -> Iterator[Fault]:
        """Look at the money that is spent and may still be spent."""
        if bounds.reserved is None or bounds.unbounded:
            return
        open_limits = sum(
            (
                each.limit * _CONTRACT * (each.quantity - each.filled)
                for each in working
                if each.limit is not None
            ),
            Decimal(0),
        )
        if self.paid + open_limits > bounds.reserved:
            text = f"{self.paid} dollars paid and {open_limits} in working entries"
            yield "RSK-50", f"{text}, of {bounds.reserved} reserved"
