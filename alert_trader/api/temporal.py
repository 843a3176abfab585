"""The connection to Temporal: made on the first request, and retried by the next request after a failure."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client, Interceptor

from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries.workers import polling_workers
from alert_trader.control.temporal import Target, connect
from alert_trader.domain.ids import AccountNumber

CONNECT_WITHIN = timedelta(seconds=3)
"""Short, because a caller waits for it and can retry."""

FAIL_FAST_FOR = timedelta(seconds=1)
"""For this long after a failed connection requests fail at once, instead of queueing for the same failure."""


class TemporalConnection:
    """One client for all requests. Once connected, it reconnects by itself."""

    def __init__(
        self, target: Target, *, interceptors: Sequence[Interceptor] = (), within: timedelta = CONNECT_WITHIN
    ) -> None:
        """Keep the target; `client` makes the connection."""
        self._within = within
        self._target = target
        self._interceptors = interceptors
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._away: UnreachableError | None = None
        self._away_until = 0.0

    async def client(self) -> Client:
        """Return the client. Raise UnreachableError when Temporal does not answer."""
        async with self._connecting:
            if self._client is None:
                now = asyncio.get_running_loop().time()
                if self._away is not None and now < self._away_until:
                    raise UnreachableError(str(self._away))
                try:
                    self._client = await connect(
                        self._target, within=self._within, interceptors=self._interceptors
                    )
                except UnreachableError as away:
                    self._away, self._away_until = (
                        away,
                        asyncio.get_running_loop().time() + FAIL_FAST_FOR.total_seconds(),
                    )
                    raise
            return self._client

    async def workers(self, account: AccountNumber) -> int:
        """Count the workers that take an account's work; raises UnreachableError."""
        return len(await polling_workers(await self.client(), account))
