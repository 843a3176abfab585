"""The REST API, as far as the bot uses it. The content type is exactly `application/json`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from alert_trader.simulators.chat import config as permissions
from alert_trader.simulators.chat.config import ChatConfig
from alert_trader.simulators.chat.interactions import Interactions
from alert_trader.simulators.chat.limits import Limits, Trouble
from alert_trader.simulators.chat.transcript import Kind, Transcript
from alert_trader.simulators.chat.world import Body, MissingError, World

PREFIX = "/api/v10"
ALREADY_ANSWERED, THREAD_EXISTS = 40060, 160004
"""Discord's codes for an interaction answered twice, and a message that has a thread already."""

Handler = Callable[[web.Request, Body], Awaitable[Any]]

NEEDED = {
    ("POST", "messages"): permissions.SEND_MESSAGES,
    ("GET", "messages"): permissions.READ_MESSAGE_HISTORY,
    ("PUT", "reactions"): permissions.ADD_REACTIONS,
    ("POST", "threads"): permissions.CREATE_PUBLIC_THREADS,
}
"""The permission that a call needs, by method and part of the path."""


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer in JSON, in the one content type that discord.py reads as JSON."""
    given = {**(headers or {}), "Via": "1.1 chat", "Content-Type": "application/json"}
    return web.Response(body=json.dumps(body, default=str).encode(), status=status, headers=given)


async def _body(request: web.Request) -> Body:
    """Parse the request: JSON, or a form whose files are stored by name and size."""
    if not request.can_read_body:
        return {}
    if not request.content_type.startswith("multipart/"):
        found: Body = await request.json()
        return found
    form = await request.post()
    body: Body = json.loads(str(form["payload_json"]))
    files = [each for each in form.values() if isinstance(each, web.FileField)]
    body["attachments"] = [
        {"id": str(place), "filename": each.filename, "size": len(each.file.read())}
        for place, each in enumerate(files)
    ]
    return body


def public(body: object) -> object:
    """Remove the chat's private fields."""
    if isinstance(body, dict):
        return {key: public(value) for key, value in body.items() if not key.startswith("_")}
    return [public(each) for each in body] if isinstance(body, list | tuple) else body


