"""Who may alert: author, channel and guild, each by id, each on its list. An empty list allows nobody."""

from dataclasses import dataclass
from typing import Protocol

from alert_trader.domain.denial import Code, Denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowlist:
    """Who may alert, by id. An empty set allows nobody."""

    authors: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    guilds: tuple[str, ...] = ()


class HasSource(Protocol):
    """The ids of an alert."""

    @property
    def author_id(self) -> str:
        """Who wrote it."""

    @property
    def channel_id(self) -> str:
        """Where."""

    @property
    def guild_id(self) -> str:
        """On which server."""


def check_allowlist(message: HasSource, allowed: Allowlist) -> Denied | None:
    """Deny a message whose author, channel or guild is not allowlisted; None when all three are."""
    for code, what, found, ids in (
        (Code.AUTHOR_NOT_ALLOWED, "author", message.author_id, allowed.authors),
        (Code.CHANNEL_NOT_ALLOWED, "channel", message.channel_id, allowed.channels),
        (Code.GUILD_NOT_ALLOWED, "guild", message.guild_id, allowed.guilds),
    ):
        if not found or found not in ids:
            advice = f"add it to the {what}s in the settings if it may trade"
            reason = f"expected an allowlisted {what} id, found {found or 'none'}: {advice}"
            return Denied(code=code, reason=reason, facts={what: found, "allowlisted": str(len(ids))})
    return None
