"""A trade's card as the trade sees it: shown by the bot, and never delaying the trade."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardPlace, CardRequest
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows import activity_options
from alert_trader.workflows.activity_options import CARD
from alert_trader.workflows.interface import CARD_QUERY, SHOW_CARD_SIGNAL, CardState, cards_queue
from tests.support.harness import Harness, policy
from tests.support.waiting import eventually


@dataclass
class Board:
    """A bot of which only the queue is real: keeps what it was asked to show; fails when the test says so."""

    requests: list[CardRequest] = field(default_factory=list)
    failures: int = 0
    at_once: int = 0
    most_at_once: int = 0

    @activity.defn(name=SHOW_CARD)
    async def show(self, request: CardRequest) -> CardAnswer:
        """Keep a request; others may come while it is looked at."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.requests.append(request)
            await asyncio.sleep(0)
            if self.failures > 0:
                self.failures -= 1
                raise ApplicationError("no", non_retryable=True)
        finally:
            self.at_once -= 1
        shown = (
            request.events[-1].sequence
            if request.events
            else request.place.events_shown
            if request.place is not None
            else 0
        )
        return CardAnswer(place=CardPlace(channel_id="22", message_id="7", events_shown=shown))


@contextlib.asynccontextmanager
async def served(harness: Harness, board: Board) -> AsyncIterator[None]:
    """Serve the account's cards until left."""
    async with Worker(harness.client, task_queue=cards_queue(harness.account), activities=[board.show]):
        yield


def carded(**changes: object) -> Policy:
    """Return the rules of a trade that has a card."""
    return policy(cards=True, **changes)


async def test_every_event_is_shown_once_and_bursts_are_batched(harness: Harness) -> None:
    """One card activity at a time.

    Each carries the newest state, and its events continue where the last one's ended.
    """
    board = Board()
    async with served(harness, board):
        await harness.quote("1.20", "1.20")
        trade = await harness.alert(rules=carded())
        await harness.until(trade, "held", phase=Phase.HOLDING, exits_working=2)
        await harness.quote("2.50", "2.52")
        view = await trade.result()
    events = await harness.events(trade)
    numbers = [each.sequence for request in board.requests for each in request.events]
    assert numbers == list(range(1, len(events) + 1))
    assert board.most_at_once == 1
    assert len(board.requests) < len(events)
    assert board.requests[0].place is None
    assert all(
        request.place is not None and request.place.message_id == "7" for request in board.requests[1:]
    )
    assert (board.requests[-1].view.outcome, board.requests[-1].events[-1].kind) == (
        view.outcome,
        EventKind.CLOSED,
    )


async def test_without_a_bot_trading_does_not_wait(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """EXT-50: nobody serves the cards.

    The position is bought and protected at once, and the end comes within the bound of two tries.
    """
    # an activity that nobody takes waits in real time, which is why its bound is short here
    bound = timedelta(seconds=1)
    monkeypatch.setattr(activity_options, "CARD", replace(CARD, schedule_to_close=bound))
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=carded())
    view = await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    assert view.first_filled_at is not None
    await harness.quote("2.50", "2.52")
    over = await trade.result()
    described = await trade.describe()
    assert over.closed_at is not None
    assert described.close_time is not None
    # the trade itself is over before: only the workflow stays for the last try
    assert described.close_time - over.closed_at <= 2 * bound + timedelta(seconds=20)
    card: CardState = await trade.query(CARD_QUERY, result_type=CardState)
    assert (card.place, card.shown, card.wanted) == (None, 0, True)


async def test_after_a_failure_an_existing_card_is_looked_up_first(harness: Harness) -> None:
    """What an unanswered try did is not known.

    The next one receives that, sends everything again, and the one after is certain.
    """
    board = Board(failures=1)
    async with served(harness, board):
        await harness.quote("1.20", "1.20")
        trade = await harness.alert(rules=carded())
        await harness.until(trade, "held", phase=Phase.HOLDING, exits_working=2)
        await eventually(lambda: len(board.requests) >= 3, "three tries")
    assert [request.in_doubt for request in board.requests[:3]] == [False, True, False]
    assert board.requests[1].events[0].sequence == 1


async def test_a_restarted_bot_requests_the_card(harness: Harness) -> None:
    """A trade that only holds has nothing new to show.

    The bot's word is enough, and a card that is like the trade says so.
    """
    board = Board()
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(
        rules=carded(safety=replace(policy().safety, late_fill_watch=timedelta(seconds=2)))
    )
    await harness.until(trade, "held", phase=Phase.HOLDING, exits_working=2)
    async with served(harness, board):
        await trade.signal(SHOW_CARD_SIGNAL)

        async def like_it() -> bool:
            card: CardState = await trade.query(CARD_QUERY, result_type=CardState)
            return card.place is not None and card.shown == card.events

        await eventually(like_it, "the card to be shown", within=20)


async def test_a_trade_without_cards_requests_none(harness: Harness) -> None:
    """Without a bot in the settings no activity is scheduled for one."""
    board = Board()
    async with served(harness, board):
        trade = await harness.alert("BTO SPY 450 @ 2.00 12/18")
        assert (await trade.result()).outcome is Outcome.DENIED
    assert board.requests == []
    card: CardState = await trade.query(CARD_QUERY, result_type=CardState)
    assert not card.wanted


async def test_a_card_has_a_bounded_size(harness: Harness) -> None:
    """DUR-40: an exit that is refused for days, and a bot that is unreachable.

    Each card is written into history, so each has a bound: of the orders it carries those that may fill.
    """
    harness.exit_fraction = None
    board = Board(failures=10_000)
    async with served(harness, board):
        await harness.quote("1.20", "1.20")
        await harness.reject_orders("*-x*", times=40)
        trade = await harness.alert(rules=carded())
        view = await harness.until(trade, "protected at last", exits_working=2)
        await eventually(lambda: bool(board.requests[-1].view.orders), "a card with the working exit")
    assert len(view.orders) == 42
    assert view.events > 80
    assert max(len(request.events) for request in board.requests) == 50
    assert max(len(request.view.orders) for request in board.requests) == 1
    assert not any(event.facts or event.chain for request in board.requests for event in request.events)
    assert board.requests[-1].events[-1].sequence > 80
