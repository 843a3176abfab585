"""A Temporal server that refuses our key: what people read, by a real gRPC connection of the real client."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator

import pytest

from alert_trader.control.errors import UnreachableError
from alert_trader.control.temporal import Target, connect

SETTINGS, PING, HEADERS = 4, 6, 1
END_STREAM_AND_HEADERS, ACKNOWLEDGE = 5, 1
PREFACE_BYTES, FRAME_BYTES = 24, 9


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return an HTTP/2 frame (RFC 9113)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def header(name: str, value: str) -> bytes:
    """Return a header that no table indexes (RFC 7541)."""
    return bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


@contextlib.asynccontextmanager
async def refusing(status: int) -> AsyncIterator[str]:
    """Serve gRPC that answers every call with a status, and with headers of its own; yields its address."""
    answer = {
        ":status": "200",
        "content-type": "application/grpc",
        "grpc-status": str(status),
        "grpc-message": "Request unauthorized.",
        "set-cookie": "session=hunter2",
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readexactly(PREFACE_BYTES)
            writer.write(frame(SETTINGS, 0, 0, b""))
            while True:
                head = await reader.readexactly(FRAME_BYTES)
                kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                body = await reader.readexactly(int.from_bytes(head[:3], "big"))
                if kind in {SETTINGS, PING} and not flags & ACKNOWLEDGE:
                    writer.write(frame(kind, ACKNOWLEDGE, 0, body if kind == PING else b""))
                if kind == HEADERS:
                    block = b"".join(header(name, value) for name, value in answer.items())
                    writer.write(frame(HEADERS, END_STREAM_AND_HEADERS, stream, block))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("status", [7, 16])
async def test_a_wrong_key_is_one_sentence_at_once(status: int) -> None:
    """DUR-50: no header of the server is shown, nothing is tried for ten seconds, and the key is named."""
    began = time.monotonic()
    async with refusing(status) as address:
        with pytest.raises(UnreachableError) as refused:
            await connect(Target(address=address, namespace="live"))
    text = str(refused.value)
    assert text.startswith(f"Temporal at {address} refused the credentials: Request unauthorized (")
    assert "TEMPORAL_API_KEY" in text
    assert "metadata" not in text
    assert "hunter2" not in text
    assert time.monotonic() - began < 5
