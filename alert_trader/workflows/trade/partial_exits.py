"""Partial exits: sales of a part of the position on a person's request or the author's, one after another.

The quantity is worked out from the contracts held when its turn comes. It is sold from those that no open
exit order can sell; where these are too few, as many exits are cancelled as it needs, and more is sold only
when they have ended. Its contracts are set aside at once, so that the exit plan covers the rest and nothing
else.
"""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.alerts.portion import Portion
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.orders.ledger import LedgerOrder
    from alert_trader.workflows import timing
    from alert_trader.workflows.trade.exits import Exits, partial_exit_orders
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade_state import ExitState, PartialExit, PartialExitRequest
    from alert_trader.workflows.waiting import wait


class PartialExits:
    """Sells partial exits in the order they were requested."""

    def __init__(self, state: ExitState, exits: Exits, orders: OrderManager, journal: Journal) -> None:
        """Sell through `orders` what `exits` leave free."""
        self._state = state
        self._exits = exits
        self._orders = orders
        self._journal = journal

    def request(self, portion: Portion, by: str) -> PartialExitRequest:
        """Request that a part be sold; what is returned says when that is done, and how it ended."""
        request = PartialExitRequest(portion=portion, by=by)
        self._state.requests.append(request)
        return request

    @property
    def _next(self) -> PartialExitRequest | None:
        return next((request for request in self._state.requests if not request.done), None)

    async def run(self) -> None:
        """Sell what is requested until the trade is over, or everything is being sold."""
        for _ in range(timing.MAX_EXIT_ORDERS):
            await wait(lambda: self._exits.stopped or self._next is not None, None, "")
            request = self._next
            if request is None:
                return
            partial = self._state.partial or self._begin(request)
            if partial is not None:
                await self._sell(request, partial)
        raise RuntimeError(
            f"expected at most {timing.MAX_EXIT_ORDERS} partial exits of one trade: check it at the broker"
        )

    def _begin(self, request: PartialExitRequest) -> PartialExit | None:
        """Set aside what is to be sold; None when that is nothing, and then the request is over."""
        held = self._exits.position
        wanted = request.portion.of(held)
        if self._exits.stopped or wanted == 0:
            why = (
                "everything is being sold"
                if self._exits.stopped
                else f"{request.portion} of {held} held is less than 1 contract"
            )
            self._end(request, 0, f"Nothing sold, as requested by {request.by}: {why}")
            return None
        until = min(self._orders.end_of_day(workflow.now()), self._orders.last_trade.latest)
        return self._exits.begin_partial(wanted, until)

    async def _sell(self, request: PartialExitRequest, partial: PartialExit) -> None:
        await self._work(partial)
        sold = sum(order.filled for order in partial_exit_orders(partial, self._orders.ledger))
        self._exits.end_partial()
        text, count = f"Sold {sold}, requested by {request.by}", request.portion.count
        if count is not None and count > partial.quantity:
            text = f"Sold {sold}: {request.by} requested {count}, and {partial.quantity} were held"
        if sold < partial.quantity:
            text = (
                f"Sold {sold} of {partial.quantity}, requested by {request.by}. The exit plan covers the rest"
            )
        self._end(request, sold, text)

    async def _work(self, partial: PartialExit) -> None:
        """Sell a partial exit until it is sold, its day is over, or everything is being sold."""
        exits, orders, until = self._exits, self._orders, partial.until
        for order in partial_exit_orders(partial, orders.ledger):
            await self._until_ended(order, until)  # of the run before this one
        for _ in range(timing.MAX_EXIT_ORDERS):
            await exits.pause(exits.failures(partial.first_order), lambda: exits.stopped)
            if not await exits.session.until_open(until, lambda: not self._wanted(until)):
                return  # the exits that are to be cancelled for it have worked until now
            await self._free_contracts(until)
            if not self._wanted(until):
                return
            found = await exits.sales.find_price(until, lambda: not self._wanted(until))
            quantity = min(exits.set_aside, exits.free)
            if not found or quantity <= 0:
                continue  # what is wanted may have changed while the quote was read
            # it may wait for a worker, or for an earlier attempt to be ruled out, but not until the next open
            order = exits.sales.intend(quantity, not_after=until)
            await orders.submit(order)
            await self._until_ended(order, until)
        raise RuntimeError(
            f"expected a partial exit to be sold within {timing.MAX_EXIT_ORDERS} orders: check it at "
            "the broker"
        )

    async def _until_ended(self, order: LedgerOrder, until: datetime) -> None:
        await self._exits.sales.work(order, until)
        if not order.done:
            self._orders.cancel(order)
            await wait(lambda: order.done, until, f"for {order.client_order_id} to be cancelled")

    def _wanted(self, until: datetime) -> bool:
        return self._exits.set_aside > 0 and not self._exits.stopped and workflow.now() < until

    async def _free_contracts(self, until: datetime) -> None:
        """Cancel as many exits as are needed, the newest first, and wait for free contracts."""
        exits = self._exits
        missing = exits.set_aside - exits.free
        for order in reversed(self._orders.ledger.open_exits):
            if missing > 0 and not order.protective:
                missing -= order.open
                self._orders.cancel(order)
        patience = min(timing.EXIT_CANCEL_WAIT, until - workflow.now())
        await wait(
            lambda: exits.free >= exits.set_aside or exits.stopped, patience, "for exits to be cancelled"
        )
        await wait(lambda: exits.free > 0 or not self._wanted(until), until, "for contracts to sell")

    def _end(self, request: PartialExitRequest, sold: int, text: str) -> None:
        self._journal.record(
            workflow.now(), EventKind.PART_SOLD, text, by=request.by, portion=request.portion, sold=sold
        )
        request.sold, request.text, request.done = sold, text, True
