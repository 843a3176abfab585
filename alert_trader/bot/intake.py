"""Process messages of allowlisted channels and authors, and react to each with an emoji.

One author's messages are processed in the order they came, so that an exit never overtakes its entry. What is
done with a message is decided by `alert_trader.control.intake.message.take`.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import discord
from temporalio.client import Client

from alert_trader import clock
from alert_trader.bot.alert_message import alert_of, listened_channel
from alert_trader.bot.discord_errors import DISCORD_ERRORS
from alert_trader.bot.discord_text import discord_ids
from alert_trader.bot.reactions import REFUSED, STARTED, Reactions
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
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Nature
from alert_trader.domain.alerts.allowlist import Allowlist

log = logging.getLogger("alert-trader.bot.intake")

RETRY_EVERY = timedelta(seconds=1)
"""Between two attempts while Temporal or every worker is unreachable."""
RETRY_EXITS_FOR = timedelta(minutes=30)
"""How long a message is retried.

A late exit is still wanted; an entry that is too old is denied by its age.
"""

PASSED_ON, UNMATCHED, UNREACHABLE, UNREADABLE = "📎", "❔", "⚠️", "🖼️"
"""Reactions: forwarded to its trade; fits no open trade; not processed; has no text."""

MOST_SHELLS = 200
"""Messages without text that are remembered, so that an update which brings the text counts as the first."""

Notify = Callable[[str, int], Awaitable[None]]
"""Sends people one sentence where the cards of a channel, by its id, are shown."""


def is_allowlisted(message: discord.Message, me: int, allowlist: Allowlist) -> bool:
    """Return whether server, channel and author of a message are allowlisted. The bot's own never are."""
    if message.author.id == me or message.guild is None:
        return False
    return (
        str(message.guild.id) in allowlist.guilds
        and listened_channel(message, allowlist.channels) in allowlist.channels
        and str(message.author.id) in allowlist.authors
    )


def reaction_to(taken: IntakeResult, nature: Nature) -> str | None:
    """Return the reaction to a message; None for chatter."""
    match taken:
        case TradeStarted(parsed=parsed):
            # only a first message can trade: an edit, reply or forward opens a denied trade
            return REFUSED if parsed.kind is AlertKind.REFUSED or nature is not Nature.FIRST else STARTED
        case PassedToTrade():
            return PASSED_ON
        case Unmatched():
            return UNMATCHED
        case Ignored():
            return None


def all_of(taken: IntakeResult) -> tuple[IntakeResult, ...]:
    """Return a result with those of the exits beside it."""
    return (taken, *taken.beside)


class MessageIntake:
    """Processes messages and reacts to them."""

    def __init__(
        self,
        client: Client,
        rules: Intake,
        allowlist: Allowlist,
        backfill: timedelta,
        notify: Notify | None = None,
        reactions: Reactions | None = None,
    ) -> None:
        """Process by `rules`; after a start read messages of the last `backfill`."""
        self._notify = notify
        self._reactions = reactions or Reactions()
        self._shells: dict[int, None] = {}
        """Messages that had no text yet, the oldest first."""
        self._unreadable: set[tuple[int, int]] = set()
        """Channels and authors whose messages without text people know of."""
        self._client = client
        self._rules = rules
        self._allowlist = allowlist
        self._backfill = backfill
        self._author_locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last_seen: dict[int, int] = {}
        """By channel id."""

    async def take(self, message: discord.Message, me: int) -> IntakeResult | None:
        """Process a message if it is allowlisted. Repeating it changes nothing."""
        if not is_allowlisted(message, me, self._allowlist):
            return None
        alert = alert_of(message, self._allowlist.channels, first=message.id in self._shells)
        if not alert.shown.strip():
            await self._take_shell(message, me)
            return None
        async with self._author_locks[message.author.id]:
            self._last_seen[message.channel.id] = max(self._last_seen.get(message.channel.id, 0), message.id)
            taken = await self._take_with_retry(alert)
        self._shells.pop(message.id, None)
        found = [None] if taken is None else [reaction_to(each, alert.nature) for each in all_of(taken)]
        for emoji in dict.fromkeys([UNREACHABLE] if taken is None else [each for each in found if each]):
            await self._reactions.put(message, emoji, me)
        return taken

    async def take_update(self, message: discord.Message, me: int) -> IntakeResult | None:
        """Process a changed message: an edit, or the text of an answer that was empty before.

        An update without an edit, of a message that had text, only adds the preview of a link.
        """
        if message.edited_at is None and message.id not in self._shells:
            return None
        return await self.take(message, me)

    async def _take_shell(self, message: discord.Message, me: int) -> None:
        """React to a message without text, and notify people once of each author and channel.

        The text of a deferred answer comes later, by an update.
        """
        self._shells[message.id] = None
        if len(self._shells) > MOST_SHELLS:
            del self._shells[next(iter(self._shells))]
        if message.flags.loading:
            return
        await self._reactions.put(message, UNREADABLE, me)
        key = (message.channel.id, message.author.id)
        if key in self._unreadable or self._notify is None:
            return
        self._unreadable.add(key)
        await self._notify(
            f"A message of {message.author.display_name} has no text, only an image or nothing: it cannot be "
            "read. Nothing was traded. Look at it: further ones only get a reaction",
            message.channel.id,
        )

    async def _take_with_retry(self, alert: AlertMessage) -> IntakeResult | None:
        """Process a message; retry while Temporal or every worker is unreachable. None when it failed.

        What Temporal did not record must be sent again. The message id makes it act once.
        """
        # from when it arrived: the age by a wrong clock must not give up an exit
        until = clock.steady() + max(self._rules.policy.safety.max_alert_age, RETRY_EXITS_FOR).total_seconds()
        while True:
            try:
                return await take(self._client, alert, self._rules)
            except (UnreachableError, NoAnswerError) as error:
                log.warning("message %s not processed yet, retrying: %s", alert.message_id, error)
                if clock.steady() >= until:
                    return None
                await asyncio.sleep(RETRY_EVERY.total_seconds())
            except ControlError as error:
                log.warning("message %s refused by its trade: %s", alert.message_id, error)
                return None

    async def catch_up(self, client: discord.Client, me: int) -> int:
        """Process messages missed in the allowlisted channels, oldest first. Return how many there were.

        Entries that are too old are denied by their age. Messages with our reaction were processed before.
        """
        count = 0
        for place in _places(client, self._allowlist):
            count += await self._catch_up_with(place, me)
        return count

    async def _catch_up_with(self, place: discord.TextChannel | discord.Thread, me: int) -> int:
        count = 0
        since = self._last_seen.get(place.id) or discord.utils.time_snowflake(clock.now() - self._backfill)
        try:
            async for message in place.history(limit=None, after=discord.Object(since), oldest_first=True):
                if any(reaction.me for reaction in message.reactions):
                    continue
                count += 1
                await self.take(message, me)
        except DISCORD_ERRORS as error:
            log.warning("cannot read missed messages of channel %s: %s", place.id, error)
        return count


def _places(client: discord.Client, allowlist: Allowlist) -> Iterator[discord.TextChannel | discord.Thread]:
    """Yield the listened channels, each with its open threads and posts."""
    for channel_id in sorted(discord_ids(allowlist.channels)):
        channel = client.get_channel(channel_id)
        if isinstance(channel, (discord.TextChannel, discord.Thread)):
            yield channel
        if isinstance(channel, (discord.TextChannel, discord.ForumChannel)):
            yield from channel.threads
