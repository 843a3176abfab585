"""Slash commands about the account: status, positions, orders, halt, resume, flatten, limits."""

from typing import Any

import discord
from discord import app_commands

from alert_trader import clock
from alert_trader.bot import reply_text
from alert_trader.bot.discord_text import count, safe
from alert_trader.bot.effects import effect_of_flattening, effect_of_resuming
from alert_trader.bot.operators import signature
from alert_trader.bot.replies import ConfirmView, Reply, bot_of, reply
from alert_trader.control.commands import account_commands
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.trade_views import Filter, list_trades
from alert_trader.domain.account.limits import Limits, written
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.market.calendar import eastern
from alert_trader.runtime.desk_link import LINK_LIFETIME, desk_link
from alert_trader.runtime.kill_switch import kill_switch_of

Interaction = discord.Interaction[Any]
NAMES = sorted(Limits.__dataclass_fields__)
REASON = "Why. Written to the audit trail."


@app_commands.command(name="status")
async def status(interaction: Interaction) -> None:
    """Show the bot's connections, the open trades, and what blocks entries."""
    bot = bot_of(interaction)
    client, number = bot.temporal, bot.settings.account

    async def make() -> str:
        rows = await list_trades(client, Filter(open_only=True), limit=100, views=False)
        lines = [
            f"**Mode {bot.settings.mode.upper()}**, account {number}",
            f"✅ Discord: {bot.latency * 1000:.0f} ms · Temporal: namespace {safe(client.namespace, 80)}",
            f"{count(len(rows), 'open trade')}",
        ]
        view = await account_queries.account_view(client, number, kill_switch_of(bot.settings))
        return "\n".join([*lines, reply_text.may_trade(view)])

    await reply(interaction, make)


@app_commands.command(name="account")
async def account_command(interaction: Interaction) -> None:
    """Show the account: state, today's numbers, and what blocks entries."""
    bot = bot_of(interaction)
    client, number = bot.temporal, bot.settings.account

    async def make() -> str:
        return reply_text.account(
            await account_queries.account_view(client, number, kill_switch_of(bot.settings))
        )

    await reply(interaction, make)


@app_commands.command(name="positions")
async def positions(interaction: Interaction) -> None:
    """List the account's option positions, as read from the broker."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return reply_text.positions(await account_queries.positions(client, number))

    await reply(interaction, make)


@app_commands.command(name="orders")
async def orders(interaction: Interaction) -> None:
    """List all working orders at the broker, ours and others."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return reply_text.orders(await account_queries.orders(client, number))

    await reply(interaction, make)


@app_commands.command(name="auth")
async def auth(interaction: Interaction) -> None:
    """Run every check that a first order needs, including the broker login."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return reply_text.checks(await account_queries.preflight(client, number))

    await reply(interaction, make)


@app_commands.command(name="halt")
@app_commands.describe(reason=REASON)
async def halt(interaction: Interaction, reason: str) -> None:
    """Stop all entries now, until resumed. Exits and cancels still work."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        # no confirmation: a halt only reduces risk
        return reply_text.halted(
            await account_commands.halt(client, number, by=signature(interaction.user), reason=reason)
        )

    await reply(interaction, make)


@app_commands.command(name="resume")
@app_commands.describe(changed="What has changed. Written to the audit trail.")
async def resume(interaction: Interaction, changed: str) -> None:
    """Allow entries again after a halt. Asks for confirmation."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> Reply:
        view = await account_queries.account_view(
            client, number, kill_switch_of(bot_of(interaction).settings)
        )

        async def go(pressed: Interaction) -> str:
            receipt = await account_commands.resume(
                client, number, by=signature(pressed.user), changed=changed
            )
            return safe(receipt.text, 1800)

        text = f"**{view.mode.upper()}** · {_halt_text(view)} {safe(effect_of_resuming(view), 640)}"
        return Reply(text=text, view=ConfirmView("Yes, resume", go))

    await reply(interaction, make)


def _halt_text(view: AccountView) -> str:
    """Return the account's state, and for a halt who halted it, when and why."""
    state = f"Account {view.account} is {view.state}"
    if view.halted_by is None or view.halted_at is None:
        return f"{state}."
    reason = f" (reason: {safe(view.halt_reason, 400)})" if view.halt_reason else ""
    return f"{state} by {safe(view.halted_by, 100)} at {eastern(view.halted_at, '%Y-%m-%d %H:%M')}{reason}."


@app_commands.command(name="flatten")
@app_commands.describe(reason=REASON)
async def flatten(interaction: Interaction, reason: str) -> None:
    """Halt, cancel all entries and close all positions, from the bid down. Asks for confirmation."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> Reply:
        view = await account_queries.account_view(client, number)

        async def go(pressed: Interaction) -> str:
            receipt = await account_commands.flatten(
                client, number, by=signature(pressed.user), reason=reason
            )
            return safe(receipt.text, 1800)

        text = f"**{view.mode.upper()}** · {effect_of_flattening(view)}"
        return Reply(text=text, view=ConfirmView("Yes, flatten", go))

    await reply(interaction, make)


async def suggest(_interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest names of limits."""
    return [app_commands.Choice(name=each, value=each) for each in NAMES if typed.lower() in each][:25]


@app_commands.command(name="limits")
@app_commands.describe(
    name="The limit to change.", value="The new value, in the format shown.", reason=REASON
)
@app_commands.autocomplete(name=suggest)
async def limits(
    interaction: Interaction, name: str | None = None, value: str | None = None, reason: str = ""
) -> None:
    """Show the limits, or change one. A change asks for confirmation."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> Reply:
        now = await account_queries.limits(client, number)
        if name is None or value is None:
            return Reply(text=reply_text.limits(now))
        if name not in NAMES:
            return Reply(text=f"Unknown limit {safe(name, 100)}. Limits: {safe(', '.join(NAMES))}")

        async def change(pressed: Interaction) -> str:
            receipt = await account_commands.change_limits(
                client, number, by=signature(pressed.user), reason=reason, changes={name: value}
            )
            return safe(receipt.text, 1800)

        old = written(getattr(now, name))
        change_it = (
            f"Change {safe(name, 100)} of account {number} from {safe(old, 100)} to **{safe(value, 100)}**"
        )
        text = f"{change_it}. It applies to new trades."
        return Reply(text=text, view=ConfirmView("Yes, change it", change))

    await reply(interaction, make)


@app_commands.command(name="desk")
async def desk(interaction: Interaction) -> None:
    """Send yourself a link to the desk page. It signs you in, once, within 5 minutes."""
    settings = bot_of(interaction).settings

    async def make() -> str:
        if not settings.api_key_ring:
            return "There is no desk page: set `TRADER_API_KEYS` for the API and the bot, and restart both."
        minutes = int(LINK_LIFETIME.total_seconds() / 60)
        link = desk_link(settings, signature(interaction.user), clock.now())
        return f"[Open the desk page]({link}) · for you alone, once, within {minutes} minutes."

    await reply(interaction, make)


COMMANDS: tuple[app_commands.Command[Any, ..., None], ...] = (
    status,
    account_command,
    positions,
    orders,
    auth,
    halt,
    resume,
    flatten,
    limits,
    desk,
)
