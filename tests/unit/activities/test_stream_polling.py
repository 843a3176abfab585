"""What happens beside the stream.

The orders are read now and then, a mute stream is noticed, and a shutdown ends it at once.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.messages import ExpectedAnswer, FollowRequest, Level, Notice, StreamStatus
from alert_trader.activities.stream import HANDOVER, StreamActivity
from alert_trader.broker.port import UnavailableError
from alert_trader.domain.ids import FillId, Leg, OrderId
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill, OrderReport, OrderStatus
from tests.support.instants import STATED
from tests.support.paper_exchange import intent
from tests.support.paper_gateway import ACCOUNT, PaperGateway, reported
from tests.support.waiting import eventually

OURS = replace(reported(intent(Leg.EXIT, 1, 3, "2.40")), updated_at=STATED)
FOREIGN = replace(
    OURS, order_id=OrderId("900"), client_order_id=None, source="WBT", updated_at=STATED - timedelta(hours=1)
)


class AccountHandle:
    """The account that is reported its stream and of what does not agree."""

    def __init__(self) -> None:
        """Start with an account that has no trade open."""
        self.expected = ExpectedAnswer(trades=())
        self.signals: list[Any] = []

    async def signal(self, name: str, argument: Any, **_: Any) -> None:
        """Keep what the account receives."""
        assert name
        self.signals.append(argument)

    async def query(self, name: str, **_: Any) -> ExpectedAnswer:
        """Say what the trades hold."""
        assert name
        return self.expected


class Signals:
    """A Temporal client that keeps the reports it was asked to signal."""

    def __init__(self) -> None:
        """Start with none."""
        self.account = AccountHandle()
        self.sent: list[OrderReport] = []
        self.gone = False

    def get_workflow_handle(self, workflow_id: str) -> Any:
        """Return a handle; there is every trade, until it ends, and one account."""
        return self if workflow_id.startswith("trade-") else self.account

    async def signal(self, name: str, report: OrderReport, **_: Any) -> None:
        """Keep a report."""
        assert name
        if self.gone:
            raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")
        self.sent.append(report)


class Following:
    """A stream that is followed beside the test, with the orders read every few milliseconds."""

    def __init__(self, environment: ActivityEnvironment, gateway: PaperGateway) -> None:
        """Prepare the activity."""
        self.signals = Signals()
        self.gateway = gateway
        self._environment = environment
        self.pages: list[Notice] = []
        self.activity = StreamActivity(
            gateway, cast("Client", self.signals), (self,), recheck=timedelta(milliseconds=5)
        )
        self.task: asyncio.Task[None] = asyncio.create_task(self.attempt())

    async def send(self, notice: Notice) -> None:
        """Keep what people are notified."""
        self.pages.append(notice)

    async def attempt(self) -> None:
        """Follow once."""
        await self._environment.run(self.activity.follow_orders, FollowRequest(account=ACCOUNT))


@pytest.fixture
async def following(environment: ActivityEnvironment, gateway: PaperGateway) -> AsyncIterator[Following]:
    """Follow a stream that says nothing, with one exit working."""
    gateway.known = [OURS, FOREIGN]
    found = Following(environment, gateway)
    await eventually(lambda: found.signals.sent, "the first look")
    yield found
    found.task.cancel()
    await asyncio.wait([found.task])


async def test_each_change_is_reported_once_to_its_trade(following: Following, gateway: PaperGateway) -> None:
    """DUR-40: however often the orders are read.

    The stream is opened again, an unchanged order adds nothing to a history.
    """
    gateway.looks.clear()
    await eventually(lambda: len(gateway.looks) > 5, "several looks")
    following.task.cancel()
    await asyncio.wait([following.task])
    following.task = asyncio.create_task(following.attempt())
    gateway.looks.clear()
    await eventually(lambda: len(gateway.looks) > 2, "looks of the next attempt")
    assert following.signals.sent == [OURS]


@pytest.mark.parametrize("ahead", [0, 60, -60])
async def test_changes_missing_from_a_mute_stream_are_read(
    following: Following, gateway: PaperGateway, ahead: int
) -> None:
    """FIL-10: a fill that no message tells is routed by the next look.

    What is news for long by the broker's clock, whatever this machine's says, shows that the stream is mute.
    """
    gateway.ahead = timedelta(seconds=ahead)
    broker_time = clock.now() + gateway.ahead
    filled = replace(OURS, status=OrderStatus.FILLED, remaining=0, updated_at=broker_time)
    gateway.known = [filled]
    await eventually(lambda: following.signals.sent == [OURS, filled], "the fill to be reported")
    assert not following.task.done()
    old = replace(filled, updated_at=broker_time - timedelta(seconds=30), reject_reason="late")
    gateway.known = [old]
    with pytest.raises(UnavailableError, match="has not sent"):
        await following.task
    assert following.signals.sent[-1] == old


async def test_an_exit_of_an_earlier_day_is_read_by_its_id(
    following: Following, gateway: PaperGateway
) -> None:
    """FIL-10: a working order that is on no list any more is requested, since it may have filled."""
    filled = replace(OURS, status=OrderStatus.FILLED, remaining=0)

    async def no_orders(_: object = None) -> list[OrderReport]:
        return []

    gateway.known = [filled]
    gateway.orders_since = gateway.live_orders = no_orders  # type: ignore[assignment, method-assign]
    await eventually(lambda: following.signals.sent == [OURS, filled], "the fill to be reported")


async def test_a_failed_read_keeps_the_stream(following: Following, gateway: PaperGateway) -> None:
    """UNK-30: reading is beside the stream; the stream continues without."""
    gateway.known = UnavailableError("no answer")
    gateway.looks.clear()
    await eventually(lambda: len(gateway.looks) > 2, "looks that fail")
    assert not following.task.done()
    gateway.live.put_nowait(replace(OURS, status=OrderStatus.CANCELLING))
    await eventually(lambda: len(following.signals.sent) == 2, "the stream to be heard")


async def test_a_shutdown_ends_the_stream_at_once(
    following: Following, environment: ActivityEnvironment
) -> None:
    """EXT-40: another worker follows the stream without waiting for this one's grace."""
    environment.worker_shutdown()
    with pytest.raises(ApplicationError, match="another worker follows"):
        async with asyncio.timeout(1):
            await following.task


