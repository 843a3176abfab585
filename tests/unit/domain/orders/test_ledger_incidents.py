"""What went wrong in a like system, each as a test of the order ledger and the rules that rest on it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.execution.exits import ProfitTake, next_exit
from alert_trader.domain.execution.policy import ExitPolicy, LadderPolicy, SizingPolicy
from alert_trader.domain.execution.sizing import Sizing, size
from alert_trader.domain.ids import ClientOrderId, Leg, OrderId
from alert_trader.domain.market.fees import FeeTable
from alert_trader.domain.market.quotes import PENNY
from alert_trader.domain.money import Price
from alert_trader.domain.orders.ledger import OrderLedger, OrderState
from alert_trader.domain.orders.order import OrderStatus, TimeInForce
from tests.support.paper_exchange import MESSAGE, OTHER_SYMBOL, SYMBOL, PaperExchange, PaperOrder, intent


@pytest.fixture
def exchange() -> PaperExchange:
    """Open an exchange with no orders."""
    return PaperExchange()


@pytest.fixture
def ledger() -> OrderLedger:
    """Open a ledger with no orders."""
    return OrderLedger(MESSAGE, SYMBOL)


def send(ledger: OrderLedger, exchange: PaperExchange, leg: Leg, quantity: int) -> PaperOrder:
    """Send an order and hear that it is at the venue."""
    meant = intent(leg, ledger.next_sequence(leg), quantity)
    ledger.intend(meant)
    order = exchange.accept(meant)
    ledger.apply(order.report(), meant.client_order_id)
    return order


def absent(ledger: OrderLedger) -> list[ClientOrderId]:
    """Return the orders that were confirmed absent: they may still appear."""
    return [order.client_order_id for order in ledger.orders if order.state is OrderState.CONFIRMED_ABSENT]


def due(ledger: OrderLedger, policy: ExitPolicy) -> ProfitTake | None:
    """Return the exit that is due."""
    planned = ledger.sold + ledger.exits_open
    return next_exit(
        bought=ledger.bought, uncovered=ledger.entry_fills, planned=planned, policy=policy, ticks=PENNY
    )


ALL = ExitPolicy(fraction=Decimal(1))


def test_the_first_slice_is_not_booked_as_the_whole(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """FIL-20, EXT-40: after a first slice the entry is still open for the rest.

    The rest gets its exit too.
    """
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(entry, 1)
    ledger.apply(entry.report())
    assert (ledger.bought, [order.open for order in ledger.open_entries]) == (1, [3])
    send(ledger, exchange, Leg.EXIT, 1)
    assert due(ledger, ALL) is None
    exchange.fill(entry, 3)
    ledger.apply(entry.report())
    plan = due(ledger, ALL)
    assert plan is not None
    assert (ledger.bought, plan.quantity) == (4, 3)


def test_a_cumulative_quantity_is_not_a_delta(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """FIL-10: reports of 1, then 3, then 3 again of 4 mean 3 filled and 1 open, however often they come."""
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    for quantity in (1, 2):
        exchange.fill(entry, quantity)
        for _ in range(2):
            ledger.apply(entry.report())
    order = ledger.order(entry.chain)
    assert (order.filled, order.open, order.cancelled) == (3, 1, 0)


@pytest.mark.parametrize("shown_remaining", [3, 0], ids=["keeps what remained", "says 0 remain"])
def test_a_cancel_does_not_erase_the_filled_part(
    ledger: OrderLedger, exchange: PaperExchange, shown_remaining: int
) -> None:
    """ENT-60: a cancelled order keeps its fills, whatever its terminal status."""
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(entry, 1)
    exchange.move(entry, OrderStatus.CANCELLED)
    update = ledger.apply(replace(entry.report(), remaining=shown_remaining))
    assert update is not None
    assert update.ended
    order = ledger.order(entry.chain)
    assert (order.filled, order.open, order.cancelled, ledger.position) == (1, 0, 3, 1)


def test_a_cancel_is_not_final_before_its_racing_fills_are_shown(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """ENT-60: the venue counted two as filled while the order worked.

    A cancellation that shows one of them frees nothing yet.
    """
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(entry, 1)
    exchange.fill(entry, 1)
    ledger.apply(entry.report(withheld=1))
    exchange.move(entry, OrderStatus.CANCELLED)
    ledger.apply(replace(entry.report(withheld=1), remaining=0))
    order = ledger.order(entry.chain)
    assert (order.done, order.needs_reading, order.open) == (False, True, 3)
    ledger.apply(replace(entry.report(), remaining=0))
    assert (order.done, order.needs_reading, order.filled, order.cancelled) == (True, False, 2, 2)


def test_a_late_fill_and_a_full_size_exit_retry_do_not_go_short(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """EXT-10, FIL-30: an exit that ended with a part sold is tried again for the rest only.

    A fill reported late counts against that.
    """
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(entry, 4)
    ledger.apply(entry.report())
    first = send(ledger, exchange, Leg.EXIT, 4)
    exchange.fill(first, 1)
    exchange.fill(first, 1)
    exchange.move(first, OrderStatus.CANCELLED)
    ledger.apply(first.report(withheld=1))
    assert due(ledger, ALL) is None  # one fill is counted and not shown: nothing is free to sell yet
    ledger.apply(first.report())
    plan = due(ledger, ALL)
    assert plan is not None
    assert (plan.quantity, ledger.position) == (2, 2)


def test_an_exit_of_unknown_outcome_is_not_sent_twice(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """EXT-30: while it is not known whether an exit was accepted, its contracts count as sold."""
    entry = send(ledger, exchange, Leg.ENTRY, 2)
    exchange.fill(entry, 2)
    ledger.apply(entry.report())
    lost = intent(Leg.EXIT, 1, 2)
    ledger.intend(lost)
    assert due(ledger, ALL) is None
    ledger.settle(lost.client_order_id, OrderState.UNKNOWN)
    assert due(ledger, ALL) is None
    ledger.settle(lost.client_order_id, OrderState.CONFIRMED_ABSENT)
    assert due(ledger, ALL) is not None


def test_a_duplicate_order_answer_changes_nothing_of_what_the_venue_reported(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """UNK-20: a retry that is refused.

    Because the order is there already, does not end the order that the stream has shown.
    """
    meant = intent(Leg.ENTRY, 1, 3)
    ledger.intend(meant)
    order = exchange.accept(meant)
    ledger.apply(order.report())
    for answer in (OrderState.REJECTED, OrderState.UNKNOWN, OrderState.NOT_SENT, OrderState.CONFIRMED_ABSENT):
        assert ledger.settle(meant.client_order_id, answer).state is OrderState.ACKNOWLEDGED
    assert [each.open for each in ledger.open_entries] == [3]


def test_a_fill_of_a_superseded_order_is_kept_and_not_taken_for_the_new_ones(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """FIL-10: a late fill of a bumped order belongs to that order, not to the next."""
    old = send(ledger, exchange, Leg.ENTRY, 3)
    exchange.fill(old, 1)
    late = old.report()
    exchange.move(old, OrderStatus.CANCELLED)
    ledger.apply(old.report())
    new = send(ledger, exchange, Leg.ENTRY, 2)
    update = ledger.apply(late)
    assert update is not None
    assert (update.order.client_order_id, update.fills) == (old.chain, ())
    assert (ledger.order(old.chain).filled, ledger.order(new.chain).filled, ledger.bought) == (1, 0, 1)


def test_an_entry_confirmed_absent_that_appears_is_adopted(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """ENT-50: an order that lands after everybody stopped looking counts as open again.

    Its fills are held.
    """
    meant = intent(Leg.ENTRY, 1, 2)
    ledger.intend(meant)
    ledger.settle(meant.client_order_id, OrderState.CONFIRMED_ABSENT)
    assert (ledger.open_entries, absent(ledger)) == (
        (),
        [meant.client_order_id],
    )
    order = exchange.accept(meant)
    exchange.fill(order, 1)
    update = ledger.apply(order.report())
    assert update is not None
    assert (
        update.appeared,
        ledger.bought,
        [each.open for each in ledger.open_entries],
        absent(ledger),
    ) == (
        True,
        1,
        [1],
        [],
    )


def test_one_unreadable_report_does_not_lose_the_position(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """FIL-20, UNK-10: a body that could not be read shows no symbol.

    That is no other contract, and no fill is forgotten for it.
    """
    entry = send(ledger, exchange, Leg.ENTRY, 2)
    exchange.fill(entry, 2)
    ledger.apply(entry.report())
    update = ledger.apply(
        replace(
            entry.report(),
            status=OrderStatus.UNRECOGNISED,
            symbol="",
            side="",
            quantity=0,
            remaining=0,
            fills=(),
        )
    )
    assert update is not None
    assert (update.wrong_contract, ledger.position, ledger.order(entry.chain).done) == (False, 2, True)


def test_an_order_first_reported_unreadably_has_not_ended(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """FIL-20: an end that shows neither size nor fills is no end with nothing bought.

    The order is read again.
    """
    meant = intent(Leg.ENTRY, 1, 2)
    ledger.intend(meant)
    order = exchange.accept(meant)
    exchange.fill(order, 2)
    ledger.apply(replace(order.report(), symbol="", side="", quantity=0, remaining=0, fills=()))
    known = ledger.order(meant.client_order_id)
    assert (known.done, known.needs_reading, known.open) == (False, True, 2)
    ledger.apply(order.report())
    assert (known.done, known.filled, ledger.bought) == (True, 2, 2)


def test_a_fill_in_another_contract_is_not_sold(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """WHO-50: the venue shows another contract under our order's name.

    A person is notified, and no exit is planned for it.
    """
    meant = intent(Leg.ENTRY, 1, 2)
    ledger.intend(meant)
    order = exchange.accept(meant, symbol=OTHER_SYMBOL)
    first = ledger.apply(order.report(), meant.client_order_id)
    again = ledger.apply(order.report())
    exchange.fill(order, 2)
    filled = ledger.apply(order.report())
    assert first is not None
    assert again is not None
    assert filled is not None
    assert (first.wrong_contract, again.wrong_contract, filled.wrong_contract, filled.fills) == (
        True,
        False,
        True,
        (),
    )
    known = ledger.order(meant.client_order_id)
    assert (known.wrong_contract, known.done, known.filled, known.cancelled) == (OTHER_SYMBOL, True, 0, 2)
    assert (ledger.bought, due(ledger, ALL)) == (0, None)


def test_a_later_symbol_change_keeps_what_was_sold(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """FIL-20: a GTC exit outlives a corporate action that renames its contract.

    The part sold before stays sold.
    """
    entry = send(ledger, exchange, Leg.ENTRY, 2)
    exchange.fill(entry, 2)
    ledger.apply(entry.report())
    sale = send(ledger, exchange, Leg.EXIT, 2)
    exchange.fill(sale, 1)
    ledger.apply(sale.report())
    update = ledger.apply(replace(sale.report(), symbol=OTHER_SYMBOL))
    assert update is not None
    assert (update.wrong_contract, ledger.sold, ledger.position) == (True, 1, 1)


def test_an_order_edited_in_the_app_is_followed_to_its_replacement(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """ENT-10, ENT-60: the replacement carries no name.

    It is ours by its chain, and it is the one to cancel.
    """
    old = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(old, 1)
    new = exchange.replace(old, 3)
    ledger.apply(old.report())
    order = ledger.order(old.chain)
    assert (order.done, order.needs_reading, order.order_id, order.status) == (
        False,
        True,
        new.order_id,
        None,
    )
    assert order.order_ids == (old.order_id, new.order_id)
    assert ledger.owns(replace(new.report(), replaces=None))
    ledger.apply(new.report())
    exchange.fill(new, 3)
    ledger.apply(new.report())
    assert (order.done, order.filled, ledger.bought, order.status) == (True, 4, 4, OrderStatus.FILLED)


def test_a_failed_replacement_leaves_the_older_order(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """ENT-60: a fill of the original aborts its replacement.

    The original is the one that still works and must be cancelled.
    """
    old = send(ledger, exchange, Leg.ENTRY, 4)
    new = replace(
        old.report(),
        order_id=OrderId("77"),
        client_order_id=None,
        replaces=old.order_id,
        status=OrderStatus.PENDING,
    )
    ledger.apply(new)
    assert ledger.order(old.chain).order_id == OrderId("77")
    ledger.apply(replace(new, status=OrderStatus.REJECTED))
    order = ledger.order(old.chain)
    assert (order.order_id, order.done, order.open) == (old.order_id, False, 4)


def test_a_fill_repeated_by_a_replacement_counts_once(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """FIL-10: should a replacement's report carry its original's fills along, they were still made once."""
    old = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(old, 1)
    new = exchange.replace(old, 4)
    new.fills.extend(old.fills)
    ledger.apply(old.report())
    update = ledger.apply(new.report())
    assert update is not None
    assert (update.fills, ledger.bought, ledger.order(old.chain).open) == ((), 1, 3)


def test_an_exit_enlarged_in_the_app_counts_in_full(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """EXT-10: what a person added to a working exit may sell too.

    No exit of ours is sent for the same contracts.
    """
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    exchange.fill(entry, 4)
    ledger.apply(entry.report())
    sale = send(ledger, exchange, Leg.EXIT, 2)
    larger = exchange.replace(sale, 4)
    ledger.apply(sale.report())
    ledger.apply(larger.report())
    assert ledger.exits_open == 4
    assert due(ledger, ALL) is None


def test_reports_of_other_trades_change_nothing(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """UNK-60: neither another trade's name nor no name at all is taken for ours."""
    entry = send(ledger, exchange, Leg.ENTRY, 4)
    filled = replace(entry.report(), order_id=OrderId("900"), status=OrderStatus.FILLED, remaining=0)
    for name in (None, ClientOrderId("m2-e1"), ClientOrderId("m11-e1"), ClientOrderId("not a name of ours")):
        assert ledger.apply(replace(filled, client_order_id=name)) is None
    assert (ledger.bought, len(ledger.orders), ledger.order(entry.chain).order_ids) == (
        0,
        1,
        (entry.order_id,),
    )


