"""Alerts in: messages of the rooms that are listened to go through the one door, and are reacted to at once.

An author's messages are taken in one after another, in the order they came, so that an exit never overtakes its entry. Nothing here
blocks the event loop, and nothing decides: `alert_trader.control.intake.message.take` does.
"""

import asyncio
import logging
from collections import defaultdict
from datetime import timedelta

import discord
from temporalio.client import Client

from alert_trader import clock
from alert_trader.bot.reading import alert_of, nature_of
from alert_trader.bot.words import UNREACHED
from alert_trader.control.errors import ControlError, NoAnswerError, UnreachableError
from alert_trader.control.intake.message import (
    Ignored,
    Intake,
    IntakeResult,
    PassedToTrade,
    TradeStarted,
    Unmatched,
    take,
)
from alert_trader.domain.alerts.alert import AlertKind, Nature
from alert_trader.domain.alerts.allowlist import Allowlist

log = logging.getLogger("alert-trader.bot.intake")

TRY_AGAIN = timedelta(seconds=1)
"""Between two tries while Temporal does not answer."""
EXIT_TRIES = timedelta(minutes=30)
"""How long a message is tried: an exit is wanted late as well, and an entry that is too old by then is refused by its age."""

STARTED, REFUSED, PASSED_ON, UNMATCHED, UNREACHABLE = "👀", "⛔", "📎", "❔", "⚠️"
"""What a message is reacted to with: taken up; not tradable; told to its trade; no trade it can be about; nobody answers."""


def wanted(message: discord.Message, me: int, listening: Allowlist) -> bool:
    """Tell whether a message is of a room and an author that are listened to, each by id. What the bot itself writes never is."""
    if message.author.id == me or message.guild is None:
        return False
    return (
        str(message.guild.id) in listening.guilds
        and str(message.channel.id) in listening.channels
        and str(message.author.id) in listening.authors
    )


def sign(taken: IntakeResult, nature: Nature) -> str | None:
    """Choose the reaction that says what became of a message; None for chatter."""
    match taken:
        case TradeStarted(parsed=parsed):
            # only a first message trades: what another one opens is its refusal on record
            return REFUSED if parsed.kind is AlertKind.REFUSED or nature is not Nature.FIRST else STARTED
        case PassedToTrade():
            return PASSED_ON
        case Unmatched():
            return UNMATCHED
        case Ignored():
            return None


class MessageIntake:
    """Takes messages in, and reacts."""

    def __init__(self, client: Client, rules: Intake, listening: Allowlist, backfill: timedelta) -> None:
        """Take in by `rules`; `backfill` is how far back a restart reads."""
        self._client = client
        self._rules = rules
        self._listening = listening
        self._backfill = backfill
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seen: dict[int, int] = {}
        """The last message seen of each channel."""

    async def take(self, message: discord.Message, me: int) -> IntakeResult | None:
        """Take in one message, if it is of those listened to. The same message again changes nothing."""
        if not wanted(message, me, self._listening):
            return None
        async with self._turns[message.author.id]:
            self._seen[message.channel.id] = max(self._seen.get(message.channel.id, 0), message.id)
            taken = await self._taken(message)
        emoji = UNREACHABLE if taken is None else sign(taken, nature_of(message))
        if emoji is not None:
            await _react(message, emoji)
        return taken

    async def _taken(self, message: discord.Message) -> IntakeResult | None:
        """Take in a message, trying again while Temporal or every worker is away; None when that stayed so.

        An update that no worker took is in no history: an exit must be told again. Its message's id makes it act once.
        """
        alert = alert_of(message)
        until = alert.posted_at + max(self._rules.policy.safety.max_alert_age, EXIT_TRIES)
        while True:
            try:
                return await take(self._client, alert, self._rules)
            except (UnreachableError, NoAnswerError) as error:
                log.warning("message %s waits: %s", alert.message_id, error)
                if clock.now() >= until:
                    return None
                await asyncio.sleep(TRY_AGAIN.total_seconds())
            except ControlError as error:
                # the trade said no
                log.warning("message %s: %s", alert.message_id, error)
                return None

    async def catch_up(self, client: discord.Client, me: int) -> int:
        """Read what was missed in every room listened to, the oldest first; gives how many messages that was.

        What is old by now is refused by its age, on record. What was reacted to has been taken in before.
        """
        count = 0
        for channel_id in sorted(int(each) for each in self._listening.channels):
            since = self._seen.get(channel_id) or discord.utils.time_snowflake(clock.now() - self._backfill)
            channel = client.get_channel(channel_id)
            if not isinstance(channel, discord.TextChannel):
                continue
            try:
                async for message in channel.history(
                    limit=None, after=discord.Object(since), oldest_first=True
                ):
                    if any(reaction.me for reaction in message.reactions):
                        continue
                    count += 1
                    await self.take(message, me)
            except UNREACHED as error:
                log.warning("what was missed in channel %s could not be read: %s", channel_id, error)
        return count


async def _react(message: discord.Message, emoji: str) -> None:
    """React; a message that is gone, or a room where the bot may not, changes nothing about its trade."""
    try:
        await message.add_reaction(emoji)
    except UNREACHED as error:
        log.info("message %s got no reaction: %s", message.id, error)
