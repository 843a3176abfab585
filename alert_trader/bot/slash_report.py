"""`/report`: the report in figures and as a picture, made in `control/` as for `trader report`."""

import asyncio
import io
from datetime import date
from typing import Any

import discord
from discord import app_commands

from alert_trader import clock
from alert_trader.bot.replies import Reply, bot_of, reply
from alert_trader.bot.reply_text import table
from alert_trader.control.reports import report as reports
from alert_trader.control.reports import wording
from alert_trader.domain.reports.figures import Grouping
from alert_trader.domain.reports.timeline import timeline_of
from alert_trader.mirrors.archive import Place
from alert_trader.mirrors.reader import ArchiveReader

Interaction = discord.Interaction[Any]


@app_commands.command(name="report")
@app_commands.describe(
    by="One day, week or month, or by author or channel.",
    day="A day of the period, such as 2026-11-24. Default: today in New York.",
)
async def report(interaction: Interaction, by: Grouping = Grouping.DAY, day: str | None = None) -> None:
    """Show results: alerts, denials, fills, slippage, P&L and missed trades."""
    bot = bot_of(interaction)

    async def make() -> Reply:
        now = clock.now()
        what = reports.wanted(by, now=now, on=None if day is None else date.fromisoformat(day))
        archive = ArchiveReader(Place.at(bot.settings.archive_place), bot.settings.mode.value)
        found = await reports.gather(bot.temporal, what, archive=archive)
        made = reports.make(found, what, now=now)
        line = timeline_of(found.trades, what.until, now) if what.since == what.until else None

        def drawn() -> bytes:
            from alert_trader.control.reports.picture import picture  # noqa: PLC0415 - a second that only a picture needs

            return picture(made, timeline=line)

        # drawing takes a second, so not on the event loop
        file = discord.File(io.BytesIO(await asyncio.to_thread(drawn)), filename="report.png")
        return Reply(text=f"**{what.title}**\n{table(('figure', 'value'), wording.figures(made))}", file=file)

    await reply(interaction, make)
