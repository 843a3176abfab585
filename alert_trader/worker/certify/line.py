"""The line to the broker that the checks use: raw answers, the account stream, and what must be cancelled."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import aiohttp
import httpx2

from alert_trader.domain.errors import AlertTraderError
from alert_trader.worker.certify.hosts import OneHost, Place
from alert_trader.worker.certify.transcript import Transcript

SOURCE = "alert-trader-certify"
VERSION = "20251101"
"""The version of the order API that the SDK names."""

NEWEST = "20261012"

TERMINAL = frozenset({"Filled", "Cancelled", "Rejected", "Expired", "Removed", "Partially Removed", "Dead"})

_TIMEOUT = 15.0
_POLL = 0.05


class NoCredentialsError(AlertTraderError):
    """The sandbox refused the credentials, or does not know the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: its status, its JSON and the seconds it took. Status 0: there was none."""

    status: int
    body: Any
    took: float

    @property
    def ok(self) -> bool:
        """Whether the status is a success."""
        return 200 <= self.status < 300

    @property
    def data(self) -> dict[str, Any]:
        """The data of the envelope; empty where there is none."""
        found = self.body.get("data") if isinstance(self.body, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def items(self) -> list[Any]:
        """The list of the envelope."""
        found = self.data.get("items")
        return found if isinstance(found, list) else []

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of an error, the inner ones after the outer."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        if not isinstance(error, dict):
            return ()
        inner = [each.get("code") for each in error.get("errors") or () if isinstance(each, dict)]
        return tuple(str(each) for each in (error.get("code"), *inner) if each)

    @property
    def words(self) -> str:
        """Status and codes, for a report."""
        return " ".join([str(self.status) if self.status else "no answer", *self.codes])

    @property
    def order(self) -> dict[str, Any]:
        """The order of an answer: that of a POST, else the data itself."""
        found = self.data.get("order", self.data)
        return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class Line:
    """Sends the requests of one certification, and remembers what it placed."""

    place: Place
    account: str
    transcript: Transcript
    http: httpx2.AsyncClient
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    step: int = 0
    heard: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Messages of the stream, each with when it came."""
    placed: set[int] = field(default_factory=set)
    pairs: set[int] = field(default_factory=set)
    token: str = ""
    version: str = VERSION
    """The version of the order API that requests name unless a check names another."""
    patience: float = 1.0
    """A factor of how long is waited for what may never come."""
    _names: int = 0

    def name(self, length: int = 36, extra: str = "") -> str:
        """Return a new external identifier, of this run."""
        self._names += 1
        text = f"certify-{self.run}-{self._names}-{extra}"
        return text + "x" * (length - len(text))

    @property
    def orders(self) -> str:
        """The path of the account's orders."""
        return f"/accounts/{self.account}/orders"

    @property
    def complexes(self) -> str:
        """The path of the account's pairs."""
        return f"/accounts/{self.account}/complex-orders"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        order_version: str | None = "",
    ) -> Reply:
        """Send a request and return the answer, whatever it is. Empty: it names the line's version."""
        order_version = self.version if order_version == "" else order_version
        headers = {} if order_version is None else {"Accept-Version": order_version}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        began = time.monotonic()
        try:
            answer = await self.http.request(
                method, path, json=body, params=dict(query or {}), headers=headers
            )
            status, text = answer.status_code, answer.text
        except httpx2.HTTPError as failed:
            status, text = 0, f"{type(failed).__name__}: {failed}"
        took = time.monotonic() - began
        try:
            found = json.loads(text) if text else None
        except ValueError:
            found = text
        request = {"method": method, "path": path, "query": dict(query or {}), "body": body}
        self.transcript.write(
            {
                "step": self.step,
                "request": {**request, "version": order_version},
                "answer": {"status": status, "body": found},
            }
        )
        reply = Reply(status=status, body=found, took=took)
        if method in {"POST", "PUT", "PATCH"} and reply.ok and not path.endswith("/dry-run"):
            self._remember(reply)
        return reply

    def _remember(self, reply: Reply) -> None:
        """Note the ids of what was placed, so that all of it is cancelled at the end."""
        pair = reply.data.get("complex-order")
        if isinstance(pair, dict):
            self.pairs.add(int(pair["id"]))
            self.placed |= {int(each["id"]) for each in pair.get("orders") or () if "id" in each}
        elif str(reply.order.get("id", "")).isdecimal():
            self.placed.add(int(reply.order["id"]))

    async def status(self, order: int) -> str:
        """Return the status of an order; empty where it cannot be read."""
        return str((await self.call("GET", f"{self.orders}/{order}")).order.get("status", ""))

    async def reach(self, order: int, *wanted: str, within: float = 10.0) -> str:
        """Return the status of an order once it is one of `wanted`; after `within` seconds the last one."""
        deadline, pause = time.monotonic() + within * self.patience, _POLL * self.patience
        while (found := await self.status(order)) not in wanted and time.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        return found

    async def end(self, order: int) -> str:
        """Cancel an order unless it has ended, and return its last status."""
        if await self.status(order) not in TERMINAL:
            await self.call("DELETE", f"{self.orders}/{order}")
        return await self.reach(order, *TERMINAL)

    async def end_or_fill(self, order: int, within: float = 5.0) -> str:
        """Wait some seconds for an order to fill, then cancel it; return its last status."""
        await self.reach(order, *TERMINAL, within=within)
        return await self.end(order)

    async def hear(self, holds: Callable[[dict[str, Any]], bool], within: float = 3.0) -> int | None:
        """Return the place of a message of the stream that `holds`, or None after `within` seconds."""
        deadline = time.monotonic() + within * self.patience
        while True:
            found = next((place for place, (_, message) in enumerate(self.heard) if holds(message)), None)
            if found is not None or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def streaming(self) -> AsyncIterator[bool]:
        """Follow the account's stream while the body runs; yields whether it connected."""
        async with aiohttp.ClientSession() as session:
            try:
                socket = await session.ws_connect(self.place.stream, heartbeat=20)
                hello = {"action": "connect", "value": [self.account], "auth-token": f"Bearer {self.token}"}
                await socket.send_json(hello)
            except (aiohttp.ClientError, OSError):
                yield False
                return
            listening = asyncio.create_task(self._listen(socket))
            try:
                yield True
            finally:
                listening.cancel()
                await socket.close()

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                found = json.loads(message.data)
                self.heard.append((time.monotonic(), found))
                self.transcript.write({"step": self.step, "stream": found})


def of_order(order: int, *statuses: str) -> Callable[[dict[str, Any]], bool]:
    """Return what recognises a message of an order, in one of `statuses` where some are named."""

    def holds(message: dict[str, Any]) -> bool:
        data = message.get("data")
        return (
            message.get("type") == "Order"
            and isinstance(data, dict)
            and str(data.get("id")) == str(order)
            and (not statuses or data.get("status") in statuses)
        )

    return holds


def client(place: Place) -> httpx2.AsyncClient:
    """Return the HTTP client that reaches `place` and no other host."""
    return httpx2.AsyncClient(
        base_url=place.api,
        transport=OneHost(place.host, httpx2.AsyncHTTPTransport()),
        timeout=_TIMEOUT,
        follow_redirects=False,
        headers={"User-Agent": f"alert-trader/{version('alert-trader')}"},
    )
