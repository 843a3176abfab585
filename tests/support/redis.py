"""A real redis-server for tests: it can be stopped, frozen, filled, and made to only read."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from alert_trader.runtime.local import redis_server
from alert_trader.runtime.local.process import Child, free_ports


@dataclass
class RedisServer:
    """A server on a port of its own."""

    child: Child
    port: int
    data_dir: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def kill(self) -> None:
        """Stop it; its data is lost."""
        await self.child.kill(signal.SIGKILL)

    async def start(self) -> None:
        """Start it again on its port, empty."""
        self.child = await _started(self.port, self.data_dir)

    async def freeze(self) -> None:
        """Let it hold its connections open and answer nothing."""
        await self.child.kill(signal.SIGSTOP)

    async def thaw(self) -> None:
        """Let it continue."""
        await self.child.kill(signal.SIGCONT)

    async def ask(self, *command: object) -> Any:
        """Send a command."""
        client: Any = Redis.from_url(self.url, decode_responses=True)
        try:
            return await client.execute_command(*command)
        finally:
            await client.aclose()


@contextlib.asynccontextmanager
async def redis_running(data_dir: Path) -> AsyncIterator[RedisServer]:
    """Run a server for a while."""
    (port,) = free_ports(1)
    server = RedisServer(await _started(port, data_dir), port, data_dir)
    try:
        yield server
    finally:
        await server.child.kill(signal.SIGCONT)
        await server.child.stop()


async def _started(port: int, data_dir: Path) -> Child:
    binary = await asyncio.to_thread(redis_server.find_binary, None)
    assert binary is not None
    return await redis_server.run(binary, port=port, data_dir=data_dir)
