"""An account of which only the workflow is real, and whose clock a test moves."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from alert_trader.activities.messages import (
    ADMIT_SIGNAL,
    FOLLOW_ORDERS,
    NOTIFY,
    READ_ACCOUNT,
    WATCH_TRADES,
    AccountReading,
    AdmitAnswer,
    AdmitQuestion,
    FollowRequest,
    Notice,
    WatchRequest,
)
from alert_trader.activities.receipts import ReceiptFollower, read_receipt
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reservation import AdmitRequest, PositionReport
from alert_trader.domain.account.view import AccountView, LimitsReceipt
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber, ClientOrderId, WorkflowId
from alert_trader.domain.market.calendar import next_trading_day, session_opens_at
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.market.trading_hours import StatedSession
from alert_trader.domain.money import Price, Usd
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows import timing
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.interface import (
    ACCOUNT_VIEW_QUERY,
    ACCOUNT_WORKFLOW,
    LIMITS_SIGNAL,
    POSITION_SIGNAL,
    AccountRequest,
    Command,
    LimitsCommand,
)
from tests.support.commands import account_command
from tests.support.virtual_time import forward_to
from tests.support.waiting import eventually
from tests.support.workers import running

_numbers = itertools.count(1)
AT_ONCE = asyncio.Semaphore(8)  # more would reserve more than the buying power

LOOSE = Limits(
    max_trades_per_author=1000,
    max_trades_per_day=1000,
    max_orders_per_minute=1000,
    max_notional_per_day=Decimal(10**6),
)


@dataclass
class Broker:
    """The activities of an account, in the place of a broker and of people."""

    buying_power: Decimal = Decimal(5000)
    checks: tuple[Check, ...] = ()
    session: StatedSession | None = None
    readings: int = 0
    notices: list[Notice] = field(default_factory=list)

    @activity.defn(name=READ_ACCOUNT)
    async def read_account(self) -> AccountReading:
        """Return the buying power that the test has set."""
        self.readings += 1
        return AccountReading(buying_power=Usd(self.buying_power), checks=self.checks, session=self.session)

    @activity.defn(name=FOLLOW_ORDERS)
    async def follow_orders(self, request: FollowRequest) -> None:
        """End at once: a stream that is followed keeps the clock from continuing."""
        assert request.account

    @activity.defn(name=WATCH_TRADES)
    async def watch_trades(self, request: WatchRequest) -> None:
        """End at once, for the same reason."""
        assert request.account

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Keep the notices for people."""
        self.notices.append(notice)


