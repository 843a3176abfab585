"""The account over weeks: daily start, halts, re-posts until expiration, continue-as-new."""

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
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from alert_trader.activities.messages import (
    ADMIT_SIGNAL,
    DAY_QUERY,
    FOLLOW_ORDERS,
    NOTIFY,
    READ_ACCOUNT,
    AccountReading,
    AdmitAnswer,
    AdmitQuestion,
    DayAnswer,
    FollowRequest,
    Notice,
)
from alert_trader.activities.receipts import ReceiptFollower
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reservation import AdmitRequest, PositionReport
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt, LimitsReceipt
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber, ClientOrderId, WorkflowId
from alert_trader.domain.market.calendar import is_trading_day, next_trading_day, session_opens_at
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.market.trading_hours import StatedSession
from alert_trader.domain.money import Price, Usd
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows import timing
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.interface import (
    ACCOUNT_VIEW_QUERY,
    ACCOUNT_WORKFLOW,
    HALT_SIGNAL,
    LIMITS_SIGNAL,
    POSITION_SIGNAL,
    PREFLIGHT_SIGNAL,
    RESUME_SIGNAL,
    AccountRequest,
    Command,
    LimitsCommand,
)
from tests.support.commands import account_command
from tests.support.virtual_time import forward_to
from tests.support.waiting import eventually

_numbers = itertools.count(1)
AT_ONCE = asyncio.Semaphore(8)  # more would reserve more than the buying power
LONGEST = 3000
"""Events of one run: Temporal takes fifty thousand, and suggests a continue-as-new long before."""


LOOSE = Limits(
    max_trades_per_author=1000,
    max_trades_per_day=1000,
    max_orders_per_minute=1000,
    max_notional_per_day=Decimal(10**6),
)


