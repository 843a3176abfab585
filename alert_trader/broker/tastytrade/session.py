"""The line to the broker: the SDK's session, asked for answers instead of models.

The SDK's own account methods are not used: they lose the status code, throw the answer away when one enumeration value in it is new,
drop what DELETE answers, and post in a form that httpx2 deprecates. What is used of the SDK is its session (hosts, headers, access
token), its order models and its stream.

What can go wrong with a request is two things, and the difference decides whether it may be sent again:

    LineError
    ├── NotSentError   provably nothing of it reached the broker, or the broker asked who we are (401) and turned it away
    └── LostError      no complete answer came; the broker may have carried it out
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from alert_trader.broker.tastytrade.sdk import Session

_WORDS = 300
"""Characters of somebody else's text that an error message keeps."""

# the SDK writes its stream's access token at DEBUG
logging.getLogger("tastytrade").setLevel(logging.INFO)


class LineError(Exception):
    """A request that got no answer."""


class NotSentError(LineError):
    """The request was provably not accepted: no connection, no access token, or turned away for its token."""


class LostError(LineError):
    """No complete answer came; the request may have been carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer: its status and bytes, and the JSON object in them where there is one."""

    status: int
    text: str
    json: dict[str, Any] | None
    date: str | None = None
    """When it was given, by the clock of who gave it, as HTTP writes it."""

    @property
    def ok(self) -> bool:
        """Whether the broker says it was done."""
        return 200 <= self.status < 300

    @property
    def data(self) -> dict[str, Any] | None:
        """What the envelope holds, or None when there is none."""
        data = None if self.json is None else self.json.get("data")
        return data if isinstance(data, dict) else None

    @property
    def items(self) -> list[Any] | None:
        """The list in the envelope, or None when there is none."""
        items = None if self.data is None else self.data.get("items")
        return items if isinstance(items, list) else None

    def __str__(self) -> str:
        """Say what came, shortened, for a message."""
        return f"HTTP {self.status} {' '.join(self.text.split())[:_WORDS]!r}"


class Line(Session):
    """A session that answers with status and body, renews a token the broker no longer takes, and never waits beyond its limit."""

    def __init__(
        self,
        *,
        client_secret: str,
        refresh_token: str,
        is_test: bool,
        seconds: float,
        transport: httpx2.AsyncBaseTransport,
    ) -> None:
        """Prepare the session; nothing is sent. `seconds` bounds each `ask` as a whole."""
        # a connection has half of the time, so that one that cannot be made is told apart from an answer that does not come
        super().__init__(
            client_secret,
            refresh_token,
            is_test,
            transport=transport,
            timeout=httpx2.Timeout(seconds, connect=seconds / 2),
        )
        self._seconds = seconds
        self._renewal = asyncio.Lock()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str | list[str]] | None = None,
        content: str | None = None,
        still: Callable[[], bool] | None = None,
    ) -> Answer:
        """Send one request and give the complete answer, whatever its status.

        A 401 proves that the request was not accepted, so it is sent once more with a new token; a second 401 is an answer like any
        other. `still` is asked once there is a connection, right before the first byte goes out on it: when it says no, none does.
        Raises `NotSentError` or `LostError`.
        """
        under_way = False
        try:
            async with asyncio.timeout(self._seconds):
                await self._sign_in(None)
                token = self.session_token
                under_way = True
                answer = await self._send(method, path, params, content, still)
                if answer.status == httpx2.codes.UNAUTHORIZED:
                    under_way = False
                    await self._sign_in(token)
                    under_way = True
                    answer = await self._send(method, path, params, content, still)
                return answer
        except TimeoutError:
            if under_way:
                raise LostError(f"no complete answer to {method} {path} within {self._seconds:g} s") from None
            raise NotSentError(
                f"no access token for {method} {path} within {self._seconds:g} s; the request was not sent"
            ) from None

    async def _send(
        self,
        method: str,
        path: str,
        params: dict[str, str | list[str]] | None,
        content: str | None,
        still: Callable[[], bool] | None,
    ) -> Answer:
        async def guard(event: str, _: dict[str, Any]) -> None:
            if event.endswith("send_request_headers.started") and still is not None and not still():
                raise NotSentError(f"{method} {path} may not be sent any more; nothing of it was")

        extensions = None if still is None else {"trace": guard}
        try:
            response = await self._client.request(
                method, path, params=params, content=content, extensions=extensions
            )
            text = self.scrub(response.text)
            # what is not a success is only ever quoted
            found = _object(response.content if response.is_success else text)
            return Answer(
                status=response.status_code, text=text, json=found, date=response.headers.get("date")
            )
        except NotSentError:
            raise
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise NotSentError(
                f"no connection for {method} {path}: {self._words(error)}; the request was not sent"
            ) from error
        except Exception as error:
            # whatever it was, the request may have arrived
            raise LostError(f"no complete answer to {method} {path}: {self._words(error)}") from error

    async def _sign_in(self, refused: str | None) -> None:
        """Have an access token that is not `refused`; many that were refused the same token ask for one new one."""
        try:
            async with self._renewal:
                await self.refresh(force=refused is not None and refused == self.session_token)
        except Exception as error:  # noqa: BLE001 - the SDK names no errors, and none of them can come from the request itself
            # the cause quotes the broker's answer unabridged, and that may quote our secrets
            raise NotSentError(f"no access token: {self._words(error)}; the request was not sent") from None

    def scrub(self, text: str) -> str:
        """Take our secrets out of somebody else's text."""
        for secret in (self.provider_secret, self.refresh_token, self.session_token):
            # the SDK takes whatever it is given for a token
            text = text.replace(str(secret), "***")
        return text

    def _words(self, error: Exception) -> str:
        return f"{type(error).__name__} {' '.join(self.scrub(str(error)).split())[:_WORDS]}".rstrip()


def _object(content: bytes | str) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
