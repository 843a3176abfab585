"""The time in force of every order: chosen here, and nowhere else."""

from enum import StrEnum

from alert_trader.domain.ids import Leg
from alert_trader.domain.orders.order import TimeInForce


class OrderPurpose(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    """A limit of the price ladder, or a conversion where the broker takes no immediate-or-cancel."""
    CONVERSION = "conversion"
    """The limit at the ceiling at the end of the window."""
    TARGET = "target"
    """A profit-take of the exit plan."""
    SALE = "sale"
    """A close or a partial exit that somebody requested."""

    @property
    def leg(self) -> Leg:
        """The leg of the trade that such an order belongs to."""
        return Leg.EXIT if self in {OrderPurpose.TARGET, OrderPurpose.SALE} else Leg.ENTRY


TIME_IN_FORCE: dict[OrderPurpose, TimeInForce] = {
    # with no worker to cancel it, it ends with the session: it must not buy at another day's price
    OrderPurpose.ENTRY: TimeInForce.DAY,
    # it takes what is offered up to the ceiling, and leaves nothing working that must be cancelled
    OrderPurpose.CONVERSION: TimeInForce.IOC,
    # its price does not age: it works over nights, also while every process of ours is dead
    OrderPurpose.TARGET: TimeInForce.GTC,
    # it is priced by this session's market, and the next one prices it again; no GTC order is at the market
    OrderPurpose.SALE: TimeInForce.DAY,
}
"""Every purpose, with the reason."""
