"""Trades that are broken on purpose: noticed, paged, shown, repaired, and finished with all their exits."""

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import Level
from alert_trader.control.intake.start_trade import start_trade
from alert_trader.control.queries.account import account_view
from alert_trader.domain.account.stuck import StuckKind
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import TradeRequest
from alert_trader.workflows.trade.order_manager import OrderManager
from tests.support.harness import AUTHOR, CHANNEL, GUILD, Harness, policy
from tests.support.waiting import eventually

Trade = WorkflowHandle[Any, TradeView]


async def holding(harness: Harness, name: str) -> Trade:
    """Open a trade as the product does, and wait until it holds 4 contracts with 2 of them in an exit."""
    await harness.quote("1.20", "1.20")
    message = AlertMessage(
        message_id=message_id(name),
        text=f"BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20",
        author_id=AUTHOR,
        channel_id=CHANNEL,
        guild_id=GUILD,
        posted_at=clock.now(),
    )
    request = TradeRequest(alert=message, policy=policy(), account=harness.account)
    started = await start_trade(harness.client, request)
    handle: Trade = harness.client.get_workflow_handle(started.workflow_id, result_type=TradeView)
    harness.handles.append(handle)
    await harness.until(handle, "protected", phase=Phase.HOLDING, exits_working=2)
    return handle


class Broken:
    """A bug in the code that applies order reports; it can be mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Break the code of every worker of this process."""
        self.now = True
        good = OrderManager.apply_report

        def apply_report(manager: OrderManager, *args: Any) -> Any:
            if self.now:
                raise RuntimeError("a bug")
            return good(manager, *args)

        monkeypatch.setattr(OrderManager, "apply_report", apply_report)


def pages(harness: Harness, says: str) -> list[str]:
    """Return the pages whose title says this."""
    return [each.note for each in harness.heard.notices if each.level is Level.PAGE and says in each.title]


async def test_a_failing_trade_is_noticed_within_30_s(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """People are paged once, with what is held and what still works; and once when it runs again."""
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "noticed")
        broken = Broken(monkeypatch)
        loop = asyncio.get_running_loop()
        await harness.quote("2.40", "2.45", bid_size=1)  # one contract of the exit fills: a report
        began = loop.time()
        from alert_trader.activities.stuck_workflows import describe, find_stuck, _open_trades

        for _ in range(10):
            await asyncio.sleep(2)
            d = await describe(harness.client, trade.id)
            print(
                loop.time() - began,
                d.pending_workflow_task,
                d.workflow_execution_info.history_length,
                await find_stuck(harness.client, harness.account),
                await _open_trades(harness.client, harness.account),
            )
        await eventually(lambda: pages(harness, "is stuck"), "a page", within=30)
        took = loop.time() - began
        print(f"paged {took:.1f} s after the fill whose report fails")
        [note] = pages(harness, "is stuck")
        print(note)
        view = await account_view(harness.client, harness.account)
        print(view.stuck)
        print(view.events[-1])
        assert [each.kind for each in view.stuck] == [StuckKind.FAILING]
        broken.now = False
        await eventually(lambda: pages(harness, "runs again"), "the end of it", within=60)
        assert len(pages(harness, "is stuck")) == 1
        print(loop.time() - began, (await account_view(harness.client, harness.account)).events[-1])
