"""Which of Discord's messages arrive at the intake, with the payloads' real shape, and what people see."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from alert_trader.bot.intake import UNREADABLE
from alert_trader.bot.reactions import REFUSED
from alert_trader.domain.trade.view import TradeView
from tests.support.harness import AUTHOR, CHANNEL, FORUM, Harness
from tests.support.waiting import eventually
from tests.workflows.test_bot import Scene, alert_chat, running

WITHOUT_RIGHT = "BTO SPY 450 12/18/2027 @ 1.20"
"""An alert that is refused for its missing right once it is read: nothing is bought."""


@pytest.fixture
async def scene(harness: Harness, tmp_path: Path) -> AsyncIterator[Scene]:
    """Run a bot that listens to the alerts' channel."""
    await harness.quote("1.20", "1.20")
    async with alert_chat() as chat, running(harness, tmp_path) as bot:
        yield Scene(chat, bot)


async def reason(harness: Harness, message: dict[str, Any]) -> str:
    """Return the code with which the trade of a message was denied."""
    handle = harness.client.get_workflow_handle(f"trade-{message['id']}", result_type=TradeView)

    async def denied() -> str | None:
        try:
            return ((await handle.result()).reason or "").partition(":")[0]
        except Exception:  # noqa: BLE001 - it has not begun yet
            return None

    return str(await eventually(denied, "the trade of the message", within=20))


async def reacted(message: dict[str, Any], emoji: str) -> None:
    """Wait for a reaction of the bot."""

    def there() -> bool:
        return any(each["emoji"]["name"] == emoji for each in message["reactions"])

    await eventually(there, f"the reaction {emoji}", within=20)


async def test_text_in_every_place_is_read(harness: Harness, scene: Scene) -> None:
    """WHO-20: content, an embed with its author's line, and the components of a message are one text each."""
    say = scene.chat.control.say
    embed = {"title": "BTO 450 12/18/2027 @ 1.20", "author": {"name": "$SPY | new trade"}}
    display = {"type": 10, "content": WITHOUT_RIGHT}
    container = {"type": 17, "components": [display, {"type": 14}]}
    for message in (
        say(WITHOUT_RIGHT),
        say("", embeds=[embed]),
        say("", flags=1 << 15, components=[container]),
    ):
        assert await reason(harness, message) == "PARSE_NO_RIGHT"
        await reacted(message, REFUSED)


async def test_a_followed_channel_is_a_first_message(harness: Harness, scene: Scene) -> None:
    """WHO-20: its reference is its source, not a quote; a quotation of a message stays refused."""
    # its author is the webhook that the followed channel posts by
    followed = scene.chat.control.say(WITHOUT_RIGHT, flags=1 << 1, webhook=AUTHOR)
    assert (followed["webhook_id"], followed["message_reference"]["type"]) == (AUTHOR, 0)
    assert await reason(harness, followed) == "PARSE_NO_RIGHT"
    entry = f"BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20"
    forwarded = scene.chat.control.say("", forward_of=scene.chat.control.say("hello " + entry)["id"])
    assert await reason(harness, forwarded) in {"PARSE_NOT_FIRST_HAND", "PARSE_UNCLEAR"}


async def test_a_thread_below_the_channel_is_listened_to(harness: Harness, scene: Scene) -> None:
    """WHO-10: a post in a thread or in a listened forum counts as posted there."""
    parent = scene.chat.control.say("plans for the week")
    thread = scene.chat.world.open_thread(CHANNEL, parent["id"], "swings")
    assert (
        await reason(harness, scene.chat.control.say(WITHOUT_RIGHT, channel=thread["id"])) == "PARSE_NO_RIGHT"
    )
    world = scene.chat.world
    post = world.open_post(FORUM, world.users[AUTHOR], "SPY swing", {"content": WITHOUT_RIGHT})
    assert await reason(harness, post) == "PARSE_NO_RIGHT"
    reply = scene.chat.control.say(WITHOUT_RIGHT, channel=post["channel_id"])
    assert await reason(harness, reply) == "PARSE_NO_RIGHT"


async def test_the_text_of_a_deferred_answer_is_read_when_it_comes(harness: Harness, scene: Scene) -> None:
    """WHO-20: an empty shell has nothing to read; the update that brings its text is its first text."""
    shell = scene.chat.control.say("", flags=1 << 7)
    await reacted(scene.chat.control.say("", embeds=[{"description": WITHOUT_RIGHT}]), REFUSED)
    scene.chat.control.change(shell["id"], WITHOUT_RIGHT)
    assert await reason(harness, shell) == "PARSE_NO_RIGHT"
    boxed = scene.chat.control.say("", flags=1 << 7)
    await reacted(scene.chat.control.say("", embeds=[{"description": WITHOUT_RIGHT}]), REFUSED)
    scene.chat.control.change(boxed["id"], "", embeds=[{"description": WITHOUT_RIGHT}])
    assert await reason(harness, boxed) == "PARSE_NO_RIGHT"


async def test_an_embed_edited_in_place_is_an_edit(harness: Harness, scene: Scene) -> None:
    """WHO-20: a bot that fills in its box later opens no trade by it, and the refusal is on record."""
    entry = f"BTO SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20"
    box = scene.chat.control.say("", embeds=[{"title": "One moment"}], webhook=AUTHOR)
    await reacted(scene.chat.control.say(WITHOUT_RIGHT), REFUSED)
    scene.chat.control.change(box["id"], "", embeds=[{"title": "New trade", "description": entry}])
    assert await reason(harness, box) == "PARSE_NOT_FIRST_HAND"


async def test_an_image_alone_gets_a_reaction_and_one_notification(scene: Scene) -> None:
    """WHO-40: what cannot be read is not silent, and does not flood the channel either."""
    image = {"id": "1", "filename": "alert.png", "size": 10}
    for _ in range(2):
        await reacted(scene.chat.control.say("", attachments=[image]), UNREADABLE)

    def sentences() -> list[str]:
        said = scene.chat.world.messages[CHANNEL].values()
        return [each["content"] for each in said if each["author"]["id"] != AUTHOR and each["content"]]

    assert len(await eventually(sentences, "the sentence", within=20)) == 1
