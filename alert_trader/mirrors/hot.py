"""The hot mirror: the audit trail of the last days in Redis.

    trader:{<mode>}:events          stream: every audit event in the order of writing; its ids are cursors
    trader:{<mode>}:trade:<id>      hash: the trade's row, its number of events, and their ids in the stream
    trader:{<mode>}:recent          sorted set: trades by their last event
    trader:{<mode>}:open            sorted set: trades that are not over, by when they were received
    trader:{<mode>}:trial           written to test writing; expires after a millisecond
    trader:{<mode>}:complete        when the mirror was last known to be complete; missing after a data loss

A trade is written atomically, by a script. Writing is idempotent. A cluster is refused: it would work only as
long as the node that is asked happens to hold the keys.
No trade needs the hot mirror: writers wait a fraction of a second for it, and what is missing is written
again from the workflows.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterError,
    ConnectionError,  # noqa: A004 - Redis's own
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from alert_trader.domain.errors import AlertTraderError
from alert_trader.mirrors.schema import EVENT_JSON, TRADE_JSON, EventRow, Status, TradeRecord, TradeRow

_WRITE = (Path(__file__).parent / "hot.lua").read_text()
_FORGET = """
local held = redis.call('HGETALL', KEYS[2])
for i = 1, #held, 2 do
  if string.find(held[i], '^e:') then redis.call('XDEL', KEYS[1], string.match(held[i + 1], '^%S+')) end
end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return redis.call('DEL', KEYS[2])
"""
_PAGE = 500
_CLUSTER = "it is a Redis cluster. Set TRADER_REDIS_URL to a single server, or to a primary with its replicas"


class MirrorAwayError(AlertTraderError):
    """Redis cannot be reached, is too slow, full or read-only.

    The message says which, without the password.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class HotEvent:
    """An event with its id in the stream."""

    cursor: str
    event: EventRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HotTrade:
    """A trade as the mirror has it."""

    row: TradeRow
    events: tuple[EventRow, ...]