async def test_a_fill_for_a_closed_trade_pages_a_person(following: Following, gateway: PaperGateway) -> None:
    """FIL-30: a fill that comes after its trade has ended is nobody's but the operator's.

    Though the order is over.
    """
    following.signals.gone = True
    fill = Fill(fill_id=FillId("f1"), quantity=1, price=Price(Decimal("1.20")), at=clock.now())
    entry = reported(intent(Leg.ENTRY, 1, 3), order_id="2")
    gateway.live.put_nowait(replace(entry, status=OrderStatus.CANCELLED, remaining=2, fills=(fill,)))
    await eventually(lambda: following.pages, "a person to be called")
    assert following.pages[0].level is Level.PAGE


async def test_the_account_is_informed_about_its_stream(following: Following, gateway: PaperGateway) -> None:
    """That the stream is followed is known before a first order; that it is lost, at once."""
    account = following.signals.account
    await eventually(lambda: account.signals, "the account to be notified")
    assert [each.since is not None for each in account.signals if isinstance(each, StreamStatus)] == [True]
    gateway.live.put_nowait(None)
    with pytest.raises(UnavailableError):
        await following.task
    assert account.signals[-1] == StreamStatus(since=None, why="the stream was lost")


async def test_a_socket_is_replaced_at_its_maximum_age(following: Following) -> None:
    """A stream that seems well is opened again all the same, at once and without counting as lost."""
    following.task.cancel()
    following.activity = StreamActivity(
        following.gateway, cast("Client", following.signals), (following,), age=timedelta(milliseconds=20)
    )
    with pytest.raises(ApplicationError, match="is reopened") as aged:
        await following.attempt()
    assert (aged.value.type, aged.value.next_retry_delay) == ("Aged", HANDOVER)
