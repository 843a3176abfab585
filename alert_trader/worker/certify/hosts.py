"""The hosts that a certification may reach: the broker's sandboxes, or one simulated venue."""

from dataclasses import dataclass

import httpx2

from alert_trader.broker.hosts import is_of_broker
from alert_trader.domain.errors import AlertTraderError

SANDBOXES = {
    "api.cert.tastyworks.com": "streamer.cert.tastyworks.com",
    "api.sandbox.tastytrade.com": "streamer.sandbox.tastytrade.com",
}
"""The broker's sandboxes, and the host of each one's account stream."""


class ProductionRefusedError(AlertTraderError):
    """A certification was pointed at a host that is no sandbox; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the checks are made: the addresses of REST API and account stream, and the one host reached."""

    api: str
    stream: str
    host: str


def sandbox(host: str) -> Place:
    """Return a sandbox of the broker; raises ProductionRefusedError for every other host."""
    if host not in SANDBOXES:
        raise ProductionRefusedError(
            f"{host} is no sandbox of the broker: nothing was sent. Sandboxes: {', '.join(SANDBOXES)}"
        )
    return Place(api=f"https://{host}", stream=f"wss://{SANDBOXES[host]}", host=host)


def venue(address: str) -> Place:
    """Return a simulated venue; raises ProductionRefusedError for an address of the broker."""
    url = httpx2.URL(address)
    if is_of_broker(url.host):
        raise ProductionRefusedError(
            f"{url.host} is the broker's and no simulated venue: nothing was sent. "
            "For the broker's sandbox use mode sandbox; production is never certified"
        )
    scheme = {"http": "ws", "https": "wss"}.get(url.scheme)
    if scheme is None or not url.host:
        raise ProductionRefusedError(f"expected the venue's address as http://host:port, found {address!r}")
    base = str(url).rstrip("/")
    return Place(api=base, stream=f"{scheme}{base.removeprefix(url.scheme)}/", host=url.host)


class OneHost(httpx2.AsyncBaseTransport):
    """A transport that reaches one host. Every other is refused before anything is sent."""

    def __init__(self, host: str, inner: httpx2.AsyncBaseTransport) -> None:
        """Forward requests for `host` to `inner`."""
        self._host = host
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; raises ProductionRefusedError for another host."""
        if request.url.host != self._host:
            raise ProductionRefusedError(f"{request.url.host} refused: only {self._host} is reached here")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()
