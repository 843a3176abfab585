"""A close that retries over a night, a weekend, a holiday or weeks until it is done."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader.control.commands import account_commands as control
from alert_trader.domain.alerts.portion import HALF
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows import timing
from alert_trader.workflows.interface import (
    CLOSE_SIGNAL,
    Command,
    SellOrder,
)
from alert_trader.workflows.trade.retries import next_attempt
from tests.support.commands import begin, command
from tests.support.harness import CONTRACT, Harness, policy
from tests.support.instants import new_york
from tests.support.virtual_time import forward, forward_to
from tests.support.waiting import eventually

pytestmark = pytest.mark.at("2035-05-08 10:00")  # a Tuesday
MONDAY = date(2035, 5, 14)
"""A full week begins with it, and the two days after that are full sessions, too."""

ME = Command(by="tester", reason="because")
ALL = policy(exits=ExitPolicy(fraction=Decimal(1), gain=Decimal("0.5")))
NO_CANCEL = {"kind": "status", "method": "DELETE", "path": "*/orders/*", "status": 503, "count": None}
Trade = WorkflowHandle[Any, TradeView]


async def hold(harness: Harness, *, expiry: date | None = None, slices: int = 1) -> Trade:
    """Buy 4 contracts in so many slices, each wholly in an exit.

    Of an expiration some months ahead unless another is given.
    """
    harness.exit_fraction = None  # closing everything cancels the exits
    contract = replace(CONTRACT, expiry=expiry or date(2035, 8, 17))
    each = 4 // slices
    await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20", ask_size=each, bid_size=50)
    trade = await harness.alert(f"BTO SPY {contract.expiry:%m/%d/%Y} 450c @ 1.20", rules=ALL)
    for bought in range(each, 4, each):
        await harness.until(trade, "a slice", bought=bought, exits_working=bought)
        await harness.control.set_quote(
            contract.occ_symbol, bid="1.20", ask="1.20", ask_size=each, bid_size=50
        )
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    return trade


def at(day: int, time: str) -> datetime:
    """Return a New York time of the day that comes so many days after `MONDAY`."""
    return new_york(f"{MONDAY + timedelta(days=day)} {time}")


async def ask_to_close(trade: Trade) -> None:
    """Ask for a close and do not wait for it."""
    await begin(trade, TradeCommand.CLOSE, ME)


def cancels(harness: Harness) -> int:
    """Count the cancels that reached the venue."""
    return sum(line.kind == "request" and line.method == "DELETE" for line in harness.venue.tape.lines)


async def calls(harness: Harness, trade: Trade, words: str) -> list[datetime]:
    """Return when a person was called about something."""
    return [
        event.at for event in await harness.events(trade) if event.kind == "warning" and words in event.text
    ]


@pytest.mark.parametrize(
    ("asked", "well", "sold"),
    [
        pytest.param((1, "15:00"), (2, "09:00"), (2, "09:31"), id="a night, well before the opening"),
        pytest.param((1, "15:00"), (2, "11:00"), (2, "11:06"), id="a night, well after the opening"),
        pytest.param((4, "15:00"), (7, "09:00"), (7, "09:31"), id="a weekend, well before the opening"),
        pytest.param(
            (4, "15:00"),
            (7, "11:00"),
            (7, "11:06"),
            id="a weekend, well after the opening",
            marks=pytest.mark.soak,
        ),
        pytest.param(
            (4, "17:00"),
            (7, "09:29"),
            (7, "09:31"),
            id="asked after Friday's session, well a minute before the opening",
            marks=pytest.mark.soak,
        ),
        pytest.param(
            (4, "17:00"), (5, "12:00"), (5, "13:01"), id="asked after Friday's session, well on Saturday"
        ),
    ],
)
async def test_a_close_survives_unanswered_cancels(
    env: WorkflowEnvironment,
    harness: Harness,
    asked: tuple[int, str],
    well: tuple[int, str],
    sold: tuple[int, str],
) -> None:
    """EXT-50, HLT-20: the exit is asked to be cancelled until it has ended.

    What it held is sold soon after the venue is well again.
    """
    with env.with_time_skipping_disabled():
        trade = await hold(harness)
        await forward_to(env, trade, at(*asked))
        await harness.fault(**NO_CANCEL)
        await ask_to_close(trade)
        await forward_to(env, trade, at(*well))
        assert (await harness.view(trade)).position == 4
        await harness.control.clear_faults()
        await _until_over(env, harness, trade, at(*sold))
    view = await trade.result()
    assert (view.outcome, view.sold, len(harness.posts("x"))) == (Outcome.FLAT, 4, 2)
    assert view.closed_at is not None
    assert view.closed_at <= at(*sold)


async def _until_over(env: WorkflowEnvironment, harness: Harness, trade: Trade, moment: datetime) -> None:
    """Let the time continue to a moment, or to the trade's end before it."""
    await forward_to(env, trade, moment, may_end=True)
    await eventually(lambda: harness.fills("x") == 4, "the sale")