def test_an_order_from_before_a_reset_is_adopted_by_its_id(
    ledger: OrderLedger, exchange: PaperExchange
) -> None:
    """UNK-40: history went back to before the order was meant.

    Its report makes it known, and its number is not given again.
    """
    order = exchange.accept(intent(Leg.ENTRY, 1, 3))
    ledger.apply(order.report())
    assert [each.client_order_id for each in ledger.open_entries] == [order.chain]
    assert ledger.next_sequence(Leg.ENTRY) == 2
    known = ledger.intend(intent(Leg.ENTRY, 1, 3))
    assert (known.state, known.order_id) == (OrderState.ACKNOWLEDGED, order.order_id)


@pytest.mark.parametrize(("works", "protective"), [(TimeInForce.DAY, True), (TimeInForce.GTC, False)])
@pytest.mark.parametrize("readable", [True, False])
def test_a_sale_from_before_a_reset_is_told_from_an_exit_of_the_plan(
    ledger: OrderLedger, exchange: PaperExchange, works: TimeInForce, *, readable: bool, protective: bool
) -> None:
    """UNK-40: by its time in force, as soon as a report shows it: the plan covers what nobody sold."""
    exchange.fill(send(ledger, exchange, Leg.ENTRY, 3), 3)
    report = replace(exchange.accept(intent(Leg.EXIT, 1, 2, "1.00")).report(), time_in_force=works)
    if not readable:
        ledger.apply(replace(report, symbol="", quantity=0, remaining=0, limit=None, time_in_force=None))
    ledger.apply(report)
    assert ledger.leg(Leg.EXIT)[0].protective is protective
    assert (ledger.sold_outside_plan, ledger.planned) == ((2, 0) if protective else (0, 2))


