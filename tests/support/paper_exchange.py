"""A small exchange in memory, for tests of the pure core.

It knows what is true, and writes the reports that may come late, twice or never.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from alert_trader.domain.ids import (
    ClientOrderId,
    FillId,
    Leg,
    MessageId,
    OrderId,
    client_order_id,
    read_client_order_id,
)
from alert_trader.domain.market.contract import from_occ
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import (
    Fill,
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    TimeInForce,
)

MESSAGE = MessageId("m1")
SYMBOL = "SPY   261218C00450000"
OTHER_SYMBOL = "SPY   261218P00450000"
START = datetime(2026, 11, 23, 15, tzinfo=UTC)


def intent(
    leg: Leg, sequence: int, quantity: int, limit: str | None = "1.20", *, protective: bool = False
) -> OrderIntent:
    """Mean an order of the trade: a day entry, a GTC exit or a `protective` sale for the day.

    At the market without a limit.
    """
    market = limit is None
    return OrderIntent(
        client_order_id=client_order_id(MESSAGE, leg, sequence),
        contract=from_occ(SYMBOL),
        side=Side.BUY_TO_OPEN if leg is Leg.ENTRY else Side.SELL_TO_CLOSE,
        quantity=quantity,
        kind=OrderKind.MARKET if market else OrderKind.LIMIT,
        limit=None if limit is None else Price(Decimal(limit)),
        time_in_force=TimeInForce.DAY if market or protective or leg is Leg.ENTRY else TimeInForce.GTC,
    )


@dataclass
class PaperOrder:
    """One order id at the exchange, as it truly is."""

    order_id: OrderId
    chain: ClientOrderId
    """The id it was first sent under; a replacement made in an app has none of its own."""
    name: ClientOrderId | None
    side: Side
    symbol: str
    quantity: int
    limit: Price | None
    status: OrderStatus = OrderStatus.LIVE
    fills: list[Fill] = field(default_factory=list)
    replaces: OrderId | None = None
    replaced_by: OrderId | None = None

    @property
    def filled(self) -> int:
        """Contracts filled."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def left(self) -> int:
        """Contracts that can still fill."""
        return 0 if self.status.terminal else self.quantity - self.filled

    @property
    def leg(self) -> Leg:
        """The side of the trade it is on."""
        named = read_client_order_id(self.chain)
        assert named is not None
        return named[1]

    def report(self, withheld: int = 0) -> OrderReport:
        """Report it as it is now, with its last `withheld` fills counted and not shown."""
        return OrderReport(
            order_id=self.order_id,
            client_order_id=self.name,
            status=self.status,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            remaining=self.quantity - self.filled,
            limit=self.limit,
            fills=tuple(self.fills[: max(len(self.fills) - withheld, 0)]),
            received_at=START,
            replaces=self.replaces,
            replaced_by=self.replaced_by,
        )


class PaperExchange:
    """Accepts, fills, cancels and replaces orders; every change adds a report to `reports`."""

    def __init__(self) -> None:
        """Open with no orders."""
        self.orders: dict[OrderId, PaperOrder] = {}
        self.reports: list[tuple[ClientOrderId, OrderReport]] = []
        self._fills = 0

    def accept(self, meant: OrderIntent, *, symbol: str = SYMBOL) -> PaperOrder:
        """Take an order in."""
        order = self._book(
            chain=meant.client_order_id,
            side=meant.side,
            symbol=symbol,
            quantity=meant.quantity,
            limit=meant.limit,
        )
        order.name = meant.client_order_id
        self._tell(order)
        return order

    def fill(self, order: PaperOrder, quantity: int, price: str = "1.20") -> None:
        """Fill a part of an order that still works, at most what is left."""
        assert order.left > 0
        self._fills += 1
        done = min(quantity, order.left)
        at = START + timedelta(seconds=self._fills)
        order.fills.append(
            Fill(fill_id=FillId(f"f{self._fills}"), quantity=done, price=Price(Decimal(price)), at=at)
        )
        if order.left == 0:
            order.status = OrderStatus.FILLED
        self._tell(order)

    def move(self, order: PaperOrder, status: OrderStatus) -> None:
        """Bring an order to a status: a cancel requested, or an end with nothing more to fill."""
        assert not order.status.terminal
        order.status = status
        self._tell(order)

    def replace(self, order: PaperOrder, quantity: int) -> PaperOrder:
        """Replace a working order by one of another size, as a person does in the broker's app.

        The new one has no client order id.
        """
        new = self._book(
            chain=order.chain, side=order.side, symbol=order.symbol, quantity=quantity, limit=order.limit
        )
        new.replaces, order.replaced_by = order.order_id, new.order_id
        self.move(order, OrderStatus.CANCELLED)
        self._tell(new)
        return new

    def of(self, leg: Leg) -> list[PaperOrder]:
        """Every order of a leg, oldest first."""
        return [order for order in self.orders.values() if order.leg is leg]

    def filled(self, leg: Leg) -> int:
        """Contracts of a leg truly filled in the contract of the trade."""
        return sum(order.filled for order in self.of(leg) if order.symbol == SYMBOL)

    def left(self, leg: Leg) -> int:
        """Contracts of a leg that can truly still fill."""
        return sum(order.left for order in self.of(leg))

    def _book(
        self, *, chain: ClientOrderId, side: Side, symbol: str, quantity: int, limit: Price | None
    ) -> PaperOrder:
        order_id = OrderId(str(len(self.orders) + 1))
        order = PaperOrder(
            order_id=order_id,
            chain=chain,
            name=None,
            side=side,
            symbol=symbol,
            quantity=quantity,
            limit=limit,
        )
        self.orders[order_id] = order
        return order

    def _tell(self, order: PaperOrder) -> None:
        self.reports.append((order.chain, order.report()))
        if order.fills:  # a venue may count a fill before it shows it
            self.reports.append((order.chain, order.report(withheld=1)))
