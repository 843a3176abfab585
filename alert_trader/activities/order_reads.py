"""What is read of orders, quotes, session and position for trades."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from alert_trader.activities.messages import (
    FIND_ORDER,
    READ_ORDER,
    READ_POSITION,
    READ_QUOTE,
    READ_REMOVALS,
    READ_SESSION,
    FindAnswer,
    FindRequest,
    PositionAnswer,
    PositionRequest,
    QuoteAnswer,
    RemovalsRequest,
    SessionAnswer,
)
from alert_trader.broker.port import (
    OrderReader,
)
from alert_trader.domain.execution.expiration import Removal
from alert_trader.domain.ids import OrderId
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import OptionContract, same_contract
from alert_trader.domain.orders.matching import match_order
from alert_trader.domain.orders.order import OrderReport, Position, Side


class OrderLookups:
    """The reads of orders; a dry-run worker has no other calls."""

    def __init__(self, reader: OrderReader) -> None:
        """Read with `reader`."""
        self._reader = reader

    @activity.defn(name=FIND_ORDER)
    async def find_order(self, request: FindRequest) -> FindAnswer:
        """Search for an order of unknown outcome since its own day, then in all orders of the trade's time.

        The orders of a trade grow with its age. One that was sent days before it was intended, as after a
        reset of its workflow, is in the longer list only. It is absent when the list of working orders has it
        neither: how soon each of the two shows a new order is not documented. Raise when the broker does not
        answer.
        """
        live = await self._reader.live_orders()
        own_day = new_york_date(request.intended_at) - timedelta(days=1)
        for day in sorted({request.search_from, max(own_day, request.search_from)}, reverse=True):
            orders = await self._reader.orders_since(day, request.intent.contract)
            found = match_order(
                {each.order_id: each for each in [*orders, *live]}.values(),
                request.intent,
                intended_at=request.intended_at,
                lost_at=request.lost_at,
                known_ids=request.known_ids,
            )
            if found.report is not None and not found.by_attributes:
                break
        return FindAnswer(report=found.report, by_attributes=found.by_attributes, ambiguous=found.ambiguous)

    @activity.defn(name=READ_ORDER)
    async def read_order(self, order_id: OrderId) -> OrderReport:
        """Read one order.

        Raise when it cannot be read, and also when the broker no longer knows an order it once reported.
        """
        report = await self._reader.order(order_id)
        if report is None:
            raise ApplicationError(
                f"the broker reported order {order_id} before and no longer knows it",
                type="Vanished",
            )
        return report

    @activity.defn(name=READ_QUOTE)
    async def read_quote(self, contract: OptionContract) -> QuoteAnswer:
        """Read a contract's quote. Raise when the broker does not answer."""
        return QuoteAnswer(quote=await self._reader.quote(contract))

    @activity.defn(name=READ_SESSION)
    async def read_session(self) -> SessionAnswer:
        """Read whether the market is open. Raise when the broker does not answer."""
        session = await self._reader.session()
        return SessionAnswer(open_now=session.open_now, opens_at=session.opens_at)

    @activity.defn(name=READ_REMOVALS)
    async def read_removals(self, request: RemovalsRequest) -> list[Removal]:
        """Read how contracts were removed at expiration. Raise when the broker does not answer."""
        return await self._reader.removals(request.contract, request.since)

    @activity.defn(name=READ_POSITION)
    async def read_position(self, request: PositionRequest) -> PositionAnswer:
        """Read what the account holds of a contract, and how much of it open closing orders may sell."""
        recent, live, positions = await asyncio.gather(
            self._reader.orders_since(request.search_from, request.contract),
            self._reader.live_orders(),
            self._reader.positions(),
        )
        return position_of(request.contract.occ_symbol, [*recent, *live], positions)


def position_of(symbol: str, orders: list[OrderReport], positions: list[Position]) -> PositionAnswer:
    """Count what is held, and what open closing orders may sell.

    Of an order that is listed twice the later one counts. Exits of other trades may be weeks old: those are
    in the list of live orders only.
    """
    held = sum(position.quantity for position in positions if same_contract(position.symbol, symbol))
    latest = {each.order_id: each for each in orders}.values()
    closing = sum(
        each.remaining
        for each in latest
        if same_contract(each.symbol, symbol) and each.side == Side.SELL_TO_CLOSE and not each.status.terminal
    )
    return PositionAnswer(held=held, closing=closing)
