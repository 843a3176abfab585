"""What a first start needs to be told: the invite link with the least permissions, and what is missing, by name. Pure but for its input."""

from collections.abc import Iterable

import discord

from alert_trader.domain.alerts.allowlist import Allowlist

PERMISSIONS = {
    "view_channel": "to see alerts",
    "send_messages": "to post cards",
    "embed_links": "to draw them",
    "read_message_history": "to read what it missed, and to find its cards again",
    "add_reactions": "to say at once that an alert was seen",
    "create_public_threads": "to open a card's thread",
    "send_messages_in_threads": "to tell the story in it",
}
"""Each permission by Discord's name, and what for. There is no other: no message of others is touched, nobody is managed."""

NO_INTENT = (
    "Discord does not show this bot what messages say. Open https://discord.com/developers/applications, choose the bot's application, "
    'then "Bot", switch on "Message Content Intent" below "Privileged Gateway Intents", save, and start again'
)
BAD_LOGIN = (
    'Discord does not let this bot in. Open https://discord.com/developers/applications, choose the application, then "Bot", '
    '"Reset Token", and set TRADER_DISCORD_TOKEN to what it shows'
)


def permissions() -> discord.Permissions:
    """Give the least permissions that the bot works with."""
    return discord.Permissions(**dict.fromkeys(PERMISSIONS, True))


def invite(application_id: int) -> str:
    """Write the link by which an administrator of a server invites the bot."""
    return discord.utils.oauth_url(
        application_id, permissions=permissions(), scopes=("bot", "applications.commands")
    )


def missing(allowed: discord.Permissions) -> list[str]:
    """Name the permissions that are missing, each with what it is for."""
    return [f"{name.replace('_', ' ')} ({why})" for name, why in PERMISSIONS.items() if not getattr(allowed, name)]


def setup_problems(
    guilds: Iterable[discord.Guild], allowlist: Allowlist, cards_channel: int | None, application_id: int
) -> list[str]:
    """Say everything that keeps the bot from its work, one a line, each with what to do; empty when nothing does."""
    link = invite(application_id)
    by_id = {guild.id: guild for guild in guilds}
    found = [
        f"TRADER_{name.upper()} is empty, so nothing is traded"
        for name in ("authors", "channels", "guilds")
        if not getattr(allowlist, name)
    ]
    found += [
        f"the bot is not in server {each}: invite it with {link}"
        for each in allowlist.guilds
        if int(each) not in by_id
    ]
    rooms = [int(each) for each in allowlist.channels] + ([] if cards_channel is None else [cards_channel])
    for channel_id in dict.fromkeys(rooms):
        channel = next(
            (each for guild in by_id.values() for each in guild.text_channels if each.id == channel_id), None
        )
        if channel is None:
            found.append(
                f"channel {channel_id} is in no server the bot is in, or is no text channel: check its id, or invite the bot with {link}"
            )
            continue
        lacks = missing(channel.permissions_for(channel.guild.me))
        if lacks:
            found.append(
                f"in #{channel.name} ({channel.id}) the bot lacks: {', '.join(lacks)}. Invite it again with {link}"
            )
    return found
