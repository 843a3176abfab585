"""Check the bot's setup at Discord: the invite link, and missing servers, channels and permissions."""

from collections.abc import Iterable

import discord

from alert_trader.bot.discord_text import discord_ids
from alert_trader.domain.alerts.allowlist import Allowlist

PERMISSIONS = {
    "view_channel": "to see alerts",
    "send_messages": "to post cards",
    "embed_links": "to format cards",
    "read_message_history": "to read missed alerts and find its cards after a restart",
    "add_reactions": "to confirm that an alert was seen",
    "create_public_threads": "to open a card's thread",
    "send_messages_in_threads": "to post a trade's events in the thread",
}
"""Permissions that the bot needs, by Discord's name, and what for. It needs no others."""

NO_INTENT = (
    "Discord does not let this bot read the text of messages. Open https://discord.com/developers/applications,"
    ' choose the application, then "Bot", switch on "Message Content Intent", save, and start the bot again'
)
BAD_LOGIN = (
    "Discord rejected the bot's token. Open https://discord.com/developers/applications, choose the"
    ' application, then "Bot" and "Reset Token", and set TRADER_DISCORD_TOKEN to the new token'
)


def permissions() -> discord.Permissions:
    """Return the permissions that the bot needs."""
    return discord.Permissions(**dict.fromkeys(PERMISSIONS, True))


def invite(application_id: int) -> str:
    """Return the link with which an administrator of a server invites the bot."""
    return discord.utils.oauth_url(
        application_id, permissions=permissions(), scopes=("bot", "applications.commands")
    )


def missing(allowed: discord.Permissions) -> list[str]:
    """Return the missing permissions, each with what it is for."""
    return [
        f"{name.replace('_', ' ')} ({why})" for name, why in PERMISSIONS.items() if not getattr(allowed, name)
    ]


def setup_problems(
    guilds: Iterable[discord.Guild], allowlist: Allowlist, cards_channel: int | None, application_id: int
) -> list[str]:
    """Return every problem of the setup with what to do; empty when there is none."""
    link = invite(application_id)
    by_id = {guild.id: guild for guild in guilds}
    found = [
        f"TRADER_{name.upper()} is empty, so no alert is traded: set it"
        for name in ("authors", "channels", "guilds")
        if not getattr(allowlist, name)
    ]
    found += [
        f"TRADER_{name} has {each!r}, which is no id of Discord (a number): alerts from there come by the API"
        for name, ids in (("GUILDS", allowlist.guilds), ("CHANNELS", allowlist.channels))
        for each in ids
        if not discord_ids([each])
    ]
    found += [
        f"the bot is not in server {each}. Invite it: {link}"
        for each in discord_ids(allowlist.guilds)
        if each not in by_id
    ]
    rooms = discord_ids(allowlist.channels) + ([] if cards_channel is None else [cards_channel])
    for channel_id in dict.fromkeys(rooms):
        channel = next(
            (each for guild in by_id.values() for each in guild.text_channels if each.id == channel_id), None
        )
        if channel is None:
            found.append(
                f"text channel {channel_id} was not found in the bot's servers. "
                f"Check the id, or invite the bot to its server: {link}"
            )
            continue
        lacks = missing(channel.permissions_for(channel.guild.me))
        if lacks:
            found.append(
                f"missing permissions in #{channel.name} ({channel.id}): {', '.join(lacks)}. "
                f"Invite the bot again: {link}"
            )
    return found
