"""What a position is worth at the bid, and what protects it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OrderView, TradeView
from alert_trader.domain.trade.worth import Worth, protection, unrealised, worth_of
from tests.unit.bot.conftest import make_view

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def quote(bid: str, ask: str = "9.99") -> Quote:
    """Return a quote."""
    return Quote(bid=Price(Decimal(bid)), ask=Price(Decimal(ask)), at=AT, bid_size=1, ask_size=1)


def exit_order(limit: str | None, *, quantity: int = 2, filled: int = 0, status: str = "live") -> OrderView:
    """Return an exit order."""
    return OrderView(
        client_order_id=ClientOrderId("t-x1"),
        order_id=None,
        leg="exit",
        kind="Limit",
        quantity=quantity,
        limit=None if limit is None else Price(Decimal(limit)),
        status=status,
        filled=filled,
        average_price=None,
    )


@pytest.mark.parametrize(("bid", "value", "profit"), [("1.40", "560.00", "80.00"), ("0", "0.00", "-480.00")])
def test_a_position_is_worth_its_bid(bid: str, value: str, profit: str) -> None:
    """Four contracts of 1.20: dollars of 100 shares each, and a bid of zero is worth nothing."""
    worth = worth_of(make_view(), quote(bid))
    assert worth is not None
    assert (worth.value, worth.unrealised, worth.at) == (Usd(Decimal(value)), Usd(Decimal(profit)), AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"position": 0},
        {"average_entry": None},
        {"symbol": None},
        {"outcome": Outcome.EXPIRED, "phase": Phase.DONE},
    ],
    ids=str,
)
def test_nothing_is_worth_nothing(changes: dict[str, object]) -> None:
    """Without a position, a price or a quote there is no worth: it is not zero."""
    view = make_view(**changes)
    assert worth_of(view, quote("1.40")) is None
    assert worth_of(make_view(), None) is None


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    """The unrealised P&L of all positions is known when that of each is."""
    one = worth_of(make_view(), quote("1.40"))
    assert one is not None
    other: Worth = replace(one, unrealised=Usd(Decimal(-30)))
    assert unrealised([one, other]) == Decimal(50)
    assert unrealised([]) == 0
    assert unrealised([one, None]) is None


def with_orders(*orders: OrderView, **changes: object) -> TradeView:
    """Return a view of a holding trade."""
    return make_view(orders=orders, **changes)


def test_protection_lists_what_works() -> None:
    """Working exits count with what is not filled yet; a contract without an exit is named."""
    working = exit_order("2.40", quantity=2, filled=1), exit_order(None), exit_order("3.00", status="filled")
    assert protection(with_orders(*working)) == "exits working: 1 at 2.40, 2 at market"
    stop = replace(exit_order(None), kind="Stop")
    assert protection(with_orders(stop)) == "exits working: 2 by stop, at market"
    text = protection(with_orders(exit_order("2.40"), unprotected=2))
    assert text == "exits working: 2 at 2.40; 2 WITHOUT A WORKING EXIT"
    assert protection(with_orders(without_exit=4)) == "NO EXIT PLANNED for 4"
    assert protection(with_orders()) == "no exit works"
    assert not protection(with_orders(position=0))
