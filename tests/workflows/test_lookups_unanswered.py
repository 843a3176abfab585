"""An order with a lost answer that cannot be looked up for days: it counts as live."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.domain.market.calendar import new_york_date, next_trading_day
from alert_trader.domain.market.trading_hours import BY_RULE
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows import activity_options
from alert_trader.workflows.activity_options import ONCE, READ
from tests.support.harness import CONTRACT, Harness
from tests.support.virtual_time import forward, forward_to
from tests.support.waiting import eventually

NO_LIST = {"kind": "status", "method": "GET", "path": "*/orders", "status": 503, "count": None}
NO_READ = {"kind": "status", "method": "GET", "path": "*/orders/*", "status": 503, "count": None}
Trade = WorkflowHandle[Any, TradeView]


@pytest.fixture(autouse=True)
def one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for each read once: the server's retries of it would pass in real time."""
    monkeypatch.setattr(activity_options, "READ", replace(READ, retry=ONCE))


async def lose_entry(harness: Harness, kind: str, text: str | None = None) -> Trade:
    """Return a trade whose entry's answer is lost, and which nobody can look for."""
    harness.exit_fraction = None  # nobody knows of the fill before the venue answers
    await harness.quote("1.20", "1.20")
    await harness.control.mute_streams()
    await harness.fault(kind=kind, method="POST", path="*/orders", client_id="*-e1")
    trade = await harness.alert(text)
    await eventually(lambda: harness.posts("e"), "the entry to be sent")
    await harness.fault(**NO_LIST)
    await harness.fault(**NO_READ)
    await harness.until(trade, "the lost answer", unknown_orders=1)
    return trade


@pytest.mark.at("2035-05-11 15:00")  # a Friday
@pytest.mark.parametrize(
    ("kind", "bought"),
    [
        pytest.param("lost-after", 4, id="accepted and filled"),
        pytest.param("lost-before", 0, id="never accepted"),
    ],
)
async def test_an_entry_not_looked_up_over_a_weekend_stays_unknown(
    env: WorkflowEnvironment, harness: Harness, kind: str, bought: int
) -> None:
    """UNK-30, UNK-20, ENT-50: only a list that the venue gave settles it.

    A person is paged, and nothing is sent again.
    """
    with env.with_time_skipping_disabled():
        trade = await lose_entry(harness, kind)
        await forward_to(
            env,
            trade,
            BY_RULE.next_open(await env.get_current_time(trade) + timedelta(hours=27))
            + timedelta(minutes=90),
        )
        view = await harness.view(trade)
        assert (view.phase, view.unknown_orders, view.outcome) == (Phase.WATCHING, 1, None)
        assert "the outcome of" in (view.reason or "")
        events = await harness.events(trade)
        assert "not_found" not in [event.kind for event in events]
        called = {
            event.at.date() for event in events if event.kind == "warning" and "the outcome of" in event.text
        }
        assert len(called) >= 2
        await harness.control.clear_faults()
        await forward(env, trade, timedelta(hours=3), may_end=bought == 0)
        if bought > 0:
            await harness.until(
                trade, "found and protected", bought=4, exits_working=2, unknown_orders=0, phase=Phase.HOLDING
            )
        else:
            await harness.until(trade, "not there", unknown_orders=0)
            assert "not_found" in await harness.kinds(trade)
    assert len(harness.posts("e")) == 1


async def test_an_entry_not_looked_up_until_expiration_pages_a_person(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """UNK-30, DUR-40: the trade ends with its contract, says that the order was never seen to end.

    Has sent nothing again.
    """
    contract = replace(CONTRACT, expiry=next_trading_day(new_york_date(clock.now())), strike=Decimal(600))
    await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20")
    with env.with_time_skipping_disabled():
        trade = await lose_entry(harness, "lost-before", f"BTO SPY {contract.expiry:%m/%d/%Y} 600c @ 1.20")
        await forward(env, trade, timedelta(days=6), may_end=True)
    view = await trade.result()
    events = await harness.events(trade)
    assert (view.outcome, view.unknown_orders, len(harness.posts("e"))) == (Outcome.UNFILLED, 1, 1)
    assert "not_found" not in [event.kind for event in events]
    assert [
        event for event in events if event.kind == "warning" and "was never reported as ended" in event.text
    ]
    assert (await trade.describe()).history_length < 12_000


@pytest.mark.parametrize(
    "sending",
    [
        pytest.param(
            {"kind": "lost-after", "method": "POST", "path": "*/orders", "client_id": "*-x1"},
            id="its answer was lost",
        ),
        pytest.param(NO_LIST, id="no look for an earlier try was answered"),
    ],
)
async def test_an_exit_not_looked_up_for_days_exists_once(
    env: WorkflowEnvironment, harness: Harness, sending: dict[str, Any]
) -> None:
    """EXT-30, UNK-30: for four days nobody knows of the exit; a person is paged in the meantime.

    Then there is one, and not two.
    """
    harness.exit_fraction = None
    await harness.quote("1.19", "1.21")
    await harness.control.mute_streams()
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await eventually(lambda: harness.order_ids("e"), "the entry")
        await harness.until(trade, "the working entry", step="limit")
        await harness.fault(**sending)
        if sending is not NO_LIST:
            await harness.fault(**{**NO_LIST, "nth": 2})
        await harness.control.fill(harness.order_ids("e")[0], 4, "1.20")
        await forward(env, trade, timedelta(days=4))
        view = await harness.view(trade)
        assert (view.position, view.exits_working) == (4, 0)
        assert [
            event for event in await harness.events(trade) if event.kind == "warning" and "-x1" in event.text
        ]
        await harness.control.clear_faults()
        await forward(env, trade, timedelta(days=1))
        await harness.until(trade, "protected", exits_working=2, unknown_orders=0)
    assert len(harness.posts("x")) == 1
