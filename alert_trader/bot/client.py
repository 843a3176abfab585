"""The bot: one discord.py client, the cards' worker inside it, and what is caught up on whenever it is back."""

import asyncio
import contextlib
import logging
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from temporalio.client import Client
from temporalio.worker import Worker
from typing_extensions import override

from alert_trader.bot.buttons import ButtonHandlers, CardButton, ConfirmButton
from alert_trader.bot.cards import CardActivity
from alert_trader.bot.first_start import findings
from alert_trader.bot.intake import MessageIntake
from alert_trader.bot.people import People
from alert_trader.bot.pressing import ButtonHandler
from alert_trader.bot.words import UNREACHED
from alert_trader.control.errors import ControlError
from alert_trader.control.intake.message import Intake
from alert_trader.control.queries.cards import outdated_cards, request_card
from alert_trader.settings.model import Settings
from alert_trader.workflows.interface import cards_queue

log = logging.getLogger("alert-trader.bot")

GRACE = timedelta(seconds=5)
"""For cards that are being shown at a stop."""

MISSED_FIRST = timedelta(seconds=15)
"""Longest time a message waits for those before it to be read back."""

INTENTS = discord.Intents(guilds=True, guild_messages=True, message_content=True)


class TraderBot(discord.Client):
    """Listens, shows and takes commands for one account."""

    def __init__(self, temporal: Client, settings: Settings, rules: Intake) -> None:
        """Make a bot that works by `settings`, over trades of `temporal`; messages are taken in by `rules`."""
        # nothing is decided by what is cached; a message in memory is only one more place where it can be wrong
        super().__init__(
            intents=INTENTS,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.5,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        channel = settings.discord_cards_channel
        self.temporal = temporal
        self.settings = settings
        self.people = People(
            users=frozenset(map(int, settings.operators)),
            roles=frozenset(map(int, settings.discord_operator_roles)),
        )
        presses = ButtonHandler(temporal, self.people)
        self.hands = ButtonHandlers(pressed=presses.pressed, confirmed=presses.confirmed)
        self.intake = MessageIntake(temporal, rules, settings.allowlist, settings.discord_backfill)
        self.cards = CardActivity(self, None if channel is None else int(channel))
        self.tree = app_commands.CommandTree(self)
        self.up = asyncio.Event()
        """Set when it is connected and has caught up for the first time."""
        self._catching_up = asyncio.Lock()
        self._in_order = asyncio.Event()
        """Clear while messages may be missing that came before the next one."""
        self._open = AsyncExitStack()

    @override
    async def setup_hook(self) -> None:
        """Serve cards, and know buttons of every earlier life again; called once, logged in and not yet connected."""
        self.add_dynamic_items(CardButton, ConfirmButton)
        for guild in self.settings.allowlist.guilds:
            home = discord.Object(int(guild))
            self.tree.copy_global_to(guild=home)
            try:
                await self.tree.sync(guild=home)
            except UNREACHED as refused:
                log.warning("server %s does not take the commands: %s", guild, refused)
        worker = Worker(
            self.temporal,
            task_queue=cards_queue(self.settings.account),
            activities=[self.cards.show_card],
            graceful_shutdown_timeout=GRACE,
            max_concurrent_activities=20,
        )
        await self._open.enter_async_context(worker)

    @override
    async def close(self) -> None:
        """Stop serving cards, then leave Discord."""
        await self._open.aclose()
        await super().close()

    async def on_message(self, message: discord.Message) -> None:
        """Take a message in. Each runs as a task of its own, so the gateway is never held up."""
        # what was missed comes first: an exit that is heard now may be about an entry that was not
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._in_order.wait(), MISSED_FIRST.total_seconds())
        await self.intake.take(message, self.me)

    async def on_disconnect(self) -> None:
        """Hold messages back until what was missed meanwhile is in."""
        self._in_order.clear()

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Take an edit in: its trade is told. A message that only got its preview was not edited, and means nothing new."""
        if payload.message.edited_at is not None:
            await self.intake.take(payload.message, self.me)

    @property
    def me(self) -> int:
        """The bot's own id."""
        assert self.user is not None
        return self.user.id

    async def on_ready(self) -> None:
        """Say what is missing, and catch up: this is a new session, so anything may have been missed."""
        for fault in findings(self.guilds, self.settings.allowlist, self.cards._channel, self.me):  # noqa: SLF001
            log.warning("%s", fault)
        await self.catch_up()
        self.up.set()

    async def on_resumed(self) -> None:
        """Catch up; Discord itself has sent again what was said meanwhile."""
        self._in_order.set()
        await self.catch_up()

    async def catch_up(self) -> None:
        """Read the messages that were missed, and have cards shown that fell behind; one at a time, and never in the way of the rest."""
        async with self._catching_up:
            count = await self.intake.catch_up(self, self.me)
            self._in_order.set()
            try:
                late = await outdated_cards(self.temporal, self.settings.account)
                for each in late:
                    if each.last is None:
                        await request_card(self.temporal, each.workflow_id)
                    else:
                        await self._mend(each.last)
            except ControlError as error:
                log.warning("cards may be behind: %s", error)
            else:
                log.info("caught up: %d messages read, %d cards were behind", count, len(late))

    async def _mend(self, last: Any) -> None:
        try:
            await self.cards.show(last, in_doubt=True)
        except UNREACHED as error:
            log.warning("the card of %s could not be mended: %s", last.view.workflow_id, error)
