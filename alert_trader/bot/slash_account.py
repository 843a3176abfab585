"""Slash commands about the account: how it stands, what the broker says, halt, resume, flatten, limits."""

from typing import Any

import discord
from discord import app_commands

from alert_trader.bot import pages
from alert_trader.bot.asking import Answer, Confirm, answer, bot_of
from alert_trader.bot.people import signature
from alert_trader.bot.words import count, safe
from alert_trader.control.commands import account_commands
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.trade_views import Filter, list_trades
from alert_trader.domain.account.limits import Limits, written

Interaction = discord.Interaction[Any]
NAMES = sorted(Limits.__dataclass_fields__)


@app_commands.command(name="status")
async def status(interaction: Interaction) -> None:
    """Is everything well: the bot, Temporal, the account, open trades."""
    bot = bot_of(interaction)
    client, number = bot.temporal, bot.settings.account

    async def make() -> str:
        rows = await list_trades(client, Filter(open_only=True), limit=100, views=False)
        lines = [
            f"**Mode {bot.settings.mode.upper()}**, account {number}",
            f"✅ Discord answers in {bot.latency * 1000:.0f} ms · Temporal answers, namespace {safe(client.namespace, 80)}",
            f"{count(len(rows), 'open trade')}",
        ]
        view = await account_queries.account_view(client, number)
        lines += [f"⛔ {safe(each)}" for each in view.blocking] or ["✅ entries are allowed"]
        return "\n".join(lines)

    await answer(interaction, make)


@app_commands.command(name="account")
async def account_command(interaction: Interaction) -> None:
    """How the account stands: state, day, what blocks entries."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return pages.account(await account_queries.account_view(client, number))

    await answer(interaction, make)


@app_commands.command(name="positions")
async def positions(interaction: Interaction) -> None:
    """Show what the account holds, read at the broker."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return pages.positions(await account_queries.positions(client, number))

    await answer(interaction, make)


@app_commands.command(name="orders")
async def orders(interaction: Interaction) -> None:
    """Every order that works at the broker, ours or not."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return pages.orders(await account_queries.orders(client, number))

    await answer(interaction, make)


@app_commands.command(name="auth")
async def auth(interaction: Interaction) -> None:
    """Run every check that a first order needs, the broker's authorisation among them."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        return pages.checks(await account_queries.preflight(client, number))

    await answer(interaction, make)


@app_commands.command(name="halt")
@app_commands.describe(reason="Why; it goes on the record.")
async def halt(interaction: Interaction, reason: str) -> None:
    """Stop every entry, at once and until resumed. Exits and cancels go on."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> str:
        # never asked about: it only takes risk away
        return pages.halted(
            await account_commands.halt(client, number, by=signature(interaction.user), reason=reason)
        )

    await answer(interaction, make)


@app_commands.command(name="resume")
@app_commands.describe(changed="What is different now; it goes on the record.")
async def resume(interaction: Interaction, changed: str) -> None:
    """Let a halted account trade again; asks first."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> Answer:
        view = await account_queries.account_view(client, number)

        async def go(pressed: Interaction) -> str:
            receipt = await account_commands.resume(
                client, number, by=signature(pressed.user), changed=changed
            )
            return safe(receipt.text, 1800)

        why = f"It is {view.state}" + (
            f", halted by {safe(view.halted_by, 100)}: {safe(view.halt_reason or '', 400)}"
            if view.halted_by
            else ""
        )
        text = f"**{view.mode.upper()}** · From then on new alerts buy again on account {number}. {why}."
        return Answer(text=text, view=Confirm("Yes, resume", go))

    await answer(interaction, make)


@app_commands.command(name="flatten")
@app_commands.describe(reason="Why; it goes on the record.")
async def flatten(interaction: Interaction, reason: str) -> None:
    """Halt, cancel every entry and close every position at the market; asks first."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> Answer:
        view = await account_queries.account_view(client, number)
        held = sum(each.position for each in view.open_trades)

        async def go(pressed: Interaction) -> str:
            receipt = await account_commands.flatten(
                client, number, by=signature(pressed.user), reason=reason
            )
            return safe(receipt.text, 1800)

        text = (
            f"**{view.mode.upper()}** · Halt account {number}, cancel every entry, and sell all that is held at the market: "
            f"{count(held)} in {count(len(view.open_trades), 'open trade')}, at whatever the bids are then (unknown now). "
            "It goes on until the account is flat; nothing is bought until somebody resumes it."
        )
        return Answer(text=text, view=Confirm("Yes, flatten", go))

    await answer(interaction, make)


async def suggest(_interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest limits by name."""
    return [app_commands.Choice(name=each, value=each) for each in NAMES if typed.lower() in each][:25]


@app_commands.command(name="limits")
@app_commands.describe(
    name="The limit to change.", value="Its new value, as it is shown.", reason="Why; it goes on the record."
)
@app_commands.autocomplete(name=suggest)
async def limits(
    interaction: Interaction, name: str | None = None, value: str | None = None, reason: str = ""
) -> None:
    """Show the limits in force, or change one; a change is asked about first."""
    client, number = bot_of(interaction).temporal, bot_of(interaction).settings.account

    async def make() -> Answer:
        now = await account_queries.limits(client, number)
        if name is None or value is None:
            return Answer(text=pages.limits(now))
        if name not in NAMES:
            return Answer(text=f"There is no limit {safe(name, 100)}. There are: {safe(', '.join(NAMES))}")

        async def change(pressed: Interaction) -> str:
            receipt = await account_commands.change_limits(
                client, number, by=signature(pressed.user), reason=reason, changes={name: value}
            )
            return safe(receipt.text, 1800)

        old = written(getattr(now, name))
        change_it = (
            f"Change {safe(name, 100)} of account {number} from {safe(old, 100)} to **{safe(value, 100)}**"
        )
        text = f"{change_it}, for every trade admitted from then on."
        return Answer(text=text, view=Confirm("Yes, change it", change))

    await answer(interaction, make)


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
)