def test_a_sale_that_is_offered_lower_has_not_failed(ledger: OrderLedger, exchange: PaperExchange) -> None:
    """STP-60: it is cancelled on purpose; one that the venue cancelled counts as a failure."""
    exchange.fill(send(ledger, exchange, Leg.ENTRY, 3), 3)
    for _ in range(2):
        order = send(ledger, exchange, Leg.EXIT, 2)
        exchange.move(order, OrderStatus.CANCELLED)
        ledger.apply(order.report())
    assert ledger.failed_exits() == 2
    ledger.reprice(ledger.leg(Leg.EXIT)[1].client_order_id)
    assert ledger.failed_exits() == 0


def test_sizing_uses_the_ladders_ceiling() -> None:
    """ENT-20: an account with room for 2 at the first price and 1 at the ceiling buys 1."""
    policy = SizingPolicy(allocation=Decimal(1), fees=FeeTable(commission=Decimal(0), other=Decimal(0)))
    first, highest = Price(Decimal("1.00")), Price(Decimal("1.10"))
    assert LadderPolicy().ceiling == Decimal("0.10")
    at_ceiling = size(policy=policy, reference=Decimal(200), available=Decimal(200), ceiling=highest)
    at_first = size(policy=policy, reference=Decimal(200), available=Decimal(200), ceiling=first)
    assert isinstance(at_ceiling, Sizing)
    assert isinstance(at_first, Sizing)
    assert (at_ceiling.quantity, at_first.quantity) == (1, 2)


@pytest.mark.parametrize(
    "text",
    ["partial SPY 450c", "STC half SPY 450c 12/18 @ 2.00", "taking partial here", "trim some, leave runners"],
)
def test_a_free_text_partial_buys_and_sells_nothing(posted: Callable[[str], AlertMessage], text: str) -> None:
    """WHO-40: only an entry acts; a word such as partial never becomes an order."""
    assert parse(posted(text)).kind is not AlertKind.ENTRY
