"""A gRPC server that answers every call alike, by HTTP/2 frames: what Temporal says before any work."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator

SETTINGS, PING, HEADERS, DATA = 4, 6, 1, 0
END_STREAM, ACKNOWLEDGE, END_HEADERS = 1, 1, 4
PREFACE_BYTES, FRAME_BYTES = 24, 9
EMPTY_MESSAGE = bytes(5)
"""Not compressed, of no bytes: every message of which nothing is set."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return an HTTP/2 frame (RFC 9113)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def block(headers: dict[str, str]) -> bytes:
    """Return headers that no table indexes (RFC 7541)."""
    return b"".join(
        bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in headers.items()
    )


def answer(stream: int, status: int) -> bytes:
    """Return an answer with a status, and with a header of its own that is nobody's business."""
    first = {":status": "200", "content-type": "application/grpc", "set-cookie": "session=hunter2"}
    last = {"grpc-status": str(status), "grpc-message": "" if status == 0 else "Request unauthorized."}
    if status != 0:
        return frame(HEADERS, END_STREAM | END_HEADERS, stream, block(first | last))
    return (
        frame(HEADERS, END_HEADERS, stream, block(first))
        + frame(DATA, 0, stream, EMPTY_MESSAGE)
        + frame(HEADERS, END_STREAM | END_HEADERS, stream, block(last))
    )


@contextlib.asynccontextmanager
async def grpc_server(status: int, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve while the body runs; yields the address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            await reader.readexactly(PREFACE_BYTES)
            writer.write(frame(SETTINGS, 0, 0, b""))
            while True:
                head = await reader.readexactly(FRAME_BYTES)
                kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                body = await reader.readexactly(int.from_bytes(head[:3], "big"))
                if kind in {SETTINGS, PING} and not flags & ACKNOWLEDGE:
                    writer.write(frame(kind, ACKNOWLEDGE, 0, body if kind == PING else b""))
                if kind == HEADERS:
                    writer.write(answer(stream, status))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
