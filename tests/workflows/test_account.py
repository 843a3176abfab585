"""The account and its trades: halts, flatten, re-posts, limits, and trading without an account."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from alert_trader import clock
from alert_trader.activities.account_client import KillSwitch
from alert_trader.control.commands import account_commands as control
from alert_trader.control.errors import NotFoundError, NotPossibleError
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reconciliation import DifferenceKind
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.policy import SafetyPolicy
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.simulators.venue.orders import Action
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows import timing
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness, open_harness, policy
from tests.support.waiting import eventually

HASTY = policy(safety=SafetyPolicy(late_fill_watch=timedelta(milliseconds=100)))
"""Rules of trades that are stopped in the middle of their ladder."""


@pytest.fixture
async def strict(env: WorkflowEnvironment) -> AsyncIterator[Harness]:
    """Open a harness whose account denies re-posts, and halts at a loss of a hundred dollars."""
    async with open_harness(env.client, limits=replace(Limits(), max_loss_per_day=Decimal(100))) as opened:
        yield opened
        await replays(opened)


async def replays(harness: Harness) -> None:
    """Check that the account's history replays on the present code (DUR-10)."""
    history = await harness.client.get_workflow_handle(account_workflow_id(harness.account)).fetch_history()
    replayer = Replayer(workflows=[AccountWorkflow], data_converter=DATA_CONVERTER, workflow_runner=sandbox())
    await replayer.replay_workflow(history)


async def shown(harness: Harness) -> AccountView:
    """Read the state of the account."""
    return await account_queries.account_view(harness.client, harness.account)


async def works(harness: Harness, handle: WorkflowHandle[Any, TradeView]) -> None:
    """Wait until a trade's entry works at the venue."""

    async def there() -> bool:
        return any(order.order_id and order.leg == "entry" for order in (await harness.view(handle)).orders)

    await eventually(there, "the entry to work")


async def denied(handle: WorkflowHandle[Any, TradeView]) -> str:
    """Wait for a trade that is denied, and give its reason."""
    view = await handle.result()
    assert view.outcome is Outcome.DENIED
    return view.reason or ""


