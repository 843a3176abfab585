"""The protective ladder: from the bid down to the floor, and no lower, whatever the quotes do."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alert_trader.domain.execution.policy import SalePolicy
from alert_trader.domain.execution.protective_ladder import (
    ProtectiveLadder,
    begin_sale,
    bid_to_sell_at,
    continue_sale,
)
from alert_trader.domain.market.quotes import PENNY, Quote, Tick, TickTable
from alert_trader.domain.money import Price

NICKELS = TickTable((Tick(value=Decimal("0.05"), threshold=Decimal(3)), Tick(value=Decimal("0.10"))))
DAY = date(2035, 5, 8)
PRICE = st.decimals(min_value=0, max_value=60, places=2)
SALE = SalePolicy()


def quoted(bid: Decimal | str, ask: Decimal | str, *, halted: bool = False) -> Quote:
    """Quote a contract."""
    return Quote(
        bid=Price(Decimal(bid)),
        ask=Price(Decimal(ask)),
        at=datetime(2035, 5, 8, 14, tzinfo=UTC),
        bid_size=10,
        ask_size=10,
        halted=halted,
    )


QUOTES = st.builds(quoted, PRICE, PRICE, halted=st.sampled_from([False, False, False, True]))


def begun(bid: str, ask: str, *, ticks: TickTable = PENNY, policy: SalePolicy = SALE) -> ProtectiveLadder:
    """Begin a sale with a quote that shows a price."""
    ladder = begin_sale(quoted(bid, ask), day=DAY, policy=policy, ticks=ticks)
    assert ladder is not None
    return ladder


@given(
    first=QUOTES,
    later=st.lists(st.tuples(st.none() | QUOTES, st.booleans()), max_size=30),
    ticks=st.sampled_from([PENNY, NICKELS]),
    floor=st.decimals(min_value="0.01", max_value=1, places=2),
    steps=st.integers(1, 40),
)
@example(  # rounding up to a tick must not lift the floor over the bid
    first=quoted("0.07", "0.10"), later=[], ticks=NICKELS, floor=Decimal("0.9"), steps=1
)
def test_a_sale_never_goes_below_its_floor_and_never_rises(
    first: Quote,
    later: list[tuple[Quote | None, bool]],
    ticks: TickTable,
    floor: Decimal,
    steps: int,
) -> None:
    """STP-60: over any quotes, each price is a valid tick, at most the one before, at least the floor.

    The floor is at least the policy's share of what the contract was worth, or the bid itself.
    """
    ladder = begin_sale(first, day=DAY, policy=SalePolicy(floor=floor, steps=steps), ticks=ticks)
    if ladder is None:
        return
    bid = bid_to_sell_at(first, ticks)
    worth = first.mid if bid is None else bid
    lowest = min(worth * floor, ticks.buy(worth) or worth * floor)
    assert ladder.floor >= lowest
    for quote, lower in later:
        before = ladder.limit
        ladder = continue_sale(ladder, quote, lower=lower, ticks=ticks)
        assert ticks.valid(ladder.limit)
        assert lowest <= ladder.floor <= ladder.limit <= before
        found = None if quote is None else bid_to_sell_at(quote, ticks)
        if found is not None and not ladder.at_floor:
            assert ladder.limit <= found


@given(bid=PRICE, ask=PRICE, steps=st.integers(1, 40), ticks=st.sampled_from([PENNY, NICKELS]))
def test_the_floor_is_reached_within_the_steps(
    bid: Decimal, ask: Decimal, steps: int, ticks: TickTable
) -> None:
    """DUR-40: with a bid that never moves, a sale has at most so many orders: its history is bounded."""
    ladder = begin_sale(quoted(bid, ask), day=DAY, policy=SalePolicy(steps=steps), ticks=ticks)
    if ladder is None:
        return
    taken = 0
    while not ladder.at_floor:
        lowered = continue_sale(ladder, quoted(bid, ask), lower=True, ticks=ticks)
        assert lowered.limit < ladder.limit
        ladder, taken = lowered, taken + 1
    assert taken <= steps


def test_a_sale_begins_at_the_bid_and_falls_tick_by_tick() -> None:
    """The example of the manual: 0.20 bid, a floor of half of it, a cent a step."""
    ladder = begun("0.20", "0.24")
    assert (ladder.limit, ladder.floor) == (Decimal("0.20"), Decimal("0.10"))
    prices = []
    for _ in range(12):
        ladder = continue_sale(ladder, quoted("0.20", "0.24"), lower=True, ticks=PENNY)
        prices.append(ladder.limit)
    assert prices == [Decimal(cents) / 100 for cents in (19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 10, 10)]


def test_a_falling_bid_is_followed_at_once() -> None:
    """The bid falls faster than the steps: the next order is at the bid."""
    ladder = continue_sale(begun("2.00", "2.10"), quoted("1.40", "1.50"), lower=True, ticks=PENNY)
    assert ladder.limit == Decimal("1.40")


def test_an_order_that_did_not_work_for_a_step_is_not_lowered() -> None:
    """An order that was rejected or freed later has not been on offer: the price stays, within the bid."""
    ladder = continue_sale(begun("2.00", "2.10"), quoted("2.30", "2.40"), lower=False, ticks=PENNY)
    assert ladder.limit == Decimal("2.00")


def test_without_a_quote_a_begun_sale_is_lowered_all_the_same() -> None:
    """A sale is not given up because the quotes are: it falls within its floor."""
    ladder = continue_sale(begun("2.00", "2.10"), None, lower=True, ticks=PENNY)
    assert ladder.limit == Decimal("1.95")


@pytest.mark.parametrize(
    "quote",
    [
        None,
        quoted("0", "0"),
        quoted("1.20", "1.10"),
        quoted("1.20", "1.30", halted=True),
    ],
    ids=["missing", "empty", "crossed", "halted"],
)
def test_a_quote_without_a_price_begins_no_sale(quote: Quote | None) -> None:
    """STP-60: nothing is offered at a price that nobody has shown."""
    assert begin_sale(quote, day=DAY, policy=SALE, ticks=PENNY) is None


@pytest.mark.parametrize(
    ("bid", "ask", "limit", "floor"),
    [
        pytest.param("0.05", "3.00", "1.52", "0.77", id="a stray bid at the opening"),
        pytest.param("0", "1.20", "0.60", "0.30", id="no bid"),
        pytest.param("0", "0.05", "0.02", "0.02", id="worthless"),
        pytest.param("0.01", "0.06", "0.01", "0.01", id="cheap, and not too wide"),
        pytest.param("1.20", "0", "1.20", "0.60", id="no ask"),
        pytest.param("1.00", "3.00", "1.00", "0.50", id="as wide as the mid"),
        pytest.param("0.99", "3.00", "1.99", "1.00", id="wider than the mid"),
    ],
)
def test_a_bid_far_from_the_ask_is_no_price(bid: str, ask: str, limit: str, floor: str) -> None:
    """STP-60: where the spread is wider than the mid, the sale begins at the mid."""
    ladder = begun(bid, ask)
    assert (ladder.limit, ladder.floor) == (Decimal(limit), Decimal(floor))


@pytest.mark.parametrize(
    "broken",
    [
        lambda: SalePolicy(floor=Decimal(0)),
        lambda: SalePolicy(floor=Decimal("1.1")),
        lambda: SalePolicy(steps=0),
    ],
)
def test_a_sale_policy_that_cannot_be_is_refused(broken: Callable[[], SalePolicy]) -> None:
    """A floor of nothing is a market order by another name."""
    with pytest.raises(ValueError, match="expected"):
        broken()
