"""One account: cash, positions, and the position ledger, which may lag.

`positions` changes with each fill. `ledger` is what position reads and strict closing checks use; with a
ledger lag it changes later, as it does at the broker.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from alert_trader.simulators.venue.config import AccountConfig
from alert_trader.simulators.venue.fees import Fees, dollars
from alert_trader.simulators.venue.orders import Action, Fill, Leg, Order


@dataclass(slots=True, kw_only=True)
class Position:
    """Contracts of one series, negative if short. `average` is dollars a share, `realized` dollars."""

    symbol: str
    quantity: int = 0
    average: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One execution as the account's books show it; `value` is dollars, positive."""

    transaction_id: int
    order_id: int
    exec_id: str
    symbol: str
    underlying: str
    action: Action
    quantity: int
    price: Decimal
    value: Decimal
    fees: Fees
    at: datetime


@dataclass(slots=True)
class Account:
    """Cash, positions, ledger and books of one account."""

    config: AccountConfig
    opened_at: datetime
    cash: Decimal = Decimal(0)
    unsettled: Decimal = Decimal(0)
    """Proceeds of today's sales: a cash account cannot spend them before the day ends."""
    positions: dict[str, Position] = field(default_factory=dict)
    ledger: dict[str, int] = field(default_factory=dict)
    books: list[Transaction] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The account number."""
        return self.config.number

    def held(self, symbol: str) -> int:
        """Return the contracts held."""
        position = self.positions.get(symbol)
        return position.quantity if position is not None else 0

    def execute(
        self, symbol: str, action: Action, quantity: int, price: Decimal, fees: Fees, at: datetime
    ) -> Position:
        """Move cash and the position by one execution; the ledger is moved by `settle_ledger`."""
        value = dollars(price, quantity)
        if action.buying:
            self.cash -= value
        else:
            self.cash += value
            self.unsettled += value
        self.cash -= fees.total
        position = self.positions.setdefault(symbol, Position(symbol=symbol, created_at=at, updated_at=at))
        _move(position, quantity if action.buying else -quantity, price)
        position.updated_at = at
        return position

    def book(self, order: Order, leg: Leg, fill: Fill, fees: Fees) -> None:
        """Execute a fill of one leg, and enter it in the books."""
        self.execute(leg.symbol, leg.action, fill.quantity, fill.price, fees, fill.at)
        self.books.append(
            Transaction(
                transaction_id=int(fill.exec_id),
                order_id=order.order_id,
                exec_id=fill.exec_id,
                symbol=leg.symbol,
                underlying=order.underlying,
                action=leg.action,
                quantity=fill.quantity,
                price=fill.price,
                value=dollars(fill.price, fill.quantity),
                fees=fees,
                at=fill.at,
            )
        )

    def settle_ledger(self, symbol: str, change: int) -> None:
        """Apply one execution to the ledger."""
        self.ledger[symbol] = self.ledger.get(symbol, 0) + change

    def remove(self, symbol: str, value_a_share: Decimal, at: datetime) -> None:
        """Settle an expired series at its value."""
        position = self.positions[symbol]
        self.cash += dollars(value_a_share, position.quantity)
        _move(position, -position.quantity, value_a_share)
        position.updated_at = at
        self.ledger[symbol] = 0


def _move(position: Position, change: int, price: Decimal) -> None:
    """Change a position: growing moves the average, shrinking realizes profit, crossing zero restarts it."""
    held = position.quantity
    after = held + change
    if held == 0 or (held > 0) == (change > 0):
        position.average = (position.average * abs(held) + price * abs(change)) / abs(after)
    else:
        closed = min(abs(held), abs(change))
        gain = price - position.average if held > 0 else position.average - price
        position.realized += dollars(gain, closed)
        if held * after < 0:
            position.average = price
    position.quantity = after
