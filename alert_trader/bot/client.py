"""The bot: a discord.py client, a Temporal worker for cards, and catching up after a disconnect."""

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

from alert_trader.bot.button_handler import ButtonHandler
from alert_trader.bot.buttons import ButtonHandlers, CardButton, ConfirmButton
from alert_trader.bot.cards import CardActivity
from alert_trader.bot.discord_errors import DISCORD_ERRORS
from alert_trader.bot.discord_text import discord_ids, safe
from alert_trader.bot.intake import MessageIntake
from alert_trader.bot.operators import Operators
from alert_trader.bot.reactions import Reactions
from alert_trader.bot.setup_check import setup_problems
from alert_trader.bot.stuck_cards import StuckCards
from alert_trader.control.errors import ControlError
from alert_trader.control.intake.message import Intake
from alert_trader.control.queries.cards import outdated_cards, request_card
from alert_trader.settings.model import Settings
from alert_trader.workflows.interface import cards_queue

log = logging.getLogger("alert-trader.bot")

GRACE = timedelta(seconds=5)
"""For card updates in progress at shutdown."""

CATCH_UP_FIRST = timedelta(seconds=15)
"""How long a new message waits at most for earlier, missed messages to be read first."""

INTENTS = discord.Intents(guilds=True, guild_messages=True, message_content=True)


class TraderBot(discord.Client):
    """Receives alerts and commands and shows cards, for one account."""

    def __init__(self, temporal: Client, settings: Settings, rules: Intake) -> None:
        """Make a bot for the trades of `temporal`; `rules` decide what is done with messages."""
        # no caches: decisions use only what Discord sends with each event
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
        self.operators = Operators(
            users=frozenset(map(int, settings.operators)),
            roles=frozenset(map(int, settings.discord_operator_roles)),
        )
        handler = ButtonHandler(temporal, self.operators)
        self.button_handlers = ButtonHandlers(pressed=handler.pressed, confirmed=handler.confirmed)
        reactions = Reactions()
        self.intake = MessageIntake(
            temporal, rules, settings.allowlist, settings.discord_backfill, self._notify, reactions
        )
        self.cards = CardActivity(self, None if channel is None else int(channel), reactions)
        self.stuck_cards = StuckCards(temporal, settings.account, self.cards)
        self.tree = app_commands.CommandTree(self)
        self.up = asyncio.Event()
        """Set when connected and caught up for the first time."""
        self._catching_up = asyncio.Lock()
        self._caught_up = asyncio.Event()
        """Clear while earlier messages may still be unread."""
        self._resources = AsyncExitStack()

    @override
    async def setup_hook(self) -> None:
        """Start the card worker and register buttons and commands; called once, after login."""
        self.add_dynamic_items(CardButton, ConfirmButton)
        for guild in discord_ids(self.settings.allowlist.guilds):
            home = discord.Object(guild)
            self.tree.copy_global_to(guild=home)
            try:
                await self.tree.sync(guild=home)
            except DISCORD_ERRORS as refused:
                log.warning("cannot register slash commands in server %s: %s", guild, refused)
        worker = Worker(
            self.temporal,
            task_queue=cards_queue(self.settings.account),
            activities=[self.cards.show_card],
            graceful_shutdown_timeout=GRACE,
            max_concurrent_activities=20,
        )
        await self._resources.enter_async_context(worker)
        marking = asyncio.create_task(self.stuck_cards.run())
        self._resources.callback(marking.cancel)

    @override
    async def close(self) -> None:
        """Stop the card worker, then disconnect from Discord."""
        await self._resources.aclose()
        await super().close()

    async def on_message(self, message: discord.Message) -> None:
        """Process a message. discord.py runs each call as its own task, so waiting blocks nothing else."""
        # missed messages come first: an exit received now may refer to an entry that was missed
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._caught_up.wait(), CATCH_UP_FIRST.total_seconds())
        await self.intake.take(message, self.me)

    async def _notify(self, sentence: str, channel_id: int) -> None:
        """Send people a sentence where the cards of a channel are shown; a failure is only logged."""
        channel = self.settings.discord_cards_channel
        there = self.get_partial_messageable(channel_id if channel is None else int(channel))
        try:
            await there.send(safe(sentence), allowed_mentions=discord.AllowedMentions.none())
        except DISCORD_ERRORS as error:
            log.warning("cannot notify people: %s: %s", sentence, error)

    async def on_disconnect(self) -> None:
        """Delay new messages until the missed ones are read."""
        self._caught_up.clear()

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Process an edit, or the text of a deferred answer. Ignore updates that only add a link preview."""
        await self.intake.take_update(payload.message, self.me)

    @property
    def me(self) -> int:
        """The bot's own user id."""
        assert self.user is not None
        return self.user.id

    async def on_ready(self) -> None:
        """Log problems of the setup, and catch up: in a new session anything may have been missed."""
        for fault in setup_problems(self.guilds, self.settings.allowlist, self.cards._channel, self.me):  # noqa: SLF001
            log.warning("%s", fault)
        await self.catch_up()
        self.up.set()

    async def on_resumed(self) -> None:
        """Catch up with cards; Discord has already sent the missed messages again."""
        self._caught_up.set()
        await self.catch_up()

    async def catch_up(self) -> None:
        """Process missed messages and update outdated cards."""
        async with self._catching_up:
            count = await self.intake.catch_up(self, self.me)
            self._caught_up.set()
            try:
                late = await outdated_cards(self.temporal, self.settings.account)
                for each in late:
                    if each.last is None:
                        await request_card(self.temporal, each.workflow_id)
                    else:
                        await self._repair_card(each.last)
            except ControlError as error:
                log.warning("cannot check for outdated cards: %s", error)
            else:
                log.info("caught up: %d missed messages, %d outdated cards", count, len(late))

    async def _repair_card(self, last: Any) -> None:
        try:
            await self.cards.show(last, in_doubt=True)
        except DISCORD_ERRORS as error:
            log.warning("cannot update the card of %s: %s", last.view.workflow_id, error)
