"""Reply to slash commands: for operators only, deferred at once, private, expected errors as text."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from alert_trader.bot.actions import CONFIRM_WITHIN
from alert_trader.bot.client import TraderBot
from alert_trader.bot.discord_text import LONGEST_MESSAGE, safe
from alert_trader.bot.operators import not_an_operator
from alert_trader.control.errors import ControlError

log = logging.getLogger("alert-trader.bot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command shows. Its text is already escaped."""

    text: str = ""
    embed: discord.Embed | None = None
    file: discord.File | None = None
    view: discord.ui.View | None = None


def bot_of(interaction: discord.Interaction[Any]) -> TraderBot:
    """Return the bot that received an interaction."""
    bot = interaction.client
    assert isinstance(bot, TraderBot)
    return bot


async def reply(interaction: discord.Interaction[Any], make: Callable[[], Awaitable[Reply | str]]) -> None:
    """Reply to a command with the result of `make`, visible to its user only."""
    if not bot_of(interaction).operators.may_command(interaction.user):
        await interaction.response.send_message(not_an_operator(interaction.user), ephemeral=True)
        return
    # defer: Discord wants a first response within 3 seconds, and the broker may take longer
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        made = await make()
    except (ControlError, ValueError) as error:
        made = safe(str(error), 1800)
    except Exception:
        log.exception("internal error in a command: please report it with these lines")
        made = "Internal error; nothing more was done. The bot's log has the lines to report."
    answer = Reply(text=made) if isinstance(made, str) else made
    missing = discord.utils.MISSING
    await interaction.followup.send(
        cut(answer.text) or missing,
        embed=answer.embed or missing,
        file=answer.file or missing,
        view=answer.view or missing,
        ephemeral=True,
    )


class ConfirmView(discord.ui.View):
    """One button that confirms a command, for a minute. Only the person who was asked sees it."""

    def __init__(self, label: str, do: Callable[[discord.Interaction[Any]], Awaitable[str]]) -> None:
        """Run `do` when the button `label` is pressed."""
        super().__init__(timeout=CONFIRM_WITHIN)
        self._do = do
        button = discord.ui.Button["ConfirmView"](label=label, style=discord.ButtonStyle.danger)
        button.callback = self._pressed  # type: ignore[method-assign]
        self.add_item(button)

    async def _pressed(self, interaction: discord.Interaction[Any]) -> None:
        self.stop()  # a second press does nothing
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            text = await self._do(interaction)
        except (ControlError, ValueError) as error:
            text = safe(f"Not done: {error}", 1800)
        await interaction.followup.send(cut(text), ephemeral=True)


def cut(text: str) -> str:
    """Shorten a text to Discord's limit; a code block that is cut is closed."""
    if len(text) <= LONGEST_MESSAGE:
        return text
    short = text[: LONGEST_MESSAGE - 8].rsplit("\n", 1)[0]
    return short + ("\n…\n```" if short.count("```") % 2 else "\n…")
