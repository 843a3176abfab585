"""The gateway: hello, identify, resume, heartbeats, and every event to every session, in order."""

import asyncio
import json
import secrets
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from alert_trader.simulators.chat.config import GATEWAY_INTENTS_PRIVILEGED, ChatConfig
from alert_trader.simulators.chat.transcript import Kind, Transcript
from alert_trader.simulators.chat.world import Body, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 9, 10, 11
AUTHENTICATION_FAILED, DISALLOWED_INTENTS, DROPPED = 4004, 4014, 4000
REPLAYED = 1000
"""Events that a session stores for a resume."""


@dataclass
class Session:
    """A bot's session, which outlives its connection."""

    session_id: str
    intents: int
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    line: "Connection | None" = None


class Connection:
    """One websocket with a send queue, so that the chat never waits for a slow client."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        """Use `socket`, compressed as one stream where the client requested it."""
        self.socket = socket
        self._stream = zlib.compressobj() if compress else None
        self._line: asyncio.Queue[str] = asyncio.Queue()

    def put(self, text: str) -> None:
        """Queue a payload."""
        self._line.put_nowait(text)

    async def send_all(self) -> None:
        """Send the queue until the connection ends."""
        while not self.socket.closed:
            text = await self._line.get()
            try:
                if self._stream is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(
                        self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
                    )
            except (ConnectionError, RuntimeError):
                return


class Gateway:
    """All sessions of the one bot."""

    def __init__(self, config: ChatConfig, transcript: Transcript) -> None:
        """Serve the world passed to `attach`."""
        self._config = config
        self._transcript = transcript
        self._sessions: dict[str, Session] = {}
        self._world: World | None = None
        self.url = ""

    def attach(self, world: World) -> None:
        """Set the world whose events are sent."""
        self._world = world

    @property
    def connected(self) -> int:
        """Count the sessions that have a connection."""
        return sum(session.line is not None for session in self._sessions.values())

    def announce(self, event: str, data: Body) -> None:
        """Send an event to every session, and store it for a resume."""
        for session in self._sessions.values():
            self._put(session, event, self._seen(event, data, session.intents))

    def _seen(self, event: str, data: Body, intents: int) -> Body:
        """Remove what a bot without the intent does not see; its own messages are complete."""
        hidden = (
            event in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}
            and not intents & GATEWAY_INTENTS_PRIVILEGED["message_content"]
        )
        if not hidden or data["author"]["id"] == self._config.application_id:
            return data
        return {**data, "content": "", "embeds": [], "components": [], "attachments": []}

    def _put(self, session: Session, event: str, data: Any) -> None:
        session.sequence += 1
        text = json.dumps({"op": DISPATCH, "t": event, "s": session.sequence, "d": data})
        session.sent.append((session.sequence, text))
        if session.line is not None:
            session.line.put(text)

    async def drop(self, *, forget: bool = False) -> None:
        """Drop every connection; with `forget` the sessions end too, and missed events are not resent."""
        sessions = list(self._sessions.values())
        if forget:
            self._sessions.clear()
        for session in sessions:
            line, session.line = session.line, None
            if line is not None:
                self._transcript.write(
                    Kind.GATEWAY, what="dropped", session=session.session_id, forgotten=forget
                )
                await line.socket.close(code=DROPPED)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        line = Connection(socket, compress=request.query.get("compress") == "zlib-stream")
        line.put(json.dumps({"op": HELLO, "d": {"heartbeat_interval": int(self._config.heartbeat * 1000)}}))
        sending = asyncio.create_task(line.send_all())
        session: Session | None = None
        try:
            async for received in socket:
                if received.type is not WSMsgType.TEXT:
                    continue
                payload = received.json()
                match payload["op"]:
                    case 1:  # HEARTBEAT
                        line.put(json.dumps({"op": HEARTBEAT_ACK, "d": None}))
                    case 2:  # IDENTIFY
                        session = await self._identify(line, payload["d"])
                    case 6:  # RESUME
                        session = self._resume(line, payload["d"])
        finally:
            sending.cancel()
            if session is not None and session.line is line:
                session.line = None
            self._transcript.write(Kind.GATEWAY, what="closed", code=socket.close_code)
        return socket

    async def _identify(self, line: Connection, asked: Body) -> Session | None:
        if asked["token"] != self._config.token:
            await line.socket.close(code=AUTHENTICATION_FAILED)
            return None
        for name, bit in GATEWAY_INTENTS_PRIVILEGED.items():
            if asked["intents"] & bit and name not in self._config.privileged_intents:
                await line.socket.close(code=DISALLOWED_INTENTS)
                return None
        assert self._world is not None
        session = Session(session_id=secrets.token_hex(8), intents=asked["intents"], line=line)
        self._sessions[session.session_id] = session
        self._transcript.write(
            Kind.GATEWAY, what="identified", session=session.session_id, intents=session.intents
        )
        guild = self._world.guild()
        ready = {
            "v": 10,
            "user": self._world.bot,
            "guilds": [{"id": guild["id"], "unavailable": True}],
            "session_id": session.session_id,
            "resume_gateway_url": self.url,
            "application": {"id": self._config.application_id, "flags": 0},
            "session_type": "normal",
            "private_channels": [],
        }
        self._put(session, "READY", ready)
        self._put(session, "GUILD_CREATE", guild)
        return session

    def _resume(self, line: Connection, asked: Body) -> Session | None:
        session = self._sessions.get(asked["session_id"])
        if session is None or asked["token"] != self._config.token:
            self._transcript.write(Kind.GATEWAY, what="not resumed")
            line.put(json.dumps({"op": INVALID_SESSION, "d": False}))
            return None
        session.line = line
        for sequence, text in session.sent:
            if sequence > asked["seq"]:
                line.put(text)
        self._put(session, "RESUMED", {"_trace": []})
        self._transcript.write(Kind.GATEWAY, what="resumed", session=session.session_id)
        return session
