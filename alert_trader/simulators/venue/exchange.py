"""The exchange: what clients may request. Synchronous; it is called, and calls its listeners.

Nothing is deduplicated: the same order sent twice is two orders.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import count
from random import Random

from alert_trader.simulators.venue.account import Account
from alert_trader.simulators.venue.config import ReplacementSize, VenueConfig
from alert_trader.simulators.venue.matching import Execution
from alert_trader.simulators.venue.oco import DRY_RUN_ID, OcoPairs, OcoRequest, check_pair
from alert_trader.simulators.venue.orders import Order, Status
from alert_trader.simulators.venue.preflight import (
    OrderRequest,
    Priced,
    TermsRequest,
    check_account,
    check_terms,
    draft,
    own_terms,
    replacement_request,
    resolve_closes,
)
from alert_trader.simulators.venue.refusal import (
    cannot_update,
    not_found,
    short_of_buying_power,
    through_market,
)
from alert_trader.simulators.venue.tape import Tape
from alert_trader.simulators.venue.trading import Trading


class Exchange(Trading):
    """All state of a venue, and what clients may request of it."""

    def __init__(
        self,
        config: VenueConfig,
        tape: Tape,
        *,
        clock: Callable[[], datetime],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """Open the venue; `later` runs a call after so many seconds."""
        super().__init__(config, tape, clock=clock, later=later)
        self.oco = OcoPairs(self)

    def recall(self, orders: Iterable[Order], accounts: Iterable[Account], *, day_ended: date | None) -> None:
        """Restore the state of an earlier run; its pending changes are scheduled again from now."""
        self.orders = {each.order_id: each for each in orders}
        self._open = {each.order_id: each for each in self.orders.values() if not each.status.terminal}
        self.oco.recall(self.orders.values())
        self.accounts |= {each.number: each for each in accounts}
        self.day_ended = day_ended if day_ended is not None else self.day_ended
        self._ids = count(max(self.orders, default=self.config.first_order_id - 1) + 1)
        books = (row.transaction_id for account in self.accounts.values() for row in account.books)
        self._execs = count(max(books, default=0) + 1)
        # an earlier run used the first ids of the plain seed
        seed = f"{self.config.seed}:{max(self.orders, default=0)}"
        self._chance = Random(seed)  # noqa: S311 - request ids, not secrets
        # an opening that was missed is processed at the first tick
        self._was_open = False
        for order in self.orders.values():
            self._rearm(order)
        for account in self.accounts.values():
            for symbol in account.positions:
                if change := account.held(symbol) - account.ledger.get(symbol, 0):
                    self.later(self.config.timing.ledger_lag, partial(self._settle, account, symbol, change))

    def _rearm(self, order: Order) -> None:
        """Schedule an order's pending change again."""
        timing = self.config.timing
        if order.status is Status.ROUTED:
            self.later(timing.live_after, lambda: self._go_live(order))
        if order.status is Status.CANCEL_REQUESTED:
            self.later(timing.cancel_after, lambda: self._finish_cancel(order))
        if order.remaining == 0 and not order.status.terminal:
            self.later(timing.filled_after, lambda: self._complete(order))
        if order.withheld_fill:
            self.later(timing.fills_lag, lambda: self._show_fill(order))
        if order.complex_id is not None and order.status is Status.CONTINGENT and order.replaces is None:
            self.later(timing.oco_start_after, lambda: self.start(order, "pair started"))
        if order.filled > 0:
            self.oco.traded(order)
        old = self.orders.get(order.replaces) if order.replaces is not None else None
        if old is not None and (order.status is Status.CONTINGENT or old.status is Status.REPLACE_REQUESTED):
            self.later(timing.replace_after, lambda: self._finish_replace(old, order))

    def find(self, number: str, order_id: int) -> Order:
        """Read an order as clients may; raises 404, also while the order is not visible yet."""
        order = self.orders.get(order_id)
        if order is None or order.account != self.account(number).number or not self.visible(order):
            raise not_found("Order")
        return order

    def visible(self, order: Order) -> bool:
        """Return whether reads show an order yet."""
        return order.visible_from is None or order.visible_from <= self.clock()

    def buying_power(self, account: Account) -> Decimal:
        """Return the derivative buying power now, in dollars."""
        return self.risk.buying_power(account, self.working(account))

    def price(
        self,
        number: str,
        request: OrderRequest,
        *,
        order_id: int = 0,
        replacing: Order | None = None,
        second: bool = False,
    ) -> Priced:
        """Check and price an order without changing anything (dry-run); raises the broker's refusal.

        The `second` side of a pair is checked against the position only if it is strict, as in a capture.
        """
        account = self.account(number)
        order = draft(
            request,
            account,
            self.listings,
            order_id=order_id,
            at=self.clock(),
            request_id=f"{self._chance.getrandbits(128):032x}",
        )
        session = replace(self.session, open=self.trades_now(order))
        others = [each for each in self.working(account) if each is not replacing]
        if not second or order.strict:
            pair = replacing.complex_id if replacing is not None else None
            beside = [each for each in others if pair is None or each.complex_id != pair]
            resolve_closes(order, account, beside, count_working=self.config.count_working_closes)
        check_terms(order, market_open=session.open, gtc_stop=self.config.stops.gtc_market)
        if order.waiting and self.config.stops.refuse_through_market and self._triggers(order):
            raise through_market()
        check_account(order, account)
        cost = self.risk.cost(account, order)
        buying_power = self.risk.buying_power(account, others)
        if order.opening and cost.total > buying_power:
            raise short_of_buying_power()
        return Priced(order=order, cost=cost, buying_power=buying_power, session=session)

    def submit(self, number: str, request: OrderRequest) -> Priced:
        """Accept an order; raises the broker's refusal. There is no deduplication."""
        priced = self.price(number, request, order_id=next(self._ids))
        self._enter(priced.order)
        if priced.session.open:
            self._route(priced.order, "accepted", before=None)
        else:
            self._publish(priced.order, "accepted", before=None)
        return priced

    def price_pair(self, number: str, request: OcoRequest, complex_id: int = DRY_RUN_ID) -> list[Priced]:
        """Check and price both sides of a pair without changing anything; raises the broker's refusal."""
        check_pair(request)
        dry_run = complex_id == DRY_RUN_ID
        sides = [
            self.price(number, each, order_id=0 if dry_run else next(self._ids), second=place > 0)
            for place, each in enumerate(request.orders)
        ]
        for place, order in enumerate(each.order for each in sides):
            order.status, order.complex_id, order.preflight_id = Status.CONTINGENT, complex_id, place
        return sides

    def submit_pair(self, number: str, request: OcoRequest) -> list[Priced]:
        """Accept a pair; raises the broker's refusal. Both sides start together a moment later."""
        sides = self.price_pair(number, request, self.oco.number())
        for each in sides:
            self._enter(each.order)
        for each in sides:
            self._publish(each.order, "pair accepted", before=None)
            self.later(self.config.timing.oco_start_after, partial(self.start, each.order, "pair started"))
        return sides

    def cancel(self, number: str, order_id: int) -> Order:
        """Request a cancellation; raises `cannot_update_order` when the order has ended."""
        order = self.find(number, order_id)
        if order.status.terminal or order.remaining == 0:
            self.announcer.cancel(order, "refused")
            raise cannot_update()
        self.oco.cancel_side(order)
        self.request_cancel(order)
        return order

    def replace(self, number: str, order_id: int, terms: TermsRequest) -> Order:
        """Replace an order by one with other terms and the same legs; return the new one."""
        old = self.find(number, order_id)
        if (
            old.remaining == 0
            or old.replaced_by is not None
            or old.status not in {Status.RECEIVED, Status.ROUTED, Status.LIVE}
        ):
            raise cannot_update("replaced")
        lots = old.size if self.config.replacement_size is ReplacementSize.FULL else old.remaining
        self.oco.edit_side(old, terms)
        return self._replace(old, lots, terms)

    def reduce(self, order: Order, lots: int) -> None:
        """Replace a side by one for fewer lots, on the same terms."""
        new = self._replace(order, lots, own_terms(order))
        new.triggered_at = order.triggered_at

    def _replace(self, old: Order, lots: int, terms: TermsRequest) -> Order:
        request = replacement_request(old, lots, terms)
        new = self.price(old.account, request, order_id=next(self._ids), replacing=old).order
        new.replaces = old.order_id
        new.replaces_after = old.filled
        new.status = Status.CONTINGENT
        if self.oco.keeps(old):
            new.complex_id, new.preflight_id = old.complex_id, old.preflight_id
        self._enter(new)
        self._publish(new, "replacement accepted", before=None)
        if self.config.show_replace_requested and old.status is Status.LIVE:
            self._change(old, Status.REPLACE_REQUESTED, "replace requested")
        self.later(self.config.timing.replace_after, lambda: self._finish_replace(old, new))
        return new

    def fill(self, order_id: int, lots: int, price: Decimal | None = None) -> Order:
        """Fill `lots` of an order now, at any market; raises 422 when fewer are left."""
        order = self.orders.get(order_id)
        if order is None:
            raise not_found("Order")
        if order.status is Status.ROUTED:
            self._go_live(order)
        if not order.at_exchange or order.status.terminal or not 0 < lots <= self.oco.available(order):
            raise cannot_update(f"filled for {lots}: it is {order.status} with {order.remaining} remaining")
        quotes = [self.market.quote(leg.symbol) for leg in order.legs]
        prices = tuple(quote.mid if quote is not None else Decimal(0) for quote in quotes)
        if len(order.legs) == 1:
            prices = (price if price is not None else order.limit if order.limit is not None else prices[0],)
        if order.waiting:
            order.triggered_at = self.clock()
        self._execute(order, [Execution(lots, prices)])
        self._publish(order, "filled by hand", order.status)
        return order
