"""Accounts, and a round of housekeeping, to record: entries admitted and denied, halts, days, fresh starts.

The server they run on suggests a continue-as-new after `RUN` events, so that continue-as-new takes minutes
instead of a day.
"""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

from temporalio import activity
from temporalio.client import Client, WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from alert_trader import clock
from alert_trader.activities.housekeeping import (
    ARCHIVE_PAGE,
    CLEAN_UP,
    CleanUpRequest,
    HousekeepingCounts,
    PageRequest,
    PageResult,
)
from alert_trader.activities.messages import DIFFERENCES_SIGNAL, RELEASE_SIGNAL
from alert_trader.control.commands import account_commands, trade_commands
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.account import Account, new_account
from alert_trader.domain.account.reconciliation import Difference, DifferenceKind
from alert_trader.domain.account.reservation import OpenTrade
from alert_trader.domain.account.trading_state import AccountState, TradingStateCommand
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import WorkflowId, account_workflow_id
from alert_trader.domain.money import Usd
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.runtime.local.temporal_server import find_binary
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.housekeeping import (
    HOUSEKEEPING_QUEUE,
    HOUSEKEEPING_WORKFLOW,
    HousekeepingWorkflow,
    Round,
)
from alert_trader.workflows.interface import ACCOUNT_WORKFLOW, AccountRequest, Carried, Command, task_queue
from tests.replay.people import begun, held
from tests.support.cluster import Trade, WorkerSlot
from tests.support.waiting import eventually

RUN = 130
"""Events after which a run is suggested to start afresh."""

GONE = WorkflowId("trade-golden-gone")
"""A trade that an account remembers and that cannot be reached."""

ME = Command(by="recorder", reason="enough")


@contextlib.asynccontextmanager
async def server() -> AsyncIterator[str]:
    """Run a server whose runs are short; returns its address."""
    settings = (f"limit.historyCount.suggestContinueAsNew={RUN}", "history.transferProcessorMaxPollRPS=1000")
    values = [part for each in settings for part in ("--dynamic-config-value", each)]
    binary = str(find_binary(None))
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary, data_converter=DATA_CONVERTER, dev_server_extra_args=values
    ) as running:
        yield running.client.service_client.config.target_host


async def lived(slot: WorkerSlot) -> list[Trade]:
    """Let entries are admitted and deny them, change a limit, halt, resume, flatten.

    Returns the trades that heard of it.
    """
    client, number = slot.cluster.client, slot.settings.account
    await slot.start_worker()
    flattened = await held(await begun(slot, "flattened"))
    halted = await begun(slot, "halted", bid="1.10", ask="1.30")
    await halted.order("e1")
    await account_commands.halt(client, number, by="recorder", reason="odd fills")
    assert (await halted.result()).outcome is Outcome.UNFILLED
    denied = await begun(slot, "denied-by-halt")
    assert (await denied.result()).outcome is Outcome.DENIED
    await account_commands.resume(client, number, by="recorder", changed="repaired")
    await account_commands.change_limits(
        client, number, by="recorder", reason="a quiet day", changes={"max_open_trades": "1"}
    )
    assert (await (await begun(slot, "denied-by-limit")).result()).outcome is Outcome.DENIED
    await account_queries.preflight(client, number)
    await account_queries.positions(client, number)
    await account_queries.orders(client, number)
    await account_commands.flatten(client, number, by="recorder", reason="enough for today")
    await flattened.result()
    await _stands(slot, AccountState.HALTED)
    return [flattened, halted, denied]


async def next_day(slot: WorkerSlot) -> None:
    """Begin a day after one that ended halted; resume, explain a difference, take settings over."""
    client, number = slot.cluster.client, slot.settings.account
    memory = _yesterday(slot, TradingStateCommand.HALT)
    await _start(slot, memory)
    await account_commands.resume(client, number, by="recorder", changed="it is another day")
    extra = Difference(kind=DifferenceKind.EXTRA, what="SPY   261218C00600000", expected=0, found=1)
    await client.get_workflow_handle(account_workflow_id(number)).signal(DIFFERENCES_SIGNAL, [extra])
    await account_commands.explain(client, number, by="recorder", reason="bought by hand")
    await _bought_and_closed(slot)


