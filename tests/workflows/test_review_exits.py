"""Exits under adverse conditions: nothing that happened to one of them, and no other order, holds up the next."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateStage
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import Notice
from alert_trader.domain.market.calendar import new_york_date, next_trading_day
from alert_trader.domain.market.trading_hours import BY_RULE
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.workflows import timing
from alert_trader.workflows.interface import CLOSE_UPDATE, Command, CommandReceipt
from tests.support.floor import CONTRACT, Floor
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")
REFUSED = {
    "kind": "status",
    "method": "POST",
    "path": "*/orders",
    "client_id": "*-x*",
    "status": 422,
    "code": "margin_check_failed",
}


async def refusals(floor: Floor, handle: WorkflowHandle) -> int:  # type: ignore[type-arg]
    """Count the exits that the venue has refused."""
    return (await floor.kinds(handle)).count("exit_refused")


async def test_a_close_does_not_wait_for_the_pause_of_a_refused_exit(
    env: WorkflowEnvironment, floor: Floor
) -> None:
    """The profit-take was refused until its pauses are minutes long: a person's close is sent at once all the same (EXT-50)."""
    floor.exit_fraction = None
    await floor.quote("1.20", "1.20")
    await floor.fault(**REFUSED, count=9)
    with env.with_time_skipping_disabled():
        trade = await floor.alert()
        for number in range(1, 10):
            await forward(env, trade, timedelta(seconds=40))
            await eventually(partial(_at_least, floor, trade, number), f"refusal {number}")
        receipt = await trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt)
    assert receipt.done
    assert (await trade.result()).sold == 4


async def _at_least(floor: Floor, trade: WorkflowHandle, number: int) -> bool:  # type: ignore[type-arg]
    return await refusals(floor, trade) >= number


async def test_a_new_slice_ends_the_pause_of_a_refused_exit(env: WorkflowEnvironment, floor: Floor) -> None:
    """The first slice's exit was refused six times and pauses; the next slice is offered as soon as it is known (EXT-40)."""
    floor.exit_fraction = None  # the venue refuses the first ones
    await floor.quote("1.10", "1.30")
    await floor.fault(**REFUSED, count=6)
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20")
        await eventually(lambda: floor.order_ids("e"), "the entry at the venue")
        await floor.control.fill(floor.order_ids("e")[0], 2, "1.20")
        await floor.until(trade, "the first slice", bought=2)

        async def refused() -> bool:
            await forward(
                env, trade, timedelta(seconds=0.5)
            )  # far less than the pause that follows the sixth
            return await _at_least(floor, trade, 6)

        await eventually(refused, "six refusals", within=20)
        await floor.control.fill(floor.order_ids("e")[0], 2, "1.20")
        await eventually(lambda: floor.order_ids("x"), "the exit of both slices", within=4)
        await floor.until(trade, "protected", exits_working=2)


async def test_a_stalled_exit_does_not_hold_up_the_next_slice(env: WorkflowEnvironment, floor: Floor) -> None:
    """The first slice's exit hangs at the venue: the second slice's exit is there before anybody knows what became of it (EXT-40)."""
    await floor.quote("1.10", "1.30")
    await floor.fault(kind="stall-after", method="POST", path="*/orders", client_id="*-x1", seconds=8)
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20")
        await eventually(lambda: floor.order_ids("e"), "the entry at the venue")
        await floor.control.fill(floor.order_ids("e")[0], 2, "1.20")
        await eventually(lambda: floor.posts("x"), "the first exit on its way")
        await floor.control.fill(floor.order_ids("e")[0], 2, "1.20")
        await eventually(lambda: len(floor.order_ids("x")) == 2, "the second exit", within=1.5)
        await floor.until(trade, "protected", exits_working=2, unknown_orders=0)
        events = await floor.events(trade)
    assert [str(event.facts["limit"]) for event in events if event.kind == "exit_intended"] == [
        "2.40",
        "2.40",
    ]