class Rest:
    """The routes of the API."""

    def __init__(
        self,
        config: ChatConfig,
        world: World,
        interactions: Interactions,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Serve `world` to the bot with the token of `config`."""
        self._config = config
        self._world = world
        self._interactions = interactions
        self._limits = limits
        self._transcript = transcript
        self.gateway_url = ""

    def routes(self) -> list[web.RouteDef]:
        """Return every route."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/applications/@me", self._application),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway),
            ("GET", "/channels/{channel}", self._channel),
            ("GET", "/guilds/{guild}", self._guild),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._post),
            ("GET", "/channels/{channel}/messages/{message}", self._message),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete),
            ("POST", "/channels/{channel}/messages/{message}/threads", self._thread),
            ("PUT", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", self._react),
            ("DELETE", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", self._react),
            ("PUT", "/applications/{application}/commands", self._commands),
            ("GET", "/applications/{application}/commands", self._commands),
            ("PUT", "/applications/{application}/guilds/{guild}/commands", self._commands),
            ("POST", "/interactions/{interaction}/{token}/callback", self._callback),
            ("POST", "/webhooks/{webhook}/{token}", self._follow_up),
            ("GET", "/webhooks/{webhook}/{token}/messages/{message}", self._answer),
            ("PATCH", "/webhooks/{webhook}/{token}/messages/{message}", self._edit_answer),
        ]
        return [web.route(method, PREFIX + path, self._guarded(handler)) for method, path, handler in table]

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Wrap a handler with token, permissions, limits, faults and transcript."""

        async def serve(request: web.Request) -> web.StreamResponse:
            path = unquote(request.path.removeprefix(PREFIX))
            body = await _body(request)
            shown = path.replace(request.match_info.get("token", "\0"), "…")
            self._transcript.write(Kind.REQUEST, method=request.method, path=shown)
            refused = self._refused(request, path)
            if refused is not None:
                return refused
            fault = self._limits.strike(request.method, path)
            headers, wait = self._limits.take(request.method, path)
            if fault is not None:
                self._transcript.write(
                    Kind.FAULT, trouble=fault.trouble.value, method=request.method, path=shown
                )
                wait = fault.seconds if fault.trouble is Trouble.LIMITED else wait
            if wait is not None:
                self._transcript.write(
                    Kind.FAULT, trouble="limited", method=request.method, path=shown, seconds=round(wait, 3)
                )
                return answer(
                    {"message": "You are being rate limited.", "retry_after": wait, "global": False},
                    429,
                    headers,
                )
            if fault is not None and fault.trouble is Trouble.REFUSED:
                return answer({"message": "Service Unavailable", "code": 0}, 503)
            made = await self._handled(handler, request, body, headers)
            if fault is not None and fault.trouble is Trouble.LOST and request.transport is not None:
                request.transport.abort()
            if fault is not None and fault.trouble is Trouble.STALLED:
                await asyncio.sleep(fault.seconds)
            return made

        return serve

    def _refused(self, request: web.Request, path: str) -> web.Response | None:
        """Refuse a call without token or permission; interactions have a token of their own."""
        if path.startswith(("/interactions/", "/webhooks/")):
            return None
        if request.headers.get("Authorization") != f"Bot {self._config.token}":
            return answer({"message": "401: Unauthorized", "code": 0}, 401)
        for (method, part), bit in NEEDED.items():
            if method == request.method and f"/{part}" in path and not self._config.bot_permissions & bit:
                return answer({"message": "Missing Permissions", "code": 50013}, 403)
        return None

    async def _handled(
        self, handler: Handler, request: web.Request, body: Body, headers: dict[str, str]
    ) -> web.Response:
        try:
            made = await handler(request, body)
        except MissingError as missing:
            status = 400 if missing.code == ALREADY_ANSWERED else 404
            return answer({"message": missing.what, "code": missing.code}, status, headers)
        except ValueError as wrong:
            return answer({"message": str(wrong), "code": THREAD_EXISTS}, 400, headers)
        return (
            web.Response(status=204, headers=headers) if made is None else answer(public(made), 200, headers)
        )

    # About itself

    async def _me(self, _request: web.Request, _body: Body) -> Body:
        return self._world.bot

    async def _application(self, _request: web.Request, _body: Body) -> Body:
        flags = 1 << 19 if "message_content" in self._config.privileged_intents else 0
        known = {
            "id": self._config.application_id,
            "name": self._config.bot_name,
            "icon": None,
            "description": "",
            "flags": flags,
        }
        owner = next(iter(self._world.users.values()))
        return {
            **known,
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "",
            "owner": owner,
            "team": None,
            "summary": "",
        }

    async def _gateway(self, _request: web.Request, _body: Body) -> Body:
        starts = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": starts}

    async def _channel(self, request: web.Request, _body: Body) -> Body:
        return self._world.channel(request.match_info["channel"])

    async def _guild(self, _request: web.Request, _body: Body) -> Body:
        return self._world.guild()

    async def _commands(self, request: web.Request, body: Any) -> list[Body]:
        if request.method == "PUT":
            about = {
                "application_id": self._config.application_id,
                "version": "1",
                "guild_id": request.match_info.get("guild"),
            }
            self._world.commands = [
                {**each, **about, "id": str(800 + place)} for place, each in enumerate(body)
            ]
            self._transcript.write(Kind.COMMANDS, names=[each["name"] for each in body])
        return self._world.commands

    # Messages

    async def _history(self, request: web.Request, _body: Body) -> list[Body]:
        asked = request.query
        limit = int(asked.get("limit", "50"))
        return self._world.history(
            request.match_info["channel"], limit=limit, before=asked.get("before"), after=asked.get("after")
        )

    async def _post(self, request: web.Request, body: Body) -> Body:
        return self._world.post(request.match_info["channel"], self._world.bot, body)

    async def _message(self, request: web.Request, _body: Body) -> Body:
        return self._world.message(request.match_info["channel"], request.match_info["message"])

    async def _edit(self, request: web.Request, body: Body) -> Body:
        return self._world.edit(await self._message(request, body), body)

    async def _delete(self, request: web.Request, _body: Body) -> None:
        self._world.delete(request.match_info["channel"], request.match_info["message"])

    async def _thread(self, request: web.Request, body: Body) -> Body:
        return self._world.open_thread(
            request.match_info["channel"], request.match_info["message"], body["name"]
        )

    async def _react(self, request: web.Request, _body: Body) -> None:
        match = request.match_info
        gone = request.method == "DELETE"
        self._world.react(
            match["channel"], match["message"], unquote(match["emoji"]), self._world.bot["id"], remove=gone
        )

    # Interactions

    async def _callback(self, request: web.Request, body: Body) -> Body | None:
        made = self._interactions.callback(
            request.match_info["interaction"], request.match_info["token"], body
        )
        return made if request.query.get("with_response") in {"true", "1"} else None

    async def _follow_up(self, request: web.Request, body: Body) -> Body:
        return self._interactions.follow_up(request.match_info["token"], body)

    async def _answer(self, request: web.Request, _body: Body) -> Body:
        return self._interactions.answer_of(request.match_info["token"], request.match_info["message"])

    async def _edit_answer(self, request: web.Request, body: Body) -> Body:
        return self._interactions.edit(request.match_info["token"], request.match_info["message"], body)
