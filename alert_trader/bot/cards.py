"""The activity that posts or edits a trade's card, and posts the trade's events in the card's thread.

A retry, a lost answer, a restart or a second bot never post a card or an event twice: messages have a nonce,
which Discord accepts once, and when it is uncertain what was posted, the channel is read first.
"""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from weakref import WeakValueDictionary

import discord
from temporalio import activity
from temporalio.exceptions import ApplicationError

from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardPlace, CardRequest
from alert_trader.bot.card_layout import make_card
from alert_trader.bot.discord_text import one_line
from alert_trader.bot.edit_rate import EditRateLimit
from alert_trader.bot.embeds import buttons, embed
from alert_trader.bot.reactions import Reactions
from alert_trader.bot.thread_lines import last_sequence, thread_messages
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.alerts.alert import AlertKind
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.domain.trade.view import TradeView

log = logging.getLogger("alert-trader.bot.cards")

SHOW_WITHIN = timedelta(seconds=15)
"""Below the activity's timeout, so that an attempt never overlaps the next one."""

LOOK_BACK = 100
"""How many messages after the alert are searched for its card."""

EDITS_AT_ONCE, EDIT_EVERY = 3, 1.1
"""Edits at once in a channel, and seconds between further ones. Discord allows five in five seconds."""

EDIT_REST = 4.0
"""Longest wait in seconds after an edit. The rest of the activity's time is for Discord's own rate limits."""

DENIALS = frozenset({Outcome.DENIED, Outcome.REJECTED})

NONCE_LENGTH = 25
THREAD_EXISTS = 160004
NOBODY = discord.AllowedMentions.none()


