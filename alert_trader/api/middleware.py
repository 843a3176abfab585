"""Checks around every request: body size, body time, metrics, and a document for unexpected errors."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alert_trader.api.problems import Kind, problem

log = logging.getLogger("alert-trader.api")

BODY_TIMEOUT = timedelta(seconds=10)
"""An allowed body arrives in milliseconds. A slow one would hold one of the limited places for requests."""

HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
UNMATCHED = "unmatched"


class RequestMetrics:
    """Prometheus metrics of the requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics in `registry`."""
        names = ("method", "route", "status")
        self.requests = Counter("trader_api_requests", "Requests answered.", names, registry=registry)
        self.seconds = Histogram(
            "trader_api_request_seconds",
            "Time to the first byte of the response.",
            ("method", "route"),
            registry=registry,
        )
        self.rejected = Counter(
            "trader_api_rejected",
            "Requests refused: without a valid key, or over the rate limit.",
            ("why",),
            registry=registry,
        )

    def begin(self, routes: Iterable[BaseRoute]) -> None:
        """Create the error counters of every route at 0.

        Prometheus sees no increase in a series that starts at 1.
        """
        for route in routes:
            if isinstance(route, Route):
                for method in route.methods or ():
                    self._create_error_counters(method, route.path)
        for method in _METHODS:
            self._create_error_counters(method, UNMATCHED)

    def _create_error_counters(self, method: str, route: str) -> None:
        for status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.GATEWAY_TIMEOUT):
            self.requests.labels(method, route, str(status.value))


class RequestMiddleware:
    """Limit the body before anything reads it, and answer unexpected errors without a stack trace."""

    def __init__(self, app: ASGIApp, *, max_body: int, metrics: RequestMetrics) -> None:
        """Wrap `app`; a body may have up to `max_body` bytes."""
        self._app = app
        self._max_body = max_body
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._metrics)
        try:
            async with asyncio.timeout(BODY_TIMEOUT.total_seconds()):
                body = await self._body(scope, receive)
        except TimeoutError:
            text = f"the request body did not arrive within {BODY_TIMEOUT.total_seconds():g} s"
            await answer.give(
                problem(HTTPStatus.REQUEST_TIMEOUT, Kind.TOO_SLOW, text, headers={"connection": "close"}),
                receive,
            )
            return
        if body is None:
            text = f"the request body is larger than {self._max_body} bytes"
            await answer.give(
                problem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Kind.TOO_LARGE, text, headers={"connection": "close"}
                ),
                receive,
            )
            return
        try:
            await self._app(scope, _replayed(body, receive), answer.send)
        except Exception:  # the caller gets a number, the log gets the stack trace under it
            number = secrets.token_hex(6)
            log.exception("internal error %s", number)
            if answer.started:
                raise
            text = f"internal error; to report it, look in the log for error {number}"
            await answer.give(problem(HTTPStatus.INTERNAL_SERVER_ERROR, Kind.UNEXPECTED, text), receive)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the whole body, or None when it is larger than allowed; the rest is not read then."""
        claimed = Headers(scope=scope).get("content-length", "0")
        if not claimed.isdigit() or int(claimed) > self._max_body:
            return None
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._max_body:
                return None
            if message["type"] != "http.request" or not message.get("more_body", False):
                return bytes(body)


class _Answer:
    """One response: counted, timed and logged by its route, never by its path, which may contain a secret."""

    def __init__(self, scope: Scope, send: Send, metrics: RequestMetrics) -> None:
        self._scope = scope
        self._send = send
        self._metrics = metrics
        self._begun = time.perf_counter()
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            self._count(message["status"])
        await self._send(message)

    async def give(self, response: Response, receive: Receive) -> None:
        await response(self._scope, receive, self.send)

    def _count(self, status: int) -> None:
        route = getattr(self._scope.get("route"), "path", UNMATCHED)
        method = self._scope["method"] if self._scope["method"] in _METHODS else "OTHER"
        seconds = time.perf_counter() - self._begun
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        who = self._scope.get("state", {}).get("key_name", "-")
        log.info("%s %s: %d in %.1f ms, key %s", method, route, status, seconds * 1000, who)


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def _replayed(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Return a `receive` that first delivers the body already read, then the connection's own messages."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
