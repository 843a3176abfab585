"""Cards through the real client: one for each trade, whatever is lost on the way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import aiohttp
import discord
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.messages import CardAnswer, CardPlace, CardRequest
from alert_trader.bot.cards import CardActivity
from alert_trader.bot.setup_check import PERMISSIONS, invite, setup_problems
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.view import TradeView
from alert_trader.simulators.chat.config import BOT_PERMISSIONS, CREATE_PUBLIC_THREADS, SEND_MESSAGES
from alert_trader.simulators.chat.limits import Fault, Trouble
from alert_trader.simulators.chat.server import RunningChat
from alert_trader.simulators.chat.transcript import Kind
from tests.support.discord_client import ALERTS, OTHER, Listener, connected, open_chat
from tests.unit.bot.conftest import make_view


def request(count: int, place: CardPlace | None = None, **changes: object) -> CardRequest:
    """Return the request for the card of a trade with `count` events, without those already posted."""
    now = clock.now()
    view: TradeView = make_view(**changes)
    view = replace(view, message=replace(view.message, channel_id=ALERTS, posted_at=now))
    shown = 0 if place is None else place.events_shown
    events = [
        TradeEvent(
            sequence=each, at=now + timedelta(seconds=each), kind=EventKind.FILLED, text=f"event {each}"
        )
        for each in range(1, count + 1)
    ]
    return CardRequest(view=view, events=tuple(events[shown:]), place=place)


def in_channel(chat: RunningChat, channel: str = ALERTS) -> list[str]:
    """Return the last line of every card in a channel."""
    return [each["embeds"][0]["footer"]["text"] for each in chat.world.messages[channel].values()]


def story(chat: RunningChat) -> list[str]:
    """Return the events posted in the one thread."""
    (thread,) = [each for each in chat.world.messages if each not in {ALERTS, OTHER}]
    text = "\n".join(each["content"] for each in chat.world.messages[thread].values())
    return [line.rpartition(" ")[2] for line in text.splitlines()]


async def test_a_card_is_created_once_and_then_edited(chat: RunningChat, client: Listener) -> None:
    """The first request makes the card and its thread, the next ones change it and continue the thread."""
    cards = CardActivity(client, None)
    first = await cards.show(request(2), in_doubt=False)
    second = await cards.show(request(5, first, position=2), in_doubt=False)
    assert (first.message_id, second.events_shown) == (second.message_id, 5)
    assert in_channel(chat) == ["trade-1574672848276946944 · demo · account 5WT31673 · 5 events"]
    assert story(chat) == ["1", "2", "3", "4", "5"]
    assert all(line.facts["pinged"] == [] for line in chat.transcript.of(Kind.POSTED, Kind.EDITED))


THREAD = "?" * 19
"""A pattern of the ids that the chat gives today, and until 2084; those of its channels are shorter."""


@pytest.mark.parametrize(
    "where",
    [f"/channels/{ALERTS}/messages", "/channels/*/messages/*/threads", f"/channels/{THREAD}/messages"],
)
async def test_a_lost_answer_creates_no_second_card(chat: RunningChat, client: Listener, where: str) -> None:
    """When the answer for a card, thread or event is lost, the next attempt finds what was posted."""
    cards = CardActivity(client, None)
    chat.limits.faults.append(Fault(trouble=Trouble.LOST, path=where))
    with pytest.raises(aiohttp.ClientError):
        await cards.show(request(2), in_doubt=False)
    place = await cards.show(request(4), in_doubt=True)
    assert len(in_channel(chat)) == 1
    assert story(chat) == ["1", "2", "3", "4"]
    assert place.events_shown == 4


async def test_a_restarted_bot_finds_its_earlier_card(chat: RunningChat, client: Listener) -> None:
    """A trade that was reset, or whose bot was killed before it answered, knows no card.

    It is looked for, and found.
    """
    made = await CardActivity(client, None).show(request(3), in_doubt=False)
    chat.control.say("talk in between")
    found = await CardActivity(client, None).show(request(5), in_doubt=False)
    assert found.message_id == made.message_id
    assert story(chat) == ["1", "2", "3", "4", "5"]


async def test_a_deleted_card_is_created_again(chat: RunningChat, client: Listener) -> None:
    """A trade is never without its card."""
    cards = CardActivity(client, None)
    gone = await cards.show(request(2), in_doubt=False)
    chat.world.delete(ALERTS, gone.message_id)
    again = await cards.show(request(3, gone), in_doubt=False)
    assert again.message_id != gone.message_id
    assert len(in_channel(chat)) == 1


async def test_cards_can_go_to_a_channel_of_their_own(chat: RunningChat, client: Listener) -> None:
    """The setting decides where a new card goes; the alert's channel has none then."""
    await CardActivity(client, int(OTHER)).show(request(1), in_doubt=False)
    assert (len(in_channel(chat)), len(in_channel(chat, OTHER))) == (0, 1)


