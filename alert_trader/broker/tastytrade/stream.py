"""The account's order stream, for as long as it lasts.

The SDK's streamer runs in a task of its own and fills a queue: it cancels whoever holds it when the connection breaks, and its models
end the stream at the first value they do not know. The queue is unbounded on purpose: an order message is small, an account has few,
and a bounded one would drop or stall when it matters most.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx2.websockets import WebSocketUpgradeError
from typing_extensions import override

from alert_trader.broker.port import Unavailable
from alert_trader.broker.tastytrade.bodies import UnreadableError, order_report
from alert_trader.broker.tastytrade.sdk import AlertStreamer, SubscriptionType, TastytradeError
from alert_trader.broker.tastytrade.session import Line
from alert_trader.domain.orders.order import OrderReport

HEARTBEAT_SECONDS = 15.0
"""Between heartbeats: the broker wants one at least every minute, the SDK sends none, and the answer shows that the stream is alive."""


class _Lost:
    """What the queue holds after the last report: why the stream ended."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


_Queue = asyncio.Queue["OrderReport | _Lost"]


class _OrderStreamer(AlertStreamer):
    """The SDK's streamer with our reading of order messages; every other message is passed over."""

    def __init__(self, line: Line, account: str, queue: _Queue) -> None:
        super().__init__(line)
        self._account = account
        self._reports = queue

    @override
    async def _map_message(self, type_str: str, data: dict[str, Any]) -> None:
        if type_str == "Order" and data.get("account-number", self._account) == self._account:
            # a message without an order id says nothing: the stream ends, and the reader catches up by REST
            self._reports.put_nowait(order_report(data))

    async def connect(self) -> None:
        """Subscribe to the account's messages; returns when the broker has confirmed."""
        await self._subscribe(SubscriptionType.ACCOUNT, [self._account])

    async def beat(self) -> None:
        """Send a heartbeat with a valid token and wait for its answer."""
        await self._subscribe(SubscriptionType.HEARTBEAT)


@asynccontextmanager
async def follow(
    line: Line, account: str, *, seconds: float, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[AsyncIterator[OrderReport]]:
    """Subscribe, and iterate over the reports; entering and iterating raise `Unavailable`. Entering takes at most `seconds`."""
    queue: _Queue = asyncio.Queue()
    subscribed = asyncio.Event()
    task = asyncio.create_task(
        _run(line, account, queue, subscribed, seconds, heartbeat), name=f"order stream of {account}"
    )
    try:
        try:
            async with asyncio.timeout(seconds):
                await _subscribed_or_lost(subscribed, task)
        except TimeoutError:
            raise Unavailable(f"the order stream did not open within {seconds:g} s") from None
        if not subscribed.is_set():
            raise Unavailable(f"the order stream could not be opened: {await task}")
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
    line: Line, account: str, queue: _Queue, subscribed: asyncio.Event, seconds: float, heartbeat: float
) -> str:
    """Fill the queue until the stream is lost, and give the reason."""
    reason = "closed"
    try:
        async with _OrderStreamer(line, account, queue) as streamer:
            await streamer.connect()
            subscribed.set()
            while True:
                await asyncio.sleep(heartbeat)
                async with asyncio.timeout(seconds):
                    await streamer.beat()
    except* Exception as errors:  # noqa: BLE001 - whatever ended it, it is lost
        leaves = _leaves(errors)
        if any(isinstance(error, TastytradeError | WebSocketUpgradeError) for error in leaves):
            # the broker said no, perhaps to a token that only our clock holds for valid: the next subscription asks for a new one
            line.session_expiration = 0.0
        reason = "; ".join(_words(line, error) for error in leaves)
    finally:
        queue.put_nowait(_Lost(reason))
    return reason


async def _reports(queue: _Queue) -> AsyncIterator[OrderReport]:
    while True:
        match await queue.get():
            case _Lost(reason=reason):
                raise Unavailable(f"the order stream was lost: {reason}")
            case report:
                yield report


def _leaves(errors: BaseExceptionGroup[Exception]) -> list[BaseException]:
    return [
        leaf
        for error in errors.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


def _words(line: Line, error: BaseException) -> str:
    text = (
        str(error)
        if isinstance(error, UnreadableError)
        else f"{type(error).__name__} {line.scrub(str(error))}"
    )
    return " ".join(text.split())[:300].rstrip()
