"""The HTTP session with the broker: the SDK's session, returning complete answers instead of models.

The SDK's own account methods are not used: they lose the status code, discard an answer with a new
enumeration value, drop the answer to DELETE, and post in a form that httpx2 deprecates. We use the SDK's
session (hosts, headers, access token), its order models and its stream.

A request fails in one of two ways, and the difference decides whether it may be sent again:

    RequestError
    ├── NotSentError    certainly not accepted: it did not reach the broker, or was answered 401
    └── NoAnswerError   no complete answer; the broker may have carried it out
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from alert_trader import clock
from alert_trader.broker.tastytrade.limiter import RequestLimiter, Urgency
from alert_trader.broker.tastytrade.sdk import Session
from alert_trader.domain.account.clocks import ClockComparison
from alert_trader.domain.errors import AlertTraderError

DATE_RESOLUTION = 1.0
"""Seconds: a Date header is cut to them."""

_QUOTED = 300
"""The most characters of a foreign text in an error message."""

_VERSION = "Accept-Version"
_OF_ORDERS = re.compile(r"/accounts/[^/]+/(complex-)?orders(/|$)")
"""The broker's families of calls have versions of their own; this one's is chosen by a setting."""

Params = dict[str, str | list[str]]

# the SDK logs its stream's access token at DEBUG
logging.getLogger("tastytrade").setLevel(logging.INFO)


class RequestError(AlertTraderError):
    """A request without an answer."""


class NotSentError(RequestError):
    """The request was certainly not accepted: no connection, no access token, or a token that was refused."""


class NoResponseError(RequestError):
    """There was no complete answer; the request may have been carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer: status, text, and the JSON object in it where there is one."""

    status: int
    text: str
    json: dict[str, Any] | None
    date: str | None = None
    """The Date header: the time by the clock of the sender."""

    @property
    def ok(self) -> bool:
        """Whether the status is a success."""
        return 200 <= self.status < 300

    @property
    def data(self) -> dict[str, Any] | None:
        """The data in the envelope, or None when there is none."""
        data = None if self.json is None else self.json.get("data")
        return data if isinstance(data, dict) else None

    @property
    def items(self) -> list[Any] | None:
        """The list in the envelope, or None when there is none."""
        items = None if self.data is None else self.data.get("items")
        return items if isinstance(items, list) else None

    def __str__(self) -> str:
        """Return status and shortened text, for a message."""
        fix = "; set TRADER_BROKER_ORDER_VERSION" if self.status == httpx2.codes.NOT_ACCEPTABLE else ""
        return f"HTTP {self.status} {' '.join(self.text.split())[:_QUOTED]!r}{fix}"


class TastytradeSession(Session):
    """A session that returns status and body, renews a refused access token, and has a timeout."""

    def __init__(
        self,
        *,
        client_secret: str,
        refresh_token: str,
        is_test: bool,
        seconds: float,
        transport: httpx2.AsyncBaseTransport,
        clocks: ClockComparison,
        limiter: RequestLimiter,
        order_version: str | None,
    ) -> None:
        """Prepare the session; nothing is sent. `seconds` is the timeout of each `send` as a whole.

        The time of every answer is added to `clocks`; `limiter` keeps requests below the broker's ceilings.
        Calls about orders name `order_version`, or none; the others name the SDK's version.
        """
        # connecting gets half of the time, so that a failed connection differs from a missing answer
        super().__init__(
            client_secret,
            refresh_token,
            is_test,
            transport=transport,
            timeout=httpx2.Timeout(seconds, connect=seconds / 2),
        )
        self._seconds = seconds
        self._renewal = asyncio.Lock()
        self._clocks = clocks
        self._limiter = limiter
        self._order_version = order_version

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | Callable[[], Params] | None = None,
        content: str | None = None,
        may_send: Callable[[], bool] | None = None,
        urgency: Urgency | None = None,
    ) -> Answer:
        """Send one request when its turn comes, and return the complete answer, whatever its status.

        A 401 proves that the request was not accepted, so it is sent once more with a new token; a second 401
        is returned. A read that is answered 429 is sent again after a pause, while the time allows. `params`
        may be a function, called when the turn has come. `may_send` is called on the open connection, right
        before the first byte; if it returns False, nothing is sent. Raises `NotSentError` or `NoAnswerError`.
        """
        sending, answer = False, None
        try:
            async with asyncio.timeout(self._seconds) as limit:
                while True:
                    await self._sign_in(None)
                    token = self.session_token
                    async with self._limiter.turn(method, path, urgency):
                        if callable(params):
                            params = params()
                        sending = True
                        answer = await self._send_once(method, path, params, content, may_send)
                    if answer.status == httpx2.codes.UNAUTHORIZED:
                        sending = False
                        await self._sign_in(token)
                        async with self._limiter.turn(method, path, urgency):
                            sending = True
                            answer = await self._send_once(method, path, params, content, may_send)
                    if answer.status != httpx2.codes.TOO_MANY_REQUESTS:
                        self._limiter.answered(method, path)
                        return answer
                    again_at = asyncio.get_running_loop().time() + self._limiter.refused(method, path)
                    if not _repeatable(method, path) or again_at >= (limit.when() or 0):
                        return answer
        except TimeoutError:
            if answer is not None and answer.status == httpx2.codes.TOO_MANY_REQUESTS:
                return answer
            if sending:
                raise NoResponseError(
                    f"no complete answer to {method} {path} within {self._seconds:g} s"
                ) from None
            raise NotSentError(
                f"no access token or no turn for {method} {path} within {self._seconds:g} s; the request was "
                "not sent"
            ) from None

    async def _send_once(
        self,
        method: str,
        path: str,
        params: Params | None,
        content: str | None,
        may_send: Callable[[], bool] | None,
    ) -> Answer:
        async def guard(event: str, _: dict[str, Any]) -> None:
            if event.endswith("send_request_headers.started") and may_send is not None and not may_send():
                raise NotSentError(f"{method} {path} may not be sent any more; it was not sent")

        extensions = None if may_send is None else {"trace": guard}
        asked_at = clock.steady()
        try:
            request = self._client.build_request(
                method, path, params=params, content=content, extensions=extensions
            )
            if _OF_ORDERS.search(path):
                request.headers.pop(_VERSION, None)
                if self._order_version is not None:
                    request.headers[_VERSION] = self._order_version
            response = await self._client.send(request)
            self._compare_clocks(asked_at, response.headers)
            text = self.scrub(response.text)
            # the text of a failure is only quoted
            found = _object(response.content if response.is_success else text)
            return Answer(
                status=response.status_code, text=text, json=found, date=response.headers.get("date")
            )
        except NotSentError:
            raise
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise NotSentError(
                f"no connection for {method} {path}: {self._describe(error)}; the request was not sent"
            ) from error
        except Exception as error:
            # for any other error the request may have arrived
            raise NoResponseError(
                f"no complete answer to {method} {path}: {self._describe(error)}"
            ) from error

    def _compare_clocks(self, asked_at: float, headers: httpx2.Headers) -> None:
        """Add the Date of an answer to the comparison of clocks.

        The sender is the broker, or a proxy in front of it. An answer with an Age is an older one, from a
        cache.
        """
        if headers.get("age", "0") != "0":
            return
        try:
            theirs = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (ValueError, TypeError):
            return  # no time
        now = clock.steady()
        self._clocks.add(lowest=asked_at - (theirs + DATE_RESOLUTION), highest=now - theirs, at=now)

    async def _sign_in(self, refused: str | None) -> None:
        """Get an access token other than `refused`; concurrent requests share the new one."""
        try:
            async with self._renewal:
                await self.refresh(force=refused is not None and refused == self.session_token)
        except Exception as error:  # noqa: BLE001 - the SDK names no errors; the request is not sent yet
            # no cause: it quotes the whole answer, which may contain our secrets
            raise NotSentError(
                f"no access token: {self._describe(error)}; the request was not sent"
            ) from None

    def scrub(self, text: str) -> str:
        """Replace our secrets in a foreign text."""
        for secret in (self.provider_secret, self.refresh_token, self.session_token):
            # the SDK accepts anything as a token, so it may not be a string
            text = text.replace(str(secret), "***")
        return text

    def _describe(self, error: Exception) -> str:
        return f"{type(error).__name__} {' '.join(self.scrub(str(error)).split())[:_QUOTED]}".rstrip()


def _repeatable(method: str, path: str) -> bool:
    return method == "GET" or path.endswith("/dry-run")


def _object(content: bytes | str) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
