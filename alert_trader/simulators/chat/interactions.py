"""Interactions with commands, buttons, selects and forms: 3 s for the answer, 15 min for follow-ups."""

import asyncio
import copy
import secrets
from dataclasses import dataclass, field
from typing import Any

from alert_trader import clock
from alert_trader.simulators.chat.ids import snowflake
from alert_trader.simulators.chat.transcript import Kind, Transcript
from alert_trader.simulators.chat.world import Body, MissingError, World

ANSWER_WITHIN = 3.0
EPHEMERAL = 64

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


@dataclass
class Interaction:
    """One interaction and the bot's answers."""

    interaction_id: str
    token: str
    kind: int
    user: Body
    channel_id: str
    source: Body | None
    """The message whose component was used."""
    began: float
    acknowledged: float | None = None
    """Seconds until the first answer."""
    deferred: int | None = None
    flags: int = 0
    answers: list[Body] = field(default_factory=list)
    """Messages that answer it; `flags` has 64 for one that only its user sees."""
    modal: Body | None = None
    choices: list[Body] | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is an answer."""


class Interactions:
    """All interactions."""

    def __init__(self, world: World, transcript: Transcript) -> None:
        """Use `world`."""
        self._world = world
        self._transcript = transcript
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def begin(
        self, kind: int, user_id: str, channel_id: str, data: Body, source: Body | None = None
    ) -> tuple[Interaction, Body]:
        """Create an interaction; return it and its event for the bot."""
        world, loop = self._world, asyncio.get_running_loop()
        made = Interaction(
            interaction_id=snowflake(),
            token=secrets.token_urlsafe(24),
            kind=kind,
            user=world.users[user_id],
            channel_id=channel_id,
            source=source,
            began=loop.time(),
        )
        self._by_id[made.interaction_id] = self._by_token[made.token] = made
        said = {key: value for key, value in data.items() if key != "id"}
        self._transcript.write(
            Kind.ASKED,
            interaction=made.interaction_id,
            type=kind,
            user=user_id,
            channel=channel_id,
            data=said,
        )
        event: Body = {
            "id": made.interaction_id,
            "application_id": world.config.application_id,
            "type": kind,
            "token": made.token,
            "version": 1,
            "data": data,
            "guild_id": world.config.guild_id,
            "guild": {"id": world.config.guild_id, "locale": "en-US", "features": []},
            "channel_id": channel_id,
            "channel": {**world.channel(channel_id), "permissions": "0"},
            "member": {**world.members[user_id], "permissions": "0"},
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": str(world.config.bot_permissions),
            "entitlements": [],
            "authorizing_integration_owners": {"0": world.config.guild_id},
            "context": 0,
            "attachment_size_limit": 1 << 20,
        }
        if source is not None:
            event["message"] = {key: value for key, value in source.items() if not key.startswith("_")}
        return made, event

    def callback(self, interaction_id: str, token: str, body: Body) -> Body:
        """Accept the bot's first answer; raises MissingError when it is late or a second one."""
        made = self._by_id.get(interaction_id)
        took = 0.0 if made is None else asyncio.get_running_loop().time() - made.began
        if made is None or made.token != token or took > ANSWER_WITHIN:
            raise MissingError("Unknown interaction", 10062)
        if made.acknowledged is not None:
            raise MissingError("Interaction has already been acknowledged.", 40060)
        made.acknowledged = took
        data: Body = body.get("data") or {}
        resource: Body = {"type": body["type"]}
        match body["type"]:
            case 4:
                resource["message"] = self._show(made, data)
            case 5:
                made.deferred, made.flags = DEFERRED_MESSAGE, data.get("flags") or 0
                # an empty message is its placeholder
                resource["message"] = self._world.post(
                    made.channel_id, self._world.bot, {"flags": made.flags | 128}, silent=True
                )
            case 6:
                made.deferred = DEFERRED_UPDATE
            case 7:
                resource["message"] = self._update(made, data)
            case 8:
                made.choices = data.get("choices") or []
                made.answered.set()
            case 9:
                made.modal = data
                made.answered.set()
        self._transcript.write(
            Kind.ANSWERED,
            interaction=interaction_id,
            type=body["type"],
            seconds=round(took, 3),
            user=made.user["id"],
            data=data,
        )
        about = {
            "id": interaction_id,
            "type": made.kind,
            "response_message_loading": body["type"] == DEFERRED_MESSAGE,
        }
        return {
            "interaction": {**about, "response_message_id": (resource.get("message") or {}).get("id")},
            "resource": resource,
        }

    def follow_up(self, token: str, body: Body) -> Body:
        """Accept a further answer; the first after a deferred one replaces it."""
        made = self._of(token)
        if made.deferred == DEFERRED_MESSAGE and not made.answers:
            body = {**body, "flags": (body.get("flags") or 0) | (made.flags & EPHEMERAL)}
        shown = self._show(made, body)
        self._transcript.write(
            Kind.ANSWERED, interaction=made.interaction_id, type="follow-up", user=made.user["id"], data=body
        )
        return shown

    def answer_of(self, token: str, message_id: str) -> Body:
        """Return an answer by id, or the first as @original."""
        made = self._of(token)
        if message_id == "@original" and made.source is not None and made.deferred == DEFERRED_UPDATE:
            return made.source
        for each in made.answers:
            if message_id in {each["id"], "@original"}:
                return each
        raise MissingError("Unknown Message", 10008)

    def edit(self, token: str, message_id: str, body: Body) -> Body:
        """Change an answer; this shows a deferred one."""
        made = self._of(token)
        if message_id == "@original" and made.deferred == DEFERRED_MESSAGE and not made.answers:
            return self.follow_up(token, body)
        message = self.answer_of(token, message_id)
        changed = self._world.edit(message, body, announced=not message["flags"] & EPHEMERAL)
        made.answered.set()
        self._transcript.write(
            Kind.ANSWERED, interaction=made.interaction_id, type="edit", user=made.user["id"], data=body
        )
        return changed

    def shown(self, message_id: str) -> Body:
        """Return an answer that only one person sees, by its id; raises MissingError."""
        for made in self._by_id.values():
            for each in made.answers:
                if each["id"] == message_id:
                    return each
        raise MissingError("Unknown Message", 10008)

    def _of(self, token: str) -> Interaction:
        if token not in self._by_token:
            raise MissingError("Unknown Webhook", 10015)
        return self._by_token[token]

    def _show(self, made: Interaction, body: Body) -> Body:
        hidden = bool((body.get("flags") or 0) & EPHEMERAL)
        shown = self._world.post(made.channel_id, self._world.bot, body, silent=hidden)
        made.answers.append(shown)
        made.answered.set()
        return shown

    def _update(self, made: Interaction, body: Body) -> Body:
        assert made.source is not None
        changed = self._world.edit(made.source, body, announced=not made.source["flags"] & EPHEMERAL)
        made.answers.append(changed)
        made.answered.set()
        return changed


def seen(made: Interaction) -> dict[str, Any]:
    """Return what the user of an interaction sees."""
    return copy.deepcopy(
        {
            "id": made.interaction_id,
            "acknowledged": made.acknowledged,
            "answers": made.answers,
            "modal": made.modal,
            "choices": made.choices,
            "now": clock.now().isoformat(),
        }
    )
