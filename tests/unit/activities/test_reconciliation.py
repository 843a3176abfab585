"""Account and trades, held against each other beside the stream.

What does not agree is reported once it is certain.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from alert_trader import clock
from alert_trader.activities.messages import DIFFERENCES_SIGNAL, RELEASE_SIGNAL, ExpectedAnswer
from alert_trader.activities.reconciliation import Reconciliation
from alert_trader.broker.port import UnavailableError
from alert_trader.domain.account.account import new_account
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reconciliation import Difference, DifferenceKind, ExpectedPosition, compare
from alert_trader.domain.ids import Leg, WorkflowId
from alert_trader.domain.orders.order import OrderStatus, Position
from tests.support.instants import new_york
from tests.support.paper_exchange import intent
from tests.support.paper_gateway import PaperGateway, reported
from tests.support.waiting import eventually

SYMBOL = "SPY   351221C00450000"
"""Expires long after the tests begin."""
MINE = ExpectedPosition(trade=WorkflowId("trade-m1"), symbol=SYMBOL, position=3)
HELD = Position(symbol=SYMBOL, quantity=3)
NAME = " ".join(SYMBOL.split())


class Temporal:
    """A client of one account and its trades."""

    def __init__(self) -> None:
        """Start with an account without trades."""
        self.answer = ExpectedAnswer(trades=())
        self.answers: list[ExpectedAnswer] = []
        """What is answered first."""
        self.reported: list[list[Difference]] = []
        self.released: list[str] = []
        self.over: set[str] = set()
        self.queries = 0

    def get_workflow_handle(self, workflow_id: str) -> Any:
        """Return a handle of the account or of a trade."""
        return _Handle(self, workflow_id)


class _Handle:
    def __init__(self, client: Temporal, workflow_id: str) -> None:
        self._client, self._id = client, workflow_id

    async def query(self, name: str, **_: Any) -> ExpectedAnswer:
        assert name
        self._client.queries += 1
        return self._client.answers.pop(0) if self._client.answers else self._client.answer

    async def signal(self, name: str, said: Any) -> None:
        if name == RELEASE_SIGNAL:
            self._client.released.append(said)
        else:
            assert name == DIFFERENCES_SIGNAL
            self._client.reported.append(said)

    async def describe(self, **_: Any) -> Any:
        if self._id == "trade-never":
            raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")
        over = self._id in self._client.over
        return SimpleNamespace(
            status=WorkflowExecutionStatus.TERMINATED if over else WorkflowExecutionStatus.RUNNING
        )


@pytest.fixture
async def temporal(gateway: PaperGateway) -> AsyncIterator[Temporal]:
    """Compare every few milliseconds, until the test is over."""
    client = Temporal()
    every = timedelta(milliseconds=2)
    task = asyncio.create_task(
        Reconciliation(gateway, cast("Client", client), every=every, recheck=every).run()
    )
    yield client
    task.cancel()
    await asyncio.wait([task])


async def looked(temporal: Temporal, times: int = 4) -> None:
    """Wait until so many more looks were taken."""
    wanted = temporal.queries + times
    await eventually(lambda: temporal.queries >= wanted, "looks")


async def test_agreement_sends_no_signal(temporal: Temporal, gateway: PaperGateway) -> None:
    """Trades and account hold the same: silence, and no signal in a history."""
    temporal.answer, gateway.held = ExpectedAnswer(trades=(MINE,)), [HELD]
    await looked(temporal)
    assert temporal.reported in ([], [[]])


async def test_extra_contracts_are_reported_at_once_without_an_open_trade(
    temporal: Temporal, gateway: PaperGateway
) -> None:
    """Without a trade there is nothing on its way: the first look is certain.

    When they are sold that is reported too.
    """
    gateway.held = [HELD]
    await eventually(lambda: temporal.reported and temporal.reported[-1], "the difference to be reported")
    assert temporal.reported[-1] == [Difference(kind=DifferenceKind.EXTRA, what=NAME, expected=0, found=3)]
    gateway.held = []
    await eventually(lambda: temporal.reported[-1] == [], "its end to be reported")


async def test_a_trade_that_opens_while_positions_are_read_is_no_difference(gateway: PaperGateway) -> None:
    """The account had no trade when it was asked, and one that bought when the positions came."""
    client = Temporal()
    reconciliation = Reconciliation(gateway, cast("Client", client))
    gateway.held = [HELD]
    for after in (ExpectedAnswer(trades=(MINE,), admitted=1), ExpectedAnswer(trades=(), admitted=1)):
        client.answers = [ExpectedAnswer(trades=()), after]
        await reconciliation.compare()
        client.answers = [ExpectedAnswer(trades=(MINE,), admitted=1)]
        await reconciliation.compare()
    assert client.reported == []


async def test_a_fill_that_the_broker_does_not_show_yet_is_no_difference(gateway: PaperGateway) -> None:
    """The broker's ledger lags a fill: what one reading finds and the next does not is never reported."""
    client = Temporal()
    reconciliation = Reconciliation(gateway, cast("Client", client))
    client.answer = ExpectedAnswer(trades=(MINE,))
    for held in (3, 2, 3, 2, 3, 3):
        gateway.held = [replace(HELD, quantity=held)]
        await reconciliation.compare()
    assert client.reported == []