class Clocked:
    """An account whose clock a test moves."""

    def __init__(self, env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], broker: Broker) -> None:
        """Move the clock of `handle`."""
        self.env, self.handle, self.broker = env, handle, broker
        self.follower = ReceiptFollower(env.client, handle.id)

    async def view(self) -> AccountView:
        """Return its state, once its new run has begun."""
        found: list[AccountView] = []

        async def answered() -> bool:
            try:
                found[:] = [await self.handle.query(ACCOUNT_VIEW_QUERY, result_type=AccountView)]
            except RPCError:
                return False
            return True

        await eventually(answered, "the account to answer")
        return found[0]

    async def until(self, moment: datetime) -> AccountView:
        """Move the clock to just after a moment.

        Return its state when its day has begun.
        """
        await forward_to(self.env, self.handle, moment + timedelta(seconds=5))
        view = await self.view()

        async def begun() -> bool:
            return (await self.view()).reference is not None

        await eventually(begun, "the day to begin")
        return view if view.reference is not None else await self.view()

    async def now(self) -> datetime:
        """Return the time of its clock."""
        return await self.env.get_current_time(self.handle)

    async def open(self, day: date) -> AccountView:
        """Go to half an hour after a day's open."""
        opens = session_opens_at(day)
        assert opens is not None
        return await self.until(opens + timedelta(minutes=30))

    async def start_new_run_at(self, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        """Start a new run of the workflow just after a moment.

        The next begins by itself a day later, whenever the test was started.
        """
        await self.until(moment)
        first = (await self.handle.describe()).run_id

        async def new_run() -> bool:
            return (await self.handle.describe()).run_id != first

        with monkeypatch.context() as changed, self.env.with_time_skipping_disabled():
            await self.begin_to_end_the_run(changed, "900")
            await eventually(new_run, "the new run")

    async def begin_to_end_the_run(self, changed: pytest.MonkeyPatch, limit: str) -> None:
        """Let the run be too long from the next command on."""
        changed.setattr(timing, "MAX_HISTORY", (await self.handle.describe()).history_length + 1)
        change = LimitsCommand(command=Command(by="ann", reason="-"), changes={"max_open_trades": limit})
        await account_command(self.handle, LIMITS_SIGNAL, change, LimitsReceipt)

    async def ask(self, request: AdmitRequest) -> AdmitAnswer:
        """Ask for an entry."""
        asked = AdmitQuestion(id=f"ask-{next(_numbers)}", request=request)
        async with AT_ONCE, self.follower.expecting(asked.id) as receipt:
            await self.follower.signal(ADMIT_SIGNAL, [asked])
            return read_receipt(await receipt, AdmitAnswer)

    async def trade(self, request: AdmitRequest) -> AdmitAnswer:
        """Carry a trade from its admission to its end."""
        answer = await self.ask(request)
        if answer.admitted is not None:
            bought = PositionReport(
                trade=request.trade,
                sequence=1,
                entering=False,
                bought=1,
                position=1,
                paid=Usd(Decimal(130)),
                realised=Usd(Decimal(0)),
            )
            await self.handle.signal(POSITION_SIGNAL, bought)
            await self.handle.signal(POSITION_SIGNAL, replace(bought, sequence=2, position=0, over=True))
        return answer


def ask(expiry: date, *, price: str | None = None, strike: int = 450) -> AdmitRequest:
    """Ask for one contract; at a price of its own where none is given."""
    number = next(_numbers)
    return AdmitRequest(
        trade=WorkflowId(f"trade-d{number}"),
        order=ClientOrderId(f"d{number}-e1"),
        author="11",
        contract=OptionContract(root="SPY", expiry=expiry, right=Right.CALL, strike=Decimal(strike)),
        alert_price=Price(Decimal(price) if price else Decimal(number) / 100),
        quantity=1,
        notional_each=Usd(Decimal(130)),
        cost_each=Usd(Decimal(131)),
        cost=Usd(Decimal(131)),
        buying_power=Usd(Decimal(5000)),
        read_at=datetime.fromisoformat("2020-01-01T00:00:00+00:00"),
    )


@contextlib.asynccontextmanager
async def account_of(env: WorkflowEnvironment, broker: Broker) -> AsyncIterator[Clocked]:
    """Run an account with the answers of `broker`, until left."""
    number = next(_numbers)
    queue, name = f"days-{number}", f"account-days-{number}"
    request = AccountRequest(account=AccountNumber(f"5WT{number:05}"), mode=Mode.DEMO, limits=LOOSE)
    works: list[Callable[..., Any]] = [
        broker.read_account,
        broker.follow_orders,
        broker.watch_trades,
        broker.notify,
    ]
    worker = Worker(
        env.client, task_queue=queue, workflows=[AccountWorkflow], activities=works, workflow_runner=sandbox()
    )
    async with running(worker):
        with env.with_time_skipping_disabled():
            await env.client.start_workflow(ACCOUNT_WORKFLOW, request, id=name, task_queue=queue)
        handle = env.client.get_workflow_handle(name)
        yield Clocked(env, handle, broker)
        await handle.terminate("the test is over")


async def following(clocked: Clocked) -> date:
    """Return the first trading day after the account's clock."""
    return next_trading_day((await clocked.view()).day)
