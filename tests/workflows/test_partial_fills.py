"""Partial fills: each gets its exit, none is counted twice, none is lost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import ORDER_REPORT_SIGNAL
from alert_trader.domain.execution.policy import LadderPolicy
from alert_trader.domain.ids import FillId, OrderId
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually


async def test_a_partial_fill_is_completed_after_a_bump(env: WorkflowEnvironment, harness: Harness) -> None:
    """Two contracts are displayed at the alert's price, the other two a tick higher.

    The bump asks for the remainder only (ENT-20).
    """
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        await harness.quote("1.19", "1.21", ask_size=2)
        await forward(env, trade, timedelta(seconds=20))
        view = await harness.until(trade, "the rest", bought=4, exits_working=2)
    assert [line.body["legs"][0]["quantity"] for line in harness.posts("e") if line.body] == [4, 2]
    assert view.quantity == 4


async def test_a_partial_fill_keeps_its_exit_when_the_rest_is_cancelled(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """What was bought stays protected when the market runs away from the rest."""
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        await harness.quote("1.39", "1.40")
        for _ in range(5):
            await forward(env, trade, timedelta(seconds=20))
        view = await harness.until(trade, "given up", phase=Phase.HOLDING, bought=2, exits_working=1)
    assert "LADDER_ABOVE_CEILING" in (view.reason or "")


async def test_each_fill_of_an_order_gets_its_exit(env: WorkflowEnvironment, harness: Harness) -> None:
    """Four fills of one contract lead to exits for two contracts (FIL-10, EXT-40)."""
    with env.with_time_skipping_disabled():
        await harness.quote("1.10", "1.30")
        trade = await harness.alert(price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        order = harness.order_ids("e")[0]
        for number in range(1, 5):
            await harness.control.fill(order, 1, "1.20")
            await harness.until(trade, "the slice protected", bought=number, exits_working=number // 2)
    assert len(harness.order_ids("x")) == 2


async def test_a_fill_that_races_the_cancel_is_kept(harness: Harness) -> None:
    """A bump's cancel meets a fill: the fill counts, and the next order is for what is left (ENT-60)."""
    await harness.control.adjust(adjustment(harness, cancel_after=0.3))
    await harness.quote("1.10", "1.30")
    trade = await harness.alert(price="1.20")
    await eventually(
        lambda: any(
            line.kind == "cancel" and line.outcome == "requested" for line in harness.venue.tape.lines
        ),
        "the cancel",
    )
    await harness.control.fill(harness.order_ids("e")[0], 3, "1.20")
    await harness.until(trade, "bought in the race", bought=3, exits_working=1)
    await harness.quote("1.20", "1.21")
    await harness.until(trade, "the last one", bought=4, exits_working=2)
    assert [line.body["legs"][0]["quantity"] for line in harness.posts("e") if line.body][:2] == [4, 1]


async def test_a_late_fill_after_the_end_of_the_entry_gets_its_exit(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The venue shows a fill only after the order was cancelled and given up.

    The trade is still there and protects it.
    """
    await harness.control.adjust(adjustment(harness, fills_lag=0.5))
    await harness.quote("1.10", "1.30")
    rules = policy(ladder=LadderPolicy(bumps=0))
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20", rules=rules)
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        await harness.control.fill(harness.order_ids("e")[0], 4, "1.20")
        await harness.until(trade, "bought, though the fill was shown late", bought=4, exits_working=2)


async def test_half_of_one_contract_is_no_exit(harness: Harness) -> None:
    """Half of one contract is no order: the trade says so and holds it for a person."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(f"BTO 1 SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20")
    view = await harness.until(trade, "held without an exit", phase=Phase.HOLDING, bought=1)
    assert (view.exits_working, view.without_exit) == (0, 1)
    assert "exit_skipped" in await harness.kinds(trade)


async def test_filled_exits_and_a_close_end_flat_with_the_profit(harness: Harness) -> None:
    """Bought at 1.20, half sold at 2.40, the rest closed by a person at 2.50.

    4 x 120 becomes 240 x 2 + 250 x 2.
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "protected", exits_working=2)
    await harness.quote("2.50", "2.52")
    await harness.until(trade, "half sold", sold=2, without_exit=2)
    await command(trade, TradeCommand.CLOSE, Command(by="tester"))
    view = await trade.result()
    assert (view.outcome, view.sold, view.position) == (Outcome.FLAT, 4, 0)
    assert view.pnl == (view.average_exit - view.average_entry) * 4 * 100  # type: ignore[operator]


def adjustment(harness: Harness, **timing: float) -> Adjust:
    """Change the venue's timings."""
    return Adjust(timing=harness.venue.exchange.config.timing.model_copy(update=timing))


async def test_a_fill_after_an_orders_end_cancels_the_next_order(harness: Harness) -> None:
    """ENT-20, ENT-60: two of four fill at the first price after that order's end was read.

    The order for all four must not fill as well.
    """
    harness.exit_fraction = None
    await harness.quote("1.10", "1.30")
    ladder = replace(LadderPolicy(), step=timedelta(seconds=1), window=timedelta(seconds=60), bumps=1)
    trade = await harness.alert(rules=policy(ladder=ladder), real_time=True)
    await eventually(lambda: len(harness.order_ids("e")) == 2, "the second order")
    ended = await harness.gateway.order(OrderId(str(harness.order_ids("e")[0])))
    assert ended is not None
    fill = Fill(fill_id=FillId("late"), quantity=2, price=Price(Decimal("1.20")), at=clock.now())
    await trade.signal(ORDER_REPORT_SIGNAL, replace(ended, fills=(fill,)))
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("e")[1]].status.terminal,
        "the second order to be cancelled",
    )
    await harness.until(trade, "held", phase=Phase.HOLDING, bought=2)
    assert len(harness.posts("e")) == 2
    assert "after it had ended" in " ".join(
        event.text for event in await harness.events(trade) if event.kind == "warning"
    )
