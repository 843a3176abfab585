"""A stop, a trail and break-even sell everything from the bid down (STP-10, STP-20, STP-30, STP-40)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities import price_watch
from alert_trader.activities.messages import CommandRefusedError
from alert_trader.domain.execution.policy import ExitPolicy, SalePolicy
from alert_trader.domain.exits.plan import BreakEven, StopLoss, Target, Trail
from alert_trader.domain.money import Price
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import Command, ExitChange
from tests.support.commands import command
from tests.support.harness import Harness, policy
from tests.support.waiting import eventually

STOP = StopLoss(loss=Decimal("0.3"))
SALE = SalePolicy(step=timedelta(milliseconds=40), steps=4)


@pytest.fixture(autouse=True)
def _read_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_watch, "EVERY", timedelta(milliseconds=30))


async def _hold(harness: Harness, exits: ExitPolicy) -> WorkflowHandle[None, TradeView]:
    """Buy 4 contracts at 1.20, of which 2 are in the profit-take."""
    harness.exit_fraction = None
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=policy(exits=exits, sale=SALE))
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    return trade


async def texts(harness: Harness, trade: WorkflowHandle[None, TradeView], kind: str) -> list[str]:
    """Return what the events of a kind say."""
    return [each.text for each in await harness.events(trade) if each.kind == kind]


async def test_a_bid_under_the_stop_sells_everything(env: WorkflowEnvironment, harness: Harness) -> None:
    """STP-10, STP-20: the profit-take is cancelled first; 4 of 4 are sold from the bid down."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness, ExitPolicy(stop=STOP))
        assert await texts(harness, trade, "stop_moved") == [
            "Stop set to 0.84 for 4 held: a bid at or under it sells everything"
        ]
        await harness.quote("0.85", "0.87")
        await harness.quote("0.83", "0.86")
        view = await trade.result()
    assert (view.outcome, view.sold, view.reason) == (Outcome.FLAT, 4, "closed by the stop exit")
    assert await texts(harness, trade, "exit_triggered") == [
        "Stop of 0.84 hit: bid 0.83. Selling everything from the bid down"
    ]


async def test_a_trail_rises_with_the_bid_and_sells(env: WorkflowEnvironment, harness: Harness) -> None:
    """STP-30: it rises twice and never falls; the bid under its last level sells everything."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness, ExitPolicy(trail=Trail(share=Decimal("0.2"), from_gain=Decimal("0.2"))))

        async def moved(times: int) -> bool:
            return len(await texts(harness, trade, "stop_moved")) == times

        for count, bid, ask in ((1, "1.50", "1.54"), (2, "2.00", "2.04")):
            await harness.quote(bid, ask)
            await eventually(lambda wanted=count: moved(wanted), "the trail to rise")  # type: ignore[misc]
        await harness.quote("1.70", "1.74")
        await harness.quote("1.59", "1.62")
        view = await trade.result()
    assert (view.outcome, view.sold, view.reason) == (Outcome.FLAT, 4, "closed by the trail exit")
    assert [text[:30] for text in await texts(harness, trade, "stop_moved")] == [
        "Stop set to 1.20 by the trail:",
        "Stop raised from 1.20 to 1.60 ",
    ]


async def test_the_stop_rises_to_the_entry_after_the_target(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """STP-30: the target of 2 fills; what is left is sold at the entry, not at a loss of 30 %."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness, ExitPolicy(stop=STOP, break_even=BreakEven(after_targets=1)))
        await harness.quote("2.42", "2.44")
        await harness.until(trade, "the target", sold=2)
        await eventually(lambda: _raised(harness, trade), "break-even")
        await harness.quote("1.15", "1.18")
        view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def _raised(harness: Harness, trade: WorkflowHandle[None, TradeView]) -> bool:
    return len(await texts(harness, trade, "stop_moved")) == 2


async def test_a_quote_that_is_no_price_sells_nothing(env: WorkflowEnvironment, harness: Harness) -> None:
    """STP-40: a spread wider than half of the mid, then a bid of zero: nothing is sold."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness, ExitPolicy(stop=STOP))
        for bid, ask, size in (("0.50", "1.40", 50), ("0", "1.20", 0)):
            await harness.quote(bid, ask, bid_size=size)
            known = len(_reads(harness))
            await eventually(lambda before=known: len(_reads(harness)) > before + 4, "some reads")  # type: ignore[misc]
            assert await texts(harness, trade, "exit_triggered") == []
        assert (await harness.view(trade)).position == 4


def _reads(harness: Harness) -> list[object]:
    lines = harness.venue.tape.lines
    return [line for line in lines if getattr(line, "path", "").endswith("/market-data/by-type")]


async def test_a_person_changes_the_exits_of_a_running_trade(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """STP-30: a stop is set, raised and lowered by a person, and each is on record with the name.

    A new target replaces the working profit-take; what cannot be is refused, and changes nothing.
    """
    me = Command(by="tester")
    with env.with_time_skipping_disabled():
        trade = await _hold(harness, ExitPolicy())
        for stop in (STOP, StopLoss(price=Price(Decimal("1.10"))), StopLoss(loss=Decimal("0.5"))):
            await command(trade, TradeCommand.CHANGE_EXITS, ExitChange(command=me, stop=stop))
            await eventually(lambda wanted=stop: _planned(harness, trade, f"stop {wanted}"), "the stop")  # type: ignore[misc]
            view = await harness.until(trade, "watched", position=4)
        moved = await texts(harness, trade, "stop_moved")
        assert moved[0].startswith("Stop set to 0.84")
        assert moved[1:] == [
            "Stop raised from 0.84 to 1.10 by tester",
            "Stop lowered from 1.10 to 0.60 by tester",
        ]
        with pytest.raises(
            CommandRefusedError, match=r"expected a stop at or under the average entry of 1\.20"
        ):
            await command(
                trade,
                TradeCommand.CHANGE_EXITS,
                ExitChange(command=me, stop=StopLoss(price=Price(Decimal("1.30")))),
            )
        target = Target(share=Decimal(1), gain=Decimal("0.5"))
        receipt = await command(trade, TradeCommand.CHANGE_EXITS, ExitChange(command=me, target=target))
        assert receipt.text == "Exits: target 100%@+50%, stop -50%"
        view = await harness.until(trade, "the new target", exits_working=4)
        assert view.protection == "4 of 4 at the target; stop at 0.60 for all 4"
        assert [order.limit for order in view.orders if order.leg == "exit"][-1] == Decimal("1.80")
        await harness.quote("0.58", "0.60")
        view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def _planned(harness: Harness, trade: WorkflowHandle[None, TradeView], part: str) -> bool:
    view = await harness.view(trade)
    return part in view.exit_plan and "stop at" in view.protection


@pytest.mark.at("2035-05-12 10:00")
async def test_a_stop_is_watched_where_only_the_broker_says_that_it_is_open(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """STP-10: a Saturday by the calendar; the broker, which is asked, says that the market is open."""
    with env.with_time_skipping_disabled():
        trade = await _hold(harness, ExitPolicy(stop=STOP))
        await harness.quote("0.83", "0.86")
        view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)
