"""Trades that are broken on purpose: noticed, paged, shown, repaired, and finished with all their exits."""

import asyncio
import contextlib
import functools
import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic_core import to_jsonable_python
from rich.console import Console
from temporalio import workflow
from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from alert_trader import clock
from alert_trader.activities import trade_watch
from alert_trader.activities.messages import Level, WatchRequest
from alert_trader.activities.stuck_workflows import read_paused_as_running
from alert_trader.activities.trade_watch import TradeWatch
from alert_trader.bot.cards import CardActivity
from alert_trader.bot.stuck_cards import StuckCards
from alert_trader.cli import trade_display
from alert_trader.cli.doctor_stuck import examine_stuck
from alert_trader.cli.repair import show_plan
from alert_trader.control.commands.repair import RepairKind, RepairPlan, plan_repair, repair
from alert_trader.control.errors import NotPossibleError
from alert_trader.control.queries import history, trade_views
from alert_trader.control.queries.account import account_view
from alert_trader.control.queries.stuck import marked, stuck_workflows
from alert_trader.control.start_trade import start_trade
from alert_trader.domain.account import stuck
from alert_trader.domain.account.reconciliation import DifferenceKind
from alert_trader.domain.account.stuck import StuckKind
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.settings.load import load
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.interface import Command, TradeRequest, cards_queue
from alert_trader.workflows.trade.order_manager import OrderManager
from alert_trader.workflows.trade.workflow import TradeWorkflow
from tests.support.discord_client import ALERTS, Listener, connected, open_chat
from tests.support.harness import AUTHOR, CHANNEL, GUILD, Harness, Heard, policy
from tests.support.waiting import eventually

Trade = WorkflowHandle[Any, TradeView]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The SDK drops a workflow whose task failed, with its coroutines as they are: Python complains of those."""

COMMAND = Command(by="a tester", reason="it was broken on purpose")


@pytest.fixture(autouse=True)
def _looks_often(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look twice a second, but where it is measured how soon a trade is noticed."""
    if "within_30_s" not in request.node.name:
        monkeypatch.setattr(trade_watch, "EVERY", timedelta(seconds=0.5))


