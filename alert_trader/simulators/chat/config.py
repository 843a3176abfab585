"""The configuration of the chat: people, channels, and permissions of the bot."""

from dataclasses import dataclass, field

GATEWAY_INTENTS_PRIVILEGED = {"presences": 1 << 8, "members": 1 << 1, "message_content": 1 << 15}

VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
READ_MESSAGE_HISTORY = 1 << 16
ADD_REACTIONS = 1 << 6
CREATE_PUBLIC_THREADS = 1 << 35
SEND_MESSAGES_IN_THREADS = 1 << 38

BOT_PERMISSIONS = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | READ_MESSAGE_HISTORY
    | ADD_REACTIONS
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS
)
"""The permissions of the bot's invite link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the server. `roles` are ids."""

    user_id: str
    name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A text channel, or a forum, which holds posts only."""

    channel_id: str
    name: str
    forum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """A rate limit of a channel for calls of one kind."""

    calls: int = 5
    seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatConfig:
    """A server with its people, channels and one bot."""

    token: str = "demo"  # noqa: S105 - opens a chat on this machine
    application_id: str = "900000000000000009"
    """The bot's user id as well."""
    bot_name: str = "trader"
    guild_id: str = "300000000000000003"
    guild_name: str = "The trading room"
    people: tuple[Person, ...] = (Person(user_id="100000000000000001", name="ada"),)
    rooms: tuple[Room, ...] = (Room(channel_id="200000000000000002", name="alerts"),)
    roles: dict[str, str] = field(default_factory=dict)
    """Names by id, in addition to the roles that every server has."""
    bot_permissions: int = BOT_PERMISSIONS
    privileged_intents: tuple[str, ...] = ("message_content",)
    """Those switched on for the bot in the developer portal."""
    posts: RateLimit = RateLimit()
    edits: RateLimit = RateLimit()
    reactions: RateLimit = RateLimit(calls=1, seconds=0.25)
    heartbeat: float = 41.25
    """Seconds between two heartbeats."""