@pytest.mark.at("2035-11-21 14:50")
async def test_a_close_survives_thanksgiving(env: WorkflowEnvironment, harness: Harness) -> None:
    """EXT-50: asked on Wednesday; Thursday is a holiday and Friday half a day.

    On Monday it is sold as the market opens.
    """
    with env.with_time_skipping_disabled():
        trade = await hold(harness, expiry=date(2035, 12, 21))
        await harness.fault(**NO_CANCEL)
        await ask_to_close(trade)
        await forward_to(env, trade, new_york("2035-11-26 09:20"))
        assert (await harness.view(trade)).position == 4
        called = await calls(harness, trade, "has not ended")
        await harness.control.clear_faults()
        await _until_over(env, harness, trade, new_york("2035-11-26 09:31"))
    assert (await trade.result()).sold == 4
    assert [new_york_date(moment) for moment in called] == [date(2035, 11, 21), date(2035, 11, 23)]


async def _close_again(trade: Trade) -> None:
    await command(trade, TradeCommand.CLOSE, ME)


async def _flatten_again(trade: Trade) -> None:
    await trade.signal(CLOSE_SIGNAL, ME)


async def _sell_half(trade: Trade) -> None:
    await command(trade, TradeCommand.SELL, SellOrder(command=ME, portion=HALF))


@pytest.mark.parametrize("again", [_close_again, _flatten_again, _sell_half])
async def test_a_second_close_joins_the_first_and_retries_at_once(
    env: WorkflowEnvironment, harness: Harness, again: Callable[[Trade], Awaitable[None]]
) -> None:
    """EXT-50, HLT-20: on Saturday the venue is well again and a person asks once more.

    Nobody is refused, and nothing waits for Monday.
    """
    with env.with_time_skipping_disabled():
        trade = await hold(harness)
        await forward_to(env, trade, at(4, "15:00"))
        await harness.fault(**NO_CANCEL)
        await ask_to_close(trade)
        await forward_to(env, trade, at(5, "12:10"))
        await harness.control.clear_faults()
        before = cancels(harness)
        await again(trade)
        await eventually(lambda: harness.fills("x") == 4, "the sale")
        assert cancels(harness) == before + 1
    assert (await trade.result()).outcome is Outcome.FLAT


async def test_a_waiting_close_reports_its_reason(env: WorkflowEnvironment, harness: Harness) -> None:
    """The receipt and the trade say which order has not ended and when it is asked again.

    A person is paged, not at every try.
    """
    with env.with_time_skipping_disabled():
        trade = await hold(harness)
        await forward_to(env, trade, at(1, "10:00"))
        await harness.fault(**NO_CANCEL)
        closing = await begin(trade, TradeCommand.CLOSE, ME)
        await forward(env, trade, timedelta(minutes=30))
        receipt = await closing
        view = await harness.view(trade)
        called = await calls(harness, trade, "has not ended")
    name = view.orders[-1].client_order_id
    waits = f"{name} is being cancelled and has not ended, next attempt at {at(1, '10:00'):%Y-%m-%d} 1"
    assert (
        receipt.done,
        receipt.text.startswith(f"The position is being sold. Waiting for the broker: {waits}"),
    ) == (
        False,
        True,
    )
    assert (view.reason or "").startswith(f"closed by tester; {waits}")
    assert len(called) == 1


