"""Reads that meet are one read.

A caller joins a read that waits for its turn: what it answers was read after the caller asked. A read that is
already sent is joined, and an answer used again, only by a caller that accepts its age.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from alert_trader import clock
from alert_trader.broker.tastytrade.session import Answer

_T = TypeVar("_T")

MOST_SYMBOLS = 100
"""Symbols in one request for quotes."""

_OF_ONE_SYMBOL = frozenset({400, 404, 422})
"""Statuses that may be due to one symbol of a request."""

Sent = Callable[[], None]
"""Called when a read is sent."""


@dataclass(slots=True)
class _Joined(Generic[_T]):
    """One read and how many wait for it; cancelled with the last of them."""

    task: "asyncio.Task[_T]"
    callers: int = 0

    async def wait(self) -> _T:
        self.callers += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.callers -= 1
            if not self.callers and not self.task.done():
                self.task.cancel()


class SharedRead(Generic[_T]):
    """One kind of read, shared by its callers."""

    def __init__(self, read: Callable[[Sent], Coroutine[Any, Any, _T]]) -> None:
        """Read with `read`, which calls its argument when the request is sent."""
        self._read = read
        self._waiting: _Joined[_T] | None = None
        self._sent: tuple[float, _Joined[_T]] | None = None
        self._last: tuple[float, _T] | None = None

    def kept(self, max_age: float) -> _T | None:
        """Return an answer that was requested at most `max_age` seconds ago; None without one."""
        return None if self._last is None or _age(self._last) >= max_age else self._last[1]

    async def get(self, max_age: float = 0) -> _T:
        """Return an answer that was requested at most `max_age` seconds ago, or read one."""
        if self._last is not None and _age(self._last) < max_age:
            return self._last[1]
        if self._sent is not None and _age(self._sent) < max_age and not self._sent[1].task.done():
            return await self._sent[1].wait()
        if self._waiting is None or self._waiting.task.done():
            self._waiting = _Joined(asyncio.create_task(self._run()))
        return await self._waiting.wait()

    def forget(self) -> None:
        """Use no earlier answer again, and no answer to what is already sent: something may change it."""
        self._last = self._sent = None

    async def _run(self) -> _T:
        sent: tuple[float, _Joined[_T]] | None = None

        def when_sent() -> None:
            nonlocal sent
            if self._waiting is not None:
                sent = self._sent = clock.steady(), self._waiting
                self._waiting = None

        found = await self._read(when_sent)
        if sent is not None and self._sent is sent:
            self._last, self._sent = (sent[0], found), None
        return found


def _age(at: tuple[float, object]) -> float:
    return clock.steady() - at[0]


@dataclass(slots=True)
class _Batch:
    symbols: dict[str, None] = field(default_factory=dict)
    joined: _Joined[Answer] | None = None


class QuoteBatches:
    """Requests for quotes, as many symbols in each as wait for their turn together."""

    def __init__(self, read: Callable[[Callable[[], list[str]]], Coroutine[Any, Any, Answer]]) -> None:
        """Read with `read`, which calls its argument for the symbols when the request is sent."""
        self._read = read
        self._waiting: _Batch | None = None

    async def get(self, symbols: list[str]) -> Answer:
        """Return an answer with the quotes of these symbols, and perhaps of others."""
        batch = self._waiting
        if (
            batch is None
            or batch.joined is None
            or batch.joined.task.done()
            or len(batch.symbols | dict.fromkeys(symbols)) > MOST_SYMBOLS
        ):
            batch = self._waiting = _Batch()
            batch.symbols |= dict.fromkeys(symbols)
            batch.joined = _Joined(asyncio.create_task(self._run(batch)))
        batch.symbols |= dict.fromkeys(symbols)
        answer = await batch.joined.wait()
        if answer.status in _OF_ONE_SYMBOL and len(batch.symbols) > len(symbols):
            # perhaps for a symbol that another caller asked about
            return await self._read(lambda: symbols)
        return answer

    def _run(self, batch: _Batch) -> Coroutine[Any, Any, Answer]:
        def sent() -> list[str]:
            if self._waiting is batch:
                self._waiting = None
            return list(batch.symbols)

        return self._read(sent)
