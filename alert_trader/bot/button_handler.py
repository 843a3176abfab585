"""Handle presses of card buttons: check the operator, ask for confirmation, send the command to the trade."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

import discord
from temporalio.client import Client

from alert_trader.bot.actions import CONFIRM_WITHIN, Action, Question
from alert_trader.bot.discord_text import count, safe
from alert_trader.bot.embeds import confirm_view
from alert_trader.bot.operators import Operators, not_an_operator, signature
from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.trade_views import view_of
from alert_trader.domain.alerts.portion import ALL, HALF, Portion
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Phase
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
        await report_receipt(interaction, lambda: self._command(action, trade, command, offer))

    async def _command(self, action: Action, trade: str, command: Command, offer: str) -> CommandReceipt:
        match action:
            case Action.CANCEL:
                receipt = trade_commands.cancel(self._client, trade, command)
            case Action.CONVERT:
                receipt = trade_commands.convert_now(self._client, trade, command)
            case Action.CLOSE_HALF:
                receipt = trade_commands.sell(self._client, trade, command, HALF)
            case Action.CLOSE_ALL:
                receipt = trade_commands.close(self._client, trade, command)
            case Action.APPROVE:
                receipt = trade_commands.approve(self._client, trade, command, offer=offer)
            case Action.APPROVE_HALF:
                receipt = trade_commands.approve(self._client, trade, command, half=True, offer=offer)
            case Action.SKIP:
                receipt = trade_commands.skip(self._client, trade, command, offer=offer)
            case _:
                assert_never(action)
        return await receipt


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


def contracts_affected(action: Action, view: TradeView) -> int:
    """Return how many contracts an action would buy, or sell from."""
    return view.quantity - view.bought if action is Action.CONVERT else view.position


def effect(action: Action, view: TradeView) -> str:
    """Return what an action would do now, with its numbers."""
    if action is not Action.CONVERT:
        return effect_of_selling(HALF if action is Action.CLOSE_HALF else ALL, view)
    ceiling = "unknown" if view.ceiling is None else f"${plain(view.ceiling)}"
    return (
        f"Buy the remaining {count(contracts_affected(action, view))} of {view.contract or 'the contract'} "
        f"now. What is not offered within the ceiling ({ceiling}) is cancelled instead."
    )


def effect_of_selling(portion: Portion, view: TradeView) -> str:
    """Return what selling a portion of the position would do now, with its numbers."""
    selling = portion.of(view.position)
    left = view.position - selling
    what = f"Sell {count(selling)} of {view.contract or 'the contract'}, from the bid down."
    unknown = " The price is not known in advance."
    exits = f" Working exits ({count(view.exits_working)}) are cancelled first." if view.exits_working else ""
    entry = " The rest of the entry is cancelled." if view.phase is Phase.ENTERING and not left else ""
    rest = f" The exit plan applies again to the other {count(left)}." if left else " This closes the trade."
    return f"{what}{unknown}{exits}{entry}{rest}"


def impossible(action: Action, view: TradeView) -> str | None:
    """Return why an action is not possible for a trade now; None when it is."""
    if view.outcome is not None:
        return f"Nothing to do: this trade is closed ({view.outcome})."
    if contracts_affected(action, view) == 0 or (action is Action.CLOSE_HALF and HALF.of(view.position) == 0):
        return (
            "Nothing left to buy."
            if action is Action.CONVERT
            else f"Nothing to sell: the trade holds {count(view.position)}."
        )
    return None


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
    label = "Yes, buy at market" if action is Action.CONVERT else "Yes, sell"
    text = f"**{view.mode.upper()}** · {effect(action, view)}\nConfirm within {CONFIRM_WITHIN} s."
    await interaction.followup.send(text, view=confirm_view(question, label), ephemeral=True)
