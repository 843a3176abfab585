"""The bot's reaction to an alert, which follows the outcome of its trade.

The reaction that a trade was opened and the card that says it was denied are sent independently: whichever
Discord receives first, ⛔ is what stays.
"""

import logging

import discord

from alert_trader.bot.discord_errors import DISCORD_ERRORS

log = logging.getLogger("alert-trader.bot.reactions")

STARTED, REFUSED = "👀", "⛔"

REMEMBERED = 1000
"""Denied alerts that are remembered, so that each is reacted to once."""


class Reactions:
    """Reacts to messages. A failure is only logged: no trade depends on it."""

    def __init__(self) -> None:
        """Begin without any denied alert."""
        self._denied: dict[int, None] = {}

    async def put(self, message: discord.Message, emoji: str, me: int) -> None:
        """Add a reaction of the bot, whose user id is `me`; an alert that is denied meanwhile keeps ⛔."""
        if self._shows_denial(message.id, emoji):
            return
        await _add(message, emoji)
        if self._shows_denial(message.id, emoji):
            await _remove(message, emoji, me)

    async def denied(self, message: discord.PartialMessage, me: int) -> None:
        """Replace the reaction that a trade was opened, once for each alert."""
        if message.id in self._denied:
            return
        self._denied[message.id] = None
        if len(self._denied) > REMEMBERED:
            del self._denied[next(iter(self._denied))]
        # the new one first: a message without a reaction of ours counts as missed
        await _add(message, REFUSED)
        await _remove(message, STARTED, me)

    def _shows_denial(self, message: int, emoji: str) -> bool:
        return emoji == STARTED and message in self._denied


async def _add(message: discord.Message | discord.PartialMessage, emoji: str) -> None:
    try:
        await message.add_reaction(emoji)
    except DISCORD_ERRORS as error:
        log.info("cannot react to message %s: %s", message.id, error)


async def _remove(message: discord.Message | discord.PartialMessage, emoji: str, me: int) -> None:
    try:
        await message.remove_reaction(emoji, discord.Object(me))
    except DISCORD_ERRORS as error:
        log.info("cannot remove the reaction to message %s: %s", message.id, error)
