"""The account over weeks: daily start, halts, re-posts until expiration, continue-as-new."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities.messages import (
    DAY_QUERY,
    FOLLOW_ORDERS,
    NOTIFY,
    DayAnswer,
    FollowRequest,
    Notice,
)
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountReceipt, HaltReceipt
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import is_trading_day, next_trading_day, session_opens_at
from alert_trader.domain.market.trading_hours import StatedSession
from alert_trader.domain.money import Usd
from alert_trader.workflows import timing
from alert_trader.workflows.interface import (
    HALT_SIGNAL,
    RESUME_SIGNAL,
    Command,
)
from tests.support.account_days import Broker, Clocked, account_of, ask, following
from tests.support.commands import account_command
from tests.support.waiting import eventually

LONGEST = 3000
"""Events of one run: Temporal takes fifty thousand, and suggests a continue-as-new long before."""


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
    """HLT-10: over new runs, a weekend included, until a person resumes; people are reminded daily."""
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
    """RSK-30: over new runs, and no longer than that."""
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

    Trades receive their fills meanwhile.
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

            async def new_run() -> bool:
                return (await clocked.handle.describe()).run_id != first

            await eventually(new_run, "the new run")
