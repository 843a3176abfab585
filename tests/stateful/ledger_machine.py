"""A trade over the order ledger, against an exchange that reports late, twice, reordered or never.

It decides as the workflow does and from the ledger alone; every check compares that with what is true at the
exchange. The modules it trades with are attributes, so that the mutation check can put a broken one in their
place.
"""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alert_trader.domain.execution import exits
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.ids import ClientOrderId, Leg, OrderId, client_order_id
from alert_trader.domain.market.quotes import PENNY
from alert_trader.domain.money import Price
from alert_trader.domain.orders import ledger
from alert_trader.domain.orders.order import OrderIntent, OrderReport, OrderStatus, Side
from tests.support.paper_exchange import MESSAGE, OTHER_SYMBOL, SYMBOL, PaperExchange, PaperOrder, intent

ENDS = (OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
FATES = st.sampled_from([*["answered"] * 5, "reported", "lost", "never arrived", "refused", "not sent"])
CHOICE = st.integers(0, 1_000)
SYMBOLS = st.sampled_from([*[SYMBOL] * 9, OTHER_SYMBOL])


class LedgerMachine(RuleBasedStateMachine):
    """One trade, driven through everything that can happen to its orders."""

    ledger_module: Any = ledger
    exits_module: Any = exits

    def __init__(self) -> None:
        """Start with nothing sent."""
        super().__init__()
        self.exchange = PaperExchange()
        self.ledger = self._new_ledger()
        self.heard: list[tuple[ClientOrderId, OrderReport]] = []
        self.wanted = 0
        self.enlarged = 0
        self.gave_up = False
        self.seen_filled: dict[str, int] = {}

    @initialize(
        wanted=st.integers(1, 9),
        fraction=st.sampled_from(["0.5", "1", "0.3"]).map(Decimal),
        least=st.integers(1, 2),
        fate=FATES,
        symbol=SYMBOLS,
    )
    def size(self, wanted: int, fraction: Decimal, least: int, fate: str, symbol: str) -> None:
        """Decide the quantity and the exit policy, and send the first entry."""
        self.wanted = wanted
        self.policy = ExitPolicy(fraction=fraction, min_quantity=least)
        self.enter(fate, symbol)

    # What the trader does

    @rule(fate=FATES, symbol=SYMBOLS)
    @precondition(
        lambda self: not self.gave_up and not self.ledger.open_entries and self.wanted > self.ledger.bought
    )
    def enter(self, fate: str, symbol: str) -> None:
        """Send an entry for what is left: only while no entry can still fill, as far as the ledger knows."""
        meant = intent(Leg.ENTRY, self.ledger.next_sequence(Leg.ENTRY), self.wanted - self.ledger.bought)
        self.ledger.intend(meant)
        self._send(meant, fate, symbol=symbol)

    @rule(fate=FATES)
    @precondition(lambda self: self._due() is not None)
    def protect(self, fate: str) -> None:
        """Send the exit that is due."""
        meant = intent(Leg.EXIT, self.ledger.next_sequence(Leg.EXIT), self._due().quantity, "2.40")
        self.ledger.intend(meant)
        self._send(meant, fate, symbol=SYMBOL)

    @rule(fate=FATES, quantity=st.integers(1, 9))
    @precondition(lambda self: self.ledger.position > self.ledger.exits_open)
    def sell(self, fate: str, quantity: int) -> None:
        """Sell what no exit can sell, as a person requested: outside the exit plan."""
        free = self.ledger.position - self.ledger.exits_open
        meant = intent(
            Leg.EXIT, self.ledger.next_sequence(Leg.EXIT), min(quantity, free), "1.00", protective=True
        )
        self.ledger.intend(meant)
        self._send(meant, fate, symbol=SYMBOL)

    @rule(number=CHOICE)
    @precondition(lambda self: self._offered())
    def offer_lower(self, number: int) -> None:
        """Cancel a sale that did not fill in its time: its contracts stay in it until it has ended."""
        order = self._offered()[number % len(self._offered())]
        before = order.open, order.done
        self.ledger.reprice(order.client_order_id)
        assert (order.open, order.done) == before

    @rule(number=CHOICE, late=st.booleans())
    def believe_absent(self, number: int, *, late: bool) -> None:
        """Return an order of unknown outcome up that is not there.

        An entry may still arrive after that, and no other follows it.
        """
        missing = [
            each
            for each in self.ledger.orders
            if each.state is self.ledger_module.OrderState.UNKNOWN and not self._chain(each.client_order_id)
        ]
        if not missing:
            return
        lost = missing[number % len(missing)]
        self.ledger.settle(lost.client_order_id, self.ledger_module.OrderState.CONFIRMED_ABSENT)
        assert lost.done
        if lost.leg is Leg.ENTRY:
            self.gave_up = True
            if late:
                self.exchange.accept(
                    intent(Leg.ENTRY, int(lost.client_order_id.rpartition("-e")[2]), lost.quantity)
                )

    # What happens at the exchange

    @rule(
        number=CHOICE, quantity=st.integers(1, 4), then=st.sampled_from(["silence", "reported", "protected"])
    )
    @precondition(lambda self: self._working())
    def fill(self, number: int, quantity: int, then: str) -> None:
        """Fill a part of a working order, one being cancelled too.

        Report it at once, or not, and protect what was bought.
        """
        order = self._working()[number % len(self._working())]
        self.exchange.fill(order, quantity)
        if then != "silence":
            self._hear(order.report(), order.chain)
        if then == "protected" and self._due() is not None:
            self.protect("answered")

    @rule(number=CHOICE, reported=st.booleans(), how=st.sampled_from([OrderStatus.CANCELLING, *ENDS]))
    @precondition(lambda self: self._working())
    def move(self, number: int, how: OrderStatus, *, reported: bool) -> None:
        """Start a working order's cancel, during which it may fill, or end it with its fills."""
        order = self._working()[number % len(self._working())]
        self.exchange.move(order, how)
        if reported:
            self._hear(order.report())

    @rule(number=CHOICE, more=st.integers(-3, 3))
    @precondition(lambda self: self._working())
    def edit_in_the_app(self, number: int, more: int) -> None:
        """Replace a working order, as a person does, by a larger, equal or smaller one.

        An exit by no more than what is free to sell.
        """
        old = self._working()[number % len(self._working())]
        if old.status is not OrderStatus.LIVE or old.symbol != SYMBOL:
            return
        quantity = max(old.left + more, 1)
        if old.leg is Leg.EXIT:
            truly = (
                self.exchange.filled(Leg.ENTRY)
                - self.exchange.filled(Leg.EXIT)
                - self.exchange.left(Leg.EXIT)
            )
            reported = self.ledger.bought - self.ledger.sold - self.ledger.exits_open
            if quantity - old.left > min(truly, reported):
                return
        self.enlarged += max(quantity - old.left, 0) if old.leg is Leg.ENTRY else 0
        self.exchange.replace(old, quantity)
        if quantity > old.quantity - old.filled:
            # larger than what we requested: what the trader does not know of yet, it cannot count
            for each in self._chain(old.chain):
                self._hear(each.report(), old.chain)
            assert self.ledger.order(old.chain).open >= quantity

    # What the trader hears

    @rule(number=CHOICE)
    @precondition(lambda self: self.exchange.reports)
    def hear(self, number: int) -> None:
        """Deliver any report there ever was: late, again, or out of order."""
        chain, report = self.exchange.reports[number % len(self.exchange.reports)]
        update = self._hear(report)
        assert update is None or update.order.client_order_id == chain

    @rule(number=CHOICE, withheld=st.integers(0, 2))
    def read(self, number: int, withheld: int) -> None:
        """Read an order as it is, its last fills possibly not shown yet."""
        known = [
            (each.client_order_id, order_id) for each in self.ledger.orders for order_id in each.order_ids
        ]
        if known:
            name, order_id = known[number % len(known)]
            self._hear(self.exchange.orders[order_id].report(withheld), name)

    @rule(number=CHOICE)
    def hear_unreadable(self, number: int) -> None:
        """Deliver a report that could be read no further than its id and name.

        The order exists, and nothing else is certain.
        """
        orders = [order for order in self.exchange.orders.values() if order.name is not None]
        if orders:
            order = orders[number % len(orders)]
            self._hear(
                OrderReport(
                    order_id=order.order_id,
                    client_order_id=order.name,
                    status=OrderStatus.UNRECOGNISED,
                    symbol="",
                    side="",
                    quantity=0,
                    remaining=0,
                    limit=None,
                    fills=(),
                )
            )

    @rule(leg=st.sampled_from(Leg), named=st.booleans(), quantity=st.integers(1, 9), filled=st.booleans())
    def hear_foreign(self, leg: Leg, *, named: bool, quantity: int, filled: bool) -> None:
        """UNK-60: a report of somebody else's order, however well it fits, changes nothing."""
        before = self._snapshot()
        name = ClientOrderId(f"m2-{leg}1") if named else None
        theirs = PaperOrder(
            order_id=OrderId("900"),
            chain=client_order_id(MESSAGE, leg, 1),
            name=name,
            side=Side.BUY_TO_OPEN if leg is Leg.ENTRY else Side.SELL_TO_CLOSE,
            symbol=SYMBOL,
            quantity=quantity,
            limit=Price(Decimal("1.20")),
            status=OrderStatus.FILLED if filled else OrderStatus.LIVE,
        )
        assert self.ledger.apply(theirs.report()) is None
        assert not self.ledger.owns(theirs.report())
        assert self._snapshot() == before

    # What must hold

    @invariant()
    def filled_open_and_cancelled_make_up_the_order(self) -> None:
        """FIL-20: the parts add up; filled never decreases, and is never more than is true."""
        for order in self.ledger.orders:
            assert order.filled + order.open + order.cancelled >= order.quantity
            assert min(order.filled, order.open, order.cancelled) >= 0
            if (
                not any(each.quantity > order.quantity for each in self._chain(order.client_order_id))
                and len(order.versions) <= 1
            ):
                assert order.filled + order.open + order.cancelled == order.quantity
            assert self.seen_filled.get(order.client_order_id, 0) <= order.filled
            self.seen_filled[order.client_order_id] = order.filled
            assert order.filled <= sum(each.filled for each in self._chain(order.client_order_id))

    @invariant()
    def position_is_what_was_bought_and_not_sold(self) -> None:
        """FIL-30: the position is the fills of both legs, and never short."""
        assert self.ledger.bought == sum(fill.quantity for fill in self.ledger.entry_fills)
        assert self.ledger.position == self.ledger.bought - sum(
            fill.quantity for fill in self.ledger.exit_fills
        )
        assert self.ledger.position >= 0
        assert self.exchange.filled(Leg.ENTRY) >= self.exchange.filled(Leg.EXIT)

    @invariant()
    def the_sums_are_those_of_the_orders(self) -> None:
        """FIL-30: what the ledger keeps up to date is what its orders add up to, worked out anew."""
        ledger, state = self.ledger, self.ledger_module.OrderState
        for leg, fills, still_open in (
            (Leg.ENTRY, ledger.entry_fills, ledger.open_entries),
            (Leg.EXIT, ledger.exit_fills, ledger.open_exits),
        ):
            orders = [order for order in ledger.orders if order.leg is leg]
            assert list(ledger.leg(leg)) == orders
            assert list(still_open) == [order for order in orders if not order.done]
            known = [fill for order in orders for fill in order.fills]
            assert list(fills) == sorted(known, key=lambda fill: (fill.at, fill.fill_id))
            assert ledger.count(leg) == len(orders)
            numbers = [int(str(order.client_order_id).rpartition("-")[2][1:]) for order in orders]
            assert ledger.next_sequence(leg) == 1 + max(numbers, default=0)
        exits = [order for order in ledger.orders if order.leg is Leg.EXIT]
        planned = [order for order in exits if not order.protective]
        assert ledger.planned == sum(order.filled + order.open for order in planned)
        assert ledger.sold_outside_plan == sum(
            order.filled + order.open for order in exits if order not in planned
        )
        assert ledger.protected == sum(
            order.filled + order.open for order in planned if order.state is state.ACKNOWLEDGED
        )
        at_broker = {state.ACKNOWLEDGED, state.CONFIRMED_ABSENT}
        assert ledger.exits_ended == any(order.done and order.state in at_broker for order in exits)
        assert ledger.unknown_orders == sum(order.state is state.UNKNOWN for order in ledger.orders)
        for since in range(len(exits) + 2):
            last = exits[since:]
            failed = [order.done and order.filled == 0 and not order.repriced for order in last]
            in_a_row = failed[::-1].index(False) if False in failed else len(failed)
            assert ledger.failed_exits(since) == in_a_row
        newest = list(ledger.orders)[-2:]
        older = [order for order in ledger.orders if order not in newest and not order.done]
        assert {order.client_order_id for order in ledger.recent(2)} == {
            order.client_order_id for order in (*older, *newest)
        }

    @invariant()
    def nothing_is_oversold(self) -> None:
        """EXT-10: working exits and exit fills never exceed entry fills, in truth.

        As far as the ledger has heard.
        """
        if all(
            len(order.order_ids) <= 1 for order in self.ledger.leg(Leg.EXIT)
        ):  # one edited in the app counts for more than it may sell
            assert self.ledger.sold + self.ledger.exits_open <= self.ledger.bought
        assert self.exchange.left(Leg.EXIT) + self.exchange.filled(Leg.EXIT) <= self.exchange.filled(
            Leg.ENTRY
        )

    @invariant()
    def one_entry_works_at_a_time(self) -> None:
        """ENT-10, ENT-60: at most one entry can truly fill.

        The ledger counts it as open whatever it has heard.
        """
        working = {order.chain for order in self.exchange.of(Leg.ENTRY) if order.left > 0}
        assert len(working) <= 1
        if not self.gave_up:
            assert working <= {order.client_order_id for order in self.ledger.open_entries}
        state = self.ledger_module.OrderState
        unknown = [
            order for order in self.ledger.leg(Leg.ENTRY) if order.state in {state.INTENDED, state.UNKNOWN}
        ]
        assert all(order in self.ledger.open_entries and order.open == order.quantity for order in unknown)

    @invariant()
    def no_more_is_bought_than_was_meant(self) -> None:
        """ENT-20: entry fills, over all orders, stay within the intended quantity.

        What a person added in the app.
        """
        assert self.exchange.filled(Leg.ENTRY) + self.exchange.left(Leg.ENTRY) <= self.wanted + self.enlarged

    def teardown(self) -> None:
        """FIL-10: what was heard makes the same ledger in any order, and twice.

        Read to the end, it equals the exchange.
        """
        again = self._new_ledger()
        for order in self.ledger.orders:
            if order.state is not self.ledger_module.OrderState.ACKNOWLEDGED:
                again.intend(
                    intent(order.leg, int(order.client_order_id.rpartition(order.leg)[2]), order.quantity)
                )
                again.settle(order.client_order_id, order.state)
        for name, report in 2 * self.heard[::-1]:
            if name not in {order.client_order_id for order in again.orders}:
                known = self.ledger.order(name)
                again.intend(intent(known.leg, int(name.rpartition(known.leg)[2]), known.quantity))
            again.apply(report, name)
        assert sorted(map(str, self._snapshot(again))) == sorted(map(str, self._snapshot()))
        for order in self.exchange.orders.values():
            self.ledger.apply(order.report(), order.chain if order.name is None else None)
        for order in self.ledger.orders:
            truth = self._chain(order.client_order_id)
            ours = [each for each in truth if each.symbol == SYMBOL]
            assert order.filled == sum(each.filled for each in ours)
            if order.state is self.ledger_module.OrderState.ACKNOWLEDGED:
                assert order.done == all(each.status.terminal for each in truth)
                assert order.open == 0 if order.done else order.open >= sum(each.left for each in truth)
                assert not order.needs_reading
                assert order.wrong_contract == next(
                    (each.symbol for each in truth if each.symbol != SYMBOL), None
                )
                live = [each.order_id for each in truth if each.left > 0]
                assert order.order_id == (live or [each.order_id for each in truth])[-1]
        assert self.ledger.bought == self.exchange.filled(Leg.ENTRY)
        assert self.ledger.sold == self.exchange.filled(Leg.EXIT)

    # How

    def _due(self) -> Any:
        return self.exits_module.next_exit(
            bought=self.ledger.bought,
            uncovered=self.ledger.entry_fills,
            planned=self.ledger.sold + self.ledger.exits_open,
            policy=self.policy,
            ticks=PENNY,
        )

    def _new_ledger(self) -> Any:
        return self.ledger_module.OrderLedger(MESSAGE, SYMBOL)

    def _send(self, meant: OrderIntent, fate: str, symbol: str) -> None:
        """Send an order, and hear of it what the fate allows."""
        name, state = meant.client_order_id, self.ledger_module.OrderState
        if fate in {"refused", "not sent"}:
            self.ledger.settle(name, state.REJECTED if fate == "refused" else state.NOT_SENT)
            return
        order = None if fate == "never arrived" else self.exchange.accept(meant, symbol=symbol)
        if order is not None and fate == "answered":
            self._hear(order.report(), name)
            return
        if order is not None and fate == "reported":
            self._hear(order.report())
        self.ledger.settle(name, state.UNKNOWN)

    def _hear(self, report: OrderReport, name: ClientOrderId | None = None) -> Any:
        update = self.ledger.apply(report, name)
        if update is not None:
            self.heard.append((update.order.client_order_id, report))
        return update

    def _offered(self) -> list[Any]:
        return [order for order in self.ledger.open_exits if order.protective]

    def _working(self) -> list[PaperOrder]:
        return [order for order in self.exchange.orders.values() if order.left > 0]

    def _chain(self, name: str) -> list[PaperOrder]:
        return [order for order in self.exchange.orders.values() if order.chain == name]

    def _snapshot(self, of: Any = None) -> list[object]:
        return [
            (
                *(each.client_order_id, each.state, sorted(each.order_ids), each.order_id, each.status),
                *(each.fills, each.open, each.done, each.needs_reading, each.wrong_contract),
            )
            for each in (of or self.ledger).orders
        ]
