"""A trade whose exit is rejected many times, as a history to replay, and the floor to compare it with.

The exit is sent again every five minutes instead of ever more seldom, so that a thousand rejections fit into
the life of one contract. A replay needs the same pauses: `short_pauses`.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from temporalio import activity
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Worker

from alert_trader import clock
from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardPlace, CardRequest
from alert_trader.workflows import timing
from alert_trader.workflows.interface import cards_queue
from tests.support.harness import Harness, open_harness, policy

PAUSES = (*timing.EXIT_PAUSES[: timing.SLOW_AFTER], timedelta(minutes=5))
"""Before an exit is sent again, here."""

FLOOR_QUEUE = "floor"


@contextlib.contextmanager
def short_pauses() -> Iterator[None]:
    """Send a rejected exit again every five minutes, when a trade is recorded and when it is replayed."""
    with patch.object(timing, "EXIT_PAUSES", PAUSES):
        yield


@contextlib.asynccontextmanager
async def _served(harness: Harness) -> AsyncIterator[None]:
    """Answer for the bot, as soon as it is asked."""

    @activity.defn(name=SHOW_CARD)
    async def show(request: CardRequest) -> CardAnswer:
        told = request.events[-1].sequence if request.events else 0
        return CardAnswer(place=CardPlace(channel_id="22", message_id="7", told=told))

    async with Worker(harness.client, task_queue=cards_queue(harness.account), activities=[show]):
        yield


async def record_rejections(client: Client, times: int, *, cards: bool = True) -> WorkflowHistory:
    """Record a trade whose exit is rejected so often before it is accepted; the trade still holds."""
    with short_pauses():
        async with open_harness(client) as harness, _served(harness):
            harness.exit_fraction = None
            await harness.quote("1.20", "1.20")
            await harness.reject_orders("*-x*", times=times)
            trade = await harness.alert(rules=replace(policy(), cards=cards))
            before = clock.now()
            while (await harness.view(trade)).exits_working == 0:
                assert clock.now() - before < timedelta(seconds=times), "expected an exit to be accepted"
                await _moment()
            history = await trade.fetch_history()
            await trade.terminate("recorded")
            harness.handles.clear()
            return WorkflowHistory(workflow_id=trade.id, events=history.events)


async def _moment() -> None:
    import asyncio  # noqa: PLC0415

    await asyncio.sleep(0.5)
