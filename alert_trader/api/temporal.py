"""The way to Temporal: connected when first asked for, tried again by the next request when it was away."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client, Interceptor

from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries.workers import polling_workers
from alert_trader.control.temporal import Target, connect
from alert_trader.domain.ids import AccountNumber

CONNECT_WITHIN = timedelta(seconds=3)
"""A caller waits for this; one that is told soon can ask again."""

AWAY_FOR = timedelta(seconds=1)
"""Requests that come this soon after a connection failed are told so at once: they would wait behind each other for the same answer."""


class Temporal:
    """One client for all requests; it finds its way back by itself once it was connected."""

    def __init__(
        self, target: Target, *, interceptors: Sequence[Interceptor] = (), within: timedelta = CONNECT_WITHIN
    ) -> None:
        """Know where to connect; nothing is connected yet."""
        self._within = within
        self._target = target
        self._interceptors = interceptors
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._away: UnreachableError | None = None
        self._away_until = 0.0

    async def client(self) -> Client:
        """Give the client; raises UnreachableError when Temporal is away."""
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
                        asyncio.get_running_loop().time() + AWAY_FOR.total_seconds(),
                    )
                    raise
            return self._client

    async def workers(self, account: AccountNumber) -> int:
        """Count the workers that take an account's work; raises UnreachableError."""
        return len(await polling_workers(await self.client(), account))
