"""The account streamer: a WebSocket with every order, position and balance change of an account.

The client first says `connect` with account numbers and its token, then may send heartbeats. Messages are
whole objects with a sequence number of their connection; what was missed is never sent again. Each connection
is fed through a queue of its own, in order.
"""

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from alert_trader.simulators.venue.account import Account, Position
from alert_trader.simulators.venue.account_bodies import balance_body, position_body
from alert_trader.simulators.venue.bodies import Body, order_body
from alert_trader.simulators.venue.complex_bodies import complex_body
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.faults import FaultBoard, FaultKind, Target
from alert_trader.simulators.venue.orders import Order
from alert_trader.simulators.venue.rest import Tokens, with_status
from alert_trader.simulators.venue.tape import FaultLine, StreamLine


class _Connection:
    """One client's socket, the accounts it follows, and its send queue."""

    def __init__(self, stream_id: int, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.stream_id = stream_id
        self.socket = socket
        self.request = request
        self.accounts: tuple[str, ...] = ()
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.sequence = count(1)

    def cut(self) -> None:
        """Cut the connection without a close frame."""
        if self.request.transport is not None:
            self.request.transport.abort()

    def put(self, message: Body, at: datetime) -> None:
        """Send a message with its number in the sequence."""
        text = message | {"timestamp": int(at.timestamp() * 1000), "ws-sequence": next(self.sequence)}
        self.queue.put_nowait(json.dumps(text))


class AccountStreamer:
    """Every account stream of the venue; it listens to the exchange."""

    def __init__(self, exchange: Exchange, faults: FaultBoard, tokens: Tokens) -> None:
        """Start without connections."""
        self._exchange = exchange
        self._faults = faults
        self._tokens = tokens
        self._connections: dict[int, _Connection] = {}
        self._ids = count(1)
        self._held: list[tuple[str, Body]] = []
        self._muted = False
        exchange.listeners.append(self)

    @property
    def connected(self) -> int:
        """How many streams follow an account."""
        return sum(1 for each in self._connections.values() if each.accounts)

    def mute(self, *, muted: bool) -> None:
        """Stop sending, with every socket open; or send again."""
        self._muted = muted

    def cut_all(self) -> None:
        """Cut every connection."""
        for connection in list(self._connections.values()):
            self._tape(connection, "cut")
            connection.cut()

    async def close_all(self) -> None:
        """Close every connection properly."""
        for connection in list(self._connections.values()):
            await connection.socket.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it disconnects."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = _Connection(next(self._ids), socket, request)
        self._connections[connection.stream_id] = connection
        sender = asyncio.create_task(self._send(connection))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(connection, message.data)
        finally:
            sender.cancel()
            del self._connections[connection.stream_id]
            self._tape(connection, "closed")
        return socket

    async def _send(self, connection: _Connection) -> None:
        with suppress(ConnectionError):
            while True:
                await connection.socket.send_str(await connection.queue.get())

    async def _take(self, connection: _Connection, text: str) -> None:
        try:
            asked = json.loads(text)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            await connection.socket.close()
            return
        action = asked.get("action")
        answer: Body = {
            "status": "ok",
            "action": action,
            "web-socket-session-id": f"{connection.stream_id:08x}",
        }
        if "request-id" in asked:
            answer["request-id"] = asked["request-id"]
        problem = self._problem(connection, asked)
        if problem is not None:
            answer |= {"status": "error", "message": problem}
        elif action == "connect":
            connection.accounts = tuple(str(each) for each in asked["value"])
            answer["value"] = asked["value"]
            self._tape(connection, "connected")
        connection.queue.put_nowait(json.dumps(answer))

    def _problem(self, connection: _Connection, asked: dict[str, Any]) -> str | None:
        if not self._tokens.holds(str(asked.get("auth-token", ""))):
            return "invalid or expired auth-token"
        if asked.get("action") == "connect":
            value = asked.get("value")
            known = isinstance(value, list) and all(each in self._exchange.accounts for each in value)
            return None if known and value else "invalid account number"
        if not connection.accounts:
            return "not implemented" if asked.get("action") == "heartbeat" else "connect-not-completed"
        return None

    def order_changed(self, order: Order) -> None:
        """Stream an order."""
        body = order_body(order, echo=self._exchange.config.echo_external_identifier)
        self._publish(order.account, {"type": "Order", "data": body}, order)
        if order.complex_id is not None and self._exchange.config.oco.stream:
            pair = complex_body(self._exchange, order.account, order.complex_id)
            self._publish(order.account, {"type": "ComplexOrder", "data": pair}, None)

    def position_changed(self, account: Account, position: Position) -> None:
        """Stream a position."""
        self._publish(
            account.number,
            {"type": "CurrentPosition", "data": position_body(self._exchange, account, position)},
            None,
        )

    def balance_changed(self, account: Account) -> None:
        """Stream a balance."""
        if self._connections:
            self._publish(
                account.number,
                {"type": "AccountBalance", "data": balance_body(self._exchange, account)},
                None,
            )

    def quote_changed(self, symbol: str) -> None:
        """Quotes are not sent here."""

    def _publish(self, account: str, message: Body, order: Order | None) -> None:
        armed = self._faults.hit(_target(message, order))
        sent = [message]
        if armed is not None:
            self._exchange.tape.write(
                FaultLine(
                    fault_id=armed.fault_id,
                    fault=armed.rule.kind,
                    call=None,
                    target=f"{message['type']} of {account}",
                )
            )
            sent = self._bend(account, message, armed.rule.kind, armed.rule.word)
        elif self._held:
            later = [each for of, each in self._held if of == account]
            self._held = [(of, each) for of, each in self._held if of != account]
            sent = [message, *later]
        for each in sent:
            self._deliver(account, each)

    def _bend(self, account: str, message: Body, kind: FaultKind, word: str) -> list[Body]:
        match kind:
            case FaultKind.STREAM_DUPLICATE:
                return [message, message]
            case FaultKind.STREAM_REORDER:
                self._held.append((account, message))
                return []
            case FaultKind.STREAM_UNKNOWN_STATUS:
                return (
                    [message | {"data": message["data"] | {"status": word}}]
                    if message["type"] == "Order"
                    else [with_status(message, word)]
                )
            case FaultKind.STREAM_DROP:
                for connection in self._connections.values():
                    next(connection.sequence)
            case FaultKind.STREAM_MUTE:
                self._muted = True
            case _:
                self.cut_all()
        return []

    def _deliver(self, account: str, message: Body) -> None:
        if self._muted:
            return
        at = self._exchange.clock()
        for connection in self._connections.values():
            if account in connection.accounts:
                connection.put(message, at)

    def _tape(self, connection: _Connection, event: str) -> None:
        self._exchange.tape.write(
            StreamLine(stream_id=connection.stream_id, event=event, accounts=connection.accounts)
        )


def _target(message: Body, order: Order | None) -> Target:
    if order is None:
        return Target(stream=True, path=message["type"])
    return Target(
        stream=True,
        path=message["type"],
        symbols=tuple(leg.symbol for leg in order.legs),
        sides=tuple(leg.action for leg in order.legs),
        client_id=order.external_identifier,
        order_status=order.status,
    )
