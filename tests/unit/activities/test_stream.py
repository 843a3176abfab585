"""The order stream: each report goes to its trade, and what is not ours is reported and left alone."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.messages import ORDER_REPORT_SIGNAL, FollowRequest, Level, Notice
from alert_trader.activities.stream import StreamActivity
from alert_trader.broker.port import UnavailableError
from alert_trader.domain.ids import FillId, Leg, MessageId, OrderId, client_order_id
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill, OrderReport, OrderStatus
from tests.support.paper_exchange import intent
from tests.support.paper_gateway import ACCOUNT, PaperGateway, reported
from tests.support.waiting import eventually

OURS = reported(intent(Leg.ENTRY, 1, 3))
FOREIGN = replace(OURS, order_id=OrderId("900"), client_order_id=None, source="WBT")


@dataclass
class Signals:
    """What a Temporal client was asked to signal; it knows the trades in `running` and no others."""

    running: tuple[str, ...] = ("trade-m1",)
    failure: RPCStatusCode = RPCStatusCode.NOT_FOUND
    message: str = "no such workflow"
    down: bool = True
    """Whether what failed is the server, and not the trade."""
    sent: list[tuple[str, str, OrderReport]] = field(default_factory=list)

    def get_workflow_handle(self, workflow_id: str) -> Any:
        """Return a handle that signals one workflow."""
        return _Handle(self, workflow_id)


@dataclass
class _Handle:
    signals: Signals
    workflow_id: str

    async def describe(self, **_: Any) -> None:
        """Answer for the account while the server is not down."""
        if self.signals.down:
            raise RPCError(self.signals.message, self.signals.failure, b"")

    async def signal(self, name: str, report: OrderReport, **_: Any) -> None:
        """Keep a signal, or say that there is no such workflow."""
        if self.workflow_id not in self.signals.running:
            raise RPCError(self.signals.message, self.signals.failure, b"")
        self.signals.sent.append((self.workflow_id, name, report))

    async def query(self, name: str, **_: Any) -> Any:
        """Say that no account is looked after."""
        raise RPCError(f"nobody to tell {name}", RPCStatusCode.NOT_FOUND, b"")


class Heard:
    """A channel that keeps what it received, or fails."""

    def __init__(self, *, dead: bool = False) -> None:
        """Start with silence."""
        self.notices: list[Notice] = []
        self._dead = dead

    async def send(self, notice: Notice) -> None:
        """Keep a notice."""
        if self._dead:
            raise ConnectionError("gone")
        self.notices.append(notice)


class Stream:
    """The activity with its surroundings, run over a given past.

    A given stream to the loss of the stream.
    """

    def __init__(self, environment: ActivityEnvironment, gateway: PaperGateway) -> None:
        """Prepare a stream with nothing on it."""
        self.signals, self.heard = Signals(), Heard()
        self._environment, self._gateway = environment, gateway
        self.beats = 0
        environment.on_heartbeat = self._beat
        self._activity = StreamActivity(gateway, cast("Client", self.signals), (Heard(dead=True), self.heard))

    def _beat(self, *_: Any) -> None:
        self.beats += 1

    async def run(
        self,
        *live: OrderReport,
        past: tuple[OrderReport, ...] = (),
        lost_when: Callable[[], bool] = lambda: True,
    ) -> list[tuple[str, str]]:
        """Follow until the stream is lost; return which trade received which order."""
        self.signals.sent.clear()
        self._gateway.known = list(past)
        for report in live:
            self._gateway.live.put_nowait(report)
        losing = asyncio.create_task(self._lose(lost_when))
        with pytest.raises(UnavailableError):
            await self._environment.run(self._activity.follow_orders, FollowRequest(account=ACCOUNT))
        await losing
        assert all(name == ORDER_REPORT_SIGNAL for _, name, _ in self.signals.sent)
        return [(trade, report.order_id) for trade, _, report in self.signals.sent]

    async def _lose(self, lost_when: Callable[[], bool]) -> None:
        await eventually(lost_when, "what comes before the stream is lost", every=0.01)
        self._gateway.live.put_nowait(None)


@pytest.fixture
def stream(environment: ActivityEnvironment, gateway: PaperGateway) -> Stream:
    """Prepare a stream."""
    return Stream(environment, gateway)


async def test_earlier_reports_are_read_before_the_stream(stream: Stream, gateway: PaperGateway) -> None:
    """FIL-10: a gap is filled from the day before, and a lost stream is raised.

    That the next attempt begins with that again.
    """
    filled = replace(OURS, status=OrderStatus.FILLED)
    assert await stream.run(filled, past=(OURS,)) == [("trade-m1", "1"), ("trade-m1", "1")]
    assert [report.status for _, _, report in stream.signals.sent] == [OrderStatus.LIVE, OrderStatus.FILLED]
    assert timedelta(0) <= clock.now().date() - gateway.looks[0] <= timedelta(days=2)


async def test_a_replacement_is_sent_to_the_trade_of_the_replaced_order(stream: Stream) -> None:
    """ENT-10: an order edited in the app carries no name.

    Its chain leads to its trade, over several edits too.
    """
    second = replace(OURS, order_id=OrderId("2"), client_order_id=None, replaces=OrderId("1"))
    third = replace(second, order_id=OrderId("3"), replaces=OrderId("2"))
    later = replace(third, replaces=None)
    assert await stream.run(OURS, second, third, later) == [
        ("trade-m1", each) for each in ("1", "2", "3", "3")
    ]
    assert stream.heard.notices == []


async def test_a_chain_of_replacements_is_followed_in_any_order(stream: Stream) -> None:
    """ENT-10: the broker lists the newest order first, so a replacement comes before what it replaces."""
    second = replace(
        OURS, order_id=OrderId("2"), client_order_id=None, replaces=OrderId("1"), received_at=clock.now()
    )
    third = replace(second, order_id=OrderId("3"), replaces=OrderId("2"), received_at=clock.now())
    routed = await stream.run(past=(third, second, OURS))
    assert sorted(routed) == [("trade-m1", each) for each in ("1", "2", "3")]


async def test_a_foreign_order_is_reported_once_and_not_changed(
    stream: Stream, gateway: PaperGateway
) -> None:
    """UNK-60: an order that is not ours signals no trade.

    People hear of it once, over reconnects too, and nothing touches it.
    """
    assert (
        await stream.run(FOREIGN, FOREIGN, replace(FOREIGN, status=OrderStatus.FILLED), past=(FOREIGN,)) == []
    )
    assert await stream.run(FOREIGN) == []
    assert [notice.level for notice in stream.heard.notices] == [Level.INFO]
    assert "order 900" in stream.heard.notices[0].text
    assert (gateway.placed, gateway.cancelled) == ([], [])


async def test_old_foreign_orders_are_not_reported(stream: Stream) -> None:
    """UNK-60: what was in the account before we looked is not reported at each reconnect."""
    await stream.run(past=(FOREIGN,))
    assert stream.heard.notices == []


async def test_a_working_order_of_an_ended_trade_pages_a_person(stream: Stream) -> None:
    """EXT-60: an order with our name and no trade to hear of it is the operator's.

    One that is over is nobody's.
    """
    stream.signals.running = ()
    await stream.run(replace(OURS, status=OrderStatus.CANCELLED), past=(OURS,))
    assert stream.heard.notices == []
    await stream.run(OURS)
    assert [(notice.level, notice.workflow_id) for notice in stream.heard.notices] == [
        (Level.PAGE, "trade-m1")
    ]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (RPCStatusCode.UNAVAILABLE, "no such workflow"),
        (RPCStatusCode.NOT_FOUND, "Namespace demo is not found"),
    ],
    ids=["server", "namespace"],
)
async def test_an_unreachable_server_or_namespace_restarts_the_stream(
    stream: Stream,
    environment: ActivityEnvironment,
    gateway: PaperGateway,
    failure: RPCStatusCode,
    message: str,
) -> None:
    """FIL-10: a report that could not be handed over is not skipped.

    The attempt fails, and the next one catches up.
    """
    stream.signals.failure, stream.signals.message = failure, message
    stream.signals.running, gateway.known = (), [OURS]
    follow = StreamActivity(gateway, cast("Client", stream.signals), ()).follow_orders
    with pytest.raises(RPCError):
        await environment.run(follow, FollowRequest(account=ACCOUNT))


@pytest.mark.parametrize(
    "failure",
    [RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.DEADLINE_EXCEEDED],
)
async def test_a_trade_that_takes_no_signal_harms_no_other(stream: Stream, failure: RPCStatusCode) -> None:
    """FIL-10: the others have their reports, a person is paged once, and the trade's are sent again.

    Which trade that is does not matter: the first on the stream and in the read of the past here.
    """
    stream.signals.failure, stream.signals.message = failure, "exceeded the limit for signal events"
    stream.signals.running, stream.signals.down = ("trade-m2",), False
    other = replace(
        OURS, order_id=OrderId("901"), client_order_id=client_order_id(MessageId("m2"), Leg.ENTRY, 1)
    )
    more = replace(
        OURS, order_id=OrderId("902"), client_order_id=client_order_id(MessageId("m2"), Leg.ENTRY, 2)
    )
    heard = await stream.run(
        replace(OURS, remaining=2), more, past=(OURS, other), lost_when=lambda: len(stream.signals.sent) == 2
    )
    assert heard == [("trade-m2", "901"), ("trade-m2", "902")]
    assert [(each.level, each.workflow_id) for each in stream.heard.notices] == [(Level.PAGE, "trade-m1")]
    assert "exceeded the limit" in (stream.heard.notices[0].note or "")
    stream.signals.running = ("trade-m1", "trade-m2")
    assert await stream.run(past=(OURS, other, more)) == [("trade-m1", OURS.order_id)]


async def test_an_identical_report_is_signalled_once(stream: Stream) -> None:
    """FIL-10: also when the stream sends it twice, or after a read that showed it."""
    later = replace(OURS, remaining=2)
    heard = await stream.run(OURS, later, later, past=(OURS,), lost_when=lambda: len(stream.signals.sent) > 1)
    assert heard == [("trade-m1", OURS.order_id)] * 2


async def test_the_stream_ends_when_it_is_cancelled(
    stream: Stream, environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """DUR-40: a shutdown ends the stream, and its heartbeat with it."""
    follow = StreamActivity(gateway, cast("Client", stream.signals), ()).follow_orders
    following = asyncio.create_task(environment.run(follow, FollowRequest(account=ACCOUNT)))
    gateway.live.put_nowait(OURS)
    await eventually(
        lambda: stream.signals.sent and stream.beats > 0, "a report to be handed on, and a heartbeat"
    )
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


async def test_a_report_between_two_others_is_not_signalled(stream: Stream) -> None:
    """DUR-40: an order on its way, or being cancelled, and milliseconds later what became of it."""
    routed, live = replace(OURS, status=OrderStatus.PENDING), OURS
    cancelling, cancelled = (
        replace(OURS, status=OrderStatus.CANCELLING),
        replace(OURS, status=OrderStatus.CANCELLED),
    )
    await stream.run(routed, live, cancelling, cancelled)
    assert [report for _, _, report in stream.signals.sent] == [live, cancelled]


async def test_a_report_that_nothing_follows_is_signalled(stream: Stream) -> None:
    """FIL-10: an order may stay on its way until the market opens; its trade hears that it is there."""
    routed = replace(OURS, status=OrderStatus.PENDING)
    await stream.run(routed, lost_when=lambda: len(stream.signals.sent) == 1)
    assert [report for _, _, report in stream.signals.sent] == [routed]


async def test_a_report_with_a_fill_is_never_held(stream: Stream) -> None:
    """FIL-10, EXT-40: what has filled needs its exit at once, whatever the order is doing."""
    fill = Fill(fill_id=FillId("f1"), quantity=1, price=Price(Decimal("1.20")), at=clock.now())
    filled = replace(OURS, status=OrderStatus.CANCELLING, fills=(fill,), remaining=OURS.quantity - 1)
    await stream.run(OURS, filled)
    assert [report for _, _, report in stream.signals.sent] == [OURS, filled]
