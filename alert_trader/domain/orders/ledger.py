"""The order ledger: a trade's orders, from reports that may come twice, late, or in any order.

A report is cumulative. Fills are kept by order id and fill id, so the same fill counts once; a status only
moves forward, so an old report changes nothing. After a set of reports the ledger is the same, whatever the
order they came in.

    filled + open + cancelled = ordered          for every order
    an order of unknown outcome counts as open, in full, until it is found or confirmed absent
    only a fill that the broker has shown in the trade's contract is the trade's

An order may have several versions at the broker: an edit in the broker's app replaces it by an order with a
new id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import assert_never

from alert_trader.domain.ids import ClientOrderId, FillId, Leg, MessageId, OrderId, read_client_order_id
from alert_trader.domain.market.contract import same_contract
from alert_trader.domain.money import Price
from alert_trader.domain.orders.ledger_totals import LedgerSums, LegTotals, OrderShare
from alert_trader.domain.orders.order import (
    Fill,
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    average_price,
)

_RANK = {
    OrderStatus.PENDING: 0,
    OrderStatus.UNRECOGNISED: 1,
    OrderStatus.LIVE: 2,
    OrderStatus.CANCELLING: 3,
    OrderStatus.EXPIRED: 4,
    OrderStatus.REJECTED: 5,
    OrderStatus.CANCELLED: 6,
    OrderStatus.FILLED: 7,
}


class OrderState(StrEnum):
    """What is known of an order that was to be sent."""

    INTENDED = "intended"
    """In the history; its submission was not answered yet, so it may or may not be at the broker."""
    UNKNOWN = "unknown"
    """The answer was lost; it counts as open until it is found or confirmed absent."""
    ACKNOWLEDGED = "acknowledged"
    """The broker has reported it."""
    REJECTED = "rejected"
    """The broker rejected it when it was sent; it never existed there."""
    NOT_SENT = "not sent"
    """It was certainly not sent."""
    CONFIRMED_ABSENT = "absent"
    """No complete list of the account's orders had it. Should it appear after all, it is adopted and
    cancelled."""


@dataclass(slots=True, kw_only=True)
class OrderVersion:
    """One order id at the broker, and the latest that is known of it."""

    order_id: OrderId
    status: OrderStatus = OrderStatus.PENDING
    quantity: int = 0
    """Contracts, as the broker shows them; 0 until a report had them."""
    counted: int = 0
    """The most contracts the broker has counted as filled, whether it has shown their fills yet or not."""
    reject_reason: str | None = None
    fills: dict[FillId, Fill] = field(default_factory=dict)
    other_contract: dict[FillId, int] = field(default_factory=dict)
    """Contracts of fills that the broker has shown in another contract only: this trade may not sell them."""
    replaces: OrderId | None = None
    replaced_by: OrderId | None = None

    @property
    def filled(self) -> int:
        """Contracts filled, in whatever contract."""
        other = sum(
            quantity for fill_id, quantity in self.other_contract.items() if fill_id not in self.fills
        )
        return sum(fill.quantity for fill in self.fills.values()) + other

    @property
    def fills_missing(self) -> bool:
        """Whether the broker has not shown all fills that it counts, or not shown the quantity."""
        return self.quantity == 0 or self.filled < (
            self.quantity if self.status is OrderStatus.FILLED else self.counted
        )

    @property
    def done(self) -> bool:
        """Whether no further fill can come: the status is terminal, and every fill was shown."""
        return self.status.terminal and not self.fills_missing

    @property
    def open(self) -> int:
        """Contracts that may still fill."""
        return 0 if self.done else max(self.quantity - self.filled, 0)

    def apply(self, report: OrderReport, *, ours: bool) -> None:
        """Apply a report of this order; `ours` says whether it shows the trade's contract."""
        if _RANK[report.status] > _RANK[self.status]:
            self.status = report.status
        self.quantity = max(self.quantity, report.quantity)
        # terminal with 0 remaining may also mean that nothing more will fill: it says nothing of what has
        # filled
        if not (report.status.terminal and report.remaining == 0):
            self.counted = max(self.counted, report.quantity - report.remaining)
        self.reject_reason = report.reject_reason or self.reject_reason
        self.replaces = report.replaces or self.replaces
        self.replaced_by = report.replaced_by or self.replaced_by
        for fill in report.fills:
            if ours:
                self.fills.setdefault(fill.fill_id, fill)
            else:
                self.other_contract.setdefault(fill.fill_id, fill.quantity)


