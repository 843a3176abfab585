"""The account's order stream.

The SDK's streamer runs in its own task and fills a queue: it cancels the task that uses it when the
connection breaks, and its models end the stream at the first unknown value. The queue is unbounded on
purpose: order messages are small and few, and a bounded queue would drop or block when it matters most.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx2.websockets import WebSocketUpgradeError
from typing_extensions import override

from alert_trader.broker.port import UnavailableError
from alert_trader.broker.tastytrade.bodies import UnreadableBodyError, order_report
from alert_trader.broker.tastytrade.sdk import AlertStreamer, SubscriptionType, TastytradeError
from alert_trader.broker.tastytrade.session import TastytradeSession
from alert_trader.domain.orders.order import OrderReport

HEARTBEAT_SECONDS = 15.0
"""Seconds between heartbeats. The broker requires one a minute, the SDK sends none, and the answer shows that
the stream is alive."""


class _Lost:
    """The last item in the queue: why the stream ended."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


_Queue = asyncio.Queue["OrderReport | _Lost"]


class _OrderStreamer(AlertStreamer):
    """The SDK's streamer with our parsing of order messages; other messages are ignored."""

    def __init__(self, session: TastytradeSession, account: str, queue: _Queue) -> None:
        super().__init__(session)
        self._account = account
        self._reports = queue

    @override
    async def _map_message(self, type_str: str, data: dict[str, Any]) -> None:
        if type_str == "Order" and data.get("account-number", self._account) == self._account:
            # a message without an order id ends the stream, and the reader catches up by REST
            self._reports.put_nowait(order_report(data))

    async def connect(self) -> None:
        """Subscribe to the account's messages; returns when the broker has confirmed."""
        await self._subscribe(SubscriptionType.ACCOUNT, [self._account])

    async def send_heartbeat(self) -> None:
        """Send a heartbeat with a valid token and wait for its answer."""
        await self._subscribe(SubscriptionType.HEARTBEAT)


@asynccontextmanager
async def follow(
    session: TastytradeSession, account: str, *, seconds: float, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[AsyncIterator[OrderReport]]:
    """Subscribe within `seconds`, and yield an iterator of reports; both raise `UnavailableError`."""
    queue: _Queue = asyncio.Queue()
    subscribed = asyncio.Event()
    task = asyncio.create_task(
        _run(session, account, queue, subscribed, seconds, heartbeat), name=f"order stream of {account}"
    )
    try:
        try:
            async with asyncio.timeout(seconds):
                await _subscribed_or_lost(subscribed, task)
        except TimeoutError:
            raise UnavailableError(f"the order stream did not open within {seconds:g} s") from None
        if not subscribed.is_set():
            raise UnavailableError(f"the order stream could not be opened: {await task}")
        yield _reports(queue)
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=seconds)


async def _subscribed_or_lost(subscribed: asyncio.Event, task: "asyncio.Task[str]") -> None:
    opened = asyncio.create_task(subscribed.wait())
    try:
        await asyncio.wait({opened, task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        opened.cancel()


async def _run(
    session: TastytradeSession,
    account: str,
    queue: _Queue,
    subscribed: asyncio.Event,
    seconds: float,
    heartbeat: float,
) -> str:
    """Fill the queue until the stream is lost, and return the reason."""
    reason = "closed"
    try:
        async with _OrderStreamer(session, account, queue) as streamer:
            await streamer.connect()
            subscribed.set()
            while True:
                await asyncio.sleep(heartbeat)
                async with asyncio.timeout(seconds):
                    await streamer.send_heartbeat()
    except* Exception as errors:  # noqa: BLE001 - after any error the stream is lost
        leaves = _leaves(errors)
        if any(isinstance(error, TastytradeError | WebSocketUpgradeError) for error in leaves):
            # refused, perhaps for a token that is valid by our clock only: get a new one for the next
            # subscription
            session.session_expiration = 0.0
        reason = "; ".join(_describe(session, error) for error in leaves)
    finally:
        queue.put_nowait(_Lost(reason))
    return reason


async def _reports(queue: _Queue) -> AsyncIterator[OrderReport]:
    while True:
        match await queue.get():
            case _Lost(reason=reason):
                raise UnavailableError(f"the order stream was lost: {reason}")
            case report:
                yield report


def _leaves(errors: BaseExceptionGroup[Exception]) -> list[BaseException]:
    return [
        leaf
        for error in errors.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


def _describe(session: TastytradeSession, error: BaseException) -> str:
    text = (
        str(error)
        if isinstance(error, UnreadableBodyError)
        else f"{type(error).__name__} {session.scrub(str(error))}"
    )
    return " ".join(text.split())[:300].rstrip()
