"""Tick tables: buys round down, sells round up, and both land on a price the venue takes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.market.quotes import PENNY, Tick, TickTable

STEPS = st.sampled_from([Decimal(step) for step in ("0.01", "0.02", "0.05", "0.10", "0.25")])
PRICES = st.decimals(min_value="0.0001", max_value=1000, places=4)


@st.composite
def tables(draw: st.DrawFn) -> TickTable:
    """Draw any table: rising thresholds, which need not be multiples of the steps around them."""
    thresholds = sorted(draw(st.sets(st.decimals(min_value="0.5", max_value=100, places=2), max_size=3)))
    rows = [Tick(value=draw(STEPS), threshold=at) for at in thresholds]
    return TickTable((*rows, Tick(value=draw(STEPS))))


@given(table=tables(), wanted=PRICES)
def test_a_buy_is_rounded_down_to_a_valid_price(table: TickTable, wanted: Decimal) -> None:
    """RSK-10: never above what was wanted, on a tick, and less than the widest step away.

    Zero below one tick.
    """
    limit = table.buy(wanted)
    assert 0 <= limit <= wanted
    assert limit == 0 or table.valid(limit)
    assert wanted - limit < 2 * max(row.value for row in table.rows)


@given(table=tables(), wanted=PRICES)
def test_a_sell_is_rounded_up_to_a_valid_price(table: TickTable, wanted: Decimal) -> None:
    """RSK-10: never below what was wanted, and on a tick."""
    limit = table.sell(wanted)
    assert limit >= wanted
    assert table.valid(limit)
    assert limit - wanted < 2 * max(row.value for row in table.rows)


@given(table=tables(), wanted=PRICES)
def test_a_valid_price_is_left_alone(table: TickTable, wanted: Decimal) -> None:
    """Rounding twice is rounding once."""
    assert table.sell(table.sell(wanted)) == table.sell(wanted)
    assert table.buy(table.buy(wanted)) == table.buy(wanted)


@given(table=tables(), wanted=PRICES)
def test_up_is_a_valid_price_above(table: TickTable, wanted: Decimal) -> None:
    """One tick up is above, and on a tick."""
    raised = table.up(wanted)
    assert raised > table.buy(wanted)
    assert table.valid(raised)


@pytest.mark.parametrize(
    ("at", "buy", "sell", "up"),
    [
        ("2.96", "2.95", "3.00", "3.00"),
        ("2.99", "2.95", "3.00", "3.00"),
        ("3.00", "3.00", "3.00", "3.10"),
        ("3.04", "3.00", "3.10", "3.10"),
        ("0.04", "0", "0.05", "0.05"),
    ],
)
def test_the_step_changes_at_the_threshold(nickels: TickTable, at: str, buy: str, sell: str, up: str) -> None:
    """Below three dollars 0.05, from three dollars on 0.10."""
    price = Decimal(at)
    assert (nickels.buy(price), nickels.sell(price), nickels.up(price)) == (
        Decimal(buy),
        Decimal(sell),
        Decimal(up),
    )


def test_a_buy_rounded_across_a_threshold_is_on_the_finer_tick() -> None:
    """From 3.06 on in steps of 0.05 and below in steps of 0.02.

    3.06 is no multiple of 0.05, and 3.05 none of 0.02.
    """
    table = TickTable((Tick(value=Decimal("0.02"), threshold=Decimal("3.06")), Tick(value=Decimal("0.05"))))
    assert table.buy(Decimal("3.06")) == Decimal("3.04")
    assert table.sell(Decimal("3.05")) == Decimal("3.10")


def test_a_penny_table_has_one_step() -> None:
    """A table of one row has one step at every price."""
    assert PENNY.valid(Decimal("12.34"))
    assert not PENNY.valid(Decimal("12.345"))
    assert not PENNY.valid(Decimal(0))


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (Tick(value=Decimal("0.01"), threshold=Decimal(3)),),
        (Tick(value=Decimal(0)),),
        (Tick(value=Decimal("0.01")), Tick(value=Decimal("0.05"))),
        (
            Tick(value=Decimal("0.01"), threshold=Decimal(3)),
            Tick(value=Decimal("0.05"), threshold=Decimal(2)),
            Tick(value=Decimal("0.1")),
        ),
    ],
)
def test_a_table_with_a_gap_is_refused(rows: tuple[Tick, ...]) -> None:
    """Every price needs exactly one positive step, and thresholds rise."""
    with pytest.raises(ValueError, match="expected"):
        TickTable(rows)
