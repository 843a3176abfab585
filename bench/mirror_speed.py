"""How fast the mirrors are written and read.

A million audit events in Redis and in the archive, and real trades rebuilt and verified.

    PYTHONPATH=. python bench/mirror_speed.py events [--events 1000000] [--days 20] [--json]
    PYTHONPATH=. python bench/mirror_speed.py trades [--trades 200] [--json]

`events` makes trades of 15 events each through the real schema, writes them to a redis-server of its own and
to Parquet files on disk, and runs the queries of people. `trades` lets a real stack buy and sell, and then
rebuilds both mirrors from Temporal, and compares all three.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from alert_trader import clock
from alert_trader.control.commands import trade_commands
from alert_trader.control.mirrors.rebuild import rebuild, verify
from alert_trader.control.queries.trade_views import show
from alert_trader.control.reports.archived import archived
from alert_trader.control.reports.report import Gathered, Wanted, make
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import Target, connect
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import message_id
from alert_trader.domain.market.calendar import previous_trading_day
from alert_trader.domain.reports.figures import Grouping, Report
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.hot import HotMirror
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.mirrors.schema import TradeRecord
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.mirrors import mirrors
from alert_trader.settings.load import load
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.workflows.interface import Command, TradeRequest
from bench.alert_to_accepted import contract
from tests.support.redis import redis_running
from tests.support.trail import NOON, record

A_TRADE = 15
"""Events of one trade."""
BATCH = 500
AT_ONCE = 8
"""Trades that are made side by side: one after the other most of the time is spent waiting for answers."""
REDIS_MEMORY = "4gb"

NO_LIMITS = {
    "limit_open_trades": 100_000,
    "limit_trades_per_day": 100_000,
    "limit_trades_per_author": 100_000,
    "limit_notional_per_day": 1_000_000_000,
    "limit_orders_per_minute": 100_000,
}
"""What is measured here are mirrors: the account admits every trade."""


def cuts(times: list[float]) -> dict[str, float]:
    """Return p50, p99 and the longest of some times, in milliseconds."""
    found = statistics.quantiles([each * 1000 for each in times], n=100, method="inclusive")
    return {
        "p50_ms": round(found[49], 2),
        "p99_ms": round(found[98], 2),
        "max_ms": round(max(times) * 1000, 2),
    }


async def timed(call: Callable[[], Awaitable[object]], times: int) -> dict[str, float]:
    """Time a call."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - began)
    return cuts(taken)


def made(events: int, days: int) -> list[list[TradeRecord]]:
    """Make trades, day by day, the oldest day first."""
    each_day = events // A_TRADE // days
    day, found = NOON, []
    for number in range(days):
        found.append(
            [record(f"d{number}t{each}", at=day + timedelta(milliseconds=each)) for each in range(each_day)]
        )
        before = previous_trading_day(day.date())
        day = day.replace(year=before.year, month=before.month, day=before.day)
    return found[::-1]


async def measure_events(events: int, days: int, folder: Path) -> dict[str, Any]:
    """Write the events, and time the queries."""
    async with redis_running(folder) as server:
        await server.ask("CONFIG", "SET", "maxmemory", REDIS_MEMORY)
        hot = HotMirror(server.url, "demo", timeout=timedelta(seconds=20))
        archive, reader = (
            Archive(Place.at(str(folder / "archive")), "demo"),
            ArchiveReader(Place.at(str(folder / "archive")), "demo"),
        )
        began = time.perf_counter()
        batches = made(events, days)
        making = time.perf_counter() - began
        total = sum(len(each.events) for batch in batches for each in batch)
        began = time.perf_counter()
        for batch in batches:
            for start in range(0, len(batch), BATCH):
                await hot.replace_all(batch[start : start + BATCH])
        to_redis = time.perf_counter() - began
        began = time.perf_counter()
        for batch in batches:
            archive.write(batch)
        to_archive = time.perf_counter() - began
        first, last, name = (
            batches[0][0].trade.day,
            batches[-1][0].trade.day,
            batches[-1][7].trade.workflow_id,
        )
        some = [each.trade.workflow_id for each in batches[-1][:200]]
        del batches
        # the generated trades are garbage of this process, which a reader's process does not have to collect
        gc.collect()
        gc.freeze()
        memory = int((await server.ask("INFO", "memory"))["used_memory"])
        page = (await hot.recent(50))[-1].cursor
        asked = {
            "audit recent, 50 events, from Redis": await timed(lambda: hot.recent(50), 2000),
            "the page before it": await timed(lambda: hot.recent(50, before=page), 2000),
            "one trade with its trail, from Redis": await timed(lambda: hot.trades([name]), 1000),
            "200 trades with their trails, from Redis": await timed(lambda: hot.trades(some), 20),
            "a day's report, from the archive": await timed(
                lambda: asyncio.to_thread(report_of, reader, last, last), 50
            ),
            "the same over all days": await timed(
                lambda: asyncio.to_thread(report_of, reader, first, last), 3
            ),
            "one trade with its trail, from the archive": await timed(
                lambda: asyncio.to_thread(reader.trade, name), 20
            ),
        }
        await hot.aclose()
    size = sum(path.stat().st_size for path in (folder / "archive").rglob("*.parquet"))
    return {
        "events": total,
        "days": days,
        "made_per_s": round(total / making),
        "to_redis_per_s": round(total / to_redis),
        "to_archive_per_s": round(total / to_archive),
        "redis_mb": round(memory / 1e6),
        "archive_mb": round(size / 1e6),
        "asked": asked,
    }


