"""Redis is taken away in the middle of real trades: nothing is lost, and nothing waits for it."""

import signal
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from alert_trader.activities.messages import NOTIFY
from alert_trader.domain.trade.lifecycle import Phase
from tests.mirrors.conftest import Mirrored
from tests.support.cluster import Trade

pytestmark = pytest.mark.timeout(180)

IN_TIME = timedelta(seconds=5)
"""From knowing a fill to its exit at the venue: the promise of EXT-40, with no allowance for a mirror."""


async def protected_in_time(trade: Trade) -> None:
    """Each exit reached the venue within the time promised, after the fill it is for."""
    posted = {str(line.client_id): line.at for line in await trade.posts("x")}
    events = await trade.events()
    exits = [(event, posted[event.facts["order"]]) for event in events if event.kind == "exit_intended"]
    assert exits
    for fill in (event for event in events if event.kind == "filled"):
        sent = next(at for event, at in exits if event.sequence > fill.sequence)
        assert sent - fill.at < IN_TIME, (
            f"expected the exit within {IN_TIME} of the fill, found it after {sent - fill.at}"
        )


async def told_at_the_first_try(trade: Trade) -> None:
    """No notice failed, or was tried again, because of the mirror."""
    history = await trade.handle.fetch_history()
    notified = {
        event.event_id
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
        and event.activity_task_scheduled_event_attributes.activity_type.name == NOTIFY
    }
    ended: dict[int, int] = {}
    for event in history.events:
        if event.event_type is EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started = event.activity_task_started_event_attributes
            assert started.scheduled_event_id not in notified or started.attempt == 1
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            ended[event.activity_task_completed_event_attributes.scheduled_event_id] = event.event_id
    assert notified
    assert notified <= ended.keys()


async def test_redis_stopped_during_trades(mirrored: Mirrored) -> None:
    """DUR-20, EXT-50: Redis is frozen, killed and comes back empty while trades buy, protect and sell.

    Then everything is in it again.
    """
    stack, slot = mirrored.cluster.stack, mirrored.slot
    before = await slot.alert()
    await before.order("e1")
    await stack.child("redis").kill(signal.SIGSTOP)
    await before.fill("e1", 2)
    await before.until("the first slice protected while Redis is frozen", bought=2, exits_working=1)
    frozen = await mirrored.buys()
    await stack.child("redis").kill(signal.SIGCONT)
    await stack.kill_redis()
    away = await mirrored.buys()
    await mirrored.sells(away)
    await before.until("held", within=60, phase=Phase.HOLDING, bought=4, exits_working=2)
    counts = await mirrored.round()
    assert "Redis failed" in str(counts.problem)
    await stack.restart_redis()
    assert await mirrored.in_redis() == {}
    after = await mirrored.buys()
    await mirrored.sells(frozen)

    counts = await mirrored.round()
    assert counts.problem is None
    proof = await mirrored.proof()
    assert proof.differences == []
    assert (proof.redis, proof.in_redis) == (None, proof.trades)
    held = await mirrored.in_redis()
    for trade in (before, frozen, away, after):
        assert [event.text for event in held[f"trade-{trade.id}"].events] == [
            event.text for event in await trade.events()
        ][: len(held[f"trade-{trade.id}"].events)]
        await protected_in_time(trade)
        await told_at_the_first_try(trade)
        assert not await trade.violations()
    for trade in (before, after):
        await mirrored.sells(trade)
    await slot.replay()


async def test_without_any_redis_everything_else_works(mirrored: Mirrored) -> None:
    """DUR-20: with the hot mirror switched off a trade is archived all the same.

    The last events are read from Temporal.
    """
    alone = mirrored.cluster.take_slot(redis_url=None)
    await alone.start_worker()
    trade = await alone.alert(bid="1.20", ask="1.20", text="BTO SPY 600 @ 1")
    await trade.result()
    await mirrored.round()
    assert f"trade-{trade.id}" in mirrored.in_archive()
    await alone.leave()
