"""From the last fill to flat, or to the contract's end."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.orders import Action
from tests.support.floor import Floor
from tests.support.virtual_time import forward
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("bid", "unvalued", "pnl", "says"),
    [
        ("0", 0, -480, "nobody bid for them"),
        ("1.20", 4, None, "subject to exercise"),
        (None, 4, None, "no quote of the last close"),
    ],
)
async def test_contracts_held_to_the_end_expire(
    floor: Floor, env: WorkflowEnvironment, bid: str | None, unvalued: int, pnl: int | None, says: str
) -> None:
    """Nothing reaches the target: the trade is over, and what is left is a loss only where it is known to be worth nothing.

    What was bid for at the last close may be in the money and be exercised: card, outcome, audit and a page say that its worth is unknown.
    """
    await floor.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await floor.alert()
        await floor.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        if bid is None:
            await floor.fault(
                kind="status", method="GET", path="*/market-data/by-type", status=503, count=None
            )
        else:
            await floor.quote(bid, "1.20", bid_size=50 if bid != "0" else 0)
        await forward(env, trade, timedelta(days=60), may_end=True)
        view = await trade.result()
    assert (view.outcome, view.position, view.unvalued, view.pnl) == (Outcome.EXPIRED, 4, unvalued, pnl)
    assert view.closed_at is not None
    assert view.closed_at.date() >= floor.expiry
    events = await floor.events(trade)
    assert [says in event.text for event in events if event.kind is EventKind.EXPIRED] == [True]
    assert any("may be exercised" in event.text for event in events if event.kind is EventKind.WARNING) is (
        unvalued > 0
    )
    assert (says in (view.reason or "")) is (unvalued > 0)


async def test_the_daily_check_finds_a_fill_that_the_stream_never_told(floor: Floor) -> None:
    """The stream is mute while the exit fills: the check after the close reads the order and books it."""
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    await floor.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await floor.control.mute_streams()
    await floor.quote("2.50", "2.52")
    view = await floor.until(trade, "the sale on the books", sold=2)
    assert view.position == 2


async def test_an_exit_that_someone_cancels_in_the_app_is_put_back(floor: Floor) -> None:
    """An exit ended from outside leaves contracts without one: they are covered again, after a look at the position."""
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    await floor.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await floor.control.cancel(floor.order_ids("x")[0])
    await eventually(lambda: len(floor.order_ids("x")) == 2, "the exit to be put back")
    await floor.until(trade, "protected again", exits_working=2)


async def test_a_position_closed_by_hand_ends_the_trade(floor: Floor) -> None:
    """Somebody sold everything in the app: two looks a minute apart, and the trade stops counting on it."""
    floor.exit_fraction = None  # the exit is cancelled by hand here
    await floor.control.adjust(Adjust(count_working_closes=False))
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    await floor.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await floor.control.app_order(floor.account, floor.symbol, Action.SELL_TO_CLOSE, 4)
    view = await trade.result()
    assert view.outcome is Outcome.FLAT
    assert any(
        event.kind == "warning" and "no longer holds" in event.text for event in await floor.events(trade)
    )


async def test_an_order_of_somebody_else_is_left_alone(floor: Floor) -> None:
    """A foreign order in the same contract is neither adopted nor touched (UNK-60)."""
    await floor.quote("1.10", "1.40")
    foreign = await floor.control.app_order(floor.account, floor.symbol, Action.BUY_TO_OPEN, 4, limit="1.15")
    trade = await floor.alert()
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert not floor.venue.exchange.orders[foreign].status.terminal
    assert str(foreign) not in {order.order_id for order in view.orders}


async def test_duplicated_and_reordered_reports_change_nothing(floor: Floor) -> None:
    """The same fill twice, and messages out of order, give the same trade (FIL-10)."""
    for kind in ("stream-duplicate", "stream-reorder"):
        await floor.fault(kind=kind, path="Order", count=6)
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    view = await floor.until(trade, "protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert view.position == 4
    assert floor.fills("e") == 4


async def test_a_dropped_stream_loses_nothing(floor: Floor) -> None:
    """A report that was never sent is found by reading the order on the next rung."""
    await floor.fault(kind="stream-drop", path="Order", count=None)
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    view = await floor.until(trade, "protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert view.closed_at is None
    assert view.first_filled_at is not None
    assert view.first_filled_at - view.received_at < timedelta(minutes=3)
