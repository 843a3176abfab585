"""Exits under faults: no fault of one exit, or of another order, delays the next exit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.domain.market.calendar import new_york_date, next_trading_day
from alert_trader.domain.market.trading_hours import BY_RULE
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.workflows import timing
from alert_trader.workflows.interface import Command
from tests.support.harness import CONTRACT, Harness
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


async def refusals(harness: Harness, handle: WorkflowHandle) -> int:  # type: ignore[type-arg]
    """Count the exits that the venue has refused."""
    return (await harness.kinds(handle)).count("exit_rejected")


async def _at_least(harness: Harness, trade: WorkflowHandle, number: int) -> bool:  # type: ignore[type-arg]
    return await refusals(harness, trade) >= number


async def test_a_new_fill_retries_a_rejected_exit_at_once(env: WorkflowEnvironment, harness: Harness) -> None:
    """The first slice's exit was refused six times and pauses.

    The next slice is offered as soon as it is known (EXT-40).
    """
    harness.exit_fraction = None  # the venue refuses the first ones
    await harness.quote("1.10", "1.30")
    await harness.fault(**REFUSED, count=6)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        await harness.control.fill(harness.order_ids("e")[0], 2, "1.20")
        await harness.until(trade, "the first slice", bought=2)

        async def refused() -> bool:
            await forward(
                env, trade, timedelta(seconds=0.5)
            )  # far less than the pause that follows the sixth
            return await _at_least(harness, trade, 6)

        await eventually(refused, "six refusals", within=20)
        await harness.control.fill(harness.order_ids("e")[0], 2, "1.20")
        await eventually(lambda: harness.order_ids("x"), "the exit of both slices", within=4)
        await harness.until(trade, "protected", exits_working=2)


async def test_a_stalled_exit_does_not_delay_the_exit_of_the_next_fill(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The first slice's exit hangs at the venue.

    The second slice's exit is there before anybody knows what became of it (EXT-40).
    """
    await harness.quote("1.10", "1.30")
    await harness.fault(kind="stall-after", method="POST", path="*/orders", client_id="*-x1", seconds=8)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        await harness.control.fill(harness.order_ids("e")[0], 2, "1.20")
        await eventually(lambda: harness.posts("x"), "the first exit on its way")
        await harness.control.fill(harness.order_ids("e")[0], 2, "1.20")
        await eventually(lambda: len(harness.order_ids("x")) == 2, "the second exit", within=1.5)
        await harness.until(trade, "protected", exits_working=2, unknown_orders=0)
        events = await harness.events(trade)
    assert [str(event.facts["limit"]) for event in events if event.kind == "exit_intended"] == [
        "2.40",
        "2.40",
    ]


async def test_a_filled_order_without_its_fills_is_read_again(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The venue says filled and shows no fill, and no report follows.

    The fill is read and protected within seconds, not at the bump.
    """
    await harness.control.adjust(
        Adjust(timing=harness.venue.exchange.config.timing.model_copy(update={"fills_lag": 0.4}))
    )
    await harness.fault(kind="stream-drop", path="Order", order_status="Live", count=None)
    await harness.fault(kind="stream-drop", path="Order", order_status="Filled", nth=2, count=None)
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        await harness.until(trade, "the limit", step="limit")
        await harness.control.fill(harness.order_ids("e")[0], 4, "1.20")
        view = await harness.until(trade, "protected", bought=4, exits_working=2)
    assert view.step == "limit"


async def test_no_exit_is_sent_after_the_last_session(harness: Harness) -> None:
    """The exit has expired when it is read after the close of the contract's last day.

    No other is sent for a contract that is over.
    """
    harness.exit_fraction = None
    contract = replace(CONTRACT, expiry=next_trading_day(new_york_date(clock.now())), strike=Decimal(600))
    await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20")
    # a daily check before the last one reads the exit twice
    earlier = 2 if new_york_date(BY_RULE.next_close(contract, clock.now())) < contract.expiry else 0
    await harness.fault(
        kind="unknown-status",
        method="GET",
        path="*/orders/507340102",
        word="Expired",
        nth=1 + earlier,
        count=None,
    )
    trade = await harness.alert(f"BTO SPY {contract.expiry:%m/%d/%Y} 600c @ 1.20")
    view = await trade.result()
    assert (view.outcome, len(harness.posts("x"))) == (Outcome.EXPIRED, 1)
    # only the reads said that it had expired
    await harness.control.cancel(harness.order_ids("x")[0])
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("x")[0]].status.terminal,
        "its end at the venue",
    )


async def test_an_entry_that_never_ends_does_not_keep_the_trade_open(
    monkeypatch: pytest.MonkeyPatch, harness: Harness
) -> None:
    """Until the contract's end the venue shows a status that nobody knows.

    A person is paged, the position looked after on.
    """
    harness.exit_fraction = (
        None  # at the contract's end the exit is cancelled, while the venue's own day continues
    )
    monkeypatch.setattr(timing, "CANCEL_PAUSES", (*timing.CANCEL_PAUSES[:5], timedelta(hours=2)))
    contract = replace(CONTRACT, expiry=next_trading_day(new_york_date(clock.now())), strike=Decimal(600))
    await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20", ask_size=2)
    await harness.fault(kind="unknown-status", method="GET", path="*/orders/507340101", count=None)
    await harness.fault(
        kind="status",
        method="DELETE",
        path="*/orders/507340101",
        status=422,
        code="cannot_update_order",
        count=None,
    )
    trade = await harness.alert(f"BTO SPY {contract.expiry:%m/%d/%Y} 600c @ 1.20")
    view = await trade.result()
    assert (view.outcome, view.bought) == (Outcome.EXPIRED, 2)
    assert [
        event
        for event in await harness.events(trade)
        if event.kind == "warning" and "was never reported as ended" in event.text
    ]
    await harness.control.cancel(harness.order_ids("e")[0])
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("e")[0]].status.terminal,
        "its end at the venue",
    )


async def test_a_person_is_paged_again_while_an_exit_is_rejected(harness: Harness) -> None:
    """EXT-40, DUR-40: after five refusals, when the tries become slow, and every day after that.

    One page in a bad hour can be missed.
    """
    harness.exit_fraction = None  # the venue refuses 61 of them, which takes as long as the machine needs
    await harness.quote("1.20", "1.20")
    await harness.reject_orders("*-x*", times=61)
    trade = await harness.alert()
    await harness.until(trade, "protected at last", exits_working=2)
    calls = [event.text for event in await harness.events(trade) if "times in a row" in event.text]
    assert [text.partition(" times")[0].rpartition(" ")[2] for text in calls] == ["5", "12", "60"]


def test_an_exit_rejected_for_two_years_fits_into_a_history() -> None:
    """DUR-40: Temporal ends a workflow at some fifty thousand events, whatever it holds.

    Each try is about thirty, cards included.
    """
    began = now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    tries = 0
    while now < began + timedelta(days=730):
        pause = timing.EXIT_PAUSES[min(tries, len(timing.EXIT_PAUSES) - 1)]
        now += min(pause, BY_RULE.next_open(now) - now)
        tries += 1
    assert tries * 30 < 40_000
