"""The control API: people post, reply, forward, edit, click and use commands; tests and demos arm faults."""

import asyncio
import re
from datetime import datetime
from typing import Any

from aiohttp import web

from alert_trader.simulators.chat import page
from alert_trader.simulators.chat.gateway import Gateway
from alert_trader.simulators.chat.interactions import (
    ANSWER_WITHIN,
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    FORM,
    Interaction,
    Interactions,
    seen,
)
from alert_trader.simulators.chat.limits import Fault, Limits, Trouble
from alert_trader.simulators.chat.rest import answer, public
from alert_trader.simulators.chat.transcript import Transcript
from alert_trader.simulators.chat.world import Body, MissingError, World

PATIENCE = 20.0
"""Seconds that a person waits for the bot's answer."""


class Control:
    """Actions of people. Its methods are called in the same process, or by HTTP below /control."""

    def __init__(
        self,
        world: World,
        interactions: Interactions,
        gateway: Gateway,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Act in `world`."""
        self._world = world
        self._interactions = interactions
        self._gateway = gateway
        self._limits = limits
        self._transcript = transcript

    # What people do

    def say(
        self,
        text: str,
        *,
        user: str | None = None,
        channel: str | None = None,
        embeds: list[Body] | None = None,
        reply_to: str | None = None,
        forward_of: str | None = None,
        webhook: str | None = None,
        at: datetime | None = None,
        **also: Any,
    ) -> Body:
        """Post as a person or a webhook; `at` is an earlier time, for a message that the bot missed.

        `also` are further fields as Discord has them: `flags` (2: from a followed channel, 128: the text
        comes later, 32768: all of it is in `components`), `components`, `attachments`.
        """
        author = self._world.users[user or self._first_person]
        if webhook is not None:
            author = {
                "id": webhook,
                "username": "a webhook",
                "discriminator": "0000",
                "avatar": None,
                "bot": True,
            }
        body: Body = {"content": text, "embeds": embeds or [], **also}
        referred = reply_to or forward_of
        if referred is not None:
            body["message_reference"] = {"message_id": referred, "type": 0 if reply_to else 1}
        return self._world.post(channel or self._first_room, author, body, at=at, webhook=webhook)

    def change(self, message_id: str, text: str, **also: Any) -> Body:
        """Edit a message as its author; `also` are further fields, such as `embeds`."""
        return self._world.edit(self._find(message_id), {"content": text, **also})

    async def use(
        self, name: str, *, user: str | None = None, channel: str | None = None, **options: object
    ) -> dict[str, Any]:
        """Use a slash command, and return what its user sees."""
        made = await self._ask(COMMAND, user, channel, self._command(name, options))
        return seen(made)

    async def complete(self, name: str, option: str, typed: str, *, user: str | None = None) -> list[Body]:
        """Type into a command's option, and return the bot's suggestions."""
        data = self._command(name, {option: typed})
        for each in data["options"]:
            each["focused"] = True
        made = await self._ask(AUTOCOMPLETE, user, None, data)
        return list(made.choices or [])

    async def click(
        self,
        message: Body,
        label: str,
        *,
        user: str | None = None,
        values: list[str] | None = None,
    ) -> dict[str, Any]:
        """Press a button, or choose from a select, by label or custom id; return what its user sees."""
        component = find(message["components"], label)
        if component is None or component.get("disabled"):
            raise MissingError(f"no button {label!r} to press", 50035)
        data = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
        }
        if component["type"] != 2:
            data["values"] = values or []
        made = await self._ask(COMPONENT, user, message["channel_id"], data, message)
        return seen(made)

    async def fill(
        self, modal: Body, values: dict[str, str], *, user: str | None = None, channel: str | None = None
    ) -> dict[str, Any]:
        """Send a form, its fields by custom id, and return what its user sees."""
        fields = [
            {
                "type": 18,
                "id": place,
                "component": {"type": 4, "id": 100 + place, "custom_id": name, "value": value},
            }
            if _labelled(modal, name)
            else {
                "type": 1,
                "id": place,
                "components": [{"type": 4, "id": 100 + place, "custom_id": name, "value": value}],
            }
            for place, (name, value) in enumerate(values.items())
        ]
        made = await self._ask(FORM, user, channel, {"custom_id": modal["custom_id"], "components": fields})
        return seen(made)

    async def _ask(
        self, kind: int, user: str | None, channel: str | None, data: Body, source: Body | None = None
    ) -> Interaction:
        made, event = self._interactions.begin(
            kind, user or self._first_person, channel or self._first_room, data, source
        )
        self._gateway.announce("INTERACTION_CREATE", public(event))  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while not made.answered.is_set() and loop.time() < until:
            if made.acknowledged is None and loop.time() - made.began > ANSWER_WITHIN:
                raise MissingError("The application did not respond", 10062)
            await asyncio.sleep(0.01)
        return made

    def _command(self, name: str, options: dict[str, object]) -> Body:
        known = next((each for each in self._world.commands if each["name"] == name), None)
        if known is None:
            named = ", ".join(f"/{each['name']}" for each in self._world.commands)
            raise MissingError(f"There is no command /{name}. Commands: {named or 'none yet'}", 10063)
        given = given_options(name, known.get("options") or [], options)
        return {
            "id": known["id"],
            "name": name,
            "type": 1,
            "options": given,
            "guild_id": self._world.config.guild_id,
        }

    @property
    def _first_person(self) -> str:
        return self._world.config.people[0].user_id

    @property
    def _first_room(self) -> str:
        return self._world.config.rooms[0].channel_id

    # By HTTP

    def routes(self) -> list[web.RouteDef]:
        """Return every route."""
        return [
            web.get("/", self._page),
            web.get("/control/messages/{channel}", self._messages),
            web.get("/control/transcript", self._told),
            web.post("/control/say", self._say),
            web.post("/control/use", self._use),
            web.post("/control/type", self._type),
            web.post("/control/click", self._click),
            web.post("/control/edit", self._edit),
            web.post("/control/drop", self._drop),
            web.post("/control/fault", self._fault),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        only = frozenset(request.query.getall("only", ()))
        return web.Response(
            text=page.draw(self._world, live="still" not in request.query, only=only),
            content_type="text/html",
        )

    async def _messages(self, request: web.Request) -> web.Response:
        return answer(public(list(self._world.messages.get(request.match_info["channel"], {}).values())))

    async def _told(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        lines = [
            {"sequence": each.sequence, "at": each.at, "kind": each.kind, **each.facts}
            for each in self._transcript.lines[after:]
        ]
        return answer(public(lines))

    async def _say(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if "at" in asked:
            asked["at"] = datetime.fromisoformat(asked["at"])
        return answer(public(self.say(asked.pop("text"), **asked)))

    async def _type(self, request: web.Request) -> web.Response:
        """Take a command as a person types it: /close trade=X reason=too late."""
        asked = await request.json()
        name, _, rest = asked["text"].removeprefix("/").partition(" ")
        known = next((each for each in self._world.commands if each["name"] == name), {})
        names = [each["name"] for each in known.get("options") or []]
        options = read_options(rest, names)
        return await _told(self.use(name, user=asked.get("user"), channel=asked.get("channel"), **options))

    async def _use(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return await _told(self.use(asked.pop("name"), user=asked.pop("user", None), **asked))

    async def _click(self, request: web.Request) -> web.Response:
        asked = await request.json()
        message = self._find(asked["message"])
        return await _told(self.click(message, asked["label"], user=asked.get("user")))

    def _find(self, message_id: str) -> Body:
        for channel in self._world.messages.values():
            if message_id in channel:
                return channel[message_id]
        return self._interactions.shown(message_id)

    async def _edit(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return answer(public(self.change(asked["message"], asked["text"])))

    async def _drop(self, request: web.Request) -> web.Response:
        await self._gateway.drop(forget=bool((await request.json()).get("forget")))
        return answer({})

    async def _fault(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self._limits.faults.append(Fault(trouble=Trouble(asked.pop("trouble")), **asked))
        return answer({})


async def _told(asking: Any) -> web.Response:
    try:
        return answer(public(await asking))
    except MissingError as missing:
        return answer({"message": missing.what}, 404)


def find(components: list[Body], label: str) -> Body | None:
    """Find a component by its label or custom id at any depth."""
    for each in components:
        if label in {each.get("label"), each.get("custom_id")}:
            return each
        deeper = find(each.get("components") or [], label)
        if deeper is not None:
            return deeper
    return None


def read_options(text: str, names: list[str]) -> dict[str, object]:
    """Read `name=value` pairs as a person types them: a value ends where the next option begins.

    Text without a name is the value of the first option.
    """
    starts = list(_OPTION.finditer(text))
    if names:
        starts = [each for each in starts if each[1] in names] or starts[:1]
    first = text[: starts[0].start()].strip() if starts else text.strip()
    found: dict[str, object] = {names[0]: _unquoted(first)} if first and names else {}
    ends = [*(each.start() for each in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=False):
        found[start[1]] = _unquoted(text[start.end() : end].strip())
    return found


_OPTION = re.compile(r"(?:^|(?<=\s))(\w+)=")


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def given_options(command: str, known: list[Body], options: dict[str, object]) -> list[Body]:
    """Return options as the bot gets them; raises MissingError for those that Discord would not accept."""
    by_name = {each["name"]: each for each in known}
    takes = ", ".join(by_name) or "none"
    for name in options:
        if name not in by_name:
            raise MissingError(f"/{command} has no option {name}. It takes: {takes}", 50035)
    for name, each in by_name.items():
        if each.get("required") and name not in options:
            raise MissingError(f"/{command} needs {name}: {each.get('description', '')}", 50035)
    return [
        {"name": name, "type": by_name[name]["type"], "value": _typed(by_name[name], value)}
        for name, value in options.items()
    ]


def _typed(option: Body, value: object) -> object:
    """Read a value that was typed as the option's type."""
    if not isinstance(value, str):
        return value
    try:
        match option["type"]:
            case 4:
                return int(value)
            case 5:
                return {"true": True, "yes": True, "false": False, "no": False}[value.lower()]
            case 10:
                return float(value)
    except (KeyError, ValueError):
        raise MissingError(f"{value!r} is no value for {option['name']}", 50035) from None
    return value


def _labelled(modal: Body, name: str) -> bool:
    """Return whether a form's field is in a label, the newer of the two shapes."""
    return any(
        each["type"] == 18 and each.get("component", {}).get("custom_id") == name
        for each in modal["components"]
    )
