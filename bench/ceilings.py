"""A day's trades at a venue that enforces the broker's ceilings: how many requests, and how many 429.

    PYTHONPATH=. python bench/ceilings.py [--trades 20] [--at-once 5]

On a real stack with its SQLite file. The trades come in groups of `--at-once`; each buys and has its exit;
half of them is closed by a person, one after another. The worker then runs until its regular readings of
orders and positions came twice. By kind of request: how many there were, the most within one second, and what
the broker allows. The exit code is 1 when a request was answered 429 or a trade has no exit.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.client import Client

from alert_trader.broker.tastytrade.limiter import CEILINGS, OTHER, kind_of
from alert_trader.control.commands import trade_commands
from alert_trader.control.temporal import connect
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import load
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.tape import AnswerLine, RequestLine, TapeLine, read_tape
from alert_trader.workflows.interface import Command
from bench.burst import LOOSE, Burst, contract, send

READINGS = timedelta(seconds=100)
"""In which all orders and positions are read regularly, twice."""

PATIENCE = timedelta(seconds=60)

SECOND = timedelta(seconds=1)


def most_in_a_second(times: list[datetime]) -> int:
    """Return the most requests that came within one second."""
    most, first = 0, 0
    for number, at in enumerate(times):
        while times[first] <= at - SECOND:
            first += 1
        most = max(most, number - first + 1)
    return most


def report(lines: list[TapeLine]) -> int:
    """Print the requests by kind; return how many were answered 429."""
    requests = [line for line in lines if isinstance(line, RequestLine)]
    refused = {line.call for line in lines if isinstance(line, AnswerLine) and line.status == 429}
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    answers: Counter[str] = Counter()
    for line in requests:
        kind = kind_of(line.method, line.path)
        for each in (kind, "all"):
            times[each].append(line.at)
            answers[each] += line.call in refused
    allowed = {**{each.kind: each.per_second for each in CEILINGS}, OTHER: 50, "all": 50}
    print(f"{'kind':16}{'requests':>10}{'in 1 s':>8}{'allowed':>9}{'429':>6}")
    for kind in sorted(times, key=lambda each: -len(times[each])):
        row = f"{len(times[kind]):>10}{most_in_a_second(times[kind]):>8}{allowed[kind]:>9}{answers[kind]:>6}"
        print(f"{kind:16}{row}", flush=True)
    return answers["all"]


async def protected(stack: Stack, messages: list[str]) -> bool:
    """Wait until every trade of a group has bought and has its exit."""
    burst = Burst(messages)
    for _ in range(int(PATIENCE.total_seconds() * 2)):
        burst.read(read_tape(stack.tape_path))
        if burst.over:
            return True
        await asyncio.sleep(0.5)
    return False


async def trade(client: Client, stack: Stack, trades: int, at_once: int) -> bool:
    """Trade the day; return whether every trade had its exit."""
    messages: list[str] = []
    async with VenueControl(str(stack.venue_url)) as control:
        for number in range(trades):
            await control.set_quote(contract(number).occ_symbol, bid="1.20", ask="1.20")
    for start in range(0, trades, at_once):
        group = range(start, min(start + at_once, trades))
        sent = await asyncio.gather(*(send(client, stack, number) for number in group))
        if not await protected(stack, list(sent)):
            return False
        messages += sent
    by = Command(by="bench", reason="half of the trades is closed")
    for each in messages[::2]:
        await trade_commands.close(client, each, by)
    await asyncio.sleep(READINGS.total_seconds())
    return True


async def run(trades: int, at_once: int) -> int:
    """Run one stack and the day on it, and print what came of it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        flags = {
            "mode": Mode.DEMO,
            "data_dir": Path(folder),
            "size_max_contracts": 2,
            "limit_notional_per_day": 100_000_000,
            **LOOSE,
        }
        settings = load(flags=flags, environment={}).settings
        venue = {
            "accounts": [{"number": settings.account, "cash": "10000000"}],
            "ceilings": True,
        }
        async with Stack(settings, use_free_ports=True, with_mirrors=False, venue_config=venue) as stack:
            client = await connect(target_of(stack.settings))
            complete = await trade(client, stack, trades, at_once)
            refused = report(read_tape(stack.tape_path))
    print(f"{trades} trades, {at_once} at once: {refused} requests answered 429; every exit sent: {complete}")
    return 0 if complete and not refused else 1


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--trades", type=int, default=20)
    arguments.add_argument("--at-once", type=int, default=5)
    options = arguments.parse_args()
    return asyncio.run(run(options.trades, options.at_once))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
