"""The server: its people, channels, threads and messages, as Discord's API words them."""

import copy
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from alert_trader import clock
from alert_trader.simulators.chat.config import ChatConfig
from alert_trader.simulators.chat.ids import snowflake, time_of
from alert_trader.simulators.chat.transcript import Kind, Transcript

Body = dict[str, Any]
EVERYONE = re.compile(r"@(everyone|here)")
USER = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")

TEXT, PUBLIC_THREAD, FORUM = 0, 11, 15
HAS_THREAD = 1 << 5
IS_CROSSPOST, LOADING = 1 << 1, 1 << 7


class MissingError(Exception):
    """Something does not exist; `what` and `code` are Discord's."""

    def __init__(self, what: str, code: int) -> None:
        """Store what is missing."""
        super().__init__(what)
        self.what, self.code = what, code


class World:
    """The state of the server. Each change is recorded and announced to the gateway."""

    def __init__(
        self, config: ChatConfig, transcript: Transcript, announce: Callable[[str, Body], None]
    ) -> None:
        """Open the server of `config`."""
        self.config = config
        self.transcript = transcript
        self._announce = announce
        self.commands: list[Body] = []
        self.bot = self._user(config.application_id, config.bot_name, bot=True)
        self.users: dict[str, Body] = {config.application_id: self.bot}
        self.members: dict[str, Body] = {config.application_id: _member(self.bot, ("1",))}
        for person in config.people:
            self.users[person.user_id] = self._user(person.user_id, person.name)
            self.members[person.user_id] = _member(self.users[person.user_id], person.roles)
        self.channels: dict[str, Body] = {
            room.channel_id: self._channel(room.channel_id, room.name, FORUM if room.forum else TEXT)
            for room in config.rooms
        }
        self.messages: dict[str, dict[str, Body]] = {channel: {} for channel in self.channels}

    # What is there

    def channel(self, channel_id: str) -> Body:
        """Return a channel or a thread; raises MissingError."""
        if channel_id not in self.channels:
            raise MissingError("Unknown Channel", 10003)
        return self.channels[channel_id]

    def message(self, channel_id: str, message_id: str) -> Body:
        """Return a message; raises MissingError."""
        self.channel(channel_id)
        if message_id not in self.messages[channel_id]:
            raise MissingError("Unknown Message", 10008)
        return self.messages[channel_id][message_id]

    def history(self, channel_id: str, *, limit: int, before: str | None, after: str | None) -> list[Body]:
        """Return messages of a channel, the newest first, as the API does."""
        self.channel(channel_id)
        found = sorted(self.messages[channel_id].values(), key=lambda each: int(each["id"]))
        if after is not None:
            return list(reversed([each for each in found if int(each["id"]) > int(after)][:limit]))
        if before is not None:
            found = [each for each in found if int(each["id"]) < int(before)]
        return list(reversed(found[-limit:]))

    def guild(self) -> Body:
        """Return the server as it is in GUILD_CREATE."""
        config = self.config
        threads = [each for each in self.channels.values() if each["type"] == PUBLIC_THREAD]
        return {
            "id": config.guild_id,
            "name": config.guild_name,
            "owner_id": config.people[0].user_id if config.people else config.application_id,
            "roles": [
                _role(config.guild_id, "@everyone", 0),
                _role("1", config.bot_name, config.bot_permissions),
                *(_role(role, name, 0) for role, name in config.roles.items()),
            ],
            "channels": [each for each in self.channels.values() if each["type"] in {TEXT, FORUM}],
            "threads": threads,
            "members": list(self.members.values()),
            "member_count": len(self.members),
            **dict.fromkeys(
                ("emojis", "stickers", "features", "voice_states", "presences", "stage_instances"), ()
            ),
            **dict.fromkeys(("guild_scheduled_events", "soundboard_sounds"), ()),
            **dict.fromkeys(
                (
                    "verification_level",
                    "default_message_notifications",
                    "explicit_content_filter",
                    "mfa_level",
                ),
                0,
            ),
            **dict.fromkeys(("nsfw_level", "premium_tier", "system_channel_flags", "afk_timeout"), 0),
            "preferred_locale": "en-US",
            "joined_at": clock.now().isoformat(),
            "large": False,
            "unavailable": False,
        }

    # What changes

    def post(
        self,
        channel_id: str,
        author: Body,
        body: Body,
        *,
        at: datetime | None = None,
        webhook: str | None = None,
        silent: bool = False,
        message_id: str | None = None,
    ) -> Body:
        """Post a message, or return the one with the same nonce; a `silent` one is in no channel.

        `message_id` is that of a forum post's first message.
        """
        channel = self.channel(channel_id)
        if body.get("enforce_nonce") and body.get("nonce") is not None:
            for each in self.messages[channel_id].values():
                if each.get("nonce") == str(body["nonce"]) and each["author"]["id"] == author["id"]:
                    return each
        message_id = message_id or snowflake(at)
        content = body.get("content") or ""
        message: Body = {
            "id": message_id,
            "channel_id": channel_id,
            "guild_id": self.config.guild_id,
            "author": author,
            "content": content,
            "timestamp": time_of(message_id).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [
                {**each, "url": "", "proxy_url": "", "content_type": None}
                for each in body.get("attachments") or ()
                if "size" in each
            ],
            "embeds": [dict(each, type="rich") for each in body.get("embeds") or ()],
            "components": numbered(body.get("components") or []),
            "reactions": [],
            "pinned": False,
            "type": body.get("type", 0),
            "flags": body.get("flags") or 0,
            **({"nonce": str(body["nonce"])} if body.get("nonce") is not None else {}),
        }
        if webhook is not None:
            message["webhook_id"] = webhook
        elif author["id"] in self.members:
            message["member"] = {
                key: value for key, value in self.members[author["id"]].items() if key != "user"
            }
        self._refer(message, body)
        if not silent:
            pinged = pings(content, body.get("allowed_mentions"))
            self.messages[channel_id][message_id] = message
            channel["last_message_id"] = message_id
            self.transcript.write(Kind.POSTED, message=copy.deepcopy(message), pinged=pinged)
            self._announce("MESSAGE_CREATE", message)
        return message

    def _refer(self, message: Body, body: Body) -> None:
        """Make a message a reply, a forward with a snapshot, or one of a followed channel."""
        reference = body.get("message_reference")
        if message["flags"] & IS_CROSSPOST:
            elsewhere = {name: snowflake(None) for name in ("guild_id", "channel_id", "message_id")}
            message["message_reference"] = {"type": 0, **elsewhere}
            return
        if reference is None:
            return
        named = str(reference["message_id"])
        holder = next(
            (channel for channel, messages in self.messages.items() if named in messages),
            message["channel_id"],
        )
        channel_id = str(reference.get("channel_id") or holder)
        kind = reference.get("type", 0)
        message["message_reference"] = {
            "type": kind,
            "message_id": named,
            "channel_id": channel_id,
            "guild_id": self.config.guild_id,
        }
        original = self.messages.get(channel_id, {}).get(named)
        if kind == 1:
            kept = (
                "content",
                "embeds",
                "attachments",
                "timestamp",
                "edited_timestamp",
                "flags",
                "type",
                "mentions",
                "components",
            )
            message["message_snapshots"] = [{"message": {key: (original or {}).get(key) for key in kept}}]
            return
        message["type"] = 19
        message["referenced_message"] = original

    def edit(self, message: Body, body: Body, *, announced: bool = True) -> Body:
        """Change a message in place."""
        for key in ("content", "embeds", "components", "flags"):
            if key in body:
                changed: Any = body[key] if body[key] is not None else ("" if key == "content" else [])
                message[key] = numbered(changed) if key == "components" else changed
        if message["flags"] & LOADING and (message["content"] or message["embeds"] or message["components"]):
            # the text of a deferred answer: Discord shows no "edited" behind it
            message["flags"] &= ~LOADING
        else:
            message["edited_timestamp"] = clock.now().isoformat()
        if announced:
            self.transcript.write(
                Kind.EDITED,
                message=copy.deepcopy(message),
                pinged=pings(message["content"], body.get("allowed_mentions")),
            )
            self._announce("MESSAGE_UPDATE", message)
        return message

    def delete(self, channel_id: str, message_id: str) -> None:
        """Delete a message."""
        message = self.message(channel_id, message_id)
        del self.messages[channel_id][message_id]
        self.transcript.write(Kind.DELETED, message=copy.deepcopy(message))
        self._announce(
            "MESSAGE_DELETE", {"id": message_id, "channel_id": channel_id, "guild_id": self.config.guild_id}
        )

    def open_thread(self, channel_id: str, message_id: str, name: str) -> Body:
        """Open the thread of a message, whose id it shares; raises ValueError when it has one."""
        message = self.message(channel_id, message_id)
        if message_id in self.channels:
            raise ValueError("A thread has already been created for this message")
        thread = self._thread(channel_id, message_id, name, self.bot["id"])
        message["thread"], message["flags"] = thread, message["flags"] | HAS_THREAD
        self.transcript.write(Kind.THREAD, channel=channel_id, message=message_id, name=name)
        self._announce("THREAD_CREATE", {**thread, "newly_created": True})
        return thread

    def open_post(self, forum_id: str, author: Body, name: str, body: Body) -> Body:
        """Open a post of a forum, and return its first message, whose id it shares."""
        thread = self._thread(forum_id, snowflake(None), name, author["id"])
        self.transcript.write(Kind.THREAD, channel=forum_id, message=thread["id"], name=name)
        self._announce("THREAD_CREATE", {**thread, "newly_created": True})
        return self.post(thread["id"], author, body, message_id=thread["id"])

    def _thread(self, parent_id: str, thread_id: str, name: str, owner_id: str) -> Body:
        """Add a thread below a channel or forum."""
        thread = {
            **self._channel(thread_id, name, PUBLIC_THREAD),
            "parent_id": parent_id,
            "owner_id": owner_id,
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": clock.now().isoformat(),
                "locked": False,
            },
        }
        self.channels[thread_id], self.messages[thread_id] = thread, {}
        return thread

    def react(
        self, channel_id: str, message_id: str, emoji: str, user_id: str, *, remove: bool = False
    ) -> None:
        """Add a reaction to a message, or remove it."""
        message = self.message(channel_id, message_id)
        reactions: dict[str, list[str]] = message.setdefault("_who", {})
        who = reactions.setdefault(emoji, [])
        if remove:
            if user_id in who:
                who.remove(user_id)
        elif user_id not in who:
            who.append(user_id)
        message["reactions"] = [
            {"emoji": {"id": None, "name": name}, "count": len(ids), "me": self.bot["id"] in ids}
            for name, ids in reactions.items()
            if ids
        ]
        self.transcript.write(
            Kind.UNREACTED if remove else Kind.REACTED,
            message=message_id,
            channel=channel_id,
            emoji=emoji,
            user=user_id,
        )
        event = "MESSAGE_REACTION_REMOVE" if remove else "MESSAGE_REACTION_ADD"
        facts = {
            "user_id": user_id,
            "channel_id": channel_id,
            "message_id": message_id,
            "guild_id": self.config.guild_id,
        }
        self._announce(event, {**facts, "emoji": {"id": None, "name": emoji}, "burst": False, "type": 0})

    def _user(self, user_id: str, name: str, *, bot: bool = False) -> Body:
        return {
            "id": user_id,
            "username": name,
            "discriminator": "0",
            "avatar": None,
            "global_name": name,
            "bot": bot,
        }

    def _channel(self, channel_id: str, name: str, kind: int) -> Body:
        return {
            "id": channel_id,
            "guild_id": self.config.guild_id,
            "name": name,
            "type": kind,
            "position": 0,
            "permission_overwrites": [],
            "topic": None,
            "nsfw": False,
            "last_message_id": None,
            "rate_limit_per_user": 0,
            "parent_id": None,
        }


