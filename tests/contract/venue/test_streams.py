"""The account streamer and DXLink, through the SDK and raw."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from tastytrade import AlertStreamer, DXLinkStreamer
from tastytrade.account import CurrentPosition
from tastytrade.dxfeed import Greeks, Quote, Trade
from tastytrade.instruments import Option
from tastytrade.order import OrderStatus, PlacedOrder

from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.tape import StreamLine
from tests.contract.venue.api_client import ACCOUNT, FAST, SPY, ApiClient, wait_until


@asynccontextmanager
async def listening(api_client: ApiClient) -> AsyncIterator[list[PlacedOrder]]:
    """Collect the orders of a stream."""
    heard: list[PlacedOrder] = []
    async with AlertStreamer(api_client.session) as streamer:
        await streamer.subscribe_accounts([api_client.account])

        async def listen() -> None:
            async for order in streamer.listen(PlacedOrder):
                heard.append(order)  # noqa: PERF401 - what was heard is read while it listens

        task = asyncio.create_task(listen())
        yield heard
        task.cancel()


@asynccontextmanager
async def raw_stream(api_client: ApiClient) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, str]]:
    """Open a stream without the SDK, with a token that holds."""
    await api_client.session.refresh()
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{api_client.venue.base_url}/") as socket:
        yield socket, f"Bearer {api_client.session.session_token}"


async def heard_until(socket: aiohttp.ClientWebSocketResponse, status: str) -> list[dict[str, Any]]:
    """Read order messages until one has a status."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["data"]["status"] != status:
        message = await socket.receive_json(timeout=5)
        if message.get("type") == "Order":
            heard.append(message)
    return heard


async def connected(socket: aiohttp.ClientWebSocketResponse, token: str) -> None:
    """Connect the account."""
    await socket.send_json({"action": "connect", "value": [ACCOUNT], "auth-token": token, "request-id": 1})
    reply = await socket.receive_json(timeout=5)
    assert (reply["status"], reply["action"], reply["value"]) == ("ok", "connect", [ACCOUNT])


async def test_every_change_of_an_order_is_streamed(api_client: ApiClient) -> None:
    """Routed, Live with the fill, Filled: whole objects in that order."""
    async with listening(api_client) as heard:
        await api_client.buy("2.05", 2)
        await wait_until(lambda: bool(heard) and heard[-1].status is OrderStatus.FILLED)
    assert [order.status for order in heard] == [OrderStatus.ROUTED, OrderStatus.LIVE, OrderStatus.FILLED]
    assert heard[1].legs[0].remaining_quantity == 0


async def test_the_stream_can_be_ahead_of_the_answer(api_client: ApiClient) -> None:
    """With a slow answer, the client hears of the order, and of its fill, before its POST returns."""
    await api_client.control.adjust(Adjust(timing=FAST.model_copy(update={"reply_delay": 0.1})))
    async with listening(api_client) as heard:
        reply = await api_client.buy("2.05")
        assert reply.status is OrderStatus.ROUTED
        assert heard[-1].status is OrderStatus.FILLED


async def test_positions_are_streamed(api_client: ApiClient) -> None:
    """A fill is followed by the position it made."""
    async with AlertStreamer(api_client.session) as streamer:
        await streamer.subscribe_accounts([api_client.account])
        await api_client.buy("2.05", 2)
        async with asyncio.timeout(5):
            position = await anext(aiter(streamer.listen(CurrentPosition)))
        assert (position.symbol, int(position.quantity)) == (SPY, 2)


