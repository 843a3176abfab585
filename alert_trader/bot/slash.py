"""Slash commands about trades; those about the account are in `slash_account`.

All work is done in `control/`.
"""

import functools
from typing import Any

import discord
from discord import app_commands

from alert_trader import clock
from alert_trader.bot import reply_text
from alert_trader.bot.card_layout import make_card, state_text
from alert_trader.bot.discord_text import LONGEST_MESSAGE, safe
from alert_trader.bot.effects import effect_of_selling
from alert_trader.bot.embeds import embed
from alert_trader.bot.operators import signature
from alert_trader.bot.replies import ConfirmView, Reply, bot_of, reply
from alert_trader.bot.thread_lines import thread_messages
from alert_trader.control.commands import trade_commands
from alert_trader.control.commands.exit_change import read_exit_change
from alert_trader.control.errors import ControlError
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_views import Filter, view_of
from alert_trader.control.queries.why import why_trade
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.parser import LONGEST_ALERT, parse
from alert_trader.domain.alerts.portion import read_portion
from alert_trader.domain.ids import MessageId
from alert_trader.domain.market.calendar import eastern
from alert_trader.workflows.interface import Command

Interaction = discord.Interaction[Any]
CHOICES = 25
"""Suggestions; Discord shows no more."""
LISTED = 20

TRADE = "The trade: type part of its id, symbol or state."
REASON = "Why. Written to the audit trail."


def signed(interaction: Interaction, reason: str) -> Command:
    """Return a command with the user's name; the interaction's id makes it act once."""
    return Command(by=signature(interaction.user), reason=reason, id=f"discord-{interaction.id}")


async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest trades to operators, open ones first."""
    bot = bot_of(interaction)
    if not bot.operators.may_command(interaction.user):
        return []
    try:
        rows = await trade_views.list_trades(bot.temporal, Filter(), limit=100, views=False)
    except ControlError:
        return []
    part = typed.lower()
    choices = []
    for row in sorted(rows, key=lambda each: each.closed_at is not None):
        identity = row.workflow_id.removeprefix("trade-")
        started = eastern(row.started_at, "%m-%d %H:%M")
        name = f"{row.symbol or '?'} · {row.phase or row.status} · {started} · {identity}"
        if part in name.lower():
            choices.append(app_commands.Choice(name=name[:100], value=identity))
    return choices[:CHOICES]


@app_commands.command(name="trades")
@app_commands.describe(symbol="Only this underlying.", open_only="Only open trades.")
async def trades(interaction: Interaction, symbol: str | None = None, open_only: bool = False) -> None:
    """List trades, newest first."""
    client = bot_of(interaction).temporal
    only = Filter(symbol=symbol.upper() if symbol else None, open_only=open_only)

    async def make() -> str:
        return reply_text.trades(await trade_views.list_trades(client, only, limit=LISTED))

    await reply(interaction, make)


@app_commands.command(name="trade")
@app_commands.describe(trade=TRADE)
@app_commands.autocomplete(trade=suggest)
async def trade(interaction: Interaction, trade: str) -> None:
    """Show one trade: its card and its last events."""
    client = bot_of(interaction).temporal

    async def make() -> Reply:
        details = await trade_views.show(client, trade)
        if details.view is None:
            return Reply(
                text=safe(f"{trade}: {details.row.phase or details.row.status}. {details.note}", 1800)
            )
        messages = thread_messages(details.events[-12:], details.view.message.posted_at)
        return Reply(
            text=messages[-1][:LONGEST_MESSAGE] if messages else "",
            embed=embed(make_card(details.view, len(details.events))),
        )

    await reply(interaction, make)


@app_commands.command(name="why")
@app_commands.describe(trade=TRADE)
@app_commands.autocomplete(trade=suggest)
async def why(interaction: Interaction, trade: str) -> None:
    """Show every check of a trade with its numbers, and how to change the outcome."""
    client = bot_of(interaction).temporal

    async def make() -> str:
        return reply_text.why(await why_trade(client, trade))

    await reply(interaction, make)


@app_commands.command(name="cancel")
@app_commands.describe(trade=TRADE, reason=REASON)
@app_commands.autocomplete(trade=suggest)
async def cancel(interaction: Interaction, trade: str, reason: str = "") -> None:
    """Cancel the rest of the entry. Contracts already bought keep their exits."""
    client = bot_of(interaction).temporal

    async def make() -> str:
        receipt = await trade_commands.cancel(client, trade, signed(interaction, reason))
        return safe(receipt.text, 1800)

    await reply(interaction, make)


@app_commands.command(name="close")
@app_commands.describe(
    trade=TRADE,
    portion="all, half, 1/3, 25%, or a number of contracts.",
    reason=REASON,
)
@app_commands.autocomplete(trade=suggest)
async def close(interaction: Interaction, trade: str, portion: str = "all", reason: str = "") -> None:
    """Sell a trade's position from the bid down, all or part of it. Asks for confirmation."""
    client = bot_of(interaction).temporal

    async def make() -> Reply:
        part = read_portion(portion)
        view = await view_of(client, trade)
        if part.of(view.position) == 0 or view.outcome is not None:
            what = view.contract or trade
            return Reply(
                text=f"Nothing to sell: {what} is {state_text(view)}, {view.position} held ({part})."
            )

        async def sell(pressed: Interaction) -> str:
            now = await view_of(client, trade)
            if now.position != view.position:
                return (
                    f"Nothing was done: the trade holds {now.position} now, not {view.position} as when you "
                    "were asked. Use the command again."
                )
            send = (
                trade_commands.close
                if part.everything
                else functools.partial(trade_commands.sell, portion=part)
            )
            receipt = await send(client, trade, signed(pressed, reason))
            return safe(receipt.text, 1800)

        return Reply(
            text=f"**{view.mode.upper()}** · {effect_of_selling(part, view)}",
            view=ConfirmView("Yes, sell", sell),
        )

    await reply(interaction, make)


