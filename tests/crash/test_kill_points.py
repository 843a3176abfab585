"""Crash enumeration: the worker is killed.

While a call is on its way to the venue, for every kind of call of a complete trade.

A trade of two prices, a conversion, exits and a close makes these calls: the look before an order, the order,
its cancel, its reading, the quote before the conversion. Each is stalled before it takes effect, after it, or
takes effect when the worker is dead already; then the worker is killed, and another one started. One trade a
point, all points of a step at once; every point's call is seen on the tape.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alert_trader import clock
from alert_trader.domain.alerts.portion import HALF, Portion
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command, SellOrder
from tests.support.cluster import LOOKED_FOR, Trade, WorkerSlot, exits_out
from tests.support.commands import command
from tests.support.concurrent_scenes import beside

pytestmark = pytest.mark.timeout(240)

STALL = 8.0
"""Longer than the worker has to live."""

LANDS = 3.0
"""Seconds after which a request takes effect that was on its way when the worker died."""

PATIENT: dict[str, Any] = {"grace": timedelta(seconds=90)}
"""The trade continues after a crash instead of giving up as late."""


@dataclass
class Point:
    """Where a worker is killed, and what the trade must come to."""

    kind: str
    leg: str = ""
    rule: dict[str, Any] = field(default_factory=dict)
    unknown: bool = False
    """Whether nobody can know: the order was never accepted, so it is looked up, and never sent again on
    doubt."""
    seconds: float = STALL

    async def arm(self, trade: Trade) -> int:
        """Set the point up for a trade."""
        rule = {"symbol": trade.contract.occ_symbol, **self.rule} if self.rule else {}
        return await trade.fault(self.kind, leg=self.leg, seconds=self.seconds, **rule)


def before(leg: str) -> Point:
    """Kill before the venue accepted an order."""
    return Point("stall-before", leg, unknown=True)


def after(leg: str) -> Point:
    """Kill after it accepted, before the answer."""
    return Point("stall-after", leg)


def late(leg: str) -> Point:
    """Let the order be accepted when the worker is dead already."""
    return Point("late-accept", leg, seconds=LANDS)


async def kill_at(slot: WorkerSlot, faults: list[tuple[Trade, int]]) -> None:
    """Wait until every point is reached, kill the worker inside all those calls, and start another."""
    reached = await asyncio.gather(*(trade.struck(fault) for trade, fault in faults))
    await slot.kill()
    in_flight = clock.now() - min(reached)
    assert in_flight < slot.settings.broker_timeout, (
        f"expected to kill inside the calls, found the first one {in_flight} old"
    )
    await slot.start_worker()


async def settled(trade: Trade, point: Point, *, bought: int = 4) -> None:
    """Wait until a trade is as its point demands.

    Nothing was sent twice, and what was bought is protected.
    """
    if point.unknown:
        view = await trade.until("the order looked for", unknown_orders=1)
        assert view.exits_working == view.bought // 2 or point.leg.startswith("x")
    elif point.leg.startswith("x"):
        await trade.until(
            "bought and protected",
            phase=Phase.HOLDING,
            bought=bought,
            exits_working=bought // 2,
            unknown_orders=0,
        )
    else:
        # the kill may have hit the sending of an exit as well: that one is looked up, and counts as live
        # meanwhile
        view = await trade.until("bought", phase=Phase.HOLDING, bought=bought)
        assert exits_out(view) == bought // 2
    names = await trade.sent()
    assert len(names) == len(set(names)), f"expected no order twice, found {names}"
    assert not await trade.violations()


@beside
async def test_killed_while_the_entry_is_being_sent(slot: WorkerSlot) -> None:
    """Accepted or not, known or not.

    The entry is found or looked up, and never sent twice (ENT-40, ENT-50, UNK-10, UNK-40).
    """
    points = [before("e1"), after("e1"), late("e1")]
    trades = [slot.plan(**PATIENT) for _ in points]
    for trade in trades:
        await trade.quote("1.10", "1.30")
    faults = [(trade, await point.arm(trade)) for trade, point in zip(trades, points, strict=True)]
    await asyncio.gather(*(trade.send() for trade in trades))
    await kill_at(slot, faults)
    await asyncio.gather(*(settled(trade, point) for trade, point in zip(trades, points, strict=True)))
    for trade, point in zip(trades, points, strict=True):
        assert await trade.sent() == (["e1"] if point.unknown else ["e1", "e2", "x1"])
        assert "entry_intended" in await trade.kinds()


@beside
async def test_killed_during_the_lookup_before_the_entry(slot: WorkerSlot) -> None:
    """The intent is in history and nothing has left.

    After the crash nothing leaves either (ENT-40, ENT-50).
    """
    trade = slot.plan(**PATIENT)
    await trade.quote("1.10", "1.30")
    await slot.caught_up()
    look = await trade.fault(
        "stall-before", method="GET", path=f"*/{slot.settings.account}/orders", seconds=STALL
    )
    await trade.send()
    await kill_at(slot, [(trade, look)])
    await trade.until("the order looked for", unknown_orders=1)
    assert await trade.sent() == []
    assert "entry_intended" in await trade.kinds()


@beside
async def test_killed_during_a_bump(slot: WorkerSlot) -> None:
    """In the cancel, in the reading after it, in the next order.

    One live entry at a time, and the first slice keeps its exit (ENT-10).
    """
    cancel, read = {"method": "DELETE", "path": "*/orders/*"}, {"method": "GET", "path": "*/orders/*"}
    points = [
        *(
            Point("stall-before", rule=cancel),
            Point("stall-after", rule=cancel),
            Point("stall-before", rule=read),
        ),
        *(before("e2"), after("e2"), late("e2")),
    ]
    trades = [slot.plan(**PATIENT) for _ in points]
    for trade in trades:
        await trade.quote("1.10", "1.30")
    faults = [(trade, await point.arm(trade)) for trade, point in zip(trades, points, strict=True)]
    await asyncio.gather(*(trade.send() for trade in trades))
    await asyncio.gather(*(trade.fill("e1", 2) for trade in trades))
    await kill_at(slot, faults)
    await asyncio.gather(*(settled(trade, point) for trade, point in zip(trades, points, strict=True)))


@beside
async def test_killed_during_the_conversion(slot: WorkerSlot) -> None:
    """In the quote before it, or with its order on its way.

    It is converted once, or looked up (ENT-20, ENT-50).
    """
    points = [
        Point("stall-before", rule={"method": "GET", "path": "*/by-type", "nth": 2}, unknown=True),
        *(before("e2"), after("e2"), late("e2")),
    ]
    trades = [slot.plan(**PATIENT, bumps=0, window=timedelta(seconds=2)) for _ in points]
    for trade in trades:
        await trade.quote("1.10", "1.30")
    faults = [(trade, await point.arm(trade)) for trade, point in zip(trades, points, strict=True)]
    await asyncio.gather(*(trade.send() for trade in trades))
    await asyncio.gather(*(trade.fill("e1", 2) for trade in trades))
    await kill_at(slot, faults)
    await asyncio.gather(*(settled(trade, point) for trade, point in zip(trades, points, strict=True)))


@beside
async def test_killed_while_the_exit_is_being_sent(slot: WorkerSlot) -> None:
    """An accepted exit is found and not sent again.

    One that was never accepted is looked up first (EXT-10, EXT-30, EXT-40, UNK-20).
    """
    points = [before("x1"), after("x1"), late("x1")]
    trades = [slot.plan() for _ in points]
    for trade in trades:
        await trade.quote("1.20", "1.20")
    faults = [(trade, await point.arm(trade)) for trade, point in zip(trades, points, strict=True)]
    await asyncio.gather(*(trade.send() for trade in trades))
    await kill_at(slot, faults)
    await asyncio.gather(*(settled(trade, point) for trade, point in zip(trades, points, strict=True)))
    for trade in trades:
        assert await trade.sent() == ["e1", "x1"]


@beside
async def test_killed_while_closing(slot: WorkerSlot) -> None:
    """In the cancel of the exit, or with the market sale on its way.

    Everything is sold, once (EXT-10, EXT-30, EXT-60).
    """
    cancel = {"method": "DELETE", "path": "*/orders/*"}
    points = [Point("stall-before", rule=cancel), Point("stall-after", rule=cancel), after("x2"), late("x2")]
    trades = [slot.plan() for _ in points]
    for trade in trades:
        await trade.quote("1.20", "1.20")
        await trade.send()
    await asyncio.gather(
        *(trade.until("protected", phase=Phase.HOLDING, exits_working=2) for trade in trades)
    )
    faults = [(trade, await point.arm(trade)) for trade, point in zip(trades, points, strict=True)]
    asking = [
        asyncio.create_task(command(trade.handle, TradeCommand.CLOSE, Command(by="tester")))
        for trade in trades
    ]
    await kill_at(slot, faults)
    for trade in trades:
        # a cancel that took effect lets its trade's sale begin before the kill: hit on its way, that one is
        # looked up to the end first
        view = await trade.result(within=LOOKED_FOR)
        assert (view.outcome, view.bought, view.sold) == (Outcome.FLAT, 4, 4)
        names = await trade.sent()
        assert len(names) == len(set(names)), f"expected no order twice, found {names}"
        assert not await trade.violations()
    await asyncio.gather(*asking, return_exceptions=True)


@beside
async def test_killed_during_a_partial_exit(slot: WorkerSlot) -> None:
    """In the cancel of the exit that holds it, or with its sale on the way.

    Sold once, the rest covered (EXT-10, EXT-30, UNK-20).
    """
    cancel = {"method": "DELETE", "path": "*/orders/*"}
    held = [Point("stall-before", rule=cancel), Point("stall-after", rule=cancel)]
    free = [before("x2"), after("x2"), late("x2")]
    trades = [_with_all_in_an_exit(slot.plan()) for _ in held] + [slot.plan() for _ in free]
    parts = [Portion(count=1) for _ in held] + [HALF for _ in free]
    for trade in trades:
        await trade.quote("1.20", "1.20")
        await trade.send()
    for trade, working in zip(trades, [4] * len(held) + [2] * len(free), strict=True):
        await trade.until("protected", phase=Phase.HOLDING, exits_working=working)
    points = [*held, *free]
    faults = [(trade, await point.arm(trade)) for trade, point in zip(trades, points, strict=True)]
    asking = [asyncio.create_task(_sell(trade, part)) for trade, part in zip(trades, parts, strict=True)]
    await kill_at(slot, faults)
    # at the same time: a sale that is looked for is found before the slowest of the others is over
    await asyncio.gather(*map(_sold_in_part, trades, points, parts))
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def _sold_in_part(trade: Trade, point: Point, part: Portion) -> None:
    """Check a trade whose worker was killed while a part was being sold."""
    if point.unknown:
        await trade.until("the sale looked for", unknown_orders=1, sold=0, exits_working=2)
    else:
        sold = part.of(4)
        # a cancel that took effect lets its sale begin before the kill: hit on its way, that one is
        # looked up to the end first
        rest = {"position": 4 - sold, "exits_working": 4 - sold, "unprotected": 0, "unknown_orders": 0}
        await trade.until(
            "the part sold, and the rest protected",
            within=LOOKED_FOR,
            phase=Phase.HOLDING,
            sold=sold,
            **rest,
        )
        assert await trade.fills("x") == sold
    names = await trade.sent()
    assert len(names) == len(set(names)), f"expected no order twice, found {names}"
    assert not await trade.violations()


def _with_all_in_an_exit(trade: Trade) -> Trade:
    """Have a trade's exits cover everything, so that a part must be cancelled before it is sold."""
    trade.policy = replace(trade.policy, exits=replace(trade.policy.exits, fraction=Decimal(1)))
    return trade


async def _sell(trade: Trade, part: Portion) -> None:
    """Ask for a part to be sold, and wait for the answer."""
    await command(trade.handle, TradeCommand.SELL, SellOrder(command=Command(by="tester"), portion=part))