@dataclass
class Broker:
    """What the account's activities read and tell, in the place of a broker and of people."""

    buying_power: Decimal = Decimal(5000)
    checks: tuple[Check, ...] = ()
    session: StatedSession | None = None
    readings: int = 0
    notices: list[Notice] = field(default_factory=list)

    @activity.defn(name=READ_ACCOUNT)
    async def read_account(self) -> AccountReading:
        """Tell the buying power."""
        self.readings += 1
        return AccountReading(buying_power=Usd(self.buying_power), checks=self.checks, session=self.session)

    @activity.defn(name=FOLLOW_ORDERS)
    async def follow_orders(self, request: FollowRequest) -> None:
        """End at once: a stream that is followed keeps the clock from continuing."""
        assert request.account

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Keep what people are notified."""
        self.notices.append(notice)


class Clocked:
    """An account whose clock a test moves."""

    def __init__(self, env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], broker: Broker) -> None:
        """Move `handle`'s clock."""
        self.env, self.handle, self.broker = env, handle, broker
        self.follower = ReceiptFollower(env.client, handle.id)

    async def view(self) -> AccountView:
        """Read the state of it, once its new run has begun."""
        found: list[AccountView] = []

        async def told() -> bool:
            try:
                found[:] = [await self.handle.query(ACCOUNT_VIEW_QUERY, result_type=AccountView)]
            except RPCError:
                return False
            return True

        await eventually(told, "the account to answer")
        return found[0]

    async def until(self, moment: datetime) -> AccountView:
        """Let the time continue until just after a moment.

        Give the state of it when its day has begun.
        """
        await forward_to(self.env, self.handle, moment + timedelta(seconds=5))
        view = await self.view()

        async def begun() -> bool:
            return (await self.view()).reference is not None

        await eventually(begun, "the day to begin")
        return view if view.reference is not None else await self.view()

    async def now(self) -> datetime:
        """Tell its clock."""
        return await self.env.get_current_time(self.handle)

    async def open(self, day: date) -> AccountView:
        """Go to half an hour after a day's open."""
        opens = session_opens_at(day)
        assert opens is not None
        return await self.until(opens + timedelta(minutes=30))

    async def afresh_at(self, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a new run begin just after a moment.

        The next begins by itself a day later, whenever the test was started.
        """
        await self.until(moment)
        first = (await self.handle.describe()).run_id

        async def fresh() -> bool:
            return (await self.handle.describe()).run_id != first

        with monkeypatch.context() as changed, self.env.with_time_skipping_disabled():
            await self.begin_to_end_the_run(changed, "900")
            await eventually(fresh, "the fresh start")

    async def begin_to_end_the_run(self, changed: pytest.MonkeyPatch, limit: str) -> None:
        """Let the run be too long from the next command on."""
        changed.setattr(timing, "MAX_HISTORY", (await self.handle.describe()).history_length + 1)
        change = LimitsCommand(command=Command(by="ann", reason="-"), changes={"max_open_trades": limit})
        await account_command(self.handle, LIMITS_SIGNAL, change, LimitsReceipt)

    async def ask(self, request: AdmitRequest) -> AdmitAnswer:
        """Ask for an entry."""
        asked = AdmitQuestion(id=f"ask-{next(_numbers)}", request=request)
        async with AT_ONCE:
            return await self.follower.send(ADMIT_SIGNAL, asked, asked.id, AdmitAnswer)

    async def trade(self, request: AdmitRequest) -> AdmitAnswer:
        """Live a trade from its admission to its end."""
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


@pytest.fixture
async def clocked(env: WorkflowEnvironment) -> AsyncIterator[Clocked]:
    """Start an account whose clock is fixed until it is moved."""
    async with account_of(env, Broker()) as opened:
        yield opened


@contextlib.asynccontextmanager
async def account_of(env: WorkflowEnvironment, broker: Broker) -> AsyncIterator[Clocked]:
    """Look after an account with what `broker` tells, until left."""
    number = next(_numbers)
    queue, name = f"days-{number}", f"account-days-{number}"
    request = AccountRequest(account=AccountNumber(f"5WT{number:05}"), mode=Mode.DEMO, limits=LOOSE)
    works: list[Callable[..., Any]] = [broker.read_account, broker.follow_orders, broker.notify]
    async with Worker(
        env.client, task_queue=queue, workflows=[AccountWorkflow], activities=works, workflow_runner=sandbox()
    ):
        with env.with_time_skipping_disabled():
            await env.client.start_workflow(ACCOUNT_WORKFLOW, request, id=name, task_queue=queue)
        handle = env.client.get_workflow_handle(name)
        yield Clocked(env, handle, broker)
        await handle.terminate("the test is over")


async def following(clocked: Clocked) -> date:
    """Return the first trading day after the account's clock."""
    return next_trading_day((await clocked.view()).day)


async def test_the_days_reference_is_the_buying_power_at_the_open(clocked: Clocked) -> None:
    """RSK-20: what is read before the open is read again at it.

    Then stays for the day whatever the account has.
    """
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    await clocked.until(opens - timedelta(hours=3))
    clocked.broker.buying_power = Decimal(4000)
    view = await clocked.open(day)
    assert (view.day, view.reference) == (day, Usd(Decimal(4000)))
    clocked.broker.buying_power = Decimal(100)
    assert (await clocked.until(opens + timedelta(hours=6))).reference == Decimal(4000)
    answer: DayAnswer = await clocked.handle.query(DAY_QUERY, result_type=DayAnswer)
    assert (answer.day, answer.fixed) == (day, True)


async def test_the_day_opens_at_the_brokers_session(clocked: Clocked) -> None:
    """RSK-20: an opening at 10:30 that no calendar knows.

    The buying power is that of then, and on a closed day nothing is read again.
    """
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    await clocked.until(opens - timedelta(hours=12))
    later = opens + timedelta(hours=1)
    clocked.broker.session = StatedSession(
        asked_at=opens - timedelta(hours=9), opens_at=later, closes_at=later + timedelta(hours=5)
    )
    clocked.broker.buying_power = Decimal(3000)
    assert (await clocked.until(opens + timedelta(minutes=30))).reference == Decimal(3000)
    answer: DayAnswer = await clocked.handle.query(DAY_QUERY, result_type=DayAnswer)
    assert not answer.fixed
    clocked.broker.buying_power = Decimal(2000)
    assert (await clocked.until(later)).reference == Decimal(2000)
    tomorrow = later + timedelta(days=3)
    clocked.broker.session = StatedSession(
        asked_at=later, opens_at=tomorrow, closes_at=tomorrow + timedelta(hours=5)
    )
    readings = clocked.broker.readings
    view = await clocked.until(opens + timedelta(days=1, hours=1))
    assert view.day == day + timedelta(days=1)
    assert clocked.broker.readings == readings + 1


async def test_a_halt_lasts_over_days_with_a_daily_reminder(clocked: Clocked) -> None:
    """HLT-10: over fresh starts, a weekend included, until a person resumes; nobody can forget it."""
    day = await following(clocked)
    await clocked.open(day)
    await account_command(clocked.handle, HALT_SIGNAL, Command(by="ann", reason="odd fills"), HaltReceipt)
    runs, days = set(), 0
    for _ in range(4):
        day = next_trading_day(day)
        view = await clocked.open(day)
        runs.add((await clocked.handle.describe()).run_id)
        assert (view.state, view.epoch, view.halted_by) == (AccountState.HALTED, 1, "ann")
        answer = await clocked.ask(ask(day))
        assert answer.denied is not None
        assert answer.denied.code is Code.ACCOUNT_HALTED
        days += 1
    assert len(runs) == 4
    still = [event for event in (await clocked.view()).events if event.kind is EventKind.STILL_HALTED]
    assert len(still) >= days
    assert len({event.at.date() for event in still}) == len(still)
    await eventually(
        lambda: sum("Still halted" in each.text for each in clocked.broker.notices) >= days,
        "people to be notified",
    )
    await account_command(clocked.handle, RESUME_SIGNAL, Command(by="bob", reason="repaired"), AccountReceipt)
    assert (await clocked.ask(ask(day))).admitted is not None


async def test_a_repost_is_remembered_until_its_contract_expires(clocked: Clocked) -> None:
    """RSK-30: over fresh starts, and no longer than that."""
    day = await following(clocked)
    await clocked.open(day)
    expiry = next_trading_day(next_trading_day(day))
    assert (await clocked.trade(ask(expiry, price="1.20"))).admitted is not None
    for _ in range(2):
        day = next_trading_day(day)
        await clocked.open(day)
        answer = await clocked.ask(ask(expiry, price="1.20"))
        assert answer.denied is not None
        assert answer.denied.code is Code.ALERT_REPOSTED
    await clocked.open(next_trading_day(day))
    assert (await clocked.ask(ask(expiry, price="1.20"))).admitted is not None


async def test_a_failed_preflight_is_retried_and_stops_entries(clocked: Clocked) -> None:
    """RSK-20: paged once, with what was found; right again it admits entries, and that is said too."""
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    await clocked.until(opens - timedelta(minutes=5))
    clocked.broker.checks = (Check(name="token", ok=False, found="expired", fix="renew it"),)
    await clocked.open(day)
    answer = await clocked.ask(ask(day))
    assert answer.denied is not None
    assert answer.denied.code is Code.PREFLIGHT_FAILED
    assert "renew it" in answer.denied.reason
    readings = clocked.broker.readings
    clocked.broker.checks = ()
    await clocked.until(opens + timedelta(hours=1))
    assert clocked.broker.readings > readings
    assert (await clocked.ask(ask(day))).admitted is not None
    told = [event.text for event in (await clocked.view()).events if event.kind is EventKind.PREFLIGHT]
    assert [text.startswith("Preflight failed") for text in told] == [True, False]


WRONG = (Check(name="token", ok=False, found="expired", fix="renew it"),)


@pytest.mark.parametrize(
    "begun", [timedelta(hours=-9), timedelta(minutes=-2), timedelta(minutes=15), timedelta(minutes=45)]
)
async def test_a_preflight_is_repeated_after_continue_as_new(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch, begun: timedelta
) -> None:
    """RSK-20: the daily continue-as-new, before, at or after the failure at the open, does not end the tries.

    With a passing preflight it admits entries.
    """
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    if begun > timedelta(0):
        await clocked.until(opens - timedelta(minutes=5))
        clocked.broker.checks = WRONG
    await clocked.afresh_at(opens + begun, monkeypatch)
    clocked.broker.checks = WRONG
    await clocked.until(opens + timedelta(hours=1))
    answer = await clocked.ask(ask(day))
    assert answer.denied is not None
    assert answer.denied.code is Code.PREFLIGHT_FAILED
    clocked.broker.checks = ()
    await clocked.until(opens + timedelta(hours=1, minutes=10))
    assert (await clocked.ask(ask(day))).admitted is not None


async def test_a_run_that_starts_with_a_failed_preflight_repeats_it(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RSK-20: the continue-as-new fell between a failure and its next try.

    It is due again, and not at the next midnight.
    """
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    await clocked.until(opens - timedelta(minutes=5))
    clocked.broker.checks = WRONG
    await clocked.until(opens + timedelta(minutes=10))
    clocked.broker.checks = ()
    readings = clocked.broker.readings
    await clocked.afresh_at(opens + timedelta(minutes=11), monkeypatch)
    await clocked.until(opens + timedelta(minutes=17))
    assert clocked.broker.readings > readings
    assert (await clocked.ask(ask(day))).admitted is not None


async def test_a_failed_manual_preflight_is_retried(clocked: Clocked) -> None:
    """RSK-20: `trader account preflight` found something wrong in the middle of the day.

    It is read again within minutes.
    """
    day = await following(clocked)
    await clocked.open(day)
    opens = session_opens_at(day)
    assert opens is not None
    clocked.broker.checks = WRONG
    found = await account_command(clocked.handle, PREFLIGHT_SIGNAL, Command(by="ann"), list[Check])
    assert [each.ok for each in found if each.name == "token"] == [False]
    clocked.broker.checks = ()
    await clocked.until(opens + timedelta(minutes=40))
    assert (await clocked.ask(ask(day))).admitted is not None


async def test_two_weeks_of_trading_stay_within_history_limits(clocked: Clocked) -> None:
    """DUR-30, DUR-40: a hundred trades on the first day, then day after day.

    Each run is short, and nothing open or counted is lost.
    """
    day = await following(clocked)
    kept = ask(day + timedelta(days=60), strike=700)
    runs: set[str] = set()
    for count in range(10):
        view = await clocked.open(day)
        assert (view.trades_today, view.notional_today) == (0, Usd(Decimal(0)))
        assert len(view.open_trades) == min(count, 1)
        alerts = [ask(day) for _ in range(100 if count == 0 else 5)]
        if count == 0:
            assert (await clocked.ask(kept)).admitted is not None
        answers = await asyncio.gather(*(clocked.trade(each) for each in alerts))
        assert all(answer.admitted is not None for answer in answers)
        view = await clocked.view()
        assert view.trades_today == len(alerts) + (count == 0)
        described = await clocked.handle.describe()
        runs.add(described.run_id)
        assert described.history_length < LONGEST
        if count > 0:  # the first run is started by this file
            timeout = described.raw_description.execution_config.default_workflow_task_timeout
            assert timeout.ToTimedelta() == timing.TASK_TIMEOUT
        assert is_trading_day(day)
        day = next_trading_day(day)
    assert len(runs) >= 10
    assert [each.trade for each in (await clocked.view()).open_trades] == [kept.trade]


@dataclass
class Slow(Broker):
    """A stream that is followed, and people who receive nothing until they answer."""

    asked: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name=FOLLOW_ORDERS)
    async def follow_orders(self, request: FollowRequest) -> None:
        """Follow until cancelled."""
        assert request.account
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.2)

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Wait for an answer."""
        self.asked += 1
        await self.answers.wait()
        self.notices.append(notice)


async def test_the_stream_is_followed_until_the_run_is_over(
    env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXT-40: a dead channel to people holds a continue-as-new up by minutes.

    Trades hear of their fills all the while.
    """
    broker = Slow()
    async with account_of(env, broker) as clocked:
        with env.with_time_skipping_disabled():
            first = (await clocked.handle.describe()).run_id
            await eventually(lambda: broker.asked, "people to be notified that the day began")
            await clocked.begin_to_end_the_run(monkeypatch, "7")
            await asyncio.sleep(0.5)
            kinds = [event.event_type async for event in clocked.handle.fetch_history_events()]
            assert EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED not in kinds
            monkeypatch.undo()
            broker.answers.set()

            async def fresh() -> bool:
                return (await clocked.handle.describe()).run_id != first

            await eventually(fresh, "the fresh start")
