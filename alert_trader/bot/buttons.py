"""Buttons that are recognised by their custom id alone, so that they work after a restart of the bot."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import discord

from alert_trader.bot.actions import BUTTON_ID, CONFIRM_ID, Action, Question, read_question

Pressed = Callable[[discord.Interaction[Any], Action, str, str], Awaitable[None]]
Confirmed = Callable[[discord.Interaction[Any], Question], Awaitable[None]]


@dataclass(slots=True)
class ButtonHandlers:
    """The bot's functions for presses, set when it starts."""

    pressed: Pressed
    confirmed: Confirmed


def handlers_of(interaction: discord.Interaction[Any]) -> ButtonHandlers:
    """Return the handlers of the bot that received an interaction."""
    handlers: ButtonHandlers = interaction.client.button_handlers
    return handlers


class CardButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=BUTTON_ID):
    """A button of a card."""

    def __init__(
        self, item: discord.ui.Button[discord.ui.View], action: Action, trade: str, offer: str
    ) -> None:
        """Keep the action, the trade and the offer that the card showed."""
        super().__init__(item)
        self.action, self.trade, self.offer = action, trade, offer

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button of a custom id."""
        del interaction
        assert isinstance(item, discord.ui.Button)
        return cls(item, Action(match["action"]), match["trade"], match["offer"] or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle a press."""
        await handlers_of(interaction).pressed(interaction, self.action, self.trade, self.offer)


class ConfirmButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=CONFIRM_ID):
    """The button that confirms an action."""

    def __init__(self, item: discord.ui.Button[discord.ui.View], question: Question) -> None:
        """Keep the question that it confirms."""
        super().__init__(item)
        self.question = question

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the confirm button of a custom id."""
        del interaction
        assert isinstance(item, discord.ui.Button)
        question = read_question(match.string)
        assert question is not None
        return cls(item, question)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle a confirmation."""
        await handlers_of(interaction).confirmed(interaction, self.question)