async def test_a_channel_without_permission_is_reported_with_what_to_do() -> None:
    """Without the permission nothing is tried again, and the words name the channel.

    Without threads the card is there all the same.
    """
    async with open_chat(bot_permissions=BOT_PERMISSIONS & ~SEND_MESSAGES) as chat:
        client = Listener()
        async with connected(client):
            with pytest.raises(
                ApplicationError, match=f"cannot post the card in channel {ALERTS}.*Missing Permissions"
            ) as refused:
                await ActivityEnvironment().run(CardActivity(client, None).show_card, request(1))
            assert refused.value.non_retryable
            problems = setup_problems(
                client.guilds,
                Allowlist(authors=("1",), channels=(ALERTS, "5"), guilds=("300000000000000003", "6")),
                None,
                9,
            )
    assert len(problems) == 3
    assert "not in server 6" in problems[0]
    assert "missing permissions in #alerts" in problems[1]
    assert ": send messages (to post cards)" in problems[1]
    assert "text channel 5 was not found" in problems[2]
    async with open_chat(bot_permissions=BOT_PERMISSIONS & ~CREATE_PUBLIC_THREADS) as chat:
        client = Listener()
        async with connected(client):
            answer: CardAnswer = await ActivityEnvironment().run(
                CardActivity(client, None).show_card, request(1)
            )
            assert answer.place.events_shown == 1
            assert len(in_channel(chat)) == 1


def test_the_invite_link_has_the_least_permissions() -> None:
    """The link names exactly the permissions that are each explained, and the scope that commands need."""
    link = invite(42)
    allowed = discord.Permissions(int(link.rpartition("permissions=")[2].partition("&")[0]))
    assert {name for name, value in allowed if value} == {
        "read_messages" if name == "view_channel" else name for name in PERMISSIONS
    }
    assert "scope=bot+applications.commands" in link
    assert not setup_problems([], Allowlist(), None, 1)[0].startswith("the bot")


async def test_a_burst_of_changes_stays_within_discords_rate_limits(
    chat: RunningChat, client: Listener
) -> None:
    """Many changes of several trades at once.

    Discord is never asked more than it takes, and every card ends as its trade.
    """
    cards = CardActivity(client, None)

    async def live(trade: str) -> None:
        place = None
        for count in range(1, 6):
            asked = request(count, place, workflow_id=f"trade-{trade}")
            message = replace(asked.view.message, message_id=message_id(trade))
            place = await cards.show(
                replace(asked, view=replace(asked.view, message=message)), in_doubt=False
            )

    await asyncio.gather(*(live(f"m{number}") for number in range(4)))
    assert [line.facts for line in chat.transcript.of(Kind.FAULT)] == []
    assert sorted(each.split(" ")[0] for each in in_channel(chat)) == [
        f"trade-m{number}" for number in range(4)
    ]
    assert all(each.endswith("5 events") for each in in_channel(chat))
