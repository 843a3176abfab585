"""Handle presses of card buttons: check the operator, ask for confirmation, send the command to the trade."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from temporalio.client import Client

from alert_trader.bot.actions import CONFIRM_WITHIN, Action, Question
from alert_trader.bot.discord_text import safe
from alert_trader.bot.effects import confirm_label, contracts_affected, effect, impossible, run_action
from alert_trader.bot.embeds import confirm_view
from alert_trader.bot.operators import Operators, not_an_operator, signature
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.trade_views import view_of
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import Command, CommandReceipt

log = logging.getLogger("alert-trader.bot")


class ButtonHandler:
    """Handles presses of card buttons."""

    def __init__(self, client: Client, operators: Operators) -> None:
        """Send commands to trades through `client`, for `operators` only."""
        self._client = client
        self._operators = operators

    async def pressed(
        self, interaction: discord.Interaction[Any], action: Action, trade: str, offer: str
    ) -> None:
        """Handle a press: refuse it privately, ask for confirmation, or do it."""
        if not self._operators.may_command(interaction.user):
            await interaction.response.send_message(not_an_operator(interaction.user), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        if not action.needs_confirmation:
            await self._run(interaction, action, trade, offer)
            return
        try:
            view = await view_of(self._client, trade)
        except ControlError as error:
            await interaction.followup.send(safe(str(error), 1800), ephemeral=True)
            return
        await ask(interaction, action, view)

    async def confirmed(self, interaction: discord.Interaction[Any], question: Question) -> None:
        """Handle a confirmation, unless it is too late or the number of contracts has changed."""
        if not self._operators.may_command(interaction.user):
            await interaction.response.send_message(not_an_operator(interaction.user), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        if _pressed_at(interaction) - question.asked_at > CONFIRM_WITHIN:
            await interaction.followup.send(
                f"Nothing was done: this question expired after {CONFIRM_WITHIN} s. Press the button again.",
                ephemeral=True,
            )
            return
        try:
            view = await view_of(self._client, question.trade)
        except ControlError as error:
            await interaction.followup.send(safe(str(error), 1800), ephemeral=True)
            return
        if contracts_affected(question.action, view) != question.contracts:
            await interaction.followup.send(
                "There was a fill since you were asked, so nothing was done. Check the new numbers:",
                ephemeral=True,
            )
            await ask(interaction, question.action, view)
            return
        await self._run(interaction, question.action, question.trade, "")

    async def _run(
        self, interaction: discord.Interaction[Any], action: Action, trade: str, offer: str
    ) -> None:
        # the interaction's id makes a repeated call act once
        command = Command(
            by=signature(interaction.user),
            reason=f"button {action} on the card",
            id=f"discord-{interaction.id}",
        )
        await report_receipt(interaction, lambda: run_action(self._client, action, trade, command, offer))


async def report_receipt(
    interaction: discord.Interaction[Any], act: Callable[[], Awaitable[CommandReceipt]]
) -> None:
    """Run a command and show its user the result privately."""
    try:
        receipt = await act()
        text = receipt.text if receipt.done else f"{receipt.text}. Not finished yet: follow it on the card."
    except ControlError as error:
        text = f"Not done: {error}"
    await interaction.followup.send(safe(text, 1800), ephemeral=True)


def _pressed_at(interaction: discord.Interaction[Any]) -> int:
    """Return when a button was pressed, by Discord's clock: the bot's own may be wrong."""
    return int(interaction.created_at.timestamp())


async def ask(interaction: discord.Interaction[Any], action: Action, view: TradeView) -> None:
    """Ask for confirmation privately, with what the action would do."""
    reason = impossible(action, view)
    if reason is not None:
        await interaction.followup.send(reason, ephemeral=True)
        return
    question = Question(
        action=action,
        trade=view.message.message_id,
        contracts=contracts_affected(action, view),
        asked_at=_pressed_at(interaction),
    )
    text = f"**{view.mode.upper()}** · {effect(action, view)}\nConfirm within {CONFIRM_WITHIN} s."
    await interaction.followup.send(text, view=confirm_view(question, confirm_label(action)), ephemeral=True)
