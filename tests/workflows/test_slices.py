"""Fills that come in slices: each is protected as it comes, none is counted twice, none is lost."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.policy import LadderPolicy
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust
from tests.support.floor import Floor, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually


async def test_a_partial_fill_is_completed_on_a_later_rung(env: WorkflowEnvironment, floor: Floor) -> None:
    """Two contracts are displayed at the alert's price, the other two a tick higher: the bump asks for the remainder only (ENT-20)."""
    await floor.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20")
        await floor.until(trade, "the first slice", bought=2, exits_working=1)
        await floor.quote("1.19", "1.21", ask_size=2)
        await forward(env, trade, timedelta(seconds=20))
        view = await floor.until(trade, "the rest", bought=4, exits_working=2)
    assert [line.body["legs"][0]["quantity"] for line in floor.posts("e") if line.body] == [4, 2]
    assert view.quantity == 4


async def test_a_partial_fill_keeps_its_exit_when_the_rest_is_given_up(
    env: WorkflowEnvironment, floor: Floor
) -> None:
    """What was bought stays protected when the market runs away from the rest."""
    await floor.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20")
        await floor.until(trade, "the first slice", bought=2, exits_working=1)
        await floor.quote("1.39", "1.40")
        for _ in range(5):
            await forward(env, trade, timedelta(seconds=20))
        view = await floor.until(trade, "given up", phase=Phase.HOLDING, bought=2, exits_working=1)
    assert "LADDER_ABOVE_CEILING" in (view.reason or "")


async def test_slices_of_one_order_each_get_their_exit(env: WorkflowEnvironment, floor: Floor) -> None:
    """Four fills of one contract each become exits for two, whichever fill completes a pair (FIL-10, EXT-40)."""
    with env.with_time_skipping_disabled():
        await floor.quote("1.10", "1.30")
        trade = await floor.alert(price="1.20")
        await eventually(lambda: floor.order_ids("e"), "the entry at the venue")
        order = floor.order_ids("e")[0]
        for number in range(1, 5):
            await floor.control.fill(order, 1, "1.20")
            await floor.until(trade, "the slice protected", bought=number, exits_working=number // 2)
    assert len(floor.order_ids("x")) == 2


async def test_a_fill_that_races_the_cancel_is_kept(floor: Floor) -> None:
    """A bump's cancel meets a fill: the fill counts, and the next order is for what is left (ENT-60)."""
    await floor.control.adjust(adjustment(floor, cancel_after=0.3))
    await floor.quote("1.10", "1.30")
    trade = await floor.alert(price="1.20")
    await eventually(
        lambda: any(line.kind == "cancel" and line.outcome == "requested" for line in floor.venue.tape.lines),
        "the cancel",
    )
    await floor.control.fill(floor.order_ids("e")[0], 3, "1.20")
    await floor.until(trade, "bought in the race", bought=3, exits_working=1)
    await floor.quote("1.20", "1.21")
    await floor.until(trade, "the last one", bought=4, exits_working=2)
    assert [line.body["legs"][0]["quantity"] for line in floor.posts("e") if line.body][:2] == [4, 1]


async def test_a_late_fill_after_giving_up_still_gets_its_exit(
    env: WorkflowEnvironment, floor: Floor
) -> None:
    """The venue shows a fill only after the order was cancelled and given up: the trade is still there and protects it."""
    await floor.control.adjust(adjustment(floor, fills_lag=0.5))
    await floor.quote("1.10", "1.30")
    rules = policy(ladder=LadderPolicy(bumps=0))
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20", rules=rules)
        await eventually(lambda: floor.order_ids("e"), "the entry at the venue")
        await floor.control.fill(floor.order_ids("e")[0], 4, "1.20")
        await floor.until(trade, "bought, though the fill was shown late", bought=4, exits_working=2)


async def test_one_contract_is_too_few_for_half_of_it(floor: Floor) -> None:
    """Half of one contract is no order: the trade says so and holds it for a person."""
    await floor.quote("1.20", "1.20")
    trade = await floor.alert(f"BTO 1 SPY {floor.expiry:%m/%d/%Y} 450c @ 1.20")
    view = await floor.until(trade, "held without an exit", phase=Phase.HOLDING, bought=1)
    assert view.exits_working == 0
    assert "exit_skipped" in await floor.kinds(trade)


async def test_both_exits_filled_and_the_rest_sold_is_flat_with_its_profit(floor: Floor) -> None:
    """Bought at 1.20, half sold at 2.40, the rest closed by a person at 2.50: 4 x 120 becomes 240 x 2 + 250 x 2."""
    await floor.quote("1.20", "1.20")
    trade = await floor.alert(price="1.20")
    await floor.until(trade, "protected", exits_working=2)
    await floor.quote("2.50", "2.52")
    await floor.until(trade, "half sold", sold=2)
    await trade.execute_update("close", {"by": "tester", "reason": ""})
    view = await trade.result()
    assert (view.outcome, view.sold, view.position) == (Outcome.FLAT, 4, 0)
    assert view.pnl == (view.average_exit - view.average_entry) * 4 * 100  # type: ignore[operator]


def adjustment(floor: Floor, **timing: float) -> Adjust:
    """Change the venue's timings."""
    return Adjust(timing=floor.venue.exchange.config.timing.model_copy(update=timing))
