"""The broker of a dry-run: every read and the broker's own order check, and no way to send.

Sending is impossible twice, and neither is a flag: `DryRunBroker` has no `place` and no `cancel`, and its
transport refuses every request that could change something.
"""

import re

import httpx2
from typing_extensions import override

from alert_trader.broker.tastytrade.oco import TastytradeOcoReader
from alert_trader.broker.tastytrade.transport import SharedTransport

_READS = frozenset({"GET", "HEAD"})
_HARMLESS_POSTS = re.compile(rb"/oauth/token|/accounts/[A-Za-z0-9]+/(complex-)?orders/dry-run")


class MutationForbiddenError(PermissionError):
    """A request that could change something at the broker; nothing of it was sent."""


class ReadOnlyTransport(SharedTransport):
    """Forward reads, access token requests and the broker's dry-run; refuse everything else."""

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request that changes nothing; raises `MutationForbiddenError` for any other."""
        path = request.url.raw_path.partition(b"?")[0]
        if request.method not in _READS and not (
            request.method == "POST" and _HARMLESS_POSTS.fullmatch(path)
        ):
            raise MutationForbiddenError(
                f"Request refused in a dry-run, nothing was sent: {request.method} {path.decode()}"
            )
        return await super().handle_async_request(request)


class DryRunBroker(TastytradeOcoReader):
    """A reader whose session cannot carry a mutating request."""

    @override
    def _transport(self) -> SharedTransport:
        return ReadOnlyTransport(super()._transport())