@dataclass(slots=True, kw_only=True)
class LedgerOrder:
    """One order of the trade: what was to be sent, and what is known of it."""

    client_order_id: ClientOrderId
    leg: Leg
    quantity: int
    limit: Price | None
    kind: OrderKind
    state: OrderState
    versions: dict[OrderId, OrderVersion] = field(default_factory=dict)
    wrong_contract: str | None = None
    """The symbol the broker shows when it is not the trade's; what fills in it this trade may not sell."""

    @property
    def order_ids(self) -> tuple[OrderId, ...]:
        """Every id it has at the broker: what to read.

        Ids that were only named as replacing or replaced are included.
        """
        return (*self.versions, *self._unseen)

    @property
    def _unseen(self) -> list[OrderId]:
        linked = dict.fromkeys(
            link for each in self.versions.values() for link in (each.replaces, each.replaced_by)
        )
        return [order_id for order_id in linked if order_id is not None and order_id not in self.versions]

    @property
    def order_id(self) -> OrderId | None:
        """The id to act on: the newest that can still fill, else the newest.

        A failed replacement leaves the older one.
        """
        working = [order_id for order_id, each in self.versions.items() if not each.status.terminal]
        # the broker's numbers rise
        return max(
            working or self._unseen or self.versions,
            key=lambda order_id: (len(order_id), order_id),
            default=None,
        )

    @property
    def status(self) -> OrderStatus | None:
        """The status of the newest version; None while the broker has not reported it."""
        newest = self.order_id
        return self.versions[newest].status if newest in self.versions else None

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Every fill in the trade's contract, oldest first; one that a replacement repeats counts once."""
        known = dict.fromkeys(fill for each in self.versions.values() for fill in each.fills.values())
        return tuple(sorted(known, key=lambda fill: (fill.at, fill.fill_id)))

    @property
    def filled(self) -> int:
        """Contracts filled."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def done(self) -> bool:
        """Whether it can fill no more."""
        match self.state:
            case OrderState.INTENDED | OrderState.UNKNOWN:
                return False
            case OrderState.REJECTED | OrderState.NOT_SENT | OrderState.CONFIRMED_ABSENT:
                return True
            case OrderState.ACKNOWLEDGED:
                return not self._unseen and all(each.done for each in self.versions.values())
            case _:
                assert_never(self.state)

    @property
    def open(self) -> int:
        """Contracts that may still fill; more than intended if someone enlarged the order at the broker."""
        if self.done:
            return 0
        return max(self.quantity - self.filled, *(each.open for each in self.versions.values()), 0)

    @property
    def cancelled(self) -> int:
        """Contracts that were intended and will not fill."""
        return max(self.quantity - self.filled - self.open, 0)

    @property
    def average_price(self) -> Decimal | None:
        """Dollars a share over its fills; None without any."""
        return average_price(self.fills) if self.fills else None

    @property
    def needs_reading(self) -> bool:
        """Whether the broker's reports do not agree yet, so that it must be read again."""
        return bool(self._unseen) or any(each.fills_missing for each in self.versions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerUpdate:
    """What a report has added to the ledger."""

    order: LedgerOrder
    fills: tuple[Fill, ...]
    ended: bool
    """The order was not done before and is now."""
    first: bool
    """The broker had not reported this order before."""
    appeared: bool
    """An order of unknown outcome, or one confirmed absent, is at the broker."""
    wrong_contract: bool
    """The broker shows another contract under this order, or more of it filled than before."""
    was_done: bool
    """The order could fill no more, by what was known before."""
    was_absent: bool
    """The order was confirmed absent before."""


@dataclass(slots=True)
class OrderLedger(LedgerSums):
    """The orders of the trade from `message` in the contract `symbol` (OCC).

    Plain data: it survives a round trip through JSON. Its orders change in its methods alone, so that the
    sums over them never have to be computed again.
    """

    message: MessageId
    symbol: str
    by_id: dict[ClientOrderId, LedgerOrder] = field(default_factory=dict)
    """The orders in the order they were intended."""

    def __post_init__(self) -> None:
        """Compute the sums over the orders that exist already."""
        self._begin()
        for order in self.by_id.values():
            self._enter(order)

    def _enter(self, order: LedgerOrder) -> None:
        """Enter an order into the sums, as it is now."""
        done, filled = order.done, order.filled
        share = OrderShare(
            at_market=order.kind is OrderKind.MARKET,
            acknowledged=order.state is OrderState.ACKNOWLEDGED,
            confirmed_absent=order.state is OrderState.CONFIRMED_ABSENT,
            done=done,
            open=order.open,
            filled=filled,
            fills=order.fills,
            order_ids=order.order_ids,
            versions=tuple(order.versions),
        )
        self._totals.enter(order.client_order_id, order.leg, share)

    @property
    def orders(self) -> tuple[LedgerOrder, ...]:
        """Every order, in the order they were intended."""
        return tuple(self.by_id.values())

    def order(self, client_order_id: ClientOrderId) -> LedgerOrder:
        """Return one order; raise KeyError for an id that was never intended."""
        return self.by_id[client_order_id]

    def intend(self, intent: OrderIntent) -> LedgerOrder:
        """Record an order before it is sent.

        One that was reported already (after a reset) keeps what is known of it.
        """
        known = self.by_id.get(intent.client_order_id)
        if known is not None:
            return known
        order = LedgerOrder(
            client_order_id=intent.client_order_id,
            leg=Leg.ENTRY if intent.side is Side.BUY_TO_OPEN else Leg.EXIT,
            quantity=intent.quantity,
            limit=intent.limit,
            kind=intent.kind,
            state=OrderState.INTENDED,
        )
        self.by_id[intent.client_order_id] = order
        self._enter(order)
        return order

    def settle(self, client_order_id: ClientOrderId, state: OrderState) -> LedgerOrder:
        """Record how a submission ended.

        What the broker has already reported stays, whatever the answer was.
        """
        order = self.by_id[client_order_id]
        if order.state is not OrderState.ACKNOWLEDGED:
            order.state = state
            self._enter(order)
        return order

    def owns(self, report: OrderReport) -> bool:
        """Whether a report is of this trade, by client order id, order id, or the order it replaces."""
        return self._named(report) is not None

    def apply(self, report: OrderReport, known_as: ClientOrderId | None = None) -> LedgerUpdate | None:
        """Apply a report; None when it is not of this trade, and then nothing changes.

        `known_as` names the order where the report cannot: in the answer to its submission, or when it was
        matched by its attributes.
        """
        name = known_as or self._named(report)
        if name is None:
            return None
        adopted = name not in self.by_id
        order = self._adopt(name, report) if adopted else self.by_id[name]
        first = not order.versions
        was_done, was_absent, known_fills = (
            order.done,
            order.state is OrderState.CONFIRMED_ABSENT,
            order.fills,
        )
        appeared = was_absent or order.state is OrderState.UNKNOWN
        order.state = OrderState.ACKNOWLEDGED
        known = order.versions.setdefault(report.order_id, OrderVersion(order_id=report.order_id))
        # a report that could not be read in full has no symbol: that says nothing of the contract
        wrong = report.symbol != "" and not same_contract(report.symbol, self.symbol)
        before = len(known.other_contract), order.wrong_contract
        if wrong:
            order.wrong_contract = report.symbol
        if order.quantity == 0:
            order.quantity = report.quantity
        known.apply(report, ours=not wrong)
        self._enter(order)
        return LedgerUpdate(
            order=order,
            fills=tuple(fill for fill in order.fills if fill not in known_fills),
            ended=order.done and not was_done,
            first=first,
            appeared=appeared,
            wrong_contract=(len(known.other_contract), order.wrong_contract) != before,
            was_done=was_done and not adopted,
            was_absent=was_absent,
        )

    def _named(self, report: OrderReport) -> ClientOrderId | None:
        if report.client_order_id is not None:
            if report.client_order_id in self.by_id:
                return report.client_order_id
            ours = read_client_order_id(report.client_order_id)
            return report.client_order_id if ours is not None and ours[0] == self.message else None
        return self._totals.order_of(report.order_id, report.replaces)

    def _adopt(self, name: ClientOrderId, report: OrderReport) -> LedgerOrder:
        """Record an order of this trade that is not in its history, because of a reset."""
        named = read_client_order_id(name)
        assert named is not None
        order = self.by_id[name] = LedgerOrder(
            client_order_id=name,
            leg=named[1],
            quantity=report.quantity,
            limit=report.limit,
            kind=OrderKind.MARKET if report.limit is None else OrderKind.LIMIT,
            state=OrderState.ACKNOWLEDGED,
        )
        return order

    def leg(self, leg: Leg) -> tuple[LedgerOrder, ...]:
        """Return the orders of one leg."""
        return self._orders(self._totals.leg(leg).names)

    def recent(self, most: int) -> tuple[LedgerOrder, ...]:
        """Return the last `most` orders, and the older ones that may still fill; as they were intended."""
        newest = list(islice(reversed(self.by_id), most))[::-1]
        older = [
            order for order in (*self.open_entries, *self.open_exits) if order.client_order_id not in newest
        ]
        return (*older, *self._orders(newest))

    def _orders(self, names: Iterable[ClientOrderId]) -> tuple[LedgerOrder, ...]:
        return tuple(self.by_id[name] for name in names)

    def _open(self, totals: LegTotals) -> tuple[LedgerOrder, ...]:
        return self._orders(totals.names[place] for place in totals.open_places)

    @property
    def open_entries(self) -> tuple[LedgerOrder, ...]:
        """Entry orders that may still fill, those of unknown outcome included."""
        return self._open(self._totals.entries)

    @property
    def open_exits(self) -> tuple[LedgerOrder, ...]:
        """Exit orders that may still fill, those of unknown outcome included."""
        return self._open(self._totals.exits)

    @property
    def unknown_orders(self) -> int:
        """Orders of unknown outcome."""
        return sum(order.state is OrderState.UNKNOWN for order in (*self.open_entries, *self.open_exits))

    @property
    def exits_open(self) -> int:
        """Contracts in exit orders that may still fill, those of unknown outcome included."""
        return sum(order.open for order in self.open_exits)

    @property
    def exits_working(self) -> int:
        """Contracts in exit orders that may still fill and that the broker has reported."""
        return sum(order.open for order in self.open_exits if order.state is OrderState.ACKNOWLEDGED)
