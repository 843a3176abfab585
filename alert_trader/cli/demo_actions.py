"""The actions of a demo script while its trade runs: set quotes, fill orders, wait, close the trade."""

import asyncio
from collections.abc import Callable

from temporalio.client import Client

from alert_trader.control.commands import trade_commands
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_views import TradeDetails
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.errors import AlertTraderError
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.workflows.interface import Command

_POLL = 0.15


class DemoError(AlertTraderError):
    """A case did not go as scripted."""


class DemoActions:
    """The actions of a demo script for one trade. Waits have no timeout of their own: each case has one."""

    def __init__(self, *, client: Client, venue: VenueControl, symbol: str, message: str) -> None:
        """Keep the message id of the trade and its contract (OCC symbol)."""
        self._client = client
        self._venue = venue
        self._symbol = symbol
        self._message = message

    async def quote(self, bid: str, ask: str) -> None:
        """Set the quote of the contract, in dollars a share."""
        await self._venue.set_quote(self._symbol, bid=bid, ask=ask)

    async def working(self, tail: str) -> int:
        """Wait until the order with this end of its client id (e1, x1) is working. Return its order id."""
        while True:
            for order in (await self._venue.state()).named(f"{self._message}-{tail}"):
                if order.status.value == "Live":
                    return order.order_id
                if order.status.terminal:
                    raise DemoError(f"order {tail} was {order.status.value} before the script could act")
            await asyncio.sleep(_POLL)

    async def fill(self, order_id: int, quantity: int) -> None:
        """Fill contracts of an order now."""
        await self._venue.fill(order_id, quantity)

    async def held(self) -> None:
        """Wait until the trade is holding, with exits working."""
        await self._until(
            lambda picture: (
                trade_views.settled(picture) and picture.view is not None and picture.view.exits_working > 0
            )
        )

    async def sold(self) -> None:
        """Wait until an exit is filled."""
        await self._until(lambda picture: picture.view is not None and picture.view.sold > 0)

    async def stop_moved(self, times: int) -> None:
        """Wait until the stop was set and raised so many times in all."""
        await self._until(
            lambda picture: sum(each.kind is EventKind.STOP_MOVED for each in picture.events) >= times
        )

    async def close(self) -> None:
        """Close the trade, as an operator does."""
        await trade_commands.close(
            self._client, self._message, Command(by="demo", reason="end of the demo case")
        )

    async def _until(self, reached: Callable[[TradeDetails], bool]) -> None:
        async for picture in trade_views.watch(self._client, self._message):
            if reached(picture):
                return
        raise DemoError("the trade ended before the script could act")
