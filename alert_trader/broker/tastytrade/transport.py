"""Transports that are shared by several clients, and one that sends everything to a simulated venue.

The SDK creates a client for the session and one for each stream, from the same arguments, and a client closes
its transport when it ends. A stream that closes would end the REST calls in flight; a transport for each
client could not guard them all. So `SharedTransport` ignores its clients' closing, and is closed by
`shutdown`.
"""

from types import TracebackType
from typing import Self

import httpx2

from alert_trader.broker.hosts import is_of_broker

BROKER_HOSTS = frozenset(
    {
        "api.tastyworks.com",
        "api.cert.tastyworks.com",
        "streamer.tastyworks.com",
        "streamer.cert.tastyworks.com",
    }
)
"""The hosts the SDK connects to; the simulated venue answers for each. Other hosts are refused."""


class HostRefusedError(httpx2.ConnectError):
    """A request to a host that is not the broker's; nothing was sent."""


class SharedTransport(httpx2.AsyncBaseTransport):
    """A transport that many clients use and none closes."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        """Forward every request to `inner`."""
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request."""
        return await self._inner.handle_async_request(request)

    async def __aenter__(self) -> Self:
        """Do nothing: connections are opened as needed."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Do nothing: other clients may be waiting for an answer."""

    async def aclose(self) -> None:
        """Do nothing, for the same reason; see `shutdown`."""

    async def shutdown(self) -> None:
        """Close all connections."""
        if isinstance(self._inner, SharedTransport):
            await self._inner.shutdown()
        else:
            await self._inner.aclose()


class RedirectTransport(SharedTransport):
    """Send the broker's requests to a simulated venue, so that the unmodified SDK trades there.

    `venue` is the venue's base URL. A host that is neither the broker's nor the venue's is refused before
    anything is sent: a process with this transport cannot reach a real broker.
    """

    def __init__(self, venue: str, inner: httpx2.AsyncBaseTransport) -> None:
        """Check and store the venue's base URL, such as http://127.0.0.1:8080.

        Raises ValueError for an address of the broker: with credentials of a real account, mode demo would
        trade there.
        """
        super().__init__(inner)
        self._venue = httpx2.URL(venue)
        if self._venue.scheme not in {"http", "https"} or not self._venue.host:
            raise ValueError(f"expected the venue's URL as http://host:port, found {venue!r}")
        if is_of_broker(self._venue.host):
            raise ValueError(
                f"{self._venue.host} is the broker's and no simulated venue: nothing was sent. "
                "Correct TRADER_VENUE_URL, or unset it"
            )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request to the venue instead of the broker."""
        if request.url.host != self._venue.host and request.url.host not in BROKER_HOSTS:
            raise HostRefusedError(
                f"Host {request.url.host!r} refused: only the venue at {self._venue.host} may be reached"
            )
        # WebSockets are opened as http(s) with an upgrade header, so one scheme serves both
        url = request.url.copy_with(scheme=self._venue.scheme, host=self._venue.host, port=self._venue.port)
        headers = request.headers.copy()
        headers["Host"] = url.netloc.decode("ascii")
        return await super().handle_async_request(
            httpx2.Request(
                request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )
