"""What is sold that is not a target, by the protective ladder: at a fresh quote, then lower step by step.

`protective_ladder` decides on the price; this reads the quote, and says when an order has worked for long
enough. An order that waits for an opening has not been on offer, so it is not lowered. At the floor the order
works until its day is over, and a person is paged; what is requested again, and the next session, begin again
from the bid of that moment. Nothing is ever sold at the market.
"""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import READ_QUOTE, SUBMIT_EXIT, QuoteAnswer
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.execution.policy import SalePolicy
    from alert_trader.domain.execution.protective_ladder import begin_sale, continue_sale
    from alert_trader.domain.market.calendar import new_york_date
    from alert_trader.domain.market.quotes import Quote, TickTable
    from alert_trader.domain.money import plain
    from alert_trader.domain.orders.ledger import LedgerOrder
    from alert_trader.domain.orders.order import OrderStatus
    from alert_trader.domain.orders.time_in_force import OrderPurpose
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade_state import ExitState, SaleProgress
    from alert_trader.workflows.waiting import wait


class ProtectiveSales:
    """Prices the sales of a close or of a partial exit, and lowers their price."""

    def __init__(
        self, policy: SalePolicy, state: ExitState, ticks: TickTable, orders: OrderManager, journal: Journal
    ) -> None:
        """Sell by `policy` through `orders`. Of `state` it writes the progress of the sale alone."""
        self._policy = policy
        self._state = state
        self._ticks = ticks
        self._orders = orders
        self._journal = journal
        self._requested = orders.retries.requested

    def begin(self) -> None:
        """Begin a sale: its price follows from the next quote alone."""
        self._state.sale = SaleProgress()

    async def find_price(self, until: datetime, unwanted: Callable[[], bool]) -> bool:
        """Work out the price of the next order by a quote read now; return whether there is one.

        Waits for a quote that shows a price, if the sale has none yet: at most `until` a moment, or until
        nothing is wanted any more. A person is paged meanwhile.
        """
        orders = self._orders
        what = f"{orders.contract} cannot be sold: its quote is missing, halted or crossed"
        with orders.retries.loop(timing.SALE_QUOTE_PAUSES, what) as loop:
            while not unwanted() and workflow.now() < until and not loop.expired:
                quote = await self._read_quote()
                if self._step(quote):
                    return True
                await loop.pause(unwanted, until)
        return False

    def _step(self, quote: Quote | None) -> bool:
        """Price the next order; return whether there is a price."""
        today = new_york_date(workflow.now())
        requested, self._requested = self._requested, self._orders.retries.requested
        ladder = self._state.sale.ladder
        if requested != self._requested or (ladder is not None and ladder.began_on != today):
            self.begin()
        sale = self._state.sale
        if sale.ladder is None:
            sale.ladder = begin_sale(quote, day=today, policy=self._policy, ticks=self._ticks)
        else:
            sale.ladder = continue_sale(sale.ladder, quote, lower=sale.lower, ticks=self._ticks)
        sale.lower = False
        return sale.ladder is not None

    async def _read_quote(self) -> Quote | None:
        try:
            answer = await run_activity(
                READ_QUOTE,
                self._orders.contract,
                answer=QuoteAnswer,
                options=activity_options.QUOTE_TO_SELL_AT,
                summary=f"read the quote to sell {self._orders.contract} at",
            )
        except ActivityError:
            return None
        return answer.quote

    def intend(self, quantity: int, *, not_after: datetime | None = None) -> LedgerOrder:
        """Record the next order of the sale, at the price that was found."""
        ladder = self._state.sale.ladder
        assert ladder is not None
        return self._orders.intend(
            SUBMIT_EXIT,
            purpose=OrderPurpose.SALE,
            quantity=quantity,
            limit=ladder.limit,
            not_after=not_after,
            lowest=ladder.floor,
        )

    async def work(self, order: LedgerOrder, until: datetime) -> None:
        """Wait for the end of a sale, and read it meanwhile; cancel it when it is to be offered lower.

        A person is paged if it has not ended when its day is over.
        """
        orders, retries = self._orders, self._orders.retries
        requested = retries.requested
        what = f"{order.client_order_id} (sells {order.quantity}) has not ended"
        page_from = orders.end_of_day(workflow.now())
        with retries.loop(timing.SALE_READS, what, page_from=page_from) as loop:
            while not order.done and workflow.now() < until:
                if self._is_to_be_timed(order):
                    await wait(
                        lambda: order.done or retries.requested != requested,
                        self._policy.step,
                        f"before {order.client_order_id} is offered lower",
                    )
                    if not order.done and self._ends_its_step(order):
                        return
                else:
                    await loop.pause(lambda: order.done or self._is_to_be_timed(order), until)
                    if not order.done and workflow.now() < until:
                        await orders.read(order)
                if not order.done and retries.requested != requested:
                    self._offer_again(order)
                    return

    def _is_to_be_timed(self, order: LedgerOrder) -> bool:
        """Whether an order is on offer at the exchange, and something follows when it does not fill."""
        return order.status is OrderStatus.LIVE and not (self._at_floor(order) and self._state.sale.paged)

    def _at_floor(self, order: LedgerOrder) -> bool:
        ladder = self._state.sale.ladder
        return ladder is not None and order.limit is not None and order.limit <= ladder.floor

    def _ends_its_step(self, order: LedgerOrder) -> bool:
        """Offer an order lower that did not fill in its step, or page a person; return whether it ends."""
        if not self._at_floor(order):
            self._state.sale.lower = True
            self._offer_again(order)
            return True
        ladder = self._state.sale.ladder
        assert ladder is not None
        self._state.sale.paged = True
        close = "close the trade" if self._state.sale_from is None else "close the trade again"
        text = (
            f"Not sold: {order.open} x {self._orders.contract} offered at {plain(ladder.floor)}, the lowest "
            f"price of this sale ({self._policy.floor:%} of {plain(ladder.reference)}). The order works "
            f"until the close. To sell lower, {close}: the sale then begins at the bid of that moment"
        )
        facts = {"order": order.client_order_id, "floor": ladder.floor, "reference": ladder.reference}
        self._journal.record(workflow.now(), EventKind.WARNING, text, **facts)
        return False

    def _offer_again(self, order: LedgerOrder) -> None:
        self._orders.ledger.reprice(order.client_order_id)
        self._orders.cancel(order)