async def test_a_difference_found_twice_is_reported(temporal: Temporal, gateway: PaperGateway) -> None:
    """Contracts that the account lacks although a trade holds them."""
    temporal.answer, gateway.held = ExpectedAnswer(trades=(MINE,)), [replace(HELD, quantity=1)]
    await eventually(lambda: temporal.reported and temporal.reported[-1], "the difference to be reported")
    assert temporal.reported[-1] == [Difference(kind=DifferenceKind.MISSING, what=NAME, expected=3, found=1)]


async def test_a_failed_query_neither_finds_nor_clears_a_difference(
    temporal: Temporal, gateway: PaperGateway
) -> None:
    """UNK-30: a failed query is not an empty account, nor one that agrees."""
    gateway.held = [HELD]
    await eventually(lambda: temporal.reported and temporal.reported[-1], "the difference to be reported")
    gateway.held = UnavailableError("no answer")
    await looked(temporal)
    assert temporal.reported[-1] != []


async def test_a_trade_that_ended_is_released(temporal: Temporal, gateway: PaperGateway) -> None:
    """A trade that ended without a word.

    What it reserved is freed, and what it held is a difference for a person.
    """
    silent, holding = (
        replace(MINE, trade=WorkflowId("trade-never"), position=0),
        replace(MINE, trade=WorkflowId("trade-m2")),
    )
    temporal.over = {"trade-m2"}
    temporal.answer, gateway.held = ExpectedAnswer(trades=(silent, holding)), [HELD]
    await eventually(lambda: temporal.reported and temporal.reported[-1], "the difference to be reported")
    assert {each.kind for each in temporal.reported[-1]} == {DifferenceKind.TRADE_ENDED, DifferenceKind.EXTRA}
    await eventually(lambda: temporal.released, "the release")
    assert set(temporal.released) == {"trade-never"}


def test_an_order_of_ours_without_a_trade_is_a_difference_and_a_foreign_one_is_not() -> None:
    """UNK-60: an order that is not ours is nobody's difference; one with our name must have its trade."""
    ours, foreign = (
        reported(intent(Leg.EXIT, 1, 2, "2.40")),
        replace(reported(intent(Leg.EXIT, 1, 2)), client_order_id=None),
    )
    ended = replace(ours, status=OrderStatus.CANCELLED)
    assert compare([MINE], [HELD], [ours, foreign]) == ()
    assert [each.kind for each in compare([], [], [ours, foreign, ended])] == [
        DifferenceKind.ORDER_WITHOUT_TRADE
    ]


def test_an_explanation_is_valid_while_the_difference_is_the_same() -> None:
    """What a person explained stays so beside the trades that come.

    Go, until it is another number of contracts.
    """
    now = clock.now()
    memory = new_account(Limits(), now)
    extra = Difference(kind=DifferenceKind.EXTRA, what=NAME, expected=0, found=3)
    assert len(memory.update_differences((extra,), now)) == 1
    assert memory.explain(None, now, by="ann", reason="bought by hand") == 1
    memory.update_differences((replace(extra, expected=2, found=5),), now)
    assert [each.explained_by for each in memory.differences] == ["ann"]
    memory.update_differences((replace(extra, found=4),), now)
    assert [each.explained_by for each in memory.differences] == [None]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("2035-12-21 16:00", [DifferenceKind.MISSING]),
        ("2035-12-21 16:14", [DifferenceKind.MISSING]),
        ("2035-12-21 16:15", []),
        ("2035-12-22 00:10", []),
    ],
)
def test_contracts_that_have_expired_are_no_difference(now: str, found: list[DifferenceKind]) -> None:
    """UNK-60: the broker removes them during the night, while their trade waits for what they came to.

    Until they have stopped trading they are a difference like any other.
    """
    differences = compare([MINE], [], [], now=new_york(now))
    assert [each.kind for each in differences] == found
