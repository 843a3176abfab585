"""Pairs of orders: what may be sent, what an answer must show, and how a lost one is recognised."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alert_trader.domain.ids import ClientOrderId, OrderId, PairId
from alert_trader.domain.money import price
from alert_trader.domain.orders.matching import match_order
from alert_trader.domain.orders.oco import OcoIntent, OcoReport, match_oco, oco_differences
from alert_trader.domain.orders.order import (
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    TimeInForce,
)
from tests.support.instants import STATED
from tests.support.pairs import written_pair, written_stop, written_target

PAIR = written_pair()
TIMES: dict[str, Any] = {"intended_at": STATED, "lost_at": STATED + timedelta(seconds=4)}


def side(number: int, sent: OrderIntent, **changes: Any) -> OrderReport:
    """Report one side as the broker does."""
    report = OrderReport(
        order_id=OrderId(str(number)),
        client_order_id=sent.client_order_id,
        status=OrderStatus.PENDING,
        symbol=sent.contract.occ_symbol,
        side=sent.side,
        quantity=sent.quantity,
        remaining=sent.quantity,
        limit=sent.limit,
        fills=(),
        received_at=STATED,
        trigger=sent.trigger,
        pair_id=PairId("70"),
    )
    return replace(report, **changes)


def report(number: int = 1, *, pair: str = "70", **changes: Any) -> OcoReport:
    """Report a pair, with the same changes of both sides."""
    return OcoReport(
        pair_id=PairId(pair),
        orders=(side(number, PAIR.target, **changes), side(number + 1, PAIR.stop, **changes)),
    )


WRONG: dict[str, dict[str, Any]] = {
    "two limits": {"stop": replace(written_target(), client_order_id=ClientOrderId("1234-x2"))},
    "two stops": {"target": written_stop(name="1234-x1")},
    "a purchase": {"target": replace(written_target(), side=Side.BUY_TO_OPEN)},
    "other quantities": {"stop": written_stop(quantity=2)},
    "other durations": {"target": replace(written_target(), time_in_force=TimeInForce.DAY)},
    "one name": {"stop": written_stop(name="1234-x1")},
    "a target under the stop": {"target": replace(written_target(), limit=price("1.45"))},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_broker_would_not_pair_cannot_be_written(name: str) -> None:
    """One limit above one stop, for the same contracts and time, each with its own id."""
    with pytest.raises(ValueError, match="expected"):
        OcoIntent(**{"target": PAIR.target, "stop": PAIR.stop, **WRONG[name]})


STOPS: dict[str, dict[str, Any]] = {
    "a purchase": {"side": Side.BUY_TO_OPEN},
    "without a trigger": {"trigger": None},
    "a limit above the trigger": {"limit": price("1.50")},
    "a stop with a limit": {"kind": OrderKind.STOP},
    "a stop until cancelled": {"kind": OrderKind.STOP, "limit": None},
    "a limit with a trigger": {"kind": OrderKind.LIMIT},
    "at zero": {"trigger": price("0"), "limit": price("0")},
}


@pytest.mark.parametrize("name", STOPS)
def test_a_stop_that_must_not_be_sent_cannot_be_written(name: str) -> None:
    """A stop sells, has a trigger at or above its limit, and without a limit is of the day."""
    with pytest.raises(ValueError, match="expected"):
        replace(PAIR.stop, **STOPS[name])


def test_a_pair_as_sent_has_no_differences() -> None:
    """Also without echoed ids, and in the other order."""
    assert oco_differences(PAIR, report()) == ()
    nameless = report(client_order_id=None)
    assert oco_differences(PAIR, replace(nameless, orders=nameless.orders[::-1])) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"side": "Sell to Open"},
        {"symbol": "AAPL  261218C00205000"},
        {"quantity": 2},
        {"limit": price("1.00")},
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_a_changed_side_is_noticed(changes: dict[str, Any], which: int) -> None:
    """EXT-20: one side turned into an opening order, or another contract, number or price."""
    found = report()
    orders = list(found.orders)
    orders[which] = replace(orders[which], **changes)
    assert len(oco_differences(PAIR, replace(found, orders=tuple(orders)))) == 1


def test_a_missing_side_is_noticed() -> None:
    """A pair with one side, or with the same side twice, is not as sent."""
    found = report()
    assert oco_differences(PAIR, replace(found, orders=found.orders[:1]))
    assert oco_differences(PAIR, replace(found, orders=(found.orders[0], found.orders[0])))


def test_a_reduced_side_is_no_difference() -> None:
    """After a partial fill the broker may have replaced the other side by one for fewer contracts."""
    found = replace(report(), former=(OrderId("2"),))
    reduced = replace(found.orders[1], order_id=OrderId("3"), quantity=2)
    assert oco_differences(PAIR, replace(found, orders=(found.orders[0], reduced))) == ()


def test_a_lost_pair_is_found_by_the_identifier_of_either_side() -> None:
    """UNK-10: among others, by one echoed id, though the pair itself has none of ours."""
    mine, other = report(), report(11, pair="71", client_order_id=None, source="WBT")
    assert match_oco([other, mine], [], PAIR, **TIMES).report == mine
    half = replace(mine, orders=(replace(mine.orders[0], client_order_id=None), mine.orders[1]))
    assert match_oco([other, half], mine.orders, PAIR, **TIMES).report == half


def test_a_lost_pair_without_ids_is_found_by_its_attributes() -> None:
    """UNK-30: one pair that fits in both sides is it; two are ambiguous; a foreign one is never it."""
    mine = report(client_order_id=None)
    found = match_oco([mine], [], PAIR, **TIMES)
    assert (found.report, found.by_attributes) == (mine, True)
    twice = match_oco([mine, report(11, pair="71", client_order_id=None)], [], PAIR, **TIMES)
    assert (twice.report, twice.ambiguous) == (None, 2)
    for changes in ({"source": "WBT"}, {"quantity": 2}, {"received_at": STATED - timedelta(minutes=1)}):
        foreign = report(client_order_id=None, **changes)
        assert match_oco([foreign], [], PAIR, **TIMES).report is None
    known = match_oco([mine], [], PAIR, known_ids={OrderId("2")}, **TIMES)
    assert known.report is None


def test_orders_with_our_ids_outside_any_pair_are_told() -> None:
    """UNK-10: a side that is listed as an order and in no pair is not absent."""
    outside = side(5, PAIR.stop, pair_id=None)
    found = match_oco([], [outside], PAIR, **TIMES)
    assert (found.report, found.outside) == (None, (outside,))


def test_a_side_without_id_is_not_taken_for_an_order_by_itself() -> None:
    """UNK-30: a limit whose answer was lost is not the target of a pair that somebody sent."""
    target = side(1, PAIR.target, client_order_id=None)
    assert match_order([target], PAIR.target, **TIMES).report is None
    single = replace(target, pair_id=None)
    assert match_order([single], PAIR.target, **TIMES).report == single
    assert (
        match_order([single], replace(PAIR.stop, limit=PAIR.target.limit, trigger=price("5")), **TIMES).report
        is None
    )