@app_commands.command(name="exits")
@app_commands.describe(
    trade=TRADE,
    stop="Sell everything at this bid (0.90) or loss (-30%); none removes it.",
    trail="Trailing stop under the highest bid: 20%, 0.15, 20% from +50%, or none.",
    break_even="Raise the stop to the entry: 1 (after the target), +50% (at a gain), or none.",
    at="Sell everything by: 15:45, 30m before close, 45m held, or none.",
    target="Profit-take, share and gain: 50%@+100%, or none.",
    reason=REASON,
)
@app_commands.autocomplete(trade=suggest)
async def exits(
    interaction: Interaction,
    trade: str,
    stop: str = "",
    trail: str = "",
    break_even: str = "",
    at: str = "",
    target: str = "",
    reason: str = "",
) -> None:
    """Show what sells a trade's position, or change it."""
    client = bot_of(interaction).temporal

    async def make() -> str:
        if not (stop or trail or break_even or at or target):
            view = await view_of(client, trade)
            return safe(f"Plan: {view.exit_plan or 'none yet'}\nSold by: {view.protection or '-'}", 1800)
        try:
            change = read_exit_change(
                signed(interaction, reason),
                target=target,
                stop=stop,
                break_even=break_even,
                trail=trail,
                times=at.split(","),
            )
        except ValueError as error:
            return safe(f"Nothing was changed: {error}", 1800)
        receipt = await trade_commands.change_exits(client, trade, change)
        return safe(receipt.text, 1800)

    await reply(interaction, make)


@app_commands.command(name="parse")
@app_commands.describe(text="The alert's text.")
async def parse_text(interaction: Interaction, text: str) -> None:
    """Show how a text would be parsed as an alert. Nothing is traded."""

    async def make() -> str:
        message = AlertMessage(
            message_id=MessageId("parse"),
            text=text[:LONGEST_ALERT],
            author_id=str(interaction.user.id),
            channel_id=str(interaction.channel_id or ""),
            guild_id=str(interaction.guild_id or ""),
            posted_at=clock.now(),
        )
        return reply_text.parsed_alert(message, parse(message))

    await reply(interaction, make)


COMMANDS: tuple[app_commands.Command[Any, ..., None], ...] = (
    trades,
    trade,
    why,
    cancel,
    close,
    exits,
    parse_text,
)