async def flattening(slot: WorkerSlot) -> None:
    """Continue to flatten after a continue-as-new.

    The trade that is left cannot be reached, and is released at last.
    """
    memory = _yesterday(slot, TradingStateCommand.FLATTEN)
    memory.trades[GONE] = OpenTrade(
        trade=GONE,
        author="11",
        symbol="SPY   261218C00600000",
        contract="SPY 600C 2026-12-18",
        quantity=1,
        reserved=Usd(Decimal(100)),
        notional=Usd(Decimal(100)),
        admitted_at=clock.now() - timedelta(days=1),
        day=memory.day.date,
    )
    await _start(slot, memory)
    await slot.cluster.client.get_workflow_handle(account_workflow_id(slot.settings.account)).signal(
        RELEASE_SIGNAL, GONE
    )
    await _stands(slot, AccountState.HALTED)


ACCOUNTS = (next_day, flattening)
"""Accounts of one run, each named as its scenario."""


async def chain(slot: WorkerSlot) -> list[WorkflowHistory]:
    """Return every run of a worker slot's account, the oldest first."""
    client = slot.cluster.client
    name = account_workflow_id(slot.settings.account)
    runs = [each async for each in client.list_workflows(f"WorkflowId = '{name}'")]
    ordered = sorted(runs, key=lambda each: each.start_time)
    return [await client.get_workflow_handle(name, run_id=each.run_id).fetch_history() for each in ordered]


async def housekeeping(client: Client) -> WorkflowHistory:
    """Go one round of housekeeping, of two pages."""

    @activity.defn(name=ARCHIVE_PAGE)
    async def sweep(request: PageRequest) -> PageResult:
        return PageResult(
            counts=HousekeepingCounts(seen=100, archived=3), token="more" if request.token is None else None
        )

    @activity.defn(name=CLEAN_UP)
    async def tidy(request: CleanUpRequest) -> HousekeepingCounts:
        return HousekeepingCounts(compacted=int(request.complete))

    async with Worker(
        client,
        task_queue=HOUSEKEEPING_QUEUE,
        workflows=[HousekeepingWorkflow],
        activities=[sweep, tidy],
        workflow_runner=sandbox(),
    ):
        handle = await client.start_workflow(
            HOUSEKEEPING_WORKFLOW, Round(), id="golden-housekeeping", task_queue=HOUSEKEEPING_QUEUE
        )
        await handle.result()
    return await handle.fetch_history()


def _yesterday(slot: WorkerSlot, order: TradingStateCommand) -> Account:
    """Remember a day before that ended with an order."""
    then = clock.now() - timedelta(days=1)
    memory = new_account(slot.settings.limits(), then)
    memory.open_day(Usd(Decimal(60_000)), then)
    memory.change_state(order, then, by="recorder", reason="yesterday's")
    return memory


async def _start(slot: WorkerSlot, memory: Account) -> None:
    """Start an account's next run as continue-as-new would, and the worker that finds it; its day begins."""
    limits, number = slot.settings.limits(), slot.settings.account
    request = AccountRequest(
        account=number,
        mode=Mode.DEMO,
        limits=limits,
        carried=Carried(account=memory, notified=memory.recorded),
    )
    client = slot.cluster.client
    await client.start_workflow(
        ACCOUNT_WORKFLOW, request, id=account_workflow_id(number), task_queue=task_queue(number)
    )
    await slot.start_worker()

    async def begun_day() -> bool:
        return (await account_queries.account_view(client, number)).reference is not None

    await eventually(begun_day, "the day to begin", within=30, every=0.2)


async def _stands(slot: WorkerSlot, state: AccountState) -> None:
    async def there() -> bool:
        return (await account_queries.account_view(slot.cluster.client, slot.settings.account)).state is state

    await eventually(there, f"the account to be {state}", within=60, every=0.2)


async def _bought_and_closed(slot: WorkerSlot) -> None:
    trade = await begun(slot, f"of-{slot.number}")
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    await trade_commands.close(slot.cluster.client, trade.id, ME)
    await trade.result()