def change_code(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Change a step of trades without a patch, for workers and for replays: it begins with a memo."""
    before = getattr(TradeWorkflow, step)

    async def changed(running: TradeWorkflow) -> Any:
        workflow.upsert_memo({"changed": step})
        return await before(running)

    monkeypatch.setattr(TradeWorkflow, step, changed)
    # the replay of a person reads the code again, and would not find the change
    monkeypatch.setattr(history, "Replayer", functools.partial(Replayer, workflow_runner=sandbox()))


async def holding(harness: Harness, name: str, *, cards: bool = False) -> Trade:
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
    request = TradeRequest(alert=message, policy=policy(cards=cards), account=harness.account)
    started = await start_trade(harness.client, request)
    handle: Trade = harness.client.get_workflow_handle(started.workflow_id, result_type=TradeView)
    harness.handles.append(handle)
    await harness.until(handle, "protected", phase=Phase.HOLDING, exits_working=2)
    return handle


@dataclass
class Broken:
    """A bug in the code that applies order reports, in every worker of this process."""

    now: bool = True

    @classmethod
    def code(cls, monkeypatch: pytest.MonkeyPatch) -> "Broken":
        """Break it."""
        broken, good = cls(), OrderManager.apply_report

        def apply_report(manager: OrderManager, *args: Any) -> Any:
            if broken.now:
                raise RuntimeError("a bug")
            return good(manager, *args)

        monkeypatch.setattr(OrderManager, "apply_report", apply_report)
        return broken


async def fill_one(harness: Harness) -> None:
    """Fill one of the two contracts that the exit sells; its report is what a broken trade fails at."""
    await harness.quote("2.40", "2.45", bid_size=1)


async def close(harness: Harness, trade: Trade) -> TradeView:
    """Close a trade, and return what became of it."""
    await harness.quote("2.40", "2.45")
    await trade.signal("close", COMMAND)
    again: Trade = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
    harness.handles[-1] = again
    return await again.result()


def pages(harness: Harness, says: str) -> list[str]:
    """Return the pages whose title says this."""
    return [each.note for each in harness.heard.notices if each.level is Level.PAGE and says in each.title]


async def paged(harness: Harness) -> str:
    """Wait for the page of a stuck trade, and return it."""
    await eventually(lambda: pages(harness, "is stuck"), "a page", within=30)
    return pages(harness, "is stuck")[0]


async def recorded(harness: Harness, kind: EventKind) -> list[TradeEvent]:
    """Return the events of a kind in the account's audit trail."""
    view = await account_view(harness.client, harness.account)
    return [each for each in view.events if each.kind is kind]


async def shown(harness: Harness, plan: RepairPlan | None = None) -> str:
    """Return what `trader list` prints, and `trader repair` of a plan."""
    written = io.StringIO()
    console = Console(file=written, width=250)
    found = await stuck_workflows(harness.client, harness.account)
    only = trade_views.Filter(account=harness.account, open_only=True)
    rows = await trade_views.list_trades(harness.client, only, limit=20, views=False)
    console.print(trade_display.trades_table(marked(rows, found)))
    trade_display.show_stuck(console, found)
    if plan is not None:
        show_plan(console, plan)
    return written.getvalue()


async def examined(harness: Harness) -> tuple[bool, str, str]:
    """Return the one finding of `trader doctor` about stuck trades."""
    flags = {"mode": "demo", "tastytrade_account": harness.account}
    in_force = load(environment={}, flags=flags).settings
    [finding] = await examine_stuck(harness.client, in_force)
    return finding.ok, finding.found, finding.fix


async def test_a_failing_trade_is_noticed_within_30_s_and_repaired(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """People are paged once, and once when it runs again; list and doctor name it; its exits continue."""
    with env.with_time_skipping_disabled():
        assert await examined(harness) == (True, "none", "")
        trade = await holding(harness, "noticed")
        broken = Broken.code(monkeypatch)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await fill_one(harness)
        note = await paged(harness)
        assert loop.time() - began < 30
        contract = " ".join(harness.symbol.split())
        assert "RuntimeError: a bug" in note
        assert f"{contract}: 4 held by its last report, 3 in the account" in note
        assert "Working at the broker: Sell to Close 1 at 2.40 (noticed-x1)" in note
        assert "trader repair trade-noticed" in note
        ok, found, fix = await examined(harness)
        assert (ok, fix) == (False, "trader repair trade-noticed")
        assert "trade-noticed" in found
        assert "a bug" in found
        assert "noticed-x1" in found
        printed = await shown(harness)
        assert "STUCK" in printed
        assert "Repair: trader repair trade-noticed" in printed
        broken.now = False
        plan = await plan_repair(harness.client, "noticed")
        assert (plan.kind, [str(each.client_order_id) for each in plan.orders]) == (
            RepairKind.RESET,
            ["noticed-x1"],
        )
        assert "reset: the installed code replays its history up to the task that fails" in await shown(
            harness, plan
        )
        done = await repair(harness.client, plan, COMMAND)
        assert done.well
        await eventually(lambda: pages(harness, "runs again"), "the end of it", within=20)
        assert (len(pages(harness, "is stuck")), len(pages(harness, "runs again"))) == (1, 1)
        assert await examined(harness) == (True, "none", "")
        harness.handles[-1] = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        await harness.until(harness.handles[-1], "the exit's fill to be known", sold=1, exits_working=1)
        events = await recorded(harness, EventKind.REPAIR)
        assert [each.facts["by"] for each in events] == ["a tester", "a tester"]
        assert [each.facts["reason"] for each in events] == [COMMAND.reason] * 2
        assert "was reset to event" in events[1].text
        assert [len(await recorded(harness, kind)) for kind in (EventKind.STUCK, EventKind.RECOVERED)] == [
            1,
            1,
        ]
        with pytest.raises(NotPossibleError, match="is not stuck"):
            await plan_repair(harness.client, "noticed")
        view = await close(harness, trade)
    assert (view.outcome, view.bought, view.sold, view.position) == (Outcome.FLAT, 4, 4, 0)
    assert (len(harness.order_ids("e")), harness.fills("x")) == (1, 4)


async def test_a_trade_whose_history_does_not_replay_is_reset_to_where_it_does(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """The code of holding was changed without a patch: the trade holds on with the changed code."""
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "changed")
        await fill_one(harness)
        await harness.until(trade, "the first fill", sold=1, exits_working=1)
        await harness.quote("1.20", "1.20")
        broken = Broken.code(monkeypatch)
        change_code(monkeypatch, "_hold")
        await fill_one(harness)
        await paged(harness)
        broken.now = False
        plan = await plan_repair(harness.client, trade.id)
        assert plan.kind is RepairKind.RESET
        assert f"replays its history up to event {plan.event_id} of " in plan.why
        done = await repair(harness.client, plan, COMMAND)
        assert done.well
        again: Trade = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        await harness.until(again, "the fills from before and after", sold=2, exits_working=0)
        view = await close(harness, trade)
        # the harness replays it with the changed code, which is put back after that
    assert (view.outcome, view.bought, view.sold) == (Outcome.FLAT, 4, 4)
    assert (len(harness.order_ids("e")), harness.fills("x")) == (1, 4)


async def test_a_trade_that_replays_nowhere_after_its_entry_is_started_anew(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """DUR-10, EXT-10: with its recorded orders: none is cancelled or sent twice, and the exits continue."""
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "anew")
        before = await harness.events(trade)
        broken = Broken.code(monkeypatch)
        change_code(monkeypatch, "_size")
        await fill_one(harness)
        await paged(harness)
        broken.now = False
        plan = await plan_repair(harness.client, trade.id)
        assert plan.kind is RepairKind.RESTART
        assert "before its entry was sent" in plan.why
        assert "4 contracts held" in plan.effect or "3 contracts held" in plan.effect
        done = await repair(harness.client, plan, COMMAND)
        assert done.well
        assert "started anew" in done.text
        again: Trade = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        await harness.until(again, "the fill from before", sold=1, exits_working=1, phase=Phase.HOLDING)
        events = await harness.events(again)
        assert events[: len(before)] == before
        assert hash_chain.first_fault(trade.id, events) is None
        [noted] = [each for each in events if each.kind is EventKind.REPAIR]
        assert "by a tester: it was broken on purpose" in noted.text
        await eventually(lambda: pages(harness, "runs again"), "the end of it", within=20)
        account = await account_view(harness.client, harness.account)
        assert (account.differences, [each.position for each in account.open_trades]) == ((), [3])
        with pytest.raises(NotPossibleError, match="is not stuck"):
            await plan_repair(harness.client, trade.id)
        view = await close(harness, trade)
    assert (view.outcome, view.bought, view.sold, view.position) == (Outcome.FLAT, 4, 4, 0)
    assert (len(harness.order_ids("e")), harness.fills("x")) == (1, 4)


async def test_a_trade_is_handed_over_where_a_person_wants_it(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """No order is cancelled; the account names position and orders, and admits no entry."""
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "ended")
        broken = Broken.code(monkeypatch)
        await fill_one(harness)
        await paged(harness)
        broken.now = False
        plan = await plan_repair(harness.client, trade.id, hand_over=True)
        assert plan.kind is RepairKind.HAND_OVER
        done = await repair(harness.client, plan, COMMAND)
        assert done.well
        assert "terminated with 4 held and 1 working orders" in done.text
        view = await account_view(harness.client, harness.account)
        assert {each.kind: each.what for each in view.differences} == {
            DifferenceKind.ORDER_WITHOUT_TRADE: f"ended-x1 (order {harness.order_ids('x')[0]})",
            DifferenceKind.TRADE_ENDED: trade.id,
        }
        assert view.blocking
        with pytest.raises(NotPossibleError, match="is over"):
            await plan_repair(harness.client, trade.id)
    [exit_order] = harness.order_ids("x")
    assert not harness.venue.exchange.orders[exit_order].status.terminal
    # nothing manages it any more: neither its replay nor its end is the harness's to check
    harness.handles.clear()


async def test_a_paused_trade_is_named_and_unpaused(harness: Harness, env: WorkflowEnvironment) -> None:
    """A newer server can pause a workflow: that is no end of it, and a fill meanwhile is applied later."""
    read_paused_as_running()
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "paused")
        await harness.client.workflow_service.pause_workflow_execution(
            PauseWorkflowExecutionRequest(
                namespace=harness.client.namespace,
                workflow_id=trade.id,
                identity="somebody",
                reason="curious",
                request_id="pause",
            )
        )
        note = await paged(harness)
        assert note.startswith("Paused in Temporal since")
        assert "by somebody: curious" in note
        await fill_one(harness)
        [found] = await stuck_workflows(harness.client, harness.account)
        assert found.kind is StuckKind.PAUSED
        assert "STUCK" in await shown(harness)
        assert (await examined(harness))[0] is False
        plan = await plan_repair(harness.client, trade.id)
        assert plan.kind is RepairKind.UNPAUSE
        assert (await repair(harness.client, plan, COMMAND)).well
        await harness.until(trade, "the fill", sold=1, exits_working=1)
        await eventually(lambda: pages(harness, "runs again"), "the end of it", within=20)
        view = await close(harness, trade)
    assert (view.outcome, view.sold, harness.fills("x")) == (Outcome.FLAT, 4, 4)


async def test_people_are_paged_again_while_a_trade_is_stuck(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """Once every `PAGE_EVERY`, however often it is looked for; it is recorded once."""
    monkeypatch.setattr(stuck, "PAGE_EVERY", timedelta(seconds=3))
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "again")
        broken = Broken.code(monkeypatch)
        await fill_one(harness)
        await eventually(lambda: len(pages(harness, "is stuck")) == 3, "two more pages", within=30)
        [found] = (await account_view(harness.client, harness.account)).stuck
        assert found.paged_at is not None
        assert found.paged_at - found.since > timedelta(seconds=6)
        assert len(await recorded(harness, EventKind.STUCK)) == 1
        broken.now = False
        await repair(harness.client, await plan_repair(harness.client, trade.id), COMMAND)
        await close(harness, trade)


async def test_the_next_worker_does_not_page_again(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """The heartbeat of the activity carries when people were paged."""
    with env.with_time_skipping_disabled():
        trade = await holding(harness, "restart")
        broken = Broken.code(monkeypatch)
        await fill_one(harness)
        await paged(harness)
        beats: list[Any] = []
        heard = Heard()
        known = (await account_view(harness.client, harness.account)).stuck
        next_worker = ActivityEnvironment(client=harness.client)
        next_worker.info = replace(next_worker.info, heartbeat_details=[to_jsonable_python(known)])
        next_worker.on_heartbeat = lambda *details: beats.append(details)
        watch = TradeWatch(harness.gateway, harness.client, (heard,))
        request = WatchRequest(account=harness.account)
        running = asyncio.create_task(next_worker.run(watch.watch_trades, request))
        await eventually(lambda: len(beats) > 2, "two looks")
        next_worker.worker_shutdown()
        with pytest.raises(ApplicationError, match="another worker looks"):
            await running
        assert heard.notices == []
        assert [each.workflow_id for each in beats[-1][0]] == [trade.id]
        broken.now = False
        await repair(harness.client, await plan_repair(harness.client, trade.id), COMMAND)
        await close(harness, trade)


async def test_the_card_of_a_stuck_trade_says_so(
    monkeypatch: pytest.MonkeyPatch, harness: Harness, env: WorkflowEnvironment
) -> None:
    """The bot edits the card as it was shown last; the trade shows it again once it runs."""
    async with contextlib.AsyncExitStack() as opened:
        opened.enter_context(env.with_time_skipping_disabled())
        chat = await opened.enter_async_context(open_chat())
        listener = Listener()
        await opened.enter_async_context(connected(listener))
        cards = CardActivity(listener, int(ALERTS))
        await opened.enter_async_context(
            Worker(harness.client, task_queue=cards_queue(harness.account), activities=[cards.show_card])
        )
        marks = StuckCards(harness.client, harness.account, cards)
        trade = await holding(harness, "carded", cards=True)

        def card() -> dict[str, Any]:
            [found] = [each["embeds"][0] for each in chat.world.messages[ALERTS].values()]
            return dict(found)

        await eventually(lambda: chat.world.messages[ALERTS] and "holding" in card()["title"], "the card")
        broken = Broken.code(monkeypatch)
        await fill_one(harness)
        await paged(harness)
        await marks.look()
        assert "stuck: it can do nothing until it is repaired" in card()["title"]
        assert "trader repair" in card()["fields"][0]["value"].replace("\\", "")
        broken.now = False
        await repair(harness.client, await plan_repair(harness.client, trade.id), COMMAND)
        await marks.look()
        await eventually(
            lambda: "holding 3" in card()["title"].replace("\\", ""), "the usual card", within=20
        )
        await close(harness, trade)
