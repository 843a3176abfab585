"""A venue that answers from a transcript of `trader certify`: what the broker's sandbox said, once more.

Each request is answered with the next recorded answer to the same method, path and query; the last one is
repeated. Messages of the account stream follow the answer that they followed when they were recorded. The
client's identifiers replace the recorded ones. What was never asked is answered 404.
"""

import asyncio
import contextlib
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

Key = tuple[str, str, str]


class TranscriptError(Exception):
    """A file is no transcript; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """A recorded request with its answer, and the messages of the stream that followed."""

    body: Any
    status: int
    answer: Any
    messages: list[Any] = field(default_factory=list)


def read(path: Path) -> dict[Key, deque[_Exchange]]:
    """Read a transcript; raises TranscriptError for a line of another form."""
    found: defaultdict[Key, deque[_Exchange]] = defaultdict(deque)
    last: _Exchange | None = None
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
            if "stream" in line:
                if last is not None:
                    last.messages.append(line["stream"])
                continue
            request, answer = line["request"], line["answer"]
            last = _Exchange(body=request["body"], status=int(answer["status"]), answer=answer["body"])
            found[_key(request["method"], request["path"], request["query"])].append(last)
        except (ValueError, KeyError, TypeError):
            raise TranscriptError(f"{path}: line {number} is no line of a transcript") from None
    if not found:
        raise TranscriptError(f"{path} is empty")
    return dict(found)


def _key(method: str, path: str, query: Mapping[str, str]) -> Key:
    # a day of the recording is another day now
    kept = {name: value for name, value in query.items() if not name.startswith(("start-", "end-"))}
    dated = sorted(name for name in query if name not in kept)
    return method, path, json.dumps([sorted(kept.items()), dated])


def _identifiers(body: Any) -> list[str]:
    """Return the client's identifiers in a request, in order."""
    if not isinstance(body, dict):
        return []
    parts = [body, *(body.get("orders") or ())]
    return [str(each["external-identifier"]) for each in parts if "external-identifier" in each]


class Replay:
    """Answers from one transcript."""

    def __init__(self, recorded: dict[Key, deque[_Exchange]]) -> None:
        """Start at its beginning."""
        self._recorded = recorded
        self._names: dict[str, str] = {}
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        """Return the server's application."""
        app = web.Application()
        app.add_routes([web.get("/", self._stream), web.route("*", "/{rest:.*}", self._answer)])
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        key = _key(request.method, request.path, dict(request.query))
        queue = self._recorded.get(key)
        if queue is None:
            error = {
                "code": "not_recorded",
                "message": f"{request.method} {request.path} is not in the transcript",
            }
            return web.json_response({"error": error}, status=404)
        found = queue.popleft() if len(queue) > 1 else queue[0]
        raw = await request.read()
        with contextlib.suppress(ValueError):
            pairs = zip(_identifiers(found.body), _identifiers(json.loads(raw)), strict=False)
            self._names |= dict(pairs)
        if found.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        text = self._renamed(found.answer)
        # the stream's messages come after the answer is on its way, as they did
        messages, found.messages[:] = list(found.messages), []
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._send(messages)))
        kind = "text/plain" if isinstance(found.answer, str) else "application/json"
        body = b"" if found.answer is None else text.encode()
        return web.Response(status=found.status, body=body, content_type=kind)

    def _renamed(self, body: Any) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        for recorded, now in self._names.items():
            text = text.replace(json.dumps(recorded), json.dumps(now))
        return text

    async def _send(self, messages: list[Any]) -> None:
        for message in messages:
            for socket in tuple(self._sockets):
                with contextlib.suppress(ConnectionError):
                    await socket.send_str(self._renamed(message))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._sockets.discard(socket)
        return socket


@contextlib.asynccontextmanager
async def serve(path: Path, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Serve a transcript while the body runs; yields the port. Raises TranscriptError and OSError."""
    app = Replay(await asyncio.to_thread(read, path)).app()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