async def test_a_close_is_seen_to_its_end_without_the_stream(env: WorkflowEnvironment, floor: Floor) -> None:
    """The stream is mute: the sale is read until it has ended."""
    await floor.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await floor.alert()
        await floor.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await floor.control.mute_streams()
        receipt = await trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt)
    assert receipt.done
    assert (await trade.result()).outcome is Outcome.FLAT


async def test_a_filled_order_whose_fills_come_later_is_read_again(
    env: WorkflowEnvironment, floor: Floor
) -> None:
    """The venue says filled and shows no fill, and no report follows: the fill is read and protected within seconds, not at the bump."""
    await floor.control.adjust(
        Adjust(timing=floor.venue.exchange.config.timing.model_copy(update={"fills_lag": 0.4}))
    )
    await floor.fault(kind="stream-drop", path="Order", order_status="Live", count=None)
    await floor.fault(kind="stream-drop", path="Order", order_status="Filled", nth=2, count=None)
    await floor.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20")
        await eventually(lambda: floor.order_ids("e"), "the entry at the venue")
        await floor.until(trade, "the limit", step="limit")
        await floor.control.fill(floor.order_ids("e")[0], 4, "1.20")
        view = await floor.until(trade, "protected", bought=4, exits_working=2)
    assert view.step == "limit"