async def test_free_contracts_are_sold_while_an_exit_cannot_be_cancelled(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """EXT-10, EXT-50: of two exits the first cannot be cancelled.

    The other's contracts are sold at once, the first's when it has ended.
    """
    with env.with_time_skipping_disabled():
        trade = await hold(harness, slices=2)
        await harness.fault(**{**NO_CANCEL, "path": f"*/orders/{harness.order_ids('x')[0]}"})
        await ask_to_close(trade)
        await forward(env, trade, timedelta(minutes=10))
        await harness.until(trade, "the free ones sold", sold=2, position=2)
        await forward(env, trade, timedelta(hours=3))
        await harness.control.clear_faults()
        await command(trade, TradeCommand.CLOSE, ME)
    view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def test_a_close_while_watching_for_late_fills_sells_them(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """HLT-20: nothing is held when everything is to be closed.

    What an order of unknown outcome has bought is sold when it is found.
    """
    harness.exit_fraction = None
    await harness.quote("1.20", "1.20")
    await harness.control.mute_streams()
    await harness.fault(kind="late-accept", method="POST", path="*/orders", client_id="*-e1", seconds=4)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the lost answer", unknown_orders=1)
        await forward(env, trade, timedelta(seconds=115))
        await harness.until(trade, "the give-up", phase=Phase.WATCHING)
        await eventually(lambda: harness.order_ids("e"), "the order to land")
        await ask_to_close(trade)
        await eventually(lambda: harness.fills("x") == 4, "the sale")
    assert (await trade.result()).outcome is Outcome.FLAT


async def test_a_second_flatten_makes_every_trade_retry(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HLT-20: the account is being flattened and a trade waits for the venue.

    Flattened again, the trade tries at once.
    """
    monkeypatch.setattr(timing, "CANCEL_PAUSES", (timedelta(days=1),))
    harness.exit_fraction = None
    await harness.quote("1.20", "1.20")
    await harness.fault(**NO_CANCEL)
    trade = await harness.alert(rules=ALL, real_time=True)
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=4)
    await control.flatten(harness.client, harness.account, by="ann", reason="going home")
    await eventually(lambda: cancels(harness) == 1, "the first cancel")
    await harness.until(trade, "closing", phase=Phase.CLOSING)

    async def waits() -> bool:
        return "has not ended" in ((await harness.view(trade)).reason or "")

    await eventually(waits, "the first round to be over", within=20)
    await harness.control.clear_faults()
    await control.flatten(harness.client, harness.account, by="ann", reason="the venue is well again")
    assert (await trade.result()).outcome is Outcome.FLAT


@pytest.mark.parametrize(
    ("days", "exits", "most"), [(1, 1, 3_000), pytest.param(30, 4, 12_000, marks=pytest.mark.soak)]
)
async def test_a_close_that_waits_for_weeks_fits_into_a_history(
    env: WorkflowEnvironment, harness: Harness, days: int, exits: int, most: int
) -> None:
    """DUR-40: Temporal ends a workflow at some fifty thousand events.

    A month of unanswered cancels of several exits stays far below.
    """
    with env.with_time_skipping_disabled():
        trade = await hold(harness, slices=exits)
        await forward_to(env, trade, at(1, "10:00"))
        before = (await trade.describe()).history_length
        await harness.fault(**NO_CANCEL)
        await ask_to_close(trade)
        await forward(env, trade, timedelta(days=days))
        grown = (await trade.describe()).history_length - before
        assert (await harness.view(trade)).position == 4
        await harness.control.clear_faults()
        await command(trade, TradeCommand.CLOSE, ME)
    assert (await trade.result()).sold == 4
    assert grown < most, (
        f"expected fewer than {most} events in {days} days, found {grown} with {cancels(harness)} cancels"
    )


@pytest.mark.parametrize(
    ("pauses", "each"),
    [
        (timing.CANCEL_PAUSES, 30),
        (timing.LATE_SEARCH_PAUSES, 20),
        (timing.SUBMIT_PAUSES, 20),
        (timing.SALE_READS, 20),
    ],
)
def test_two_years_of_retries_fit_into_a_history(pauses: tuple[timedelta, ...], each: int) -> None:
    """DUR-40: the pauses between tries grow; `each` is more than a try costs in events."""
    began = now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    tries = 0
    while now < began + timedelta(days=730):
        now = next_attempt(now, pauses, tries)
        tries += 1
    assert tries * each < 30_000
