"""Server-sent events: each looking browser gets the parts of the page that have changed for it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from alert_trader import clock
from alert_trader.api.desk.session import Reader, Session
from alert_trader.api.desk.shown import parts
from alert_trader.api.desk.snapshot import SnapshotReader, snapshot_or_error
from alert_trader.api.problems import Kind, ProblemError

router = APIRouter(include_in_schema=False)

MOST_STREAMS = 30
"""Browsers at once; a connection each, of the 100 that the API answers."""

EVERY = 1.5
"""Seconds between two looks."""

STILL_THERE = 15.0
"""Seconds after which something is sent although nothing has changed."""


class DeskState:
    """What this process shares between desk pages."""

    def __init__(self, reader: SnapshotReader) -> None:
        """Read with `reader`."""
        self.reader = reader
        self.used_links: dict[str, float] = {}
        """The links that signed somebody in, until they expire: each works once."""
        self.streams = 0
        self._changed = asyncio.Event()
        self._reading = asyncio.Lock()
        self.stopping = False

    def wake(self) -> None:
        """Look again at once: a command was sent."""
        self.reader.forget()
        self._notify()

    def stop(self) -> None:
        """End every stream, so that the process can end."""
        self.stopping = True
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def events(self, session: Session) -> AsyncIterator[str]:
        """Yield events until the browser, the session or the process ends."""
        self.streams += 1
        try:
            async for each in self._events(session):
                yield each
        finally:
            self.streams -= 1

    async def _events(self, session: Session) -> AsyncIterator[str]:
        shown: dict[str, str] = {}
        loop = asyncio.get_running_loop()
        sent_at = loop.time()
        while not self.stopping and clock.now() < session.given.until:
            async with self._reading:
                found = await snapshot_or_error(self.reader)
            if isinstance(found, str):
                yield _event("away", {"text": found})
                shown = {}
            else:
                fresh = parts(found, session)
                changed = {part: text for part, text in fresh.items() if shown.get(part) != text}
                if set(changed) - {"asof"} or loop.time() - sent_at > STILL_THERE:
                    yield _event("parts", changed)
                    shown, sent_at = fresh, loop.time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._changed.wait()


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


@router.get("/desk/events")
async def events(request: Request, session: Reader) -> StreamingResponse:
    """Send the parts of the page, now and when they change."""
    desk: DeskState = request.app.state.desk
    if desk.streams >= MOST_STREAMS:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            Kind.TOO_MANY,
            f"{MOST_STREAMS} desk pages are open: close one",
            {"retry-after": "30"},
        )
    return StreamingResponse(
        desk.events(session),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )
