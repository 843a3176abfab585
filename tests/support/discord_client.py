"""A real, unmodified discord.py client in the bundled chat."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import discord

from alert_trader.bot.__main__ import use_chat
from alert_trader.bot.client import INTENTS
from alert_trader.simulators.chat.config import ChatConfig, Person, RateLimit, Room
from alert_trader.simulators.chat.server import RunningChat, serve

ADA, BOB = "100000000000000001", "100000000000000002"
ALERTS, OTHER = "200000000000000001", "200000000000000002"
QUICK = RateLimit(calls=5, seconds=0.5)


def config(**changes: Any) -> ChatConfig:
    """Return a server with two people and two channels, whose limits pass quickly."""
    own: dict[str, Any] = {
        "people": (Person(user_id=ADA, name="ada", roles=("7",)), Person(user_id=BOB, name="bob")),
        "rooms": (Room(channel_id=ALERTS, name="alerts"), Room(channel_id=OTHER, name="other")),
        "roles": {"7": "gateway"},
        "posts": QUICK,
        "edits": QUICK,
        "reactions": RateLimit(calls=5, seconds=0.1),
    }
    return ChatConfig(**{**own, **changes})


@contextlib.asynccontextmanager
async def open_chat(**changes: Any) -> AsyncIterator[RunningChat]:
    """Serve a chat that discord.py takes for Discord until left."""
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    async with serve(config(**changes)) as chat:
        use_chat(chat.url)
        try:
            yield chat
        finally:
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


class Listener(discord.Client):
    """A client that keeps what it hears."""

    def __init__(self, **options: Any) -> None:
        """Listen with the bot's own intents."""
        super().__init__(
            intents=options.pop("intents", INTENTS), guild_ready_timeout=0.05, max_messages=None, **options
        )
        self.heard: list[discord.Message] = []
        self.edits: list[discord.RawMessageUpdateEvent] = []
        self.resumed = 0
        self.readied = 0

    async def on_message(self, message: discord.Message) -> None:
        """Keep a message."""
        self.heard.append(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Keep an edit."""
        self.edits.append(payload)

    async def on_ready(self) -> None:
        """Count sessions."""
        self.readied += 1

    async def on_resumed(self) -> None:
        """Count resumes."""
        self.resumed += 1


@contextlib.asynccontextmanager
async def connected(client: discord.Client, token: str = "demo") -> AsyncIterator[None]:
    """Log in and stay connected until left."""
    async with client:
        await client.login(token)
        connecting = asyncio.create_task(client.connect())
        try:
            await client.wait_until_ready()
            yield
        finally:
            await client.close()
            connecting.cancel()
            await asyncio.wait([connecting])