def report_of(reader: ArchiveReader, first: date, last: date) -> Report:
    """Make the report of some days as `trader report` does, without what only Temporal has."""
    what = Wanted(grouping=Grouping.DAY, since=first, until=last)
    return make(Gathered(trades=archived(reader, first, last)), what, now=clock.now())


async def measure_trades(count: int, folder: Path) -> dict[str, Any]:
    """Trade, and then rebuild and verify."""
    settings = load(
        environment={},
        directory=folder,
        flags={"mode": Mode.DEMO, "data_dir": folder, "housekeeping_every": "86400", **NO_LIMITS},
    ).settings
    account = {"accounts": [{"number": settings.account, "cash": 100_000_000}]}
    async with (
        Stack(settings, use_free_ports=True, venue_config=account) as stack,
        VenueControl(str(stack.venue_url)) as venue,
    ):
        client = await connect(Target(address=stack.temporal_address, namespace=stack.namespace))
        names: list[str] = []
        for start in range(0, count, AT_ONCE):
            lot = range(start, min(start + AT_ONCE, count))
            names += await asyncio.gather(*(traded(client, stack, venue, number) for number in lot))
        kept = mirrors(stack.settings)
        events = sum([len((await show(client, name)).events) for name in names])
        figures: dict[str, Any] = {"trades": count, "events": events}
        for what in ("rebuild", "verify", "verify again"):
            began = time.perf_counter()
            if what == "rebuild":
                await rebuild(client, kept, lambda _done, _of: None)
            else:
                within = timedelta(0)
                proof = await verify(
                    client,
                    kept,
                    lambda _done, _of: None,
                    archived_within=within,
                    retention=timedelta(days=30),
                )
                assert proof.equal, proof.differences[0]
                assert proof.in_redis == proof.in_archive == proof.trades == count
            figures[f"{what}_trades_per_minute"] = round(count / (time.perf_counter() - began) * 60)
        assert kept.hot is not None
        await kept.hot.aclose()
    return figures


async def traded(client: Any, stack: Stack, venue: VenueControl, number: int) -> str:
    """Send an alert that is filled at once, wait until it is held and protected, and close it."""
    what = contract(number)
    await venue.set_quote(what.occ_symbol, bid="1.20", ask="1.20", bid_size=50, ask_size=50)
    alert = AlertMessage(
        message_id=message_id(f"mirror{number}"),
        text=f"BTO SPY {what.expiry:%m/%d/%Y} {what.strike}c @ 1.20",
        author_id=stack.settings.allowlist.authors[0],
        channel_id=stack.settings.allowlist.channels[0],
        guild_id=stack.settings.allowlist.guilds[0],
        posted_at=clock.now(),
    )
    request = TradeRequest(alert=alert, policy=stack.settings.policy(), account=stack.settings.account)
    sent = await start_trade(client, request)
    for _ in range(500):
        view = (await show(client, sent.workflow_id)).view
        if view is not None and view.phase is Phase.HOLDING and view.exits_working > 0:
            await trade_commands.close(client, sent.workflow_id, Command(by="bench"))
            return sent.workflow_id
        await asyncio.sleep(0.02)
    raise TimeoutError(f"expected {sent.workflow_id} to hold within 10 s")


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("what", choices=("events", "trades"))
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--days", type=int, default=20)
    arguments.add_argument("--trades", type=int, default=200)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "events":
            found = asyncio.run(measure_events(options.events, options.days, Path(folder)))
        else:
            found = asyncio.run(measure_trades(options.trades, Path(folder)))
    if options.json:
        print(json.dumps(found))
        return 0
    for name, value in found.items():
        if name != "asked":
            print(f"{name.replace('_', ' '):46}{value:>12,}")
    for name, times in found.get("asked", {}).items():
        print(
            f"{name:46}"
            + "".join(f"{key.removesuffix('_ms'):>5} {value:>8.2f} ms" for key, value in times.items())
        )
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