async def test_a_halt_cancels_entries_and_keeps_exits(
    strict: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HLT-10, HLT-30, EXT-50: the answer says what was cancelled; what is held keeps its exit.

    A new alert is denied.
    """
    monkeypatch.setattr(
        timing, "HALT_RECEIPT_WITHIN", timedelta(seconds=20)
    )  # the cancel is over by then, however busy the machine is
    await strict.quote("1.20", "1.20")  # it is bought at once, and then held in real time
    held = await strict.alert(price="1.20", real_time=True)
    await strict.until(held, "bought", phase=Phase.HOLDING, exits_working=2)
    await strict.quote("1.00", "1.40")
    working = await strict.alert(price="1.21", rules=HASTY, real_time=True)
    await works(strict, working)
    receipt = await control.halt(strict.client, strict.account, by="ann", reason="odd fills")
    acknowledged = clock.now()
    assert (receipt.acknowledged, receipt.state, receipt.epoch) == (True, AccountState.HALTED, 1)
    assert [working.id in line for line in receipt.cancelled] == [True]
    assert [held.id in line for line in receipt.remaining] == [True]
    view = await working.result()
    assert view.outcome is Outcome.UNFILLED
    assert view.reason is not None
    assert view.reason.startswith(Code.ACCOUNT_HALTED)
    assert (await denied(await strict.alert(price="1.22"))).startswith(Code.ACCOUNT_HALTED)
    assert all(line.at <= acknowledged for line in strict.posts("e"))
    assert (await strict.view(held)).exits_working == 2
    again = await control.halt(strict.client, strict.account, by="ann", reason="still halted")
    assert again.cancelled == ()  # what an earlier halt cancelled is not repeated


async def test_only_a_person_with_a_reason_resumes(strict: Harness) -> None:
    """HLT-10: halting twice is halting once.

    Resuming names what changed, and an active account has nothing to resume.
    """
    for _ in range(2):
        await control.halt(strict.client, strict.account, by="ann", reason="odd fills")
    with pytest.raises(NotPossibleError, match="what has changed"):
        await control.resume(strict.client, strict.account, by="bob", changed="  ")
    answer = await control.resume(strict.client, strict.account, by="bob", changed="the feed is back")
    view = await shown(strict)
    assert (answer.done, view.state, view.epoch) == (True, AccountState.ACTIVE, 1)
    with pytest.raises(NotPossibleError, match="expected a halted account, found it active"):
        await control.resume(strict.client, strict.account, by="bob", changed="again")
    trade = await strict.alert()
    await strict.until(trade, "bought", phase=Phase.HOLDING)
    kinds = [event.kind for event in (await shown(strict)).events]
    assert kinds.count(EventKind.HALTED) == kinds.count(EventKind.RESUMED) == 1
    await eventually(
        lambda: any("the feed is back" in notice.text for notice in strict.heard.notices),
        "people to be notified",
    )


async def test_flatten_halts_and_closes_until_flat(strict: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """HLT-20: entries are cancelled, positions sold, the progress is recorded.

    The account stays halted when it is flat.
    """
    monkeypatch.setattr(
        timing, "HALT_RECEIPT_WITHIN", timedelta(seconds=20)
    )  # the cancel is over by then, however busy the machine is
    await strict.quote("1.20", "1.20")  # it is bought at once, and then held in real time
    held = await strict.alert(price="1.20", real_time=True)
    await strict.until(held, "bought", phase=Phase.HOLDING, exits_working=2)
    await strict.quote("1.00", "1.40")
    working = await strict.alert(price="1.21", rules=HASTY, real_time=True)
    await works(strict, working)
    await control.flatten(strict.client, strict.account, by="ann", reason="going home")
    assert (await shown(strict)).state in {AccountState.REDUCING, AccountState.HALTED}
    assert (await held.result()).outcome is Outcome.FLAT
    assert (await working.result()).outcome is Outcome.UNFILLED

    async def flat() -> bool:
        return (await shown(strict)).state is AccountState.HALTED

    await eventually(flat, "the account to be flat")
    view = await shown(strict)
    assert not view.open_trades
    assert view.committed == 0
    assert {EventKind.FLATTENING, EventKind.FLATTENED} <= {event.kind for event in view.events}
    assert (await denied(await strict.alert(price="1.23"))).startswith(Code.ACCOUNT_HALTED)


async def test_a_repost_is_denied_until_a_person_allows_it(strict: Harness) -> None:
    """RSK-30: the same author, contract and price again, whatever became of the first.

    Allowed, it trades once.
    """
    first = await strict.alert()
    await strict.until(first, "bought", phase=Phase.HOLDING)
    again = await strict.alert()
    reason = await denied(again)
    assert reason.startswith(Code.ALERT_REPOSTED)
    assert again.id in reason
    with pytest.raises(NotPossibleError, match="is none"):
        await control.allow_repost(strict.client, strict.account, by="ann", reason="meant", trade=first.id)
    await control.allow_repost(strict.client, strict.account, by="ann", reason="meant", trade=again.id)
    third = await strict.alert()
    await strict.until(third, "bought", phase=Phase.HOLDING)
    assert (await denied(await strict.alert())).startswith(Code.ALERT_REPOSTED)


async def test_the_days_loss_halts_the_account(strict: Harness) -> None:
    """RSK-20, HLT-10: a position sold at a loss above the limit halts it, pages.

    Cancels working entries.
    """
    await strict.quote("1.20", "1.20")  # it is bought at once, and then held in real time
    first = await strict.alert(real_time=True)
    await strict.until(first, "bought", phase=Phase.HOLDING, exits_working=2)
    await strict.quote("0.80", "1.60")
    working = await strict.alert(price="1.21", rules=HASTY, real_time=True)
    await works(strict, working)
    await strict.client.get_workflow_handle(first.id).signal("close_now", {"by": "ann", "reason": "out"})
    assert (await first.result()).pnl == Decimal(-160)
    assert (await working.result()).outcome is Outcome.UNFILLED
    view = await shown(strict)
    assert (view.state, view.halted_by) == (AccountState.HALTED, "the daily loss limit")
    assert view.realised_today == Decimal(-160)
    await eventually(
        lambda: any("dollars lost today" in notice.text for notice in strict.heard.notices),
        "people to be paged",
    )


async def test_limits_change_while_trades_run(strict: Harness) -> None:
    """RSK-20: recorded with diff and reason.

    The next entry is held against them, and may get fewer contracts than it was sized for.
    """
    receipt = await control.change_limits(
        strict.client,
        strict.account,
        by="ann",
        reason="a quiet day",
        changes={"max_contracts": "3", "max_open_trades": "1"},
    )
    assert [str(each) for each in receipt.changes] == ["max_contracts: 10 -> 3", "max_open_trades: 50 -> 1"]
    await strict.quote("1.20", "1.20")  # it is bought at once, and then held in real time
    trade = await strict.alert(real_time=True)
    view = await strict.until(trade, "bought", phase=Phase.HOLDING, bought=3)
    assert [
        event.facts.get("quantity")
        for event in await strict.events(trade)
        if event.kind is EventKind.ADMITTED
    ] == ["3"]
    assert view.quantity == 4
    assert (await denied(await strict.alert(price="1.19"))).startswith(Code.LIMIT_OPEN_TRADES)
    for changes, words in (
        ({"max_contracts": "x"}, "a whole number"),
        ({"nothing": "1"}, "one of max_contracts"),
    ):
        with pytest.raises(NotPossibleError, match=words):
            await control.change_limits(
                strict.client, strict.account, by="ann", reason="odd", changes=changes
            )
    with pytest.raises(NotPossibleError, match="the reason"):
        await control.change_limits(
            strict.client, strict.account, by="ann", reason="", changes={"max_contracts": "1"}
        )
    assert (await account_queries.limits(strict.client, strict.account)).max_contracts == 3


async def test_a_trade_reserves_and_releases(strict: Harness) -> None:
    """RSK-20: what it may spend while it buys, what it paid while it holds, nothing when it is over."""
    await strict.quote("1.00", "1.40")
    trade = await strict.alert(rules=HASTY, real_time=True)
    await works(strict, trade)
    view = await shown(strict)
    assert [(each.entering, each.quantity) for each in view.open_trades] == [(True, 4)]
    # 4 at the ceiling of 1.32, and fees of 1.20 each
    assert view.committed == Decimal("532.80")
    await command(trade, TradeCommand.CANCEL, Command(by="ann"))
    await trade.result()

    async def released() -> bool:
        return not (await shown(strict)).open_trades

    await eventually(released, "the release")
    assert (await shown(strict)).trades_today == 1


async def test_a_reservation_of_an_earlier_attempt_is_released(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    """RSK-20: a look that failed had asked the account.

    The try after it was stopped by the file, and asked nobody.
    """
    file = tmp_path / "stop"
    async with open_harness(env.client, stop=KillSwitch(file=file)) as harness:
        # the look takes as long as the account's answer
        await harness.fault(kind="stall-before", method="GET", path="*/orders", seconds=0.2, count=400)
        trade = await harness.alert(rules=HASTY, real_time=True)
        await eventually(lambda: there(harness, 1), "the reservation")
        file.touch()
        await harness.control.clear_faults()
        assert (await denied(trade)).startswith(Code.STOPPED_BY_FILE)
        await eventually(lambda: there(harness, 0), "the release")


async def there(harness: Harness, trades: int) -> bool:
    """Return whether the account has so many open trades."""
    return len((await shown(harness)).open_trades) == trades


async def test_without_its_account_nothing_is_bought_and_exits_work(env: WorkflowEnvironment) -> None:
    """EXT-50: without the account's workflow a position can be closed, and a new alert is denied."""
    async with open_harness(env.client) as harness:
        await harness.quote("1.20", "1.20")  # it is bought at once, and then held in real time
        held = await harness.alert(real_time=True)
        await harness.until(held, "bought", phase=Phase.HOLDING, exits_working=2)
        working = harness.client.get_workflow_handle(account_workflow_id(harness.account))
        await working.terminate("a test")
        reason = await denied(await harness.alert(price="1.19"))
        assert reason.startswith(Code.ACCOUNT_UNREACHABLE)
        await command(held, TradeCommand.CLOSE, Command(by="ann", reason="out"))
        assert (await held.result()).outcome is Outcome.FLAT
        with pytest.raises(NotFoundError):
            await control.resume(harness.client, harness.account, by="ann", changed="nothing")


async def test_an_account_without_a_workflow_is_reported(env: WorkflowEnvironment) -> None:
    """The interfaces say what to do where no worker has run for an account."""
    for ask in (account_queries.account_view, account_queries.positions):
        with pytest.raises(NotFoundError, match="has no workflow"):
            await ask(env.client, AccountNumber("5WT77777"))


async def test_the_account_view_has_positions_and_orders(strict: Harness) -> None:
    """Positions, working orders and the preflight come through the account's workflow.

    No interface asks the broker.
    """
    await strict.quote("1.20", "1.20")  # it is bought at once, and then held in real time
    trade = await strict.alert(real_time=True)
    await strict.until(trade, "bought", phase=Phase.HOLDING, exits_working=2)
    assert [
        (each.symbol, each.quantity)
        for each in await account_queries.positions(strict.client, strict.account)
    ] == [(strict.symbol, 4)]
    orders = await account_queries.orders(strict.client, strict.account)
    assert [(each.client_order_id or "").rpartition("-")[2] for each in orders] == ["x1"]
    checks = await account_queries.preflight(strict.client, strict.account)
    assert {each.name for each in checks} >= {
        "token",
        "scopes",
        "whitelist",
        "account",
        "clock",
        "session",
        "order stream",
    }
    assert all(each.ok for each in checks)


async def test_unexplained_contracts_block_entries(
    strict: Harness,
) -> None:
    """UNK-60: a position of somebody else's order is shown and paged; its order is reported and left alone.

    Explained, entries are admitted.
    """
    order = await strict.control.app_order(strict.account, strict.symbol, Action.BUY_TO_OPEN, 2, limit="1.30")
    await eventually(
        lambda: any("Foreign order" in notice.title for notice in strict.heard.notices),
        "people to hear of the order",
    )
    await strict.control.drop_streams()

    async def found() -> bool:
        return bool((await shown(strict)).differences)

    await eventually(found, "the difference to be found")
    view = await shown(strict)
    assert [(each.kind, each.expected, each.found) for each in view.differences] == [
        (DifferenceKind.EXTRA, 0, 2)
    ]
    assert [each.order_id for each in view.foreign_orders] == [str(order)]
    assert (await denied(await strict.alert())).startswith(Code.ACCOUNT_DIFFERENCE)
    with pytest.raises(NotPossibleError, match="what explains"):
        await control.explain(strict.client, strict.account, by="ann", reason=" ")
    await control.explain(strict.client, strict.account, by="ann", reason="bought by hand")
    assert [each.explained_by for each in (await shown(strict)).differences] == ["ann"]
    trade = await strict.alert()
    await strict.until(trade, "bought", phase=Phase.HOLDING)
    assert any("disagree" in notice.text for notice in strict.heard.notices)
