"""The bundled chat, as the unmodified discord.py client takes it."""

from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from alert_trader.simulators.chat.limits import Fault, Trouble
from alert_trader.simulators.chat.server import RunningChat
from alert_trader.simulators.chat.transcript import Kind
from tests.support.discord_client import ADA, ALERTS, BOB, OTHER, Listener, connected, open_chat
from tests.support.waiting import eventually


async def test_messages_arrive_with_all_their_fields(chat: RunningChat, client: Listener) -> None:
    """First messages, replies, forwards, embeds, webhooks.

    Edits are distinguished as Discord tells them apart.
    """
    embed = {"title": "CALL", "fields": [{"name": "Ticker", "value": "SPY", "inline": True}]}
    first = chat.control.say("BTO SPY", embeds=[embed])
    chat.control.say("me too", user=BOB, reply_to=first["id"])
    chat.control.say("", forward_of=first["id"], channel=OTHER)
    chat.control.say("from elsewhere", webhook="555")
    chat.control.change(first["id"], "BTO QQQ")
    await eventually(lambda: len(client.heard) == 4 and client.edits, "four messages and an edit")
    plain, reply, forward, hook = client.heard
    assert (plain.content, plain.embeds[0].fields[0].value, str(plain.author.id), plain.reference) == (
        "BTO SPY",
        "SPY",
        ADA,
        None,
    )
    assert (reply.type, reply.reference and reply.reference.message_id) == (
        discord.MessageType.reply,
        int(first["id"]),
    )
    assert forward.message_snapshots[0].content == "BTO SPY"
    assert (hook.webhook_id, hook.author.bot) == (555, True)
    assert client.edits[0].message.edited_at is not None
    assert plain.created_at == discord.utils.snowflake_time(int(first["id"]))


async def test_a_dropped_connection_is_resumed_without_loss(chat: RunningChat, client: Listener) -> None:
    """After a drop the session continues, and what was said meanwhile comes once.

    After a lost session it does not come.
    """
    await chat.gateway.drop()
    chat.control.say("while away")
    await eventually(lambda: client.resumed == 1 and client.heard, "a resume", within=20)
    await chat.gateway.drop(forget=True)
    chat.control.say("for ever missed")
    await eventually(lambda: client.readied == 2, "a new session", within=20)
    chat.control.say("heard again")
    await eventually(lambda: len(client.heard) == 2, "the next message")
    assert [each.content for each in client.heard] == ["while away", "heard again"]


async def test_rate_limits_are_announced_and_enforced(chat: RunningChat, client: Listener) -> None:
    """The headers make the client wait by itself; a 429 that comes all the same is waited for as well."""
    channel = client.get_partial_messageable(int(ALERTS))
    for number in range(7):
        await channel.send(str(number))
    assert not [line for line in chat.transcript.of(Kind.FAULT) if line.facts["trouble"] == "limited"]
    chat.limits.faults.append(Fault(trouble=Trouble.LIMITED, seconds=0.05))
    await channel.send("after all")
    assert [each.content async for each in channel.history(limit=1)] == ["after all"]


async def test_a_nonce_creates_a_message_once(chat: RunningChat, client: Listener) -> None:
    """The same nonce again gives the message that is there; so does one whose answer was lost."""
    channel = client.get_partial_messageable(int(ALERTS))
    first = await channel.send("once", nonce="n1")
    again = await channel.send("once", nonce="n1")
    chat.limits.faults.append(Fault(trouble=Trouble.LOST))
    with pytest.raises(aiohttp.ClientError):
        await channel.send("lost", nonce="n2")
    found = await channel.send("lost", nonce="n2")
    assert first.id == again.id
    assert [each.id async for each in channel.history(limit=10)] == [found.id, first.id]


async def test_threads_reactions_and_deletes(chat: RunningChat, client: Listener) -> None:
    """A message has one thread, which has its id; reactions show who put them.

    A deleted message is not returned.
    """
    said = chat.control.say("hello")
    await eventually(lambda: client.heard, "the message")
    message = client.heard[0]
    await message.add_reaction("👀")
    thread = await message.create_thread(name="story")
    await thread.send("in it")
    with pytest.raises(discord.HTTPException) as twice:
        await message.create_thread(name="again")
    seen = await client.get_partial_messageable(int(ALERTS)).fetch_message(int(said["id"]))
    assert (thread.id, twice.value.code, seen.reactions[0].me) == (message.id, 160004, True)
    assert [each["content"] for each in chat.world.messages[said["id"]].values()] == ["in it"]
    mine = await thread.send("mine")
    await mine.delete()
    with pytest.raises(discord.NotFound):
        await thread.fetch_message(mine.id)


async def test_commands_buttons_selects_and_forms(chat: RunningChat) -> None:
    """A person uses each kind of interaction; ephemeral answers are in no channel.

    An interaction is answered once.
    """

    class Form(discord.ui.Modal, title="Why"):
        why: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Why", custom_id="why")

        async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
            await interaction.response.send_message(f"because {self.why.value}", ephemeral=True)

    class Pick(discord.ui.View):
        @discord.ui.button(label="Form", custom_id="form")
        async def form(self, interaction: discord.Interaction[Any], _: Any) -> None:
            await interaction.response.send_modal(Form())

        @discord.ui.select(
            custom_id="pick", options=[discord.SelectOption(label="a"), discord.SelectOption(label="b")]
        )
        async def pick(self, interaction: discord.Interaction[Any], select: Any) -> None:
            await interaction.response.edit_message(content=f"picked {select.values[0]}", view=None)

    client = Listener()
    tree = app_commands.CommandTree(client)

    @tree.command(name="ask")
    async def ask(interaction: discord.Interaction[Any], what: str) -> None:
        """Ask."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"{what} by {interaction.user}", view=Pick(), ephemeral=True)

    @ask.autocomplete("what")
    async def suggest(_: Any, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=typed * 2, value=typed)]

    home = discord.Object(int(chat.config.guild_id))
    tree.copy_global_to(guild=home)
    async with connected(client):
        await tree.sync(guild=home)
        assert await chat.control.complete("ask", "what", "x") == [{"name": "xx", "value": "x"}]
        asked = (await chat.control.use("ask", user=BOB, what="this"))["answers"][0]
        assert (asked["content"], asked["flags"] & 64) == ("this by bob", 64)
        opened = await chat.control.click(asked, "Form", user=BOB)
        filled = await chat.control.fill(opened["modal"], {"why": "it rains"}, user=BOB)
        picked = await chat.control.click(asked, "pick", user=BOB, values=["b"])
    assert filled["answers"][0]["content"] == "because it rains"
    assert picked["answers"][-1]["content"] == "picked b"
    assert chat.world.messages[ALERTS] == {}


async def test_a_bot_without_the_intent_sees_no_text() -> None:
    """What the developer portal switches off is refused, or hidden, as Discord does."""
    async with open_chat(privileged_intents=()) as chat:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with Listener() as refused:
                await refused.start("demo")
        blind = Listener(intents=discord.Intents(guilds=True, guild_messages=True))
        async with connected(blind):
            chat.control.say("secret")
            await eventually(lambda: blind.heard, "the message")
            assert blind.heard[0].content == ""
        async with Listener() as stranger:
            with pytest.raises(discord.LoginFailure):
                await stranger.login("wrong")
