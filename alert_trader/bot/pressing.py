"""What follows a press: who may, what it would do exactly, and the command to the trade, signed and on record."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

import discord
from temporalio.client import Client

from alert_trader import clock
from alert_trader.bot.actions import Action, Question
from alert_trader.bot.people import People, refusal, signature
from alert_trader.bot.shapes import question
from alert_trader.bot.words import count, safe
from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.trade_views import view_of
from alert_trader.domain.alerts.portion import ALL, HALF, Portion
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import Command, CommandReceipt

log = logging.getLogger("alert-trader.bot")

ASKED_FOR = 60
"""Seconds in which a question may be answered: after that the market is another."""


class ButtonHandler:
    """Takes presses of card buttons."""

    def __init__(self, client: Client, people: People) -> None:
        """Command the trades of `client`, for `people`."""
        self._client = client
        self._people = people

    async def pressed(
        self, interaction: discord.Interaction[Any], action: Action, trade: str, offer: str
    ) -> None:
        """Take a press: refuse it privately, ask what is meant, or do it."""
        if not self._people.may_command(interaction.user):
            await interaction.response.send_message(refusal(interaction.user), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        if not action.asks:
            await self._do(interaction, action, trade, offer)
            return
        try:
            view = await view_of(self._client, trade)
        except ControlError as error:
            await interaction.followup.send(safe(str(error), 1800), ephemeral=True)
            return
        await ask(interaction, action, view)

    async def confirmed(self, interaction: discord.Interaction[Any], asked: Question) -> None:
        """Take a "yes": only while it is fresh, and only to what was asked."""
        if not self._people.may_command(interaction.user):
            await interaction.response.send_message(refusal(interaction.user), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        if clock.now().timestamp() - asked.asked > ASKED_FOR:
            await interaction.followup.send(
                f"That question is more than {ASKED_FOR} s old. Press the button again.", ephemeral=True
            )
            return
        try:
            view = await view_of(self._client, asked.trade)
        except ControlError as error:
            await interaction.followup.send(safe(str(error), 1800), ephemeral=True)
            return
        if at_stake(asked.action, view) != asked.seen:
            await interaction.followup.send(
                "Something was filled since you were asked, so nothing was done.", ephemeral=True
            )
            await ask(interaction, asked.action, view)
            return
        await self._do(interaction, asked.action, asked.trade, "")

    async def _do(
        self, interaction: discord.Interaction[Any], action: Action, trade: str, offer: str
    ) -> None:
        # the interaction's own id: should the call be sent again, it acts once
        signed = Command(
            by=signature(interaction.user),
            reason=f"{action} pressed on its card",
            id=f"discord-{interaction.id}",
        )
        await told(interaction, lambda: self._command(action, trade, signed, offer))

    async def _command(self, action: Action, trade: str, signed: Command, offer: str) -> CommandReceipt:
        match action:
            case Action.CANCEL:
                doing = trade_commands.cancel(self._client, trade, signed)
            case Action.CONVERT:
                doing = trade_commands.convert_now(self._client, trade, signed)
            case Action.CLOSE_HALF:
                doing = trade_commands.sell(self._client, trade, signed, HALF)
            case Action.CLOSE_ALL:
                doing = trade_commands.close(self._client, trade, signed)
            case Action.APPROVE:
                doing = trade_commands.approve(self._client, trade, signed, offer=offer)
            case Action.APPROVE_HALF:
                doing = trade_commands.approve(self._client, trade, signed, half=True, offer=offer)
            case Action.SKIP:
                doing = trade_commands.skip(self._client, trade, signed, offer=offer)
            case _:
                assert_never(action)
        return await doing


async def told(interaction: discord.Interaction[Any], act: Callable[[], Awaitable[CommandReceipt]]) -> None:
    """Do something asked for, and tell its user privately what came of it."""
    try:
        receipt = await act()
        words = receipt.text if receipt.done else f"{receipt.text}; the card shows how it goes on"
    except ControlError as error:
        words = f"Not done: {error}"
    await interaction.followup.send(safe(words, 1800), ephemeral=True)


def at_stake(action: Action, view: TradeView) -> int:
    """Count the contracts that an action is about."""
    return view.quantity - view.bought if action is Action.CONVERT else view.position


def effect(action: Action, view: TradeView) -> str:
    """Say exactly what an action would do now."""
    if action is not Action.CONVERT:
        return effect_of_selling(HALF if action is Action.CLOSE_HALF else ALL, view)
    most = "unknown" if view.ceiling is None else f"${plain(view.ceiling)}"
    return (
        f"Buy what is left, {count(at_stake(action, view))} of {view.contract or 'the contract'}, now instead of waiting for the price: "
        f"while the ask is at most {most} a share; beyond that the rest is cancelled."
    )


def effect_of_selling(portion: Portion, view: TradeView) -> str:
    """Say exactly what selling a part would do now."""
    selling = portion.of(view.position)
    stay = view.position - selling
    rest = (
        f" What is left ({count(stay)}) is protected by the exit plan again."
        if stay
        else " The trade is over then."
    )
    entry = " What is left of the entry is cancelled." if view.phase is Phase.ENTERING and not stay else ""
    exits = (
        f" Working exits ({count(view.exits_working)}) are taken back first." if view.exits_working else ""
    )
    what = f"Sell {count(selling)} of {view.contract or 'the contract'} at the market, whatever the bid is then (unknown now)."
    return f"{what}{exits}{entry}{rest}"


def possible(action: Action, view: TradeView) -> str | None:
    """Say why an action makes no sense for a trade now; None when it does."""
    if view.outcome is not None:
        return f"This trade is over ({view.outcome}): there is nothing left to do."
    if at_stake(action, view) == 0 or (action is Action.CLOSE_HALF and HALF.of(view.position) == 0):
        return (
            "There is nothing left to buy."
            if action is Action.CONVERT
            else f"{count(view.position)} held: nothing to sell that way."
        )
    return None


async def ask(interaction: discord.Interaction[Any], action: Action, view: TradeView) -> None:
    """Ask once, privately, with the exact effect."""
    impossible = possible(action, view)
    if impossible is not None:
        await interaction.followup.send(impossible, ephemeral=True)
        return
    trade = view.message.message_id
    asked = Question(
        action=action, trade=trade, seen=at_stake(action, view), asked=int(clock.now().timestamp())
    )
    label = "Yes, convert now" if action is Action.CONVERT else "Yes, sell"
    words = f"**{view.mode.upper()}** · {effect(action, view)}\nAnswer within {ASKED_FOR} s, or leave it."
    await interaction.followup.send(words, view=question(asked, label), ephemeral=True)
