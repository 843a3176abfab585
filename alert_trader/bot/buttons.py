"""Buttons known by their names alone: whoever presses one after any restart reaches the trade it is about."""

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
    """Where presses go: set once by the bot when it starts."""

    pressed: Pressed
    confirmed: Confirmed


def handlers_of(interaction: discord.Interaction[Any]) -> ButtonHandlers:
    """Give the hands of the bot that an interaction reached."""
    hands: ButtonHandlers = interaction.client.button_handlers
    return hands


class CardButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=BUTTON_ID):
    """A button of a card."""

    def __init__(
        self, item: discord.ui.Button[discord.ui.View], action: Action, trade: str, offer: str
    ) -> None:
        """Stand for an action on a trade, and on the offer that was seen."""
        super().__init__(item)
        self.action, self.trade, self.offer = action, trade, offer

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Know a button again by its name."""
        del interaction
        assert isinstance(item, discord.ui.Button)
        return cls(item, Action(match["action"]), match["trade"], match["offer"] or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take a press."""
        await handlers_of(interaction).pressed(interaction, self.action, self.trade, self.offer)


class ConfirmButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=CONFIRM_ID):
    """The answer "yes" to a question."""

    def __init__(self, item: discord.ui.Button[discord.ui.View], question: Question) -> None:
        """Stand for an answer to `question`."""
        super().__init__(item)
        self.question = question

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Know an answer again by its name."""
        del interaction
        assert isinstance(item, discord.ui.Button)
        question = read_question(match.string)
        assert question is not None
        return cls(item, question)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the answer."""
        await handlers_of(interaction).confirmed(interaction, self.question)
