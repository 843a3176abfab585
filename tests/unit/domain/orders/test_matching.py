"""Recognising our own order after its answer was lost.

By name, else by its attributes, and never on doubt.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.ids import ClientOrderId, Leg, OrderId
from alert_trader.domain.money import Price
from alert_trader.domain.orders.matching import CLOCK_SLACK, SENDING_TIME, OrderMatch, match_order
from alert_trader.domain.orders.order import OrderReport, OrderStatus, Side
from tests.support.paper_exchange import OTHER_SYMBOL, START, PaperExchange, intent

MEANT = intent(Leg.ENTRY, 1, 3)
OURS = PaperExchange().accept(MEANT).report()
NAMELESS = replace(OURS, client_order_id=None, order_id=OrderId("50"))
MICROSECOND = timedelta(microseconds=1)

MISFITS: dict[str, dict[str, Any]] = {
    "another contract": {"symbol": OTHER_SYMBOL},
    "another side": {"side": Side.SELL_TO_CLOSE},
    "another size": {"quantity": 4},
    "another price": {"limit": Price(Decimal("1.21"))},
    "no price": {"limit": None},
    "no time": {"received_at": None},
    "too early": {"received_at": START - CLOCK_SLACK - MICROSECOND},
    "too late": {"received_at": START + SENDING_TIME + MICROSECOND},
    "another program": {"source": "WBT"},
    "a replacement of another order": {"replaces": OrderId("49")},
    "another order's name": {"client_order_id": ClientOrderId("m2-e1")},
    "our next order's name": {"client_order_id": ClientOrderId("m1-e2")},
}


def look(*reports: OrderReport, known: tuple[OrderId, ...] = ()) -> OrderMatch:
    """Look for the order among reports."""
    return match_order(reports, MEANT, intended_at=START, lost_at=START, known_ids=known)


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_is_matched_by_its_client_order_id_in_any_status(status: OrderStatus) -> None:
    """UNK-20: the name decides, whatever became of the order, and before anything that only fits."""
    mine = replace(OURS, status=status, symbol=OTHER_SYMBOL, received_at=None)
    assert look(NAMELESS, mine) == OrderMatch(report=mine)


@pytest.mark.parametrize("at", [START - CLOCK_SLACK, START, START + SENDING_TIME])
def test_the_only_order_without_an_id_that_fits_is_matched(at: datetime) -> None:
    """UNK-30: where the venue echoes no name, contract, side, size, price and time decide, and it is said."""
    only = replace(NAMELESS, received_at=at)
    assert look(only) == OrderMatch(report=only, by_attributes=True)


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS)
def test_an_order_that_differs_is_not_matched(change: dict[str, Any]) -> None:
    """UNK-60: one thing that does not fit makes it somebody else's order."""
    assert look(replace(NAMELESS, **change)) == OrderMatch(report=None)


def test_an_order_of_another_intent_is_not_matched() -> None:
    """ENT-30: an id that the ledger has under another name cannot be this order too."""
    assert look(NAMELESS, known=(NAMELESS.order_id,)) == OrderMatch(report=None)


@given(count=st.integers(2, 5))
def test_several_orders_that_fit_are_not_matched(count: int) -> None:
    """UNK-60: ambiguity adopts nothing; how many there were is reported."""
    twins = [replace(NAMELESS, order_id=OrderId(str(number))) for number in range(count)]
    assert look(*twins) == OrderMatch(report=None, ambiguous=count)


@given(
    changes=st.lists(st.sampled_from(sorted(MISFITS)), max_size=6),
    twin=st.booleans(),
    mine=st.booleans(),
    at=st.integers(0, 6),
)
def test_other_orders_do_not_change_the_match(*, changes: list[str], twin: bool, mine: bool, at: int) -> None:
    """UNK-60: among any orders of others, ours is found by name, else the one that fits, else none."""
    others = [
        replace(NAMELESS, order_id=OrderId(str(100 + number)), **MISFITS[each])
        for number, each in enumerate(changes)
    ]
    reports = [*others[:at], *([NAMELESS] if twin else []), *([OURS] if mine else []), *others[at:]]
    expected = (
        OrderMatch(report=OURS)
        if mine
        else OrderMatch(report=NAMELESS, by_attributes=True)
        if twin
        else OrderMatch(report=None)
    )
    assert look(*reports) == expected


def test_an_empty_account_has_no_such_order() -> None:
    """UNK-30: a complete answer without the order is an answer."""
    assert look() == OrderMatch(report=None)
