"""Decide who may use the bot's commands and buttons."""

from dataclasses import dataclass

import discord

from alert_trader.bot.discord_text import safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """Operators by user id or role id, never by name. With empty lists nobody is one."""

    users: frozenset[int]
    roles: frozenset[int]

    def may_command(self, user: discord.User | discord.Member) -> bool:
        """Return whether a person may use buttons and commands."""
        if user.id in self.users:
            return True
        return isinstance(user, discord.Member) and any(role.id in self.roles for role in user.roles)


def signature(user: discord.User | discord.Member) -> str:
    """Return a person's id and name for the audit trail."""
    name = "".join(each for each in user.name if each.isprintable())[:40]
    return f"discord:{user.id} {name}"


def not_an_operator(user: discord.User | discord.Member) -> str:
    """Return the reply to a person who is not an operator."""
    return (
        f"Nothing was done: only operators can do this, and {safe(user.name, 60)} (`{user.id}`) is not one. "
        "To allow it, add this id to `TRADER_DISCORD_OPERATORS` and restart the bot."
    )
