"""Announce changes: the tape first, then every listener; and list what changed, for the state file."""

from collections.abc import Callable
from typing import Protocol

from alert_trader.simulators.venue.account import Account, Position
from alert_trader.simulators.venue.fees import Fees
from alert_trader.simulators.venue.market import Market, Quote
from alert_trader.simulators.venue.orders import Fill, Leg, Order, Status
from alert_trader.simulators.venue.tape import (
    CancelLine,
    CancelOutcome,
    FillLine,
    OrderLine,
    PositionLine,
    QuoteLine,
    Tape,
    state_of,
)


class Listener(Protocol):
    """Is notified of changes in their order, before the call that caused them returns."""

    def order_changed(self, order: Order) -> None:
        """Handle an order's new state."""
        ...

    def position_changed(self, account: Account, position: Position) -> None:
        """Handle a changed position ledger."""
        ...

    def balance_changed(self, account: Account) -> None:
        """Handle an account's new balance."""
        ...

    def quote_changed(self, symbol: str) -> None:
        """Handle a scripted symbol's new quote."""
        ...


class Announcer:
    """Announces changes. Every order or position it writes on the tape also counts as changed."""

    def __init__(self, tape: Tape, market: Market, stopped: Callable[[str], bool]) -> None:
        """Start without listeners; `stopped` returns whether a series has stopped trading."""
        self._tape = tape
        self._market = market
        self._stopped = stopped
        self.listeners: list[Listener] = []
        self.orders: set[int] = set()
        """Orders that changed since they were last stored."""
        self.accounts: set[str] = set()
        """Accounts that changed since they were last stored."""

    def order(self, order: Order, why: str, before: Status | None) -> None:
        """Announce an order's state."""
        self.orders.add(order.order_id)
        quote = self._market.quote(order.legs[0].symbol) if before is None else None
        bid = None if quote is None or quote.missing else quote.bid
        stopped = before is None and any(self._stopped(leg.symbol) for leg in order.legs)
        line = OrderLine(order=state_of(order), before=before, why=why, bid=bid, stopped=stopped)
        self._tape.write(line)
        for listener in self.listeners:
            listener.order_changed(order)

    def fill(self, order: Order, leg: Leg, fill: Fill, fees: Fees) -> None:
        """Write an execution on the tape; its order and position are announced after it."""
        self.orders.add(order.order_id)
        self.accounts.add(order.account)
        self._tape.write(
            FillLine(
                fill_id=fill.fill_id,
                order_id=order.order_id,
                account=order.account,
                client_id=order.external_identifier,
                symbol=leg.symbol,
                action=leg.action,
                quantity=fill.quantity,
                price=fill.price,
                fees=fees.total,
                stopped=self._stopped(leg.symbol),
            )
        )

    def cancel(self, order: Order, outcome: CancelOutcome) -> None:
        """Write a step of a cancellation on the tape."""
        self.orders.add(order.order_id)
        cancelled = order.cancelled_size if order.cancelled_size is not None else 0
        self._tape.write(
            CancelLine(
                order_id=order.order_id,
                client_id=order.external_identifier,
                outcome=outcome,
                cancelled=cancelled,
            )
        )

    def holding(self, account: Account, symbol: str) -> None:
        """Write an account's position, and what its ledger shows, on the tape."""
        self.accounts.add(account.number)
        self._tape.write(
            PositionLine(
                account=account.number,
                symbol=symbol,
                quantity=account.held(symbol),
                ledger=account.ledger.get(symbol, 0),
            )
        )

    def position(self, account: Account, symbol: str) -> None:
        """Announce a position that changed in the ledger."""
        self.holding(account, symbol)
        for listener in self.listeners:
            listener.position_changed(account, account.positions[symbol])
            listener.balance_changed(account)

    def quote(self, quote: Quote) -> None:
        """Announce a scripted quote."""
        self._tape.write(
            QuoteLine(
                symbol=quote.symbol,
                bid=quote.bid,
                ask=quote.ask,
                bid_size=quote.bid_size,
                ask_size=quote.ask_size,
                missing=quote.missing,
            )
        )
        for listener in self.listeners:
            listener.quote_changed(quote.symbol)
