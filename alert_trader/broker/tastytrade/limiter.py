"""Keep an account's requests below the broker's ceilings.

The broker publishes requests per second and answers more with a 429 without headers. One limiter serves an
account, whoever asks. Of the requests that wait, the most urgent is sent first: sales and cancels, then
entries, then reads of orders, then everything else; equal ones in the order they came.
"""

import asyncio
import heapq
import re
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from math import inf

from alert_trader import clock

PERIOD = 1.02
"""Seconds after an answer in which its request still counts: it reached the broker at some time before."""

READ_AGE = 1
"""Seconds in which balances, the account's status and the session are used again: the broker allows one read
of balances a second. An order sent or cancelled ends it for balances. Positions are always read anew."""

PAUSES = (1, 2, 4)
"""Seconds without a request of a kind after its first, second, and every later 429 in a row."""


class Urgency(IntEnum):
    """Which request is sent first; the lowest."""

    PROTECTS = 0
    BUYS = 1
    READS_ORDERS = 2
    READS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """How many requests a second the broker allows of one kind."""

    kind: str
    pattern: re.Pattern[str]
    """Matches method and path, such as `GET /option-chains/SPY/nested`."""
    per_second: int


def _ceiling(kind: str, pattern: str, per_second: int) -> Ceiling:
    return Ceiling(kind=kind, pattern=re.compile(pattern), per_second=per_second)


ALL = 48
"""Requests a second of all kinds: of the 50 that the broker allows, two are left for access tokens."""

OTHER = "other"
"""The kind of a request without a ceiling of its own."""

CEILINGS = (
    _ceiling("order writes", r"POST .*/(complex-)?orders|(PUT|PATCH|DELETE) .*/(complex-)?orders/[^/]+", 20),
    _ceiling("positions", r"GET /accounts/[^/]+/positions", 1),
    _ceiling("balances", r"GET /accounts/[^/]+/balances(/.*)?", 1),
    _ceiling("trading status", r"GET /accounts/[^/]+/trading-status", 1),
    _ceiling("accounts", r"GET /customers/me/accounts", 1),
    _ceiling("market data", r"GET /market-data/.*", 2),
    _ceiling("chains", r"GET /option-chains/.*", 2),
    _ceiling("instruments", r"GET /instruments/.*", 3),
)
"""What the broker publishes, in requests a second; a request is of at most one kind."""

_ORDERS = re.compile(r"/accounts/[^/]+/(complex-)?orders(/.*)?")


def kind_of(method: str, path: str) -> str:
    """Return the kind of a request; `OTHER` when only the ceiling over all applies."""
    return next((each.kind for each in CEILINGS if each.pattern.fullmatch(f"{method} {path}")), OTHER)


def urgency_of(method: str, path: str) -> Urgency:
    """Return the urgency of a request that is no entry: of one that changes something the highest."""
    if method != "GET" and not path.endswith("/dry-run"):
        return Urgency.PROTECTS
    return Urgency.READS_ORDERS if method == "GET" and _ORDERS.fullmatch(path) else Urgency.READS


@dataclass(slots=True)
class _Window:
    """The requests that count under one ceiling, by the steady clock."""

    limit: int
    period: float
    unanswered: int = 0
    answered: deque[float] = field(default_factory=deque)
    refused: int = 0
    closed_until: float = 0

    def opens_at(self, now: float) -> float:
        """Return when the next request may be sent: `now` or earlier, a time, or infinity until an answer."""
        while self.answered and self.answered[0] <= now - self.period:
            self.answered.popleft()
        if self.unanswered >= self.limit:
            return inf
        full = self.unanswered + len(self.answered) >= self.limit
        return max(self.answered[0] + self.period if full else now, self.closed_until)


@dataclass(order=True, slots=True)
class _Waiting:
    urgency: Urgency
    number: int
    windows: tuple[_Window, ...] = field(compare=False)
    turn: "asyncio.Future[None]" = field(compare=False)


class RequestLimiter:
    """Delay requests so that no ceiling is exceeded."""

    def __init__(
        self,
        *,
        period: float = PERIOD,
        pauses: tuple[float, ...] = PAUSES,
        read_age: float = READ_AGE,
    ) -> None:
        """Begin with nothing sent. `period` is the time in which as many go as are allowed in one second."""
        self._pauses = pauses
        self.read_age = read_age
        self._all = _Window(limit=ALL, period=period)
        self._kinds = {each.kind: _Window(limit=each.per_second, period=period) for each in CEILINGS}
        self._kinds[OTHER] = _Window(limit=ALL, period=period)
        self._waiting: list[_Waiting] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, method: str, path: str, urgency: Urgency | None = None) -> AsyncGenerator[None]:
        """Wait until a request may be sent; it is answered, or given up, when the context is left."""
        waiting = _Waiting(
            urgency_of(method, path) if urgency is None else urgency,
            next(self._numbers),
            (self._all, self._kinds[kind_of(method, path)]),
            asyncio.get_running_loop().create_future(),
        )
        heapq.heappush(self._waiting, waiting)
        self._serve()
        try:
            await waiting.turn
            yield
        finally:
            if waiting.turn.done() and not waiting.turn.cancelled():
                for window in waiting.windows:
                    window.unanswered -= 1
                    window.answered.append(clock.steady())
            self._serve()

    def refused(self, method: str, path: str) -> float:
        """Send no request of this kind for a while, for the broker answered 429; return the seconds."""
        window = self._kinds[kind_of(method, path)]
        pause = self._pauses[min(window.refused, len(self._pauses) - 1)]
        window.closed_until = clock.steady() + pause
        window.refused += 1
        return pause

    def answered(self, method: str, path: str) -> None:
        """Note an answer other than 429: the next pause is the shortest again."""
        self._kinds[kind_of(method, path)].refused = 0

    def _serve(self) -> None:
        """Let every request go that may be sent now, the most urgent first, and come back for the others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now, later, next_at = clock.steady(), [], inf
        while self._waiting:
            each = heapq.heappop(self._waiting)
            if each.turn.done():
                continue  # its caller gave up
            opens_at = max(window.opens_at(now) for window in each.windows)
            if opens_at > now:
                later.append(each)
                next_at = min(next_at, opens_at)
                continue
            for window in each.windows:
                window.unanswered += 1
            each.turn.set_result(None)
        self._waiting = later
        heapq.heapify(self._waiting)
        if next_at < inf:
            self._timer = asyncio.get_running_loop().call_later(next_at - now, self._serve)
