"""The adapter over real sockets: faults of the wire, the bound on every call, connections that went stale."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from time import monotonic
from typing import Any

import pytest

from alert_trader.broker.port import OutcomeUnknownError, RejectedError, UnavailableError
from alert_trader.broker.tastytrade.client import TastytradeGateway
from alert_trader.domain.orders.order import OrderIntent

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TOKEN = b'{"access_token": "t", "expires_in": 900}'
ACCEPTED = (
    b'{"data": {"order": {"id": 7, "status": "Routed", "external-identifier": "1234-e1", '
    b'"legs": [{"symbol": "AAPL  261218C00200000",'
    b' "action": "Buy to Open", "quantity": 3, "remaining-quantity": 3}]}}}'
)
CALL = timedelta(seconds=0.3)


def reply(body: bytes, *, length: int | None = None) -> bytes:
    """Write a success, with a true or a false length."""
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % (length or len(body))
        + body
    )


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Read one request, head and body, or nothing at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    return head + await reader.readexactly(length)


class Wire:
    """A server that gives a token to whoever asks and does with every other request what a test wants."""

    def __init__(self) -> None:
        """Start with a server that answers nothing."""
        self.port = 0
        self.connections = 0
        self.orders: list[bytes] = []
        self.then: Serve = self.hang
        self.release = asyncio.Event()
        self.arrived = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        self.connections += 1
        try:
            while request := await request_of(reader):
                if b"/oauth/token" in request:
                    writer.write(reply(TOKEN))
                    continue
                self.orders.append(request)
                self.arrived.set()
                await self.then(reader, writer)
        except (ConnectionError, OSError):
            pass
        finally:
            writer.close()

    async def hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer nothing until the test is over."""
        del reader, writer
        await self.release.wait()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """Return the server."""
    found = Wire()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    found.release.set()
    server.close()


def desk_at(port: int, call: timedelta) -> TastytradeGateway:
    """Make a gateway for the server at this port."""
    return TastytradeGateway(
        client_secret="client-secret-value",
        refresh_token="refresh-token-value",
        account="5WT00042",
        is_test=True,
        venue_url=f"http://127.0.0.1:{port}",
        call_timeout=call,
    )


@pytest.fixture
async def wired(wire: Wire) -> AsyncIterator[TastytradeGateway]:
    """Return a gateway over the server."""
    gateway = desk_at(wire.port, timedelta(seconds=3))
    yield gateway
    await gateway.aclose()


@pytest.fixture
async def hasty(wire: Wire) -> AsyncIterator[TastytradeGateway]:
    """Return a gateway that gives an answer up soon."""
    gateway = desk_at(wire.port, CALL)
    yield gateway
    await gateway.aclose()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break the connection as a crashing server does."""
    writer.transport.abort()


async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection politely, without an answer."""
    writer.close()


async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection in the middle of an acceptance."""
    writer.write(reply(ACCEPTED[:40], length=len(ACCEPTED)))
    await writer.drain()
    writer.close()


async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer something that is no HTTP."""
    writer.write(b"220 mail ready\r\n\r\n")
    await writer.drain()
    writer.close()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer byte by byte, each well within a read timeout, for far longer than a call may take."""
    for byte in reply(ACCEPTED):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "fault",
    [reset, close, cut, garbage, drip, None],
    ids=["reset", "close", "cut", "garbage", "drip", "hang"],
)
async def test_every_network_fault_makes_an_order_unknown_within_the_timeout(
    fault: Serve | None, wire: Wire, hasty: TastytradeGateway, buy: OrderIntent
) -> None:
    """UNK-10: however an answer fails to come, the outcome is unknown, once.

    Within the bound of the call.
    """
    wire.then = fault or wire.hang
    started = monotonic()
    with pytest.raises(OutcomeUnknownError):
        await hasty.place(buy)
    assert monotonic() - started < CALL.total_seconds() + 0.5
    assert len(wire.orders) == 1


@pytest.mark.parametrize(
    "fault",
    [reset, close, cut, garbage, drip, None],
    ids=["reset", "close", "cut", "garbage", "drip", "hang"],
)
async def test_every_network_fault_makes_a_read_unavailable(
    fault: Serve | None, wire: Wire, hasty: TastytradeGateway
) -> None:
    """UNK-30: however a read fails, it is no empty answer."""
    wire.then = fault or wire.hang
    with pytest.raises(UnavailableError):
        await hasty.orders_since(date(2026, 9, 16))


async def test_a_refused_connection_means_not_sent(wire: Wire, buy: OrderIntent) -> None:
    """Without a connection nothing was sent, and that is known."""
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    gateway = desk_at(port, CALL)
    with pytest.raises(RejectedError) as refused:
        await gateway.place(buy)
    assert refused.value.code == "not_sent"
    await gateway.aclose()


async def test_a_connection_the_server_closed_is_not_used_again(
    wire: Wire, wired: TastytradeGateway, buy: OrderIntent
) -> None:
    """A kept connection that ended meanwhile costs a new one, not an unknown outcome."""
    closed = asyncio.Event()

    async def answer_and_close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(ACCEPTED))
        await writer.drain()
        writer.close()
        closed.set()

    wire.then = answer_and_close
    for _ in range(3):
        closed.clear()
        assert (await wired.place(buy)).order_id == "7"
        async with asyncio.timeout(2):
            await closed.wait()
        await asyncio.sleep(0)
    assert len(wire.orders) == 3


async def test_calls_share_a_connection(wire: Wire, wired: TastytradeGateway, buy: OrderIntent) -> None:
    """A check and the order after it pay for one connection."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(ACCEPTED))

    wire.then = answer
    for _ in range(3):
        await wired.place(buy)
    assert wire.connections == 1


async def test_concurrent_calls_request_one_token(
    wire: Wire, wired: TastytradeGateway, buy: OrderIntent
) -> None:
    """Trades share one session: twenty at once each get their own answer."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(ACCEPTED))

    wire.then = answer
    reports: list[Any] = await asyncio.gather(*(wired.place(buy) for _ in range(20)))
    assert {report.order_id for report in reports} == {"7"}
    assert len(wire.orders) == 20


async def test_a_cancelled_call_is_cancelled(wired: TastytradeGateway, wire: Wire, buy: OrderIntent) -> None:
    """A caller's own cancellation is passed on as what it is, and taken for no answer of the broker."""
    task = asyncio.create_task(wired.place(buy))
    async with asyncio.timeout(2):
        await wire.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
