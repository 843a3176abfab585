"""The sums over a ledger's orders, kept up to date order by order, so that none goes over all of them.

`OrderLedger` enters the share of an order whenever the order changes; every sum is then at hand. They follow
from the orders alone, so they are not part of the trade's state.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field

from alert_trader.domain.ids import ClientOrderId, Leg, OrderId, read_client_order_id
from alert_trader.domain.orders.order import Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShare:
    """What one order adds to the sums."""

    at_market: bool
    acknowledged: bool
    """The broker has reported it."""
    confirmed_absent: bool
    done: bool
    """It can fill no more."""
    open: int
    """Contracts that may still fill."""
    filled: int
    fills: tuple[Fill, ...]
    order_ids: tuple[OrderId, ...]
    """Every id it has at the broker, those that were only named as replacing or replaced included."""
    versions: tuple[OrderId, ...]
    """Those of its ids that the broker has reported."""

    @property
    def failed(self) -> bool:
        """Whether it ended with nothing filled."""
        return self.done and self.filled == 0


NO_SHARE = OrderShare(
    at_market=False,
    acknowledged=False,
    confirmed_absent=False,
    done=True,
    open=0,
    filled=0,
    fills=(),
    order_ids=(),
    versions=(),
)
"""The share of an order that is not in the sums yet."""


@dataclass(slots=True)
class LegTotals:
    """The sums of one leg. A place is the number of an order within its leg, counting from 0."""

    names: list[ClientOrderId] = field(default_factory=list)
    """Its orders, in the order they were intended."""
    last_sequence: int = 0
    """The highest number in the names of its orders."""
    open_places: list[int] = field(default_factory=list)
    """Places of the orders that may still fill, ascending."""
    unfailed_places: list[int] = field(default_factory=list)
    """Places of the orders that have not ended with nothing filled, ascending."""
    fills: tuple[Fill, ...] = ()
    """Oldest first."""
    contracts: int = 0
    """Contracts filled."""
    at_market: int = 0
    """Contracts filled or open in market orders."""
    at_limit: int = 0
    """Contracts filled or open in limit orders."""
    acknowledged_at_limit: int = 0
    """The same, in limit orders that the broker has reported."""
    ended: int = 0
    """Orders that have ended and were at the broker, or may have been: confirmed absent."""

    def replace(self, place: int, old: OrderShare, new: OrderShare) -> None:
        """Enter the new share of the order at `place` in place of its old one."""
        for share, sign in ((old, -1), (new, 1)):
            contracts = sign * (share.filled + share.open)
            self.contracts += sign * share.filled
            if share.at_market:
                self.at_market += contracts
            else:
                self.at_limit += contracts
                self.acknowledged_at_limit += contracts if share.acknowledged else 0
            self.ended += sign if share.done and (share.acknowledged or share.confirmed_absent) else 0
        _move(self.open_places, place, was=not old.done, now=not new.done)
        _move(self.unfailed_places, place, was=not old.failed, now=not new.failed)
        known = set(old.fills)
        fresh = [fill for fill in new.fills if fill not in known]
        if fresh:  # a fill that was reported once is never lost
            self.fills = tuple(sorted((*self.fills, *fresh), key=lambda fill: (fill.at, fill.fill_id)))

    def failed_in_a_row(self, since: int = 0) -> int:
        """Count the last orders, of those from place `since` on, that ended with nothing filled."""
        last = self.unfailed_places[-1] if self.unfailed_places else -1
        return len(self.names) - max(last + 1, min(since, len(self.names)))


class LedgerTotals:
    """The sums over both legs, and where to find an order by its id at the broker."""

    def __init__(self) -> None:
        """Begin without orders."""
        self.entries, self.exits = LegTotals(), LegTotals()
        self._shares: dict[ClientOrderId, OrderShare] = {}
        self._places: dict[ClientOrderId, tuple[int, LegTotals, int]] = {}
        """The number of each order in the ledger, its leg, and its place there."""
        self._by_order_id: dict[OrderId, list[ClientOrderId]] = {}
        self._by_version: dict[OrderId, list[ClientOrderId]] = {}

    def leg(self, leg: Leg) -> LegTotals:
        """Return the sums of a leg."""
        return self.entries if leg is Leg.ENTRY else self.exits

    @property
    def version_ids(self) -> tuple[OrderId, ...]:
        """Every order id that the broker has reported."""
        return tuple(self._by_version)

    def enter(self, name: ClientOrderId, leg: Leg, share: OrderShare) -> None:
        """Enter the share of an order as it is now."""
        totals = self.leg(leg)
        if name not in self._places:
            self._places[name] = len(self._places), totals, len(totals.names)
            totals.names.append(name)
            named = read_client_order_id(name)
            if named is not None:
                self.leg(named[1]).last_sequence = max(self.leg(named[1]).last_sequence, named[2])
        _, _, place = self._places[name]
        old = self._shares.get(name, NO_SHARE)
        self._shares[name] = share
        totals.replace(place, old, share)
        _list(self._by_order_id, name, old.order_ids, share.order_ids)
        _list(self._by_version, name, old.versions, share.versions)

    def order_of(self, order_id: OrderId, replaces: OrderId | None) -> ClientOrderId | None:
        """Return the first order that has this id at the broker, or a version that it `replaces`."""
        known = list(self._by_order_id.get(order_id, ()))
        if replaces is not None:
            known += self._by_version.get(replaces, ())
        return min(known, key=lambda name: self._places[name][0], default=None)


class LedgerSums:
    """The sums of a ledger. Not a field of it: they are not stored."""

    __slots__ = ("_totals",)
    _totals: LedgerTotals

    def _begin(self) -> None:
        """Begin without orders."""
        self._totals = LedgerTotals()

    def count(self, leg: Leg) -> int:
        """Return the number of orders of one leg."""
        return len(self._totals.leg(leg).names)

    def next_sequence(self, leg: Leg) -> int:
        """Return the number of the leg's next order, counting from 1."""
        return 1 + self._totals.leg(leg).last_sequence

    @property
    def known_order_ids(self) -> tuple[OrderId, ...]:
        """Every order id at the broker that a report was about."""
        return self._totals.version_ids

    @property
    def exits_ended(self) -> bool:
        """Whether an exit has ended that was at the broker, or may have been there: it may have sold."""
        return self._totals.exits.ended > 0

    def failed_exits(self, since: int = 0) -> int:
        """Count the last exits in a row, of those after the first `since`, that ended with nothing sold."""
        return self._totals.exits.failed_in_a_row(since)

    @property
    def entry_fills(self) -> tuple[Fill, ...]:
        """Everything bought, oldest first."""
        return self._totals.entries.fills

    @property
    def exit_fills(self) -> tuple[Fill, ...]:
        """Everything sold, oldest first."""
        return self._totals.exits.fills

    @property
    def bought(self) -> int:
        """Contracts bought."""
        return self._totals.entries.contracts

    @property
    def sold(self) -> int:
        """Contracts sold."""
        return self._totals.exits.contracts

    @property
    def position(self) -> int:
        """Contracts that this trade has bought and not sold, from its fills alone."""
        return self.bought - self.sold

    @property
    def sold_at_market(self) -> int:
        """Contracts sold or still being sold at the market, as somebody requested: outside the exit plan."""
        return self._totals.exits.at_market

    @property
    def planned(self) -> int:
        """Contracts sold or still being sold by the exit plan, orders of unknown outcome included."""
        return self._totals.exits.at_limit

    @property
    def protected(self) -> int:
        """The same, of orders that the broker has reported."""
        return self._totals.exits.acknowledged_at_limit


def _move(places: list[int], place: int, *, was: bool, now: bool) -> None:
    if now and not was:
        insort(places, place)
    elif was and not now:
        del places[bisect_left(places, place)]


def _list(
    index: dict[OrderId, list[ClientOrderId]],
    name: ClientOrderId,
    old: tuple[OrderId, ...],
    new: tuple[OrderId, ...],
) -> None:
    """List an order under its new ids, and no longer under those it has lost."""
    for order_id in old:
        if order_id not in new:
            index[order_id].remove(name)
    for order_id in new:
        if order_id not in old:
            index.setdefault(order_id, []).append(name)
