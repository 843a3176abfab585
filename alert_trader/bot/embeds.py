"""Convert cards to Discord embeds and buttons."""

import discord

from alert_trader.bot.actions import Question, Style
from alert_trader.bot.buttons import CardButton, ConfirmButton
from alert_trader.bot.card_layout import Card

STYLES = {
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.SUCCESS: discord.ButtonStyle.success,
    Style.SECONDARY: discord.ButtonStyle.secondary,
    Style.DANGER: discord.ButtonStyle.danger,
}


def embed(card: Card) -> discord.Embed:
    """Return the embed of a card."""
    made = discord.Embed(title=card.title, description=card.text, colour=card.colour)
    made.set_author(name=card.heading)
    made.set_footer(text=card.footer)
    for field in card.fields:
        made.add_field(name=field.name, value=field.value, inline=not field.wide)
    return made


def buttons(card: Card) -> discord.ui.View:
    """Return the buttons of a card. They have no timeout and work after a restart."""
    view = discord.ui.View(timeout=None)
    for each in card.buttons:
        made = discord.ui.Button["discord.ui.View"](
            label=each.label, style=STYLES[each.style], custom_id=each.custom_id
        )
        view.add_item(CardButton(made, each.action, each.trade, each.offer))
    return view


def confirm_view(question: Question, label: str) -> discord.ui.View:
    """Return the confirm button of a question."""
    view = discord.ui.View(timeout=None)
    made = discord.ui.Button["discord.ui.View"](
        label=label, style=discord.ButtonStyle.danger, custom_id=question.custom_id
    )
    view.add_item(ConfirmButton(made, question))
    return view