class HotMirror:
    """Reads and writes the hot mirror of one mode.

    Every call raises MirrorAwayError when Redis does not do it in time.
    """

    def __init__(self, url: str, mode: str, *, timeout: timedelta) -> None:
        """Use the Redis at `url` (a secret) with `timeout` for each answer. Nothing is connected yet."""
        seconds = timeout.total_seconds()
        # one immediate retry: after a server restart the first use of a pooled connection finds it closed
        retry = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
        self._redis: Any = Redis.from_url(
            url, decode_responses=True, socket_timeout=seconds, socket_connect_timeout=seconds, retry=retry
        )
        self._prefix = f"trader:{{{mode}}}:"
        self._mode = mode
        self._write = self._redis.register_script(_WRITE)
        self._forget = self._redis.register_script(_FORGET)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    # Writing

    async def write(self, trade: TradeRow, events: Sequence[EventRow], *, exact: bool = False) -> int:
        """Write a trade and events of it; returns how many were new.

        With `exact`, events not given are removed.
        """
        _of_mode(self._mode, trade)
        async with _answered():
            return int(await self._put(self._write, trade, events, exact=exact))

    async def replace_all(self, records: Sequence[TradeRecord]) -> None:
        """Replace trades with all their events."""
        async with _answered(), self._redis.pipeline(transaction=False) as pipe:
            for record in records:
                _of_mode(self._mode, record.trade)
                name = record.trade.workflow_id
                await self._forget(keys=self._keys(name), args=[name], client=pipe)
                await self._put(self._write, record.trade, record.events, exact=True, client=pipe)
            await pipe.execute()

    async def forget(self, workflow_ids: Sequence[str]) -> None:
        """Remove trades, with all their events."""
        async with _answered(), self._redis.pipeline(transaction=False) as pipe:
            for each in workflow_ids:
                await self._forget(keys=self._keys(each), args=[each], client=pipe)
            await pipe.execute()

    async def mark_complete(self, at: datetime | None) -> None:
        """Record that the mirror was complete at a moment, or with None that it may not be."""
        async with _answered():
            if at is None:
                await self._redis.delete(self._prefix + "complete")
            else:
                await self._redis.set(self._prefix + "complete", at.astimezone(UTC).isoformat())

    # Reading

    async def complete_at(self) -> datetime | None:
        """Return when the mirror was last known to be complete; None when events may be missing."""
        async with _answered():
            found = await self._redis.get(self._prefix + "complete")
        return None if found is None else datetime.fromisoformat(found)

    async def recent(self, limit: int, *, before: str | None = None) -> list[HotEvent]:
        """Return the last events written, the newest first.

        `before` is the cursor of the event to continue from.
        """
        if before is not None and not before.strip("0-"):
            return []  # Redis rejects the id 0-0 as a range end
        newest = "+" if before is None else f"({before}"
        async with _answered():
            found = await self._redis.xrevrange(self._prefix + "events", newest, "-", limit)
        return [_hot_event(each) for each in found]

    async def since(self, limit: int, *, after: str = "0") -> list[HotEvent]:
        """Return the events written after the cursor of an event, the oldest first."""
        async with _answered():
            found = await self._redis.xrange(self._prefix + "events", f"({after}", "+", limit)
        return [_hot_event(each) for each in found]

    async def open_trades(self) -> list[TradeRow]:
        """Return the open trades, the oldest first."""
        return await self.rows(await self.open_ids())

    async def open_ids(self) -> list[str]:
        """Return the ids of open trades, the oldest first."""
        async with _answered():
            found: list[str] = await self._redis.zrange(self._prefix + "open", 0, -1)
        return found

    async def recent_trades(self, limit: int) -> list[TradeRow]:
        """Return trades by their last event, the newest first."""
        async with _answered():
            ids = await self._redis.zrevrange(self._prefix + "recent", 0, limit - 1)
        return await self.rows(ids)

    async def rows(self, workflow_ids: Sequence[str]) -> list[TradeRow]:
        """Return the rows of those of the trades that are stored."""
        async with _answered(), self._redis.pipeline(transaction=False) as pipe:
            for each in workflow_ids:
                pipe.hget(self._keys(each)[1], "row")
            found = await pipe.execute()
        return [TRADE_JSON.validate_json(row) for row in found if row is not None]

    async def chains(self, workflow_ids: Sequence[str]) -> dict[str, dict[int, str]]:
        """Return the hash of every stored event of each trade, by sequence."""
        async with _answered(), self._redis.pipeline(transaction=False) as pipe:
            for each in workflow_ids:
                pipe.hgetall(self._keys(each)[1])
            found = await pipe.execute()
        return {each: _chains(fields) for each, fields in zip(workflow_ids, found, strict=True)}

    async def trades(self, workflow_ids: Sequence[str]) -> dict[str, HotTrade]:
        """Return those of the trades that are stored, with their events."""
        async with _answered(), self._redis.pipeline(transaction=False) as pipe:
            for each in workflow_ids:
                pipe.hgetall(self._keys(each)[1])
            hashes = dict(zip(workflow_ids, await pipe.execute(), strict=True))
            asked = [
                (each, place.partition(" ")[0])
                for each, fields in hashes.items()
                for place in _places(fields)
            ]
            for _, place in asked:
                pipe.xrange(self._prefix + "events", place, place)
            entries = await pipe.execute() if asked else []
        events: dict[str, list[EventRow]] = {each: [] for each in workflow_ids}
        for (each, _), entry in zip(asked, entries, strict=True):
            events[each] += [_hot_event(one).event for one in entry]
        return {
            each: HotTrade(row=TRADE_JSON.validate_json(fields["row"]), events=tuple(events[each]))
            for each, fields in hashes.items()
            if "row" in fields
        }

    async def known(self) -> AsyncIterator[list[str]]:
        """Yield the ids of all stored trades in pages, the one with the oldest last event first."""
        start = 0
        while True:
            async with _answered():
                page = await self._redis.zrange(self._prefix + "recent", start, start + _PAGE - 1)
            if not page:
                return
            yield page
            start += len(page)

    async def over_before(self, moment: datetime, limit: int) -> list[str]:
        """Return closed trades whose last event is older than `moment`."""
        still_open = set(await self.open_ids())
        async with _answered():
            old = await self._redis.zrangebyscore(
                self._prefix + "recent", "-inf", f"({_ms(moment)}", 0, limit + len(still_open)
            )
        return [each for each in old if each not in still_open][:limit]

    async def ping(self) -> str:
        """Return the version of the server; raises MirrorAwayError for a cluster."""
        async with _answered():
            found = await self._redis.info("server")
        if found.get("redis_mode") == "cluster":
            raise MirrorAwayError(f"Redis failed: {_CLUSTER}")
        return str(found["redis_version"])

    async def try_writing(self) -> None:
        """Write a key that expires at once: a full or read-only Redis answers reads."""
        async with _answered():
            await self._redis.set(self._prefix + "trial", "", px=1)

    async def _put(
        self, script: Any, trade: TradeRow, events: Sequence[EventRow], *, exact: bool, client: Any = None
    ) -> Any:
        last = events[-1].at if events else trade.closed_at or trade.received_at
        opened = "" if trade.status is not Status.OPEN else str(_ms(trade.received_at))
        arguments = [
            trade.workflow_id,
            TRADE_JSON.dump_json(trade),
            trade.events,
            _ms(last),
            opened,
            "exact" if exact else "",
        ]
        for event in events:
            arguments += [event.sequence, event.chain, EVENT_JSON.dump_json(event)]
        return await script(keys=self._keys(trade.workflow_id), args=arguments, client=client)

    def _keys(self, workflow_id: str) -> list[str]:
        return [self._prefix + name for name in ("events", f"trade:{workflow_id}", "recent", "open")]


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    """Raise every failure of Redis as MirrorAwayError."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as away:
        in_cluster = isinstance(away, AskError | ClusterError) or "CLUSTERDOWN" in str(away)
        raise MirrorAwayError(f"Redis failed: {_CLUSTER if in_cluster else _why(away)}") from None


def _why(away: Exception) -> str:
    """Return the cause on one line; an error of a script is wrapped in that of its pipeline."""
    said = str(away)
    if isinstance(away, AuthenticationError | NoPermissionError) or "NOAUTH" in said or "WRONGPASS" in said:
        return "it rejects the name and password of TRADER_REDIS_URL, or requires them"
    if isinstance(away, ReadOnlyError) or "READONLY" in said or "NOREPLICAS" in said:
        return "it is read-only (READONLY, or too few replicas)"
    if isinstance(away, OutOfMemoryError) or "OOM" in said:
        return "it is full (OOM): raise its maxmemory, or lower TRADER_REDIS_KEEP_DAYS"
    if isinstance(away, TimeoutError | RedisTimeoutError):
        return "it did not answer in time"
    if isinstance(away, ConnectionError):
        return f"no connection: {said.rstrip('.')}"
    return f"{type(away).__name__}: {said}"


def _of_mode(mode: str, trade: TradeRow) -> None:
    if trade.mode != mode:
        raise ValueError(
            f"expected a trade of mode {mode}, found {trade.workflow_id} of mode {trade.mode}: modes never "
            "share a mirror"
        )


def _hot_event(entry: Any) -> HotEvent:
    cursor, fields = entry
    return HotEvent(cursor=cursor, event=EVENT_JSON.validate_json(fields["event"]))


def _places(fields: dict[str, str]) -> Iterable[str]:
    """Return the stream id of each event, in order."""
    found = sorted((int(name[2:]), value) for name, value in fields.items() if name.startswith("e:"))
    return [value for _, value in found]


def _chains(fields: dict[str, str]) -> dict[int, str]:
    return {int(name[2:]): value.partition(" ")[2] for name, value in fields.items() if name.startswith("e:")}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