@pytest.mark.parametrize("in_a_bump", [False, True])
async def test_an_entry_in_a_status_nobody_knows_does_not_hold_up_a_close(
    env: WorkflowEnvironment, floor: Floor, *, in_a_bump: bool
) -> None:
    """The rest of the entry shows an unknown status and cannot be cancelled: what was bought is sold when asked (EXT-50)."""
    await floor.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await floor.alert(price="1.20")
        await floor.until(trade, "the first slice", bought=2, exits_working=1)
        order = floor.order_ids("e")[0]
        await floor.fault(kind="unknown-status", method="GET", path=f"*/orders/{order}", count=None)
        await floor.fault(
            kind="status",
            method="DELETE",
            path=f"*/orders/{order}",
            status=422,
            code="cannot_update_order",
            count=None,
        )
        if in_a_bump:
            await floor.quote("1.10", "1.30")
            await forward(env, trade, timedelta(seconds=21))
            await eventually(
                lambda: any(
                    line.kind == "request" and line.method == "DELETE" for line in floor.venue.tape.lines
                ),
                "the cancel",
            )
        trade_update = await trade.start_update(
            CLOSE_UPDATE, ME, result_type=CommandReceipt, wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        await forward(env, trade, timedelta(seconds=90))
        await floor.until(trade, "sold", sold=2)
        assert (await floor.view(trade)).phase is Phase.CLOSING
        await floor.control.clear_faults()
        await floor.control.cancel(order)
        await trade_update.result()
    assert (await trade.result()).outcome is Outcome.FLAT


async def test_no_exit_is_sent_after_the_last_session(floor: Floor) -> None:
    """The exit has expired when it is read after the close of the contract's last day: no other is sent for a contract that is over."""
    floor.exit_fraction = None
    contract = replace(CONTRACT, expiry=next_trading_day(new_york_date(clock.now())), strike=Decimal(600))
    await floor.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20")
    # a daily check before the last one reads the exit twice
    earlier = 2 if new_york_date(BY_RULE.next_close(contract, clock.now())) < contract.expiry else 0
    await floor.fault(
        kind="unknown-status",
        method="GET",
        path="*/orders/507340102",
        word="Expired",
        nth=1 + earlier,
        count=None,
    )
    trade = await floor.alert(f"BTO SPY {contract.expiry:%m/%d/%Y} 600c @ 1.20")
    view = await trade.result()
    assert (view.outcome, len(floor.posts("x"))) == (Outcome.EXPIRED, 1)
    # only the reads said that it had expired
    await floor.control.cancel(floor.order_ids("x")[0])
    await eventually(
        lambda: floor.venue.exchange.orders[floor.order_ids("x")[0]].status.terminal, "its end at the venue"
    )


async def test_what_comes_after_the_end_does_not_hide_when_it_was(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Web UI's cancel comes while people are still being told of the end: the trade has ended all the same, and when is known."""
    told = asyncio.Event()

    async def slowly(notice: Notice) -> None:
        assert notice
        await told.wait()

    monkeypatch.setattr(floor.heard, "tell", slowly)
    trade = await floor.alert("BTO SPY")
    await eventually(partial(_has, floor, trade, "closed"), "the end")
    await trade.cancel()
    await eventually(partial(_has, floor, trade, "commanded"), "the cancel")
    told.set()
    view = await trade.result()
    assert (view.outcome, view.closed_at is not None) == (Outcome.DENIED, True)


async def _has(floor: Floor, trade: WorkflowHandle, kind: str) -> bool:  # type: ignore[type-arg]
    return kind in await floor.kinds(trade)


async def test_an_entry_that_never_ends_does_not_stop_the_trade(
    monkeypatch: pytest.MonkeyPatch, floor: Floor
) -> None:
    """Until the contract's end the venue shows a status that nobody knows: a person is called, the position looked after on."""
    floor.exit_fraction = (
        None  # at the contract's end the exit is cancelled, while the venue's own day goes on
    )
    monkeypatch.setattr(timing, "CANCEL_PAUSES", (*timing.CANCEL_PAUSES[:5], timedelta(hours=2)))
    contract = replace(CONTRACT, expiry=next_trading_day(new_york_date(clock.now())), strike=Decimal(600))
    await floor.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20", ask_size=2)
    await floor.fault(kind="unknown-status", method="GET", path="*/orders/507340101", count=None)
    await floor.fault(
        kind="status",
        method="DELETE",
        path="*/orders/507340101",
        status=422,
        code="cannot_update_order",
        count=None,
    )
    trade = await floor.alert(f"BTO SPY {contract.expiry:%m/%d/%Y} 600c @ 1.20")
    view = await trade.result()
    assert (view.outcome, view.bought) == (Outcome.EXPIRED, 2)
    assert [
        event
        for event in await floor.events(trade)
        if event.kind == "warning" and "a person must take over" in event.text
    ]
    await floor.control.cancel(floor.order_ids("e")[0])
    await eventually(
        lambda: floor.venue.exchange.orders[floor.order_ids("e")[0]].status.terminal, "its end at the venue"
    )


async def test_a_person_is_called_again_while_an_exit_is_refused_on(floor: Floor) -> None:
    """EXT-40, DUR-40: after five refusals, when the tries become slow, and every day after that: one page in a bad hour can be missed."""
    floor.exit_fraction = None  # the venue refuses 61 of them, which takes as long as the machine needs
    await floor.quote("1.20", "1.20")
    await floor.fault(
        kind="status",
        method="POST",
        path="*/orders",
        client_id="*-x*",
        status=422,
        code="margin_check_failed",
        count=61,
    )
    trade = await floor.alert()
    await floor.until(trade, "protected at last", exits_working=2)
    calls = [event.text for event in await floor.events(trade) if "times in a row" in event.text]
    assert [text.partition(" times")[0].rpartition(" ")[2] for text in calls] == ["5", "12", "60"]


def test_an_exit_that_is_refused_for_two_years_fits_into_a_history() -> None:
    """DUR-40: Temporal ends a workflow at some fifty thousand events, whatever it holds; each try is about thirty, cards included."""
    began = now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    tries = 0
    while now < began + timedelta(days=730):
        pause = timing.EXIT_BACKOFF[min(tries, len(timing.EXIT_BACKOFF) - 1)]
        now += min(pause, BY_RULE.next_open(now) - now)
        tries += 1
    assert tries * 30 < 40_000
