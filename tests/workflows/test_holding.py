"""From the last entry fill until the trade is flat or the contract expires."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.orders import Action
from tests.support.harness import Harness
from tests.support.virtual_time import forward
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("bid", "unvalued", "pnl", "says"),
    [
        ("0", 0, -480, "no bid at the last close"),
        ("1.20", 4, None, "subject to exercise"),
        (None, 4, None, "no quote from the last close"),
    ],
)
async def test_contracts_held_to_expiration_expire(
    harness: Harness, env: WorkflowEnvironment, bid: str | None, unvalued: int, pnl: int | None, says: str
) -> None:
    """Contracts held to expiration count as a loss only where there was no bid at the last close.

    Otherwise they may be exercised: card, outcome, audit and a page say that their value is not known.
    """
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        if bid is None:
            await harness.fault(
                kind="status", method="GET", path="*/market-data/by-type", status=503, count=None
            )
        else:
            await harness.quote(bid, "1.20", bid_size=50 if bid != "0" else 0)
        await forward(env, trade, timedelta(days=60), may_end=True)
        view = await trade.result()
    assert (view.outcome, view.position, view.unvalued, view.pnl) == (Outcome.EXPIRED, 4, unvalued, pnl)
    assert view.closed_at is not None
    assert view.closed_at.date() >= harness.expiry
    events = await harness.events(trade)
    assert [says in event.text for event in events if event.kind is EventKind.EXPIRED] == [True]
    assert any("may be exercised" in event.text for event in events if event.kind is EventKind.WARNING) is (
        unvalued > 0
    )
    assert (says in (view.reason or "")) is (unvalued > 0)


async def test_the_daily_check_finds_a_fill_missing_from_the_stream(harness: Harness) -> None:
    """The stream is mute while the exit fills: the check after the close reads the order and books it."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await harness.control.mute_streams()
    await harness.quote("2.50", "2.52")
    view = await harness.until(trade, "the sale on the books", sold=2)
    assert view.position == 2


async def test_an_exit_cancelled_in_the_app_is_sent_again(harness: Harness) -> None:
    """An exit ended from outside leaves contracts without one.

    They are covered again, after a look at the position.
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await harness.control.cancel(harness.order_ids("x")[0])
    await eventually(lambda: len(harness.order_ids("x")) == 2, "the exit to be put back")
    await harness.until(trade, "protected again", exits_working=2)


async def test_a_position_closed_by_hand_ends_the_trade(harness: Harness) -> None:
    """Somebody sold everything in the app: two looks a minute apart, and the trade stops counting on it."""
    harness.exit_fraction = None  # the exit is cancelled by hand here
    await harness.control.adjust(Adjust(count_working_closes=False))
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await harness.control.app_order(harness.account, harness.symbol, Action.SELL_TO_CLOSE, 4)
    view = await trade.result()
    assert view.outcome is Outcome.FLAT
    assert any(
        event.kind == "warning" and "no longer holds" in event.text for event in await harness.events(trade)
    )


async def test_a_foreign_order_is_not_changed(harness: Harness) -> None:
    """A foreign order in the same contract is neither adopted nor touched (UNK-60)."""
    await harness.quote("1.10", "1.40")
    foreign = await harness.control.app_order(
        harness.account, harness.symbol, Action.BUY_TO_OPEN, 4, limit="1.15"
    )
    trade = await harness.alert()
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert not harness.venue.exchange.orders[foreign].status.terminal
    assert str(foreign) not in {order.order_id for order in view.orders}


async def test_duplicated_and_reordered_reports_change_nothing(harness: Harness) -> None:
    """The same fill twice, and messages out of order, give the same trade (FIL-10)."""
    for kind in ("stream-duplicate", "stream-reorder"):
        await harness.fault(kind=kind, path="Order", count=6)
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    view = await harness.until(trade, "protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert view.position == 4
    assert harness.fills("e") == 4


async def test_a_dropped_stream_loses_no_fill(harness: Harness) -> None:
    """A report that was never sent is found by reading the order at the next stage."""
    await harness.fault(kind="stream-drop", path="Order", count=None)
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    view = await harness.until(trade, "protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert view.closed_at is None
    assert view.first_filled_at is not None
    assert view.first_filled_at - view.received_at < timedelta(minutes=3)
