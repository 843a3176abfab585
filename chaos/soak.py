"""`make soak`: many trades without trouble. The worker's memory must not grow, histories stay short.

SOAK_SECONDS is how long (600), SOAK_RATE how many alerts a second (1), SOAK_SEED the random choices (7).
Every trade is brought to its end, so what the worker keeps must not grow with their number. Ends with a
table, and code 1 on any violation or growth.
"""

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from chaos.judge import Verdict, judge
from chaos.market import NO_LIMITS, Played, play
from tests.support.cluster import WorkerSlot, account, open_cluster

CASH = 5_000_000
LOOK_EVERY = 2.0

GROWTH = 1.25
"""The most that memory may grow from the second quarter of the time, when caches are warm, to the last."""

LONGEST = 400
"""History events of one trade on a short ladder; far more means that something repeats without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The worker's resident memory over time, in megabytes."""

    samples: tuple[float, ...]

    def quarter(self, number: int) -> float:
        """Return the median of a quarter of the time, counted from 0."""
        size = max(1, len(self.samples) // 4)
        return statistics.median(self.samples[number * size : (number + 1) * size] or self.samples[-1:])

    @property
    def growth(self) -> float:
        """Return the memory of the last quarter as a multiple of that of the second."""
        return self.quarter(3) / self.quarter(1)


async def watch(slot: WorkerSlot, seconds: float) -> Memory:
    """Look at the worker's memory for so long. Linux only: it reads /proc."""
    page = os.sysconf("SC_PAGE_SIZE") / 1e6
    statm = Path("/proc") / str(slot.workers[-1].pid) / "statm"
    samples, began = [], time.monotonic()
    while time.monotonic() - began < seconds:
        samples.append(int(statm.read_text().split()[1]) * page)
        await asyncio.sleep(LOOK_EVERY)
    return Memory(samples=tuple(samples))


async def alerts(slot: WorkerSlot, dice: random.Random, seconds: float, rate: float) -> list[Played]:
    """Send alerts at an even pace for so long, and bring every one to its end."""
    began, playing = time.monotonic(), []
    while time.monotonic() - began < seconds:
        playing.append(asyncio.create_task(play(slot, random.Random(dice.random()), ends=True)))
        await asyncio.sleep(1 / rate)
    return list(await asyncio.gather(*playing))


def report(console: Console, memory: Memory, verdict: Verdict, count: int) -> None:
    """Print what was measured, and what is wrong."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="soak", title_justify="left", show_header=False)
    table.add_row("trades", str(count))
    for number in range(4):
        table.add_row(f"worker's memory, quarter {number + 1}", f"{memory.quarter(number):.0f} MB")
    table.add_row("growth from the second quarter to the last", f"{memory.growth:.2f} x (at most {GROWTH:g})")
    table.add_row("history events, median", f"{statistics.median(verdict.events or [0]):.0f}")
    table.add_row("history events, most", f"{max(verdict.events, default=0)} (at most {LONGEST})")
    table.add_row("from a known fill to its exit", verdict.slowest)
    console.print(table)
    for fault in verdict.faults:
        console.print(f"violation {fault}", markup=False, soft_wrap=True)
    console.print(f"violations: {len(verdict.faults)}")


async def main() -> int:
    """Run the soak, and return the exit code."""
    seconds, rate = float(os.environ.get("SOAK_SECONDS", "600")), float(os.environ.get("SOAK_RATE", "1"))
    seed = int(os.environ.get("SOAK_SEED", "7"))
    console = Console(highlight=False)
    console.print(f"soak for {seconds:g} s, {rate:g} alerts a second, seed {seed}")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        venue = {"accounts": [{"number": account(0), "cash": CASH}]}
        async with open_cluster(Path(folder), venue=venue, size_allocation="0.01", **NO_LIMITS) as cluster:
            slot = cluster.take_slot()
            await slot.start_worker()
            memory, played = await asyncio.gather(
                watch(slot, seconds), alerts(slot, random.Random(seed), seconds, rate)
            )
            verdict = await judge(cluster, played)
    if memory.growth > GROWTH:
        verdict.faults.append(
            f"the worker's memory grew {memory.growth:.2f} times, expected at most {GROWTH:g}"
        )
    if max(verdict.events, default=0) > LONGEST:
        verdict.faults.append(f"a history has {max(verdict.events)} events, expected at most {LONGEST}")
    report(console, memory, verdict, len(played))
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    code = asyncio.run(main())
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
