"""Accounts and orders, and what market, time and hours do to them. Synchronous; it calls its listeners.

An order in market hours: accepted as Routed; Live after a moment, often already carrying its fills; Filled a
moment after the last one. While the market is closed it is Received, and Routed at the opening. A price off
the tick is accepted, then Rejected. A cancellation takes time, and a fill may come first. A replacement is a
new order, Contingent until its original is cancelled; a fill of the original in between aborts it. A stop is
Live while it waits for its trigger, also overnight; at the opening the first quote counts, whatever the gap.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from alert_trader.simulators.venue.account import Account
from alert_trader.simulators.venue.announce import Announcer
from alert_trader.simulators.venue.config import TickClass, VenueConfig
from alert_trader.simulators.venue.expiration import expired
from alert_trader.simulators.venue.fees import dollars
from alert_trader.simulators.venue.holidays import LATE, NEW_YORK
from alert_trader.simulators.venue.instruments import Listings, Settlement, parse, stops_trading_at
from alert_trader.simulators.venue.market import Market, Quote
from alert_trader.simulators.venue.matching import Execution, match, on_tick
from alert_trader.simulators.venue.oco import OcoPairs
from alert_trader.simulators.venue.orders import Fill, Leg, Order, Status, TimeInForce
from alert_trader.simulators.venue.refusal import (
    not_found,
)
from alert_trader.simulators.venue.risk import Risk
from alert_trader.simulators.venue.session import SessionBoard, SessionNow
from alert_trader.simulators.venue.tape import StartLine, Tape
from alert_trader.simulators.venue.triggers import triggers


class Trading:
    """Accounts and orders, and what the market does to them."""

    oco: OcoPairs

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
        self.announcer = Announcer(tape, self.market, self.stopped)
        self.listeners = self.announcer.listeners
        self._open: dict[int, Order] = {}
        self._ids = count(config.first_order_id)
        self._execs = count(1)
        self._chance = Random(config.seed)  # noqa: S311 - request ids, not secrets
        self._was_open = self.session.open
        self.day_ended = self.sessions.last_close(clock())
        """The last trading day that was ended, by the calendar; None where only a person ends a day."""
        tape.session = lambda: self.sessions.line(clock())
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

    def stopped(self, symbol: str) -> bool:
        """Return whether a series has stopped trading, by the latest time that any source names."""
        now = self.clock()
        listed = self.listings.find(symbol, now.astimezone(NEW_YORK).date())
        if self.sessions.by_hand or listed is None:
            return False
        row = self.listings.underlying(listed[1].root)
        assert row is not None
        late = LATE if row.closes_late and listed[1].settlement is Settlement.PM else timedelta()
        return now >= stops_trading_at(listed[1], row) + late

    def account(self, number: str) -> Account:
        """Find an account; raises 404."""
        found = self.accounts.get(number)
        if found is None:
            raise not_found("Account")
        return found

    def working(self, account: Account) -> Iterator[Order]:
        """Return an account's orders that have not ended."""
        return (order for order in self._open.values() if order.account == account.number)

    def _enter(self, order: Order) -> None:
        self.orders[order.order_id] = self._open[order.order_id] = order
        self.oco.add(order)

    def start(self, order: Order, why: str) -> None:
        """Route a contingent order, or keep it until the opening."""
        if order.status is not Status.CONTINGENT:
            return
        if self.trades_now(order):
            self._route(order, why, before=order.status)
        else:
            self._change(order, Status.RECEIVED, why)

    def end(self, order: Order, why: str) -> None:
        """Cancel an order at once, unless it has ended."""
        if not order.status.terminal and order.remaining > 0:
            self._cancelled(order, why)

    def request_cancel(self, order: Order) -> None:
        """Begin the cancellation of an order that has not ended; a side that did not start ends at once."""
        if order.status is Status.CANCEL_REQUESTED:
            return
        before = order.status
        self.announcer.cancel(order, "requested")
        if before is Status.CONTINGENT and order.complex_id is not None:
            self._finish_cancel(order)
            return
        order.move(Status.CANCEL_REQUESTED, self.clock())
        self._publish(order, "cancel requested", before)
        self.later(self.config.timing.cancel_after, lambda: self._finish_cancel(order))

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
            day_is_over = order.time_in_force is not TimeInForce.GTC and order.status is not Status.RECEIVED
            if (done or day_is_over) and order.remaining > 0:
                self._change(order, Status.EXPIRED, "day ended")
        for account in self.accounts.values():
            account.unsettled = Decimal(0)
            self.announcer.accounts.add(account.number)
            for symbol in [each.symbol for each in account.positions.values() if each.quantity != 0]:
                self._expire_position(account, symbol, day)

    def _expire_position(self, account: Account, symbol: str, day: date) -> None:
        row = self.listings.underlying(series.root) if (series := parse(symbol)) is not None else None
        quote = self.market.quote(row.symbol) if row is not None else None
        over = expired(symbol, day, None if quote is None else quote.mid, is_index=bool(row and row.is_index))
        if over is None or row is None:
            return
        account.remove(over, symbol, row.symbol, self.clock(), next(self._execs))
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
        if order.time_in_force is TimeInForce.IOC and order.remaining > 0:
            self._cancelled(order, "immediate or cancel")

    def _trade(self, orders: list[Order]) -> None:
        for order in orders:
            if self._match(order):
                self._publish(order, "traded", order.status)

    def _match(self, order: Order) -> bool:
        if not order.working or not self.trades_now(order):
            return False
        if order.waiting:
            if not self._triggers(order):
                return False
            order.triggered_at = self.clock()
            self._publish(order, "triggered", order.status)
        executions = match(order, self.market, self._ticks(order), self.oco.available(order))
        if executions:
            self._execute(order, executions)
        return bool(executions)

    def _triggers(self, order: Order) -> bool:
        symbol, rules = order.legs[0].symbol, self.config.stops
        quote, last = self.market.quote(symbol), self.market.last.get(symbol)
        return triggers(order, quote, last, rules.reading, empty=rules.without_bid)

    def _execute(self, order: Order, executions: list[Execution]) -> None:
        for each in executions:
            for leg, price in zip(order.legs, each.prices, strict=True):
                self._execute_leg(order, leg, leg.quantity // order.size * each.lots, price)
        if order.remaining == 0:
            self.later(self.config.timing.filled_after, lambda: self._complete(order))
        self.oco.traded(order)

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
        account.book(order, leg, fill, fees)
        self.market.last[leg.symbol] = price
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
        self.start(new, "original cancelled")

    def _change(self, order: Order, to: Status, why: str) -> None:
        before = order.status
        order.move(to, self.clock())
        self._publish(order, why, before)

    def _publish(self, order: Order, why: str, before: Status | None) -> None:
        if order.status.terminal:
            self._open.pop(order.order_id, None)
            self.risk.reprice(order)
        self.announcer.order(order, why, before)
        if order.status.terminal:
            self.oco.ended(order)

    def _ticks(self, order: Order) -> TickClass:
        return self.listings.underlyings[order.underlying].ticks