class CardActivity:
    """Posts and edits the cards of one account's trades."""

    def __init__(
        self, client: discord.Client, cards_channel: int | None, reactions: Reactions | None = None
    ) -> None:
        """Post in `cards_channel`, or in the channel of each alert when it is None."""
        self._client = client
        self._reactions = reactions or Reactions()
        self._channel = cards_channel
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """One per trade whose card is being updated."""
        self._edit_rates: defaultdict[str, EditRateLimit] = defaultdict(
            lambda: EditRateLimit(burst=EDITS_AT_ONCE, every=EDIT_EVERY, at_most=EDIT_REST)
        )

    @activity.defn(name=SHOW_CARD)
    async def show_card(self, request: CardRequest) -> CardAnswer:
        """Update a card. Raise, so that Temporal retries, when Discord did not accept all of it."""
        in_doubt = request.in_doubt or activity.info().attempt > 1
        try:
            place = await self.show(request, in_doubt=in_doubt)
        except (discord.Forbidden, discord.NotFound) as refused:
            channel = self._channel or request.view.message.channel_id
            raise ApplicationError(
                f"cannot post the card in channel {channel}: {refused.text or refused}. Invite the bot "
                "with the link that it logs at start, or set TRADER_DISCORD_CARDS_CHANNEL to another channel",
                non_retryable=True,
            ) from refused
        if request.view.outcome in DENIALS:
            await self._mark_denied(request.view)
        if request.view.outcome is None:
            await self._edit_rates[place.channel_id].wait()
        return CardAnswer(place=place)

    async def _mark_denied(self, view: TradeView) -> None:
        """React to the alert with ⛔; an alert that did not come from Discord has no message there."""
        alert = view.message
        if self._client.user is None or not (alert.message_id.isdecimal() and alert.channel_id.isdecimal()):
            return
        if view.parsed is None or view.parsed.kind is AlertKind.REFUSED:
            return  # the intake has reacted with it
        there = self._client.get_partial_messageable(int(alert.channel_id))
        message = there.get_partial_message(int(alert.message_id))
        await self._reactions.denied(message, self._client.user.id)

    async def show(self, request: CardRequest, *, in_doubt: bool) -> CardPlace:
        """Update a card and post new events in its thread; one update at a time per trade."""
        lock = self._locks.setdefault(request.view.workflow_id, asyncio.Lock())
        async with lock, asyncio.timeout(SHOW_WITHIN.total_seconds()):
            message, fresh = await self._card(request)
            last = (
                request.events[-1].sequence
                if request.events
                else (0 if request.place is None else request.place.events_shown)
            )
            if request.events:
                # only a card posted in this very call is certain to have no events in its thread
                await self._post_events(
                    message,
                    request.view,
                    request.events,
                    fresh=fresh,
                    look=in_doubt or (request.place is None and not fresh),
                )
            return CardPlace(
                channel_id=str(message.channel.id), message_id=str(message.id), events_shown=last
            )

    async def show_stuck(self, request: CardRequest, stuck: StuckWorkflow) -> None:
        """Mark the card of a stuck trade, as it was shown last; nothing is posted where there is none."""
        lock = self._locks.setdefault(request.view.workflow_id, asyncio.Lock())
        async with lock, asyncio.timeout(SHOW_WITHIN.total_seconds()):
            there = await self._posted(request)
            if there is not None:
                marked = make_card(request.view, request.view.events, stuck)
                await there.edit(embed=embed(marked), view=buttons(marked), allowed_mentions=NOBODY)

    async def _posted(self, request: CardRequest) -> discord.PartialMessage | discord.Message | None:
        """Return the message of a card; None when it was never posted."""
        if request.place is None:
            return await self._find(request.view)
        channel = self._client.get_partial_messageable(int(request.place.channel_id))
        return channel.get_partial_message(int(request.place.message_id))

    async def _card(self, request: CardRequest) -> tuple[discord.PartialMessage | discord.Message, bool]:
        """Edit the trade's card, or post it. Return the message, and whether it was posted now."""
        view = request.view
        count = (
            request.events[-1].sequence
            if request.events
            else (request.place.events_shown if request.place is not None else 0)
        )
        card = make_card(view, count)
        shown, pressable = embed(card), buttons(card)
        there = await self._posted(request)
        if there is not None:
            try:
                await there.edit(embed=shown, view=pressable, allowed_mentions=NOBODY)
            except discord.NotFound:
                log.warning("card of %s was deleted; posting it again", view.workflow_id)
            else:
                return there, False
        channel = self._client.get_partial_messageable(self._channel or int(view.message.channel_id))
        made = await channel.send(
            embed=shown, view=pressable, allowed_mentions=NOBODY, nonce=nonce(view.message.message_id, "c")
        )
        return made, True

    async def _find(self, view: TradeView) -> discord.Message | None:
        """Return a trade's card from the messages since its alert; None when it is not there."""
        assert self._client.user is not None
        channel = self._client.get_partial_messageable(self._channel or int(view.message.channel_id))
        after = discord.Object(discord.utils.time_snowflake(view.message.posted_at - timedelta(seconds=5)))
        async for message in channel.history(limit=LOOK_BACK, after=after):
            if message.author.id == self._client.user.id and _is_card_of(message, view.workflow_id):
                return message
        return None

    async def _post_events(
        self,
        card: discord.PartialMessage | discord.Message,
        view: TradeView,
        events: Sequence[TradeEvent],
        *,
        fresh: bool,
        look: bool,
    ) -> None:
        """Post events in the card's thread, each once."""
        thread = self._client.get_partial_messageable(card.id)
        try:
            if fresh or look:
                await self._open_thread(card, view)
            if look:
                assert self._client.user is not None
                mine = [
                    each.content
                    async for each in thread.history(limit=LOOK_BACK)
                    if each.author.id == self._client.user.id
                ]
                already = last_sequence(mine)
                events = [event for event in events if event.sequence > already]
            for first, text in _messages(events, view):
                await thread.send(
                    text,
                    allowed_mentions=NOBODY,
                    nonce=nonce(view.message.message_id, str(first)),
                    suppress_embeds=True,
                )
        except discord.Forbidden as refused:
            # the card itself is posted; a channel without threads has no event list
            log.warning("cannot post the events of %s in a thread: %s", view.workflow_id, refused.text)

    async def _open_thread(self, card: discord.PartialMessage | discord.Message, view: TradeView) -> None:
        """Open the thread of a card, unless it exists. Its name is the alert."""
        name = one_line(view.message.shown, 90) or view.message.message_id
        try:
            # Message.create_thread needs the server in discord.py's cache, which may not be filled yet
            await self._client.http.start_thread_with_message(
                card.channel.id, card.id, name=name, auto_archive_duration=1440
            )
        except discord.HTTPException as refused:
            if refused.code != THREAD_EXISTS:
                raise


def _messages(events: Sequence[TradeEvent], view: TradeView) -> list[tuple[int, str]]:
    """Return the messages for a thread, each with the number of its first event."""
    messages = thread_messages(events, view.message.posted_at)
    return [(int(text[1 : text.index("`", 1)]), text) for text in messages]


def nonce(message: str, part: str) -> str:
    """Return the nonce of a message that must be posted once, from the alert's id and `part`."""
    plain = f"{message}-{part}"
    return plain if len(plain) <= NONCE_LENGTH else hashlib.sha256(plain.encode()).hexdigest()[:NONCE_LENGTH]


def _is_card_of(message: discord.Message, workflow_id: str) -> bool:
    return any((each.footer.text or "").startswith(f"{workflow_id} ") for each in message.embeds)