@pytest.mark.parametrize(
    ("kind", "order_status", "expected", "sequence"),
    [
        (
            FaultKind.STREAM_DUPLICATE,
            "Routed",
            ["Routed", "Routed", "Live", "Cancel Requested", "Cancelled"],
            [1, 2, 3, 4, 5],
        ),
        (FaultKind.STREAM_REORDER, "Live", ["Routed", "Cancel Requested", "Live", "Cancelled"], [1, 2, 3, 4]),
        (FaultKind.STREAM_DROP, "Live", ["Routed", "Cancel Requested", "Cancelled"], [1, 3, 4]),
        (
            FaultKind.STREAM_UNKNOWN_STATUS,
            "Live",
            ["Routed", "Dead", "Cancel Requested", "Cancelled"],
            [1, 2, 3, 4],
        ),
    ],
)
async def test_stream_faults_drop_duplicate_and_reorder_messages(
    api_client: ApiClient, kind: FaultKind, order_status: str, expected: list[str], sequence: list[int]
) -> None:
    """Messages come twice, swapped, not at all, or with a word nobody knows.

    A drop leaves a gap in the sequence.
    """
    await api_client.control.arm(FaultRule(kind=kind, path="Order", order_status=order_status))
    async with raw_stream(api_client) as (socket, token):
        await connected(socket, token)
        order = await api_client.reach(await api_client.buy("1.00"), OrderStatus.LIVE)
        await api_client.account.delete_order(api_client.session, order.id)
        heard = await heard_until(socket, "Cancelled")
    assert [message["data"]["status"] for message in heard] == expected
    assert [message["ws-sequence"] for message in heard] == sequence


async def test_a_mute_stream_is_open_and_sends_nothing(api_client: ApiClient) -> None:
    """The socket answers heartbeats and carries no orders until it speaks again."""
    async with raw_stream(api_client) as (socket, token):
        await connected(socket, token)
        await api_client.control.mute_streams()
        await api_client.reach(await api_client.buy("2.05"), OrderStatus.FILLED)
        await socket.send_json({"action": "heartbeat", "auth-token": token, "request-id": 2})
        assert (await socket.receive_json(timeout=5))["action"] == "heartbeat"
        await api_client.control.mute_streams(muted=False)
        await api_client.buy("1.00")
        assert (await socket.receive_json(timeout=5))["data"]["status"] == "Routed"


async def test_a_dropped_stream_ends(api_client: ApiClient) -> None:
    """A cut connection is an end without a goodbye, and the tape has it."""
    async with raw_stream(api_client) as (socket, token):
        await connected(socket, token)
        await api_client.control.drop_streams()
        message = await socket.receive(timeout=5)
        assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR}
    await wait_until(
        lambda: [line.event for line in api_client.tape(StreamLine)] == ["connected", "cut", "closed"]
    )


async def test_a_heartbeat_before_connect_is_an_error(api_client: ApiClient) -> None:
    """The broker answers 'not implemented' before a connect.

    Other subscriptions 'connect-not-completed'.
    """
    async with raw_stream(api_client) as (socket, token):
        for action, message in (
            ("heartbeat", "not implemented"),
            ("quote-alerts-subscribe", "connect-not-completed"),
        ):
            await socket.send_json({"action": action, "auth-token": token, "request-id": 2})
            reply = await socket.receive_json(timeout=5)
            assert (reply["status"], reply["message"], reply["request-id"]) == ("error", message, 2)


async def test_dxlink_quotes_follow_the_market(api_client: ApiClient) -> None:
    """A subscribed symbol is quoted at once, and again when its quote is set.

    One nobody quotes is not heard of.
    """
    symbol = Option.occ_to_streamer_symbol(SPY)
    async with DXLinkStreamer(api_client.session) as streamer:
        await streamer.subscribe(Quote, [symbol])
        async with asyncio.timeout(5):
            first = await streamer.get_event(Quote)
            await api_client.control.remove_quote(SPY)
            await api_client.control.set_quote(SPY, bid="3.00", ask="3.10", bid_size=7, ask_size=8)
            second = await streamer.get_event(Quote)
    assert (first.event_symbol, first.bid_price, first.ask_price) == (symbol, Decimal("2.0"), Decimal("2.05"))
    assert (second.bid_price, second.ask_price) == (Decimal(3), Decimal("3.1"))
    assert (int(second.bid_size), int(second.ask_size)) == (7, 8)


async def test_dxlink_has_greeks_and_trades(api_client: ApiClient) -> None:
    """Greeks come from the model and trades from the mid."""
    symbol = Option.occ_to_streamer_symbol(SPY)
    async with DXLinkStreamer(api_client.session) as streamer:
        await streamer.subscribe(Greeks, [symbol])
        await streamer.subscribe(Trade, ["SPY"])
        async with asyncio.timeout(5):
            greeks, trade = await streamer.get_event(Greeks), await streamer.get_event(Trade)
    assert 0 < greeks.delta < 1
    assert abs(trade.price - 600) < 10
