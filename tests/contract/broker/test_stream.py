"""The order stream over a real WebSocket: everything said is delivered, and its end is reported."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from alert_trader.broker.port import UnavailableError
from alert_trader.broker.tastytrade.client import TastytradeGateway
from alert_trader.broker.tastytrade.stream import follow
from alert_trader.domain.orders.order import OrderStatus

Body = Callable[..., dict[str, Any]]
SECONDS = 1.0


class Streamer:
    """A broker with a token, a positions list that waits, and a streamer that says what a test puts in."""

    def __init__(self) -> None:
        """Start with an obedient streamer."""
        self.url = ""
        self.answers = True
        self.messages: list[dict[str, Any]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.release = asyncio.Event()
        self.waiting = asyncio.Event()

    async def token(self, _: web.Request) -> web.Response:
        """Return an access token."""
        return web.json_response({"access_token": "access-token-1", "expires_in": 900})

    async def positions(self, _: web.Request) -> web.Response:
        """Answer when the test says so."""
        self.waiting.set()
        await self.release.wait()
        return web.json_response({"data": {"items": []}})

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        """Acknowledge what is asked, as long as it should."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                self.messages.append(asked)
                if self.answers:
                    await socket.send_json(
                        {"status": "ok", "action": asked["action"], "request-id": asked["request-id"]}
                    )
        return socket

    async def say(self, kind: str, data: object) -> None:
        """Send one message on every open stream."""
        for socket in self.sockets:
            await socket.send_json({"type": kind, "data": data, "timestamp": 1, "ws-sequence": 1})


@pytest.fixture
async def streamer() -> AsyncIterator[Streamer]:
    """Return the broker."""
    found = Streamer()
    app = web.Application()
    app.router.add_post("/oauth/token", found.token)
    app.router.add_get("/accounts/5WT00042/positions", found.positions)
    app.router.add_get("/", found.stream)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    found.release.set()
    await runner.cleanup()


@pytest.fixture
async def streaming(streamer: Streamer) -> AsyncIterator[TastytradeGateway]:
    """Return a gateway over the broker."""
    gateway = TastytradeGateway(
        client_secret="client-secret-value",
        refresh_token="refresh-token-value",
        account="5WT00042",
        is_test=False,
        venue_url=streamer.url,
        call_timeout=timedelta(seconds=SECONDS),
    )
    yield gateway
    await gateway.aclose()


async def test_every_report_is_delivered_in_order(
    streaming: TastytradeGateway, streamer: Streamer, order_body: Body
) -> None:
    """FIL-10: what comes twice is reported twice.

    Unknown kinds, other accounts and unknown statuses end nothing.
    """
    async with streaming.follow() as reports:
        await streamer.say("Order", order_body(id=1, status="Routed"))
        await streamer.say("AccountBalance", {"surprise": True})
        await streamer.say("Order", order_body(id=1, status="Routed"))
        await streamer.say("Order", order_body(id=9, account_number="5WT99999"))
        await streamer.say("Order", order_body(id=2, status="Dead"))
        await streamer.say("Order", order_body(id=3, leg={"quantity": {}}))
        await streamer.say("Order", order_body(id=4, external_identifier=None, source="WBT"))
        async with asyncio.timeout(2):
            seen = [await anext(reports) for _ in range(5)]
    assert [report.order_id for report in seen] == ["1", "1", "2", "3", "4"]
    assert [report.status for report in seen[2:4]] == [OrderStatus.UNRECOGNISED, OrderStatus.UNRECOGNISED]
    assert seen[4].client_order_id is None


async def test_a_broken_stream_delivers_its_reports_and_then_raises(
    streaming: TastytradeGateway, streamer: Streamer, order_body: Body
) -> None:
    """Whoever reads is never cancelled: first all reports before the break, then `UnavailableError`."""
    async with streaming.follow() as reports:
        for number in range(1, 4):
            await streamer.say("Order", order_body(id=number))
        await streamer.sockets[0].close()
        async with asyncio.timeout(2):
            assert [(await anext(reports)).order_id for _ in range(3)] == ["1", "2", "3"]
            with pytest.raises(UnavailableError, match="lost"):
                await anext(reports)


@pytest.mark.parametrize("data", [None, "x", {"status": "Live"}])
async def test_a_message_without_an_order_id_ends_the_stream(
    data: object, streaming: TastytradeGateway, streamer: Streamer
) -> None:
    """An order message without an order may hide any order: the reader must catch up by asking."""
    async with streaming.follow() as reports:
        await streamer.say("Order", data)
        async with asyncio.timeout(2):
            with pytest.raises(UnavailableError):
                await anext(reports)


async def test_a_stream_that_is_not_confirmed_does_not_open(
    streaming: TastytradeGateway, streamer: Streamer
) -> None:
    """Entering means subscribed; without the broker's answer it fails in time."""
    streamer.answers = False
    with pytest.raises(UnavailableError, match="did not open"):
        async with streaming.follow():
            raise AssertionError("opened")


async def test_a_stream_that_is_not_served_does_not_open(
    streaming: TastytradeGateway, streamer: Streamer, unused_tcp_port: int
) -> None:
    """A connection that is refused is reported as what it is."""
    del streamer
    streaming._venue_url = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(UnavailableError, match="could not be opened"):
        async with streaming.follow():
            raise AssertionError("opened")


async def test_heartbeats_detect_a_stream_without_answers(
    streaming: TastytradeGateway, streamer: Streamer
) -> None:
    """A stream that is open but mute is reported as lost.

    A quiet one, idle for longer than a call may take, is not.
    """
    async with follow(streaming._session(), "5WT00042", seconds=0.3, heartbeat=0.1) as reports:
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS * 1.2):
                await anext(reports)
                raise AssertionError("nothing was said")
    beats = [message for message in streamer.messages if message["action"] == "heartbeat"]
    assert len(beats) >= 3
    assert {beat["auth-token"] for beat in beats} == {"Bearer access-token-1"}
    async with follow(streaming._session(), "5WT00042", seconds=0.3, heartbeat=0.1) as reports:
        streamer.answers = False
        async with asyncio.timeout(3):
            with pytest.raises(UnavailableError, match="Timeout"):
                await anext(reports)


async def test_closing_a_stream_keeps_calls_in_flight(
    streaming: TastytradeGateway, streamer: Streamer
) -> None:
    """Many trades share one adapter: the end of one stream is no fault of anybody's request."""
    async with streaming.follow():
        call = asyncio.create_task(streaming.positions())
        async with asyncio.timeout(2):
            await streamer.waiting.wait()
    streamer.release.set()
    assert await call == []
