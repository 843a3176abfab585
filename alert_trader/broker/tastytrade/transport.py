"""Transports that outlive the clients using them, and the one that sends everything to a local venue.

The SDK builds a client for the session and another for each stream, all from the same arguments, and a client closes its
transport when it ends. With one plain transport for all, a stream that closes would kill the REST calls in flight; with one each,
nothing could guard them all. So a `SharedTransport` ignores its clients' closing and ends by `shutdown`.
"""

from types import TracebackType
from typing import Self

import httpx2

BROKER_HOSTS = frozenset(
    {
        "api.tastyworks.com",
        "api.cert.tastyworks.com",
        "streamer.tastyworks.com",
        "streamer.cert.tastyworks.com",
    }
)
"""The hosts the SDK dials; each is the venue's to answer. Every other host is refused."""


class HostRefusedError(httpx2.ConnectError):
    """A request for a host that is not the broker's; nothing was sent."""


class SharedTransport(httpx2.AsyncBaseTransport):
    """A transport that many clients use and none of them closes."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        """Pass every request on to `inner`."""
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request."""
        return await self._inner.handle_async_request(request)

    async def __aenter__(self) -> Self:
        """Open nothing: connections are made as they are needed."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close nothing: other clients may be waiting for an answer."""

    async def aclose(self) -> None:
        """Close nothing, for the same reason; see `shutdown`."""

    async def shutdown(self) -> None:
        """Close every connection for good."""
        if isinstance(self._inner, SharedTransport):
            await self._inner.shutdown()
        else:
            await self._inner.aclose()


class RedirectTransport(SharedTransport):
    """Send what is meant for the broker to a local venue, so that the unmodified SDK trades there.

    `venue` is the venue's base URL. A host that is neither the broker's nor the venue's own is refused before anything is sent: a
    process that holds this transport cannot reach a real broker.
    """

    def __init__(self, venue: str, inner: httpx2.AsyncBaseTransport) -> None:
        """Take the venue's base URL, as http://127.0.0.1:8080."""
        super().__init__(inner)
        self._venue = httpx2.URL(venue)
        if self._venue.scheme not in {"http", "https"} or not self._venue.host:
            raise ValueError(f"expected the venue's URL as http://host:port, found {venue!r}")

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request to the venue in the place of the broker."""
        if request.url.host != self._venue.host and request.url.host not in BROKER_HOSTS:
            raise HostRefusedError(
                f"expected a host of the broker, found {request.url.host!r}: only the venue at {self._venue.host} is reachable"
            )
        # WebSockets are dialled as http(s) with an upgrade header, so one scheme serves both
        url = request.url.copy_with(scheme=self._venue.scheme, host=self._venue.host, port=self._venue.port)
        headers = request.headers.copy()
        headers["Host"] = url.netloc.decode("ascii")
        return await super().handle_async_request(
            httpx2.Request(
                request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )
