"""DXLink: a WebSocket that streams quotes, greeks and last trades in the compact form the client asks for.

A column is sent exactly where the client requested it. A symbol without a quote has NaN prices, which the
broker's SDK drops silently. Seeded symbols are sent anew when the market moves, scripted ones when they
are set.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from alert_trader.simulators.venue.account import Account, Position
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.instruments import parse
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Order

_NAN = "NaN"
_PERIOD = 0.1
_SILENCE = 60.0
"""Seconds without a message from the client, keepalives included, after which it is disconnected."""


@dataclass(slots=True)
class _Channel:
    """One feed of a connection: event kind, columns, symbols, and what was last sent of each."""

    event: str = "Quote"
    columns: list[str] = field(default_factory=list)
    symbols: dict[str, list[Any] | None] = field(default_factory=dict)


class _Connection:
    """One client's socket and feeds."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.authorized = False
        self.channels: dict[int, _Channel] = {}
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    def put(self, message: dict[str, Any]) -> None:
        """Queue a message."""
        self.queue.put_nowait(json.dumps(message))


class DxLink:
    """Every quote stream of the venue; it listens to the exchange."""

    def __init__(self, exchange: Exchange, token: str) -> None:
        """Start without connections; `token` is the one that clients get for the quote stream."""
        self._exchange = exchange
        self._token = token
        self._connections: set[_Connection] = set()
        exchange.listeners.append(self)

    async def close_all(self) -> None:
        """Close every connection properly."""
        for connection in list(self._connections):
            await connection.socket.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it disconnects."""
        socket = web.WebSocketResponse(receive_timeout=_SILENCE)
        await socket.prepare(request)
        connection = _Connection(socket)
        self._connections.add(connection)
        sender = asyncio.create_task(self._send(connection))
        try:
            with suppress(TimeoutError):
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._read(connection, message.data)
        finally:
            sender.cancel()
            self._connections.discard(connection)
        return socket

    async def _send(self, connection: _Connection) -> None:
        with suppress(ConnectionError):
            while True:
                await connection.socket.send_str(await connection.queue.get())

    def _read(self, connection: _Connection, text: str) -> None:
        try:
            self._take(connection, json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError):
            connection.put(
                {
                    "type": "ERROR",
                    "channel": 0,
                    "error": "INVALID_MESSAGE",
                    "message": "expected a DXLink message",
                }
            )

    def _take(self, connection: _Connection, asked: dict[str, Any]) -> None:
        number = int(asked.get("channel", 0))
        match asked.get("type"):
            case "SETUP":
                connection.put(
                    {
                        "type": "SETUP",
                        "channel": 0,
                        "keepaliveTimeout": 60,
                        "acceptKeepaliveTimeout": 60,
                        "version": "1.0-1.2.1",
                    }
                )
                connection.put({"type": "AUTH_STATE", "channel": 0, "state": "UNAUTHORIZED"})
            case "AUTH":
                connection.authorized = asked.get("token") == self._token
                state = "AUTHORIZED" if connection.authorized else "UNAUTHORIZED"
                connection.put({"type": "AUTH_STATE", "channel": 0, "state": state})
            case "KEEPALIVE":
                connection.put({"type": "KEEPALIVE", "channel": 0})
            case _ if not connection.authorized:
                connection.put(
                    {"type": "ERROR", "channel": 0, "error": "UNAUTHORIZED", "message": "not authorized"}
                )
            case "CHANNEL_REQUEST":
                connection.channels[number] = _Channel()
                parameters = {"contract": "AUTO", "subFormat": "LIST"}
                connection.put(
                    {"type": "CHANNEL_OPENED", "channel": number, "service": "FEED", "parameters": parameters}
                )
            case "CHANNEL_CANCEL":
                connection.channels.pop(number, None)
                connection.put({"type": "CHANNEL_CLOSED", "channel": number})
            case "FEED_SETUP" | "FEED_SUBSCRIPTION" if number in connection.channels:
                self._feed(connection, number, asked)
            case other:
                connection.put(
                    {
                        "type": "ERROR",
                        "channel": number,
                        "error": "INVALID_MESSAGE",
                        "message": f"cannot take {other} here",
                    }
                )

    def _feed(self, connection: _Connection, number: int, asked: dict[str, Any]) -> None:
        channel = connection.channels[number]
        if asked["type"] == "FEED_SETUP":
            for event, columns in asked.get("acceptEventFields", {}).items():
                channel.event, channel.columns = event, columns
            period = asked.get("acceptAggregationPeriod", _PERIOD)
            connection.put(
                {
                    "type": "FEED_CONFIG",
                    "channel": number,
                    "dataFormat": "COMPACT",
                    "aggregationPeriod": period,
                }
            )
            return
        for row in asked.get("remove", ()):
            channel.symbols.pop(row["symbol"], None)
        for row in asked.get("add", ()):
            channel.symbols[row["symbol"]] = None
        self._push(connection, number, channel)

    def tick(self) -> None:
        """Send what changed since the last time."""
        for connection in self._connections:
            for number, channel in connection.channels.items():
                self._push(connection, number, channel)

    def _push(self, connection: _Connection, number: int, channel: _Channel) -> None:
        rows: list[Any] = []
        for symbol, sent in channel.symbols.items():
            values = self._values(channel.event, symbol)
            if values is None:
                continue
            # the time of an unchanged event is no change
            row = [values.get(column, _NAN) for column in channel.columns]
            key = [
                value
                for column, value in zip(channel.columns, row, strict=True)
                if not column.lower().endswith("time")
            ]
            if key != sent:
                channel.symbols[symbol] = key
                rows.extend(row)
        if rows:
            connection.put({"type": "FEED_DATA", "channel": number, "data": [channel.event, rows]})

    def _values(self, event: str, symbol: str) -> dict[str, Any] | None:
        series = parse(symbol)
        key = series.symbol if series is not None else symbol
        quote = self._exchange.market.quote(key)
        if quote is None:
            return None
        at = int(quote.at.timestamp() * 1000)
        common = {
            "eventSymbol": symbol,
            "eventTime": 0,
            "eventFlags": 0,
            "sequence": 0,
            "timeNanoPart": 0,
            "time": at,
            "index": at,
        }
        match event:
            case "Quote":
                return common | _quote(quote, at)
            case "Trade":
                last = _NAN if quote.missing else float(quote.mid)
                return common | {
                    "exchangeCode": "Q",
                    "dayId": 1,
                    "tickDirection": "UNDEFINED",
                    "extendedTradingHours": False,
                    "price": last,
                }
            case "Greeks":
                return common | self._greeks(key)
            case _:
                return None

    def _greeks(self, symbol: str) -> dict[str, Any]:
        greeks = self._exchange.market.greeks(symbol)
        series = parse(symbol)
        row = self._exchange.listings.underlying(series.root) if series is not None else None
        if greeks is None or row is None:
            return {}
        return {
            "price": greeks.price,
            "volatility": row.volatility,
            "delta": greeks.delta,
            "gamma": greeks.gamma,
            "theta": greeks.theta,
            "rho": greeks.rho,
            "vega": greeks.vega,
        }

    def quote_changed(self, symbol: str) -> None:  # noqa: ARG002 - what moved is found by comparing
        """Send a scripted quote to the clients that follow it."""
        self.tick()

    def order_changed(self, order: Order) -> None:
        """Orders are not sent here."""

    def position_changed(self, account: Account, position: Position) -> None:
        """Positions are not sent here."""

    def balance_changed(self, account: Account) -> None:
        """Balances are not sent here."""


def _quote(quote: Quote, at: int) -> dict[str, Any]:
    return {
        "bidTime": at,
        "bidExchangeCode": "Q",
        "askTime": at,
        "askExchangeCode": "Q",
        "bidPrice": _NAN if quote.missing else float(quote.bid),
        "askPrice": _NAN if quote.missing else float(quote.ask),
        "bidSize": float(quote.bid_size),
        "askSize": float(quote.ask_size),
    }