def pings(content: str, allowed: Body | None) -> list[str]:
    """Return who a message pings: everybody it mentions, as far as `allowed_mentions` allows."""
    if allowed is None:
        return [*EVERYONE.findall(content), *USER.findall(content), *ROLE.findall(content)]
    parse = allowed.get("parse") or []
    found = EVERYONE.findall(content) if "everyone" in parse else []
    for kind, pattern in (("users", USER), ("roles", ROLE)):
        listed = [str(each) for each in allowed.get(kind) or ()]
        found += [each for each in pattern.findall(content) if kind in parse or each in listed]
    return found


def numbered(components: list[Body]) -> list[Body]:
    """Return every component the number that Discord gives it."""
    count = 0

    def walk(each: Body) -> Body:
        nonlocal count
        count += 1
        known = {"id": count, **each}
        if "components" in each:
            known["components"] = [walk(child) for child in each["components"]]
        return known

    return [walk(each) for each in components]


def _member(user: Body, roles: tuple[str, ...]) -> Body:
    now = clock.now().isoformat()
    return {
        "user": user,
        "nick": None,
        "roles": list(roles),
        "joined_at": now,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "avatar": None,
    }


def _role(role_id: str, name: str, permissions: int) -> Body:
    return {
        "id": role_id,
        "name": name,
        "permissions": str(permissions),
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0 if name == "@everyone" else 1,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
