"""How every slash command is answered: by operators only, deferred at once, privately, with every expected error in words."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from alert_trader.bot.client import TraderBot
from alert_trader.bot.people import refusal
from alert_trader.bot.words import LONGEST_MESSAGE, safe
from alert_trader.control.errors import ControlError

log = logging.getLogger("alert-trader.bot")


OPEN_FOR = 60.0
"""Seconds in which a question may be answered: after that the market is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command shows. Its texts are safe to show."""

    text: str = ""
    embed: discord.Embed | None = None
    file: discord.File | None = None
    view: discord.ui.View | None = None


def bot_of(interaction: discord.Interaction[Any]) -> TraderBot:
    """Give the bot that an interaction reached."""
    bot = interaction.client
    assert isinstance(bot, TraderBot)
    return bot


async def answer(interaction: discord.Interaction[Any], ask: Callable[[], Awaitable[Answer | str]]) -> None:
    """Answer a command with what `ask` gives; nobody but its user sees it."""
    if not bot_of(interaction).people.may_command(interaction.user):
        await interaction.response.send_message(refusal(interaction.user), ephemeral=True)
        return
    # at once: Discord waits 3 seconds for a first word, and a broker may take longer
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        made = await ask()
    except (ControlError, ValueError) as error:
        made = safe(str(error), 1800)
    except Exception:
        log.exception("a command failed; please report it with these lines")
        made = "That is a fault in the product; its log has the lines to report. Nothing more was done."
    given = Answer(text=made) if isinstance(made, str) else made
    missing = discord.utils.MISSING
    await interaction.followup.send(
        cut(given.text) or missing,
        embed=given.embed or missing,
        file=given.file or missing,
        view=given.view or missing,
        ephemeral=True,
    )


class Confirm(discord.ui.View):
    """One button that does what was asked about. The question is open for a minute, and only to the one who was asked."""

    def __init__(self, label: str, do: Callable[[discord.Interaction[Any]], Awaitable[str]]) -> None:
        """Do `do` when `label` is pressed."""
        super().__init__(timeout=OPEN_FOR)
        self._do = do
        button = discord.ui.Button["Confirm"](label=label, style=discord.ButtonStyle.danger)
        button.callback = self._pressed  # type: ignore[method-assign]
        self.add_item(button)

    async def _pressed(self, interaction: discord.Interaction[Any]) -> None:
        self.stop()  # asked once, done once
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            words = await self._do(interaction)
        except (ControlError, ValueError) as error:
            words = safe(f"Not done: {error}", 1800)
        await interaction.followup.send(cut(words), ephemeral=True)


def cut(text: str) -> str:
    """Keep a text within what Discord takes, a block of it closed."""
    if len(text) <= LONGEST_MESSAGE:
        return text
    short = text[: LONGEST_MESSAGE - 8].rsplit("\n", 1)[0]
    return short + ("\n…\n```" if short.count("```") % 2 else "\n…")
