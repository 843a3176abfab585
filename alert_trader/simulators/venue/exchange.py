"""The exchange: accounts and orders. Synchronous; it is called, and calls its listeners.

An order in market hours: accepted as Routed; Live after a moment, often already carrying its fills; Filled a
moment after the last one. While the market is closed it is Received, and Routed at the opening. A price off
the tick is accepted, then Rejected. A cancellation takes time, and a fill may come first. A replacement is a
new order, Contingent until its original is cancelled; a fill of the original in between aborts it. Nothing is
deduplicated: the same order sent twice is two orders.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from random import Random

from alert_trader.simulators.venue.account import Account, Transaction
from alert_trader.simulators.venue.announce import Announcer
from alert_trader.simulators.venue.config import ReplacementSize, TickClass, VenueConfig
from alert_trader.simulators.venue.fees import dollars
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.instruments import Listings, parse, stops_trading_at
from alert_trader.simulators.venue.market import Market, Quote
from alert_trader.simulators.venue.matching import Execution, match, on_tick
from alert_trader.simulators.venue.orders import Fill, Leg, Order, Status
from alert_trader.simulators.venue.preflight import (
    OrderRequest,
    Priced,
    TermsRequest,
    check_account,
    check_terms,
    draft,
    replacement_request,
    resolve_closes,
)
from alert_trader.simulators.venue.refusal import cannot_update, not_found, short_of_buying_power
from alert_trader.simulators.venue.risk import Risk
from alert_trader.simulators.venue.session import SessionBoard, SessionNow
from alert_trader.simulators.venue.tape import StartLine, Tape


class Exchange:
    """All state of a venue."""

    def __init__(
        self,
        config: VenueConfig,
        tape: Tape,
        *,
        clock: Callable[[], datetime],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """Open the venue; `later` runs a call after so many seconds."""
        self.config = config
        self.tape = tape
        self.clock = clock
        self.later = later
        self.sessions = SessionBoard(config.session, clock())
        self.listings = Listings(config.underlyings)
        self.market = Market(
            self.listings, seed=config.seed, interval=config.timing.quote_interval, clock=clock
        )
        self.risk = Risk(self.listings, self.market, config.fees)
        self.accounts = {each.number: Account(each, clock(), cash=each.cash) for each in config.accounts}
        self.orders: dict[int, Order] = {}
        self.announcer = Announcer(tape)
        self.listeners = self.announcer.listeners
        self._open: dict[int, Order] = {}
        self._ids = count(config.first_order_id)
        self._execs = count(1)
        self._chance = Random(config.seed)  # noqa: S311 - request ids, not secrets
        self._was_open = self.session.open
        self.day_ended = self.sessions.last_close(clock())
        """The last trading day that was ended, by the calendar; None where only a person ends a day."""
        tape.write(StartLine(seed=config.seed, accounts=tuple(self.accounts)))

    @property
    def session(self) -> SessionNow:
        """The session now."""
        return self.sessions.now(self.clock())

    def trades_now(self, order: Order) -> bool:
        """Return whether an order trades now: by the hours of market and class, and its last trade."""
        now, session = self.clock(), self.session
        if self.sessions.by_hand:
            return session.open
        row = self.listings.underlyings[order.underlying]
        today = now.astimezone(NEW_YORK).date()
        listed = [self.listings.find(leg.symbol, today) for leg in order.legs]
        over = any(each is not None and now >= stops_trading_at(each[1], row) for each in listed)
        return not over and (session.open or (row.closes_late and self.sessions.late(now)))

    def recall(self, orders: Iterable[Order], accounts: Iterable[Account], *, day_ended: date | None) -> None:
        """Restore the state of an earlier run; its pending changes are scheduled again from now."""
        self.orders = {each.order_id: each for each in orders}
        self._open = {each.order_id: each for each in self.orders.values() if not each.status.terminal}
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
        old = self.orders.get(order.replaces) if order.replaces is not None else None
        if old is not None and (order.status is Status.CONTINGENT or old.status is Status.REPLACE_REQUESTED):
            self.later(timing.replace_after, lambda: self._finish_replace(old, order))

    def account(self, number: str) -> Account:
        """Find an account; raises 404."""
        found = self.accounts.get(number)
        if found is None:
            raise not_found("Account")
        return found

    def working(self, account: Account) -> Iterator[Order]:
        """Return an account's orders that have not ended."""
        return (order for order in self._open.values() if order.account == account.number)

    def buying_power(self, account: Account) -> Decimal:
        """Return the derivative buying power now, in dollars."""
        return self.risk.buying_power(account, self.working(account))

    def find(self, number: str, order_id: int) -> Order:
        """Read an order as clients may; raises 404, also while the order is not visible yet."""
        order = self.orders.get(order_id)
        if order is None or order.account != self.account(number).number or not self.visible(order):
            raise not_found("Order")
        return order

    def visible(self, order: Order) -> bool:
        """Return whether reads show an order yet."""
        return order.visible_from is None or order.visible_from <= self.clock()

    def price(
        self, number: str, request: OrderRequest, *, order_id: int = 0, replacing: Order | None = None
    ) -> Priced:
        """Check and price an order without changing anything (dry-run); raises the broker's refusal."""
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
        resolve_closes(order, account, others, count_working=self.config.count_working_closes)
        check_terms(order, market_open=session.open)
        check_account(order, account)
        cost = self.risk.cost(account, order)
        buying_power = self.risk.buying_power(account, others)
        if order.opening and cost.total > buying_power:
            raise short_of_buying_power()
        return Priced(order=order, cost=cost, buying_power=buying_power, session=session)

    def submit(self, number: str, request: OrderRequest) -> Priced:
        """Accept an order; raises the broker's refusal. There is no deduplication."""
        priced = self.price(number, request, order_id=next(self._ids))
        order = priced.order
        self.orders[order.order_id] = self._open[order.order_id] = order
        if priced.session.open:
            self._route(order, "accepted", before=None)
        else:
            self._publish(order, "accepted", before=None)
        return priced

    def cancel(self, number: str, order_id: int) -> Order:
        """Request a cancellation; raises `cannot_update_order` when the order has ended."""
        order = self.find(number, order_id)
        if order.status.terminal or order.remaining == 0:
            self.announcer.cancel(order, "refused")
            raise cannot_update()
        if order.status is not Status.CANCEL_REQUESTED:
            before = order.status
            order.move(Status.CANCEL_REQUESTED, self.clock())
            self.announcer.cancel(order, "requested")
            self._publish(order, "cancel requested", before)
            self.later(self.config.timing.cancel_after, lambda: self._finish_cancel(order))
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
        request = replacement_request(old, lots, terms)
        new = self.price(number, request, order_id=next(self._ids), replacing=old).order
        new.replaces = old.order_id
        new.replaces_after = old.filled
        new.status = Status.CONTINGENT
        self.orders[new.order_id] = self._open[new.order_id] = new
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
        if not order.at_exchange or order.status.terminal or not 0 < lots <= order.remaining:
            raise cannot_update(f"filled for {lots}: it is {order.status} with {order.remaining} remaining")
        quotes = [self.market.quote(leg.symbol) for leg in order.legs]
        prices = tuple(quote.mid if quote is not None else Decimal(0) for quote in quotes)
        if len(order.legs) == 1:
            prices = (price if price is not None else order.limit if order.limit is not None else prices[0],)
        self._execute(order, Execution(lots, prices))
        self._publish(order, "filled by hand", order.status)
        return order

    def set_quote(self, quote: Quote, age: timedelta = timedelta()) -> None:
        """Script a symbol's quote, announce it, and match orders; it is always shown as `age` old."""
        self.market.script(quote, age)
        self.announcer.quote(quote)
        self._trade(
            [order for order in self._open.values() if any(leg.symbol == quote.symbol for leg in order.legs)]
        )

    def tick(self) -> None:
        """Move the seeded market, match orders, and apply the trading hours."""
        self.follow_session()
        self._trade(
            [
                order
                for order in self._open.values()
                if not all(self.market.scripted(leg.symbol) for leg in order.legs)
            ]
        )

    def follow_session(self) -> None:
        """Process the closes and the opening since the last time."""
        closed = self.sessions.last_close(self.clock())
        if closed is not None and self.day_ended is not None and closed > self.day_ended:
            self.day_ended = closed
            self.end_day(closed)
        is_open = self.session.open
        if is_open == self._was_open:
            return
        self._was_open = is_open
        if is_open:
            for order in [each for each in self._open.values() if each.status is Status.RECEIVED]:
                self._route(order, "session opened", before=order.status)
            self._trade(list(self._open.values()))

    def end_day(self, day: date | None = None) -> None:
        """End a trading day (default: today): day orders expire, proceeds settle, expiring series settle."""
        day = day or self.clock().astimezone(NEW_YORK).date()
        for order in list(self._open.values()):
            done = any(series.day <= day for leg in order.legs if (series := parse(leg.symbol)) is not None)
            day_is_over = order.time_in_force == "Day" and order.status is not Status.RECEIVED
            if (done or day_is_over) and order.remaining > 0:
                self._change(order, Status.EXPIRED, "day ended")
        for account in self.accounts.values():
            account.unsettled = Decimal(0)
            self.announcer.accounts.add(account.number)
            for symbol in [each.symbol for each in account.positions.values() if each.quantity != 0]:
                self._expire_position(account, symbol, day)

    def _expire_position(self, account: Account, symbol: str, day: date) -> None:
        series = parse(symbol)
        row = self.listings.underlying(series.root) if series is not None else None
        quote = self.market.quote(row.symbol) if row is not None else None
        if series is None or quote is None or series.day > day:
            return
        worth = quote.mid - series.strike if series.right == "C" else series.strike - quote.mid
        account.remove(symbol, max(worth, Decimal(0)), self.clock())
        self.announcer.position(account, symbol)

    def _route(self, order: Order, why: str, before: Status | None) -> None:
        order.move(Status.ROUTED, self.clock())
        self._publish(order, why, before)
        self.later(self.config.timing.live_after, lambda: self._go_live(order))

    def _go_live(self, order: Order) -> None:
        if order.status.terminal or order.at_exchange:
            return
        if not on_tick(order, self._ticks(order)):
            order.reject_reason = "Invalid price increment"
            self._change(order, Status.REJECTED, "price off the tick")
            return
        before = order.status
        order.at_exchange = True
        if before is Status.ROUTED:
            order.move(Status.LIVE, self.clock())
        traded = self._match(order)
        if traded or order.status is not before:
            self._publish(order, "reached the exchange", before)

    def _trade(self, orders: list[Order]) -> None:
        for order in orders:
            if self._match(order):
                self._publish(order, "traded", order.status)

    def _match(self, order: Order) -> bool:
        if not order.working or not self.trades_now(order):
            return False
        executions = match(order, self.market, self._ticks(order))
        for each in executions:
            self._execute(order, each)
        return bool(executions)

    def _execute(self, order: Order, execution: Execution) -> None:
        for leg, price in zip(order.legs, execution.prices, strict=True):
            self._execute_leg(order, leg, leg.quantity // order.size * execution.lots, price)
        if order.remaining == 0:
            self.later(self.config.timing.filled_after, lambda: self._complete(order))

    def _execute_leg(self, order: Order, leg: Leg, contracts: int, price: Decimal) -> None:
        account = self.accounts[order.account]
        now = self.clock()
        number = next(self._execs)
        proceeds = sum((dollars(each.price, each.quantity) for each in leg.fills), Decimal(0))
        charged = self.risk.leg_fees(leg, leg.filled, proceeds)
        fees = self.risk.leg_fees(leg, leg.filled + contracts, proceeds + dollars(price, contracts)) - charged
        fill = Fill(
            fill_id=f"{now:%y%m%d}999{number:010d}",
            exec_id=str(number),
            quantity=contracts,
            price=price,
            at=now,
        )
        leg.fills.append(fill)
        self.risk.reprice(order)
        order.updated_at = now
        account.execute(leg.symbol, leg.action, contracts, price, fees, now)
        account.books.append(
            Transaction(
                transaction_id=number,
                order_id=order.order_id,
                exec_id=fill.exec_id,
                symbol=leg.symbol,
                underlying=order.underlying,
                action=leg.action,
                quantity=contracts,
                price=price,
                value=dollars(price, contracts),
                fees=fees,
                at=now,
            )
        )
        self.announcer.fill(order, leg, fill, fees)
        change = contracts if leg.action.buying else -contracts
        if self.config.timing.ledger_lag > 0:
            self.announcer.holding(account, leg.symbol)
            self.later(self.config.timing.ledger_lag, lambda: self._settle(account, leg.symbol, change))
        else:
            self._settle(account, leg.symbol, change)

    def _settle(self, account: Account, symbol: str, change: int) -> None:
        account.settle_ledger(symbol, change)
        self.announcer.position(account, symbol)

    def _complete(self, order: Order) -> None:
        if order.status.terminal:
            return
        lag = self.config.timing.fills_lag
        order.withheld_fill = lag > 0
        self._change(order, Status.FILLED, "complete")
        if lag > 0:
            self.later(lag, lambda: self._show_fill(order))

    def _show_fill(self, order: Order) -> None:
        order.withheld_fill = False
        self.announcer.orders.add(order.order_id)

    def _finish_cancel(self, order: Order) -> None:
        if order.status.terminal or order.remaining == 0:
            self.announcer.cancel(order, "lost to a fill")
            return
        self._cancelled(order, "cancelled")
        self.announcer.cancel(order, "done")

    def _cancelled(self, order: Order, why: str) -> None:
        order.cancelled_at = self.clock()
        order.cancelled_size = order.remaining
        self._change(order, Status.CANCELLED, why)

    def _finish_replace(self, old: Order, new: Order) -> None:
        traded = old.filled > new.replaces_after
        if (
            new.status is not Status.CONTINGENT
            or old.status.terminal
            or traded
            or old.status is Status.CANCEL_REQUESTED
        ):
            if new.status is Status.CONTINGENT:
                new.reject_reason = "Replacement aborted by a fill of the original"
                self._change(new, Status(self.config.aborted_replacement), "replacement aborted")
            if old.status is Status.REPLACE_REQUESTED and old.remaining > 0:
                self._change(old, Status.LIVE, "replacement aborted")
            return
        old.replaced_by = new.order_id
        self._cancelled(old, "replaced")
        if self.trades_now(new):
            self._route(new, "original cancelled", before=new.status)
        else:
            self._change(new, Status.RECEIVED, "original cancelled")

    def _change(self, order: Order, to: Status, why: str) -> None:
        before = order.status
        order.move(to, self.clock())
        self._publish(order, why, before)

    def _publish(self, order: Order, why: str, before: Status | None) -> None:
        if order.status.terminal:
            self._open.pop(order.order_id, None)
            self.risk.reprice(order)
        self.announcer.order(order, why, before)

    def _ticks(self, order: Order) -> TickClass:
        return self.listings.underlyings[order.underlying].ticks
