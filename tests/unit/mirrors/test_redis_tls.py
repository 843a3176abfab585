"""Redis behind TLS, with a certificate of an own authority: the real client, and a real server behind it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from alert_trader.mirrors.hot import HotMirror, MirrorAwayError
from tests.support.certificates import Authority
from tests.support.redis import RedisServer
from tests.support.trail import record


@contextlib.asynccontextmanager
async def tls_in_front(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Serve TLS that is passed on to a port, as a load balancer does; yields its port."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_the_hot_mirror_is_written_and_read_through_tls(server: RedisServer, tmp_path: Path) -> None:
    """`rediss://` with the authority's file in the address; without it the certificate is refused."""
    authority = Authority(tmp_path)
    own = authority.issue("redis")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    whole = record("m1")
    async with tls_in_front(server.port, context) as port:
        address = f"rediss://127.0.0.1:{port}/0"
        mirror = HotMirror(f"{address}?ssl_ca_certs={authority.file}", "demo", timeout=timedelta(seconds=5))
        await mirror.write(whole.trade, whole.events)
        assert (await mirror.trades([whole.trade.workflow_id]))[
            whole.trade.workflow_id
        ].events == whole.events
        await mirror.aclose()
        stranger = HotMirror(address, "demo", timeout=timedelta(seconds=5))
        with pytest.raises(MirrorAwayError, match="Redis failed: no connection"):
            await stranger.ping()
        await stranger.aclose()
