"""Who may command the bot. The one place that says so."""

from dataclasses import dataclass

import discord

from alert_trader.bot.discord_text import safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """Operators, by user id or by role id. Names count for nothing, and an empty list allows nobody."""

    users: frozenset[int]
    roles: frozenset[int]

    def may_command(self, user: discord.User | discord.Member) -> bool:
        """Tell whether a person may use buttons and commands."""
        if user.id in self.users:
            return True
        return isinstance(user, discord.Member) and any(role.id in self.roles for role in user.roles)


def signature(user: discord.User | discord.Member) -> str:
    """Sign what a person does, for the record: the id decides, the name is for people."""
    name = "".join(each for each in user.name if each.isprintable())[:40]
    return f"discord:{user.id} {name}"


def not_an_operator(user: discord.User | discord.Member) -> str:
    """Tell a person privately that they may not."""
    return (
        f"This is for operators, and {safe(user.name, 60)} (`{user.id}`) is not one. "
        "Whoever runs the trader can add this id to `TRADER_DISCORD_OPERATORS`. Nothing was done."
    )
