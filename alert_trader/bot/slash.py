"""Slash commands about trades. Each is a use-case of `control/`, the same as the command line's; see `slash_account` for the account's."""

import functools
from typing import Any

import discord
from discord import app_commands

from alert_trader import clock
from alert_trader.bot import pages
from alert_trader.bot.asking import Answer, Confirm, answer, bot_of
from alert_trader.bot.drawing import draw, state
from alert_trader.bot.people import signature
from alert_trader.bot.pressing import effect_of_selling
from alert_trader.bot.shapes import embed
from alert_trader.bot.story import tell
from alert_trader.bot.words import LONGEST_MESSAGE, safe
from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import ControlError
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_views import Filter, view_of
from alert_trader.control.queries.why import why_trade
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.parser import LONGEST_ALERT, parse
from alert_trader.domain.alerts.portion import read_portion
from alert_trader.domain.ids import MessageId
from alert_trader.workflows.interface import Command

Interaction = discord.Interaction[Any]
CHOICES = 25
"""Discord shows no more."""
LISTED = 20

TRADE = "The trade: start typing its id, symbol or state."


def signed(interaction: Interaction, reason: str) -> Command:
    """Sign a command; the interaction's own id makes it act once."""
    return Command(by=signature(interaction.user), reason=reason, id=f"discord-{interaction.id}")


async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest trades, the open ones first; only to those who may use them."""
    bot = bot_of(interaction)
    if not bot.people.may_command(interaction.user):
        return []
    try:
        rows = await trade_views.list_trades(bot.temporal, Filter(), limit=100, views=False)
    except ControlError:
        return []
    wanted = typed.lower()
    made = []
    for row in sorted(rows, key=lambda each: each.closed_at is not None):
        identity = row.workflow_id.removeprefix("trade-")
        name = (
            f"{row.symbol or '?'} · {row.phase or row.status} · {row.started_at:%m-%d %H:%M} UTC · {identity}"
        )
        if wanted in name.lower():
            made.append(app_commands.Choice(name=name[:100], value=identity))
    return made[:CHOICES]


@app_commands.command(name="trades")
@app_commands.describe(symbol="Only this underlying.", open_only="Only those that are not over.")
async def trades(interaction: Interaction, symbol: str | None = None, open_only: bool = False) -> None:
    """List trades, the newest first."""
    client = bot_of(interaction).temporal
    wanted = Filter(symbol=symbol.upper() if symbol else None, open_only=open_only)

    async def make() -> str:
        return pages.trades(await trade_views.list_trades(client, wanted, limit=LISTED))

    await answer(interaction, make)


@app_commands.command(name="trade")
@app_commands.describe(trade=TRADE)
@app_commands.autocomplete(trade=suggest)
async def trade(interaction: Interaction, trade: str) -> None:
    """Show one trade: its card as it stands now, and its last events."""
    client = bot_of(interaction).temporal

    async def make() -> Answer:
        picture = await trade_views.show(client, trade)
        if picture.view is None:
            return Answer(
                text=safe(f"{trade}: {picture.row.phase or picture.row.status}. {picture.note}", 1800)
            )
        story = tell(picture.events[-12:], picture.view.message.posted_at)
        return Answer(
            text=story[-1][:LONGEST_MESSAGE] if story else "",
            embed=embed(draw(picture.view, len(picture.events))),
        )

    await answer(interaction, make)


@app_commands.command(name="why")
@app_commands.describe(trade=TRADE)
@app_commands.autocomplete(trade=suggest)
async def why(interaction: Interaction, trade: str) -> None:
    """Show every check of a trade, with its numbers, and how to change the outcome."""
    client = bot_of(interaction).temporal

    async def make() -> str:
        return pages.why(await why_trade(client, trade))

    await answer(interaction, make)


@app_commands.command(name="cancel")
@app_commands.describe(trade=TRADE, reason="Why; it goes on the record.")
@app_commands.autocomplete(trade=suggest)
async def cancel(interaction: Interaction, trade: str, reason: str = "") -> None:
    """Stop buying: take the entry back. What was bought stays, with its exits."""
    client = bot_of(interaction).temporal

    async def make() -> str:
        receipt = await trade_commands.cancel(client, trade, signed(interaction, reason))
        return safe(receipt.text, 1800)

    await answer(interaction, make)


@app_commands.command(name="close")
@app_commands.describe(
    trade=TRADE,
    portion="all, half, a fraction (1/3), a percentage (25%) or a count (3).",
    reason="Why; it goes on the record.",
)
@app_commands.autocomplete(trade=suggest)
async def close(interaction: Interaction, trade: str, portion: str = "all", reason: str = "") -> None:
    """Sell what a trade holds at the market, all of it or a part; asks first."""
    client = bot_of(interaction).temporal

    async def make() -> Answer:
        part = read_portion(portion)
        view = await view_of(client, trade)
        if part.of(view.position) == 0 or view.outcome is not None:
            return Answer(
                text=f"{view.contract or trade}: {state(view)}, {view.position} held: {part} is nothing to sell."
            )

        async def sell(pressed: Interaction) -> str:
            now = await view_of(client, trade)
            if now.position != view.position:
                return f"{now.position} are held now, and not {view.position} as you were asked: nothing was done. Ask again."
            doing = (
                trade_commands.close
                if part.everything
                else functools.partial(trade_commands.sell, portion=part)
            )
            receipt = await doing(client, trade, signed(pressed, reason))
            return safe(receipt.text, 1800)

        return Answer(
            text=f"**{view.mode.upper()}** · {effect_of_selling(part, view)}", view=Confirm("Yes, sell", sell)
        )

    await answer(interaction, make)


@app_commands.command(name="parse")
@app_commands.describe(text="The alert's text.")
async def parse_text(interaction: Interaction, text: str) -> None:
    """Show how a text would be read as an alert. Nothing is traded."""

    async def make() -> str:
        message = AlertMessage(
            message_id=MessageId("parse"),
            text=text[:LONGEST_ALERT],
            author_id=str(interaction.user.id),
            channel_id=str(interaction.channel_id or ""),
            guild_id=str(interaction.guild_id or ""),
            posted_at=clock.now(),
        )
        return pages.reading_of(message, parse(message))

    await answer(interaction, make)


COMMANDS: tuple[app_commands.Command[Any, ..., None], ...] = (trades, trade, why, cancel, close, parse_text)
