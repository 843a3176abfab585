"""`make chaos`: alerts, several a second at the peak, while every process is killed.

Ends with a table, and code 1 on any violation.

CHAOS_SECONDS is how long trouble is made (180), CHAOS_SEED the random choices (7), CHAOS_RATE how many alerts
come a second at the peak (4).
"""

import asyncio
import logging
import math
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from alert_trader.domain.trade.lifecycle import Phase
from chaos.judge import Verdict, judge
from chaos.market import NO_LIMITS, Played, play
from chaos.trouble import Trouble
from tests.support.cluster import account, open_cluster

CASH = 5_000_000
WAVE = 20.0
"""Seconds from one peak of alerts to the next."""


async def alerts(trouble: Trouble, seconds: float, rate: float) -> list[Played]:
    """Send alerts in waves for so long, and yield every one when its market scenario is over."""
    began = time.monotonic()
    playing: list[asyncio.Task[Played]] = []
    while (elapsed := time.monotonic() - began) < seconds:
        # each alert has random numbers of its own, so that the order of answers changes no choice
        playing.append(
            asyncio.create_task(play(trouble.slot, random.Random(trouble.dice.random()), ends=False))
        )
        now = rate * (0.55 + 0.45 * math.cos(2 * math.pi * elapsed / WAVE))
        await asyncio.sleep(1 / max(now, 0.1))
    return list(await asyncio.gather(*playing))


def report(
    console: Console, trouble: Trouble, played: list[Played], verdict: Verdict, seconds: float
) -> None:
    """Print what was done, the results, and what is wrong."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="chaos", title_justify="left")
    table.add_column("what")
    table.add_column("how often", justify="right")
    for name, count in sorted(trouble.done.items()):
        table.add_row(name, str(count))
    table.add_section()
    for story, count in sorted(Counter(each.story for each in played).items()):
        table.add_row(f"alert that {story}", str(count))
    table.add_section()
    ended = Counter(str(view.outcome or view.phase) for view in verdict.views.values())
    for name, count in sorted(ended.items()):
        table.add_row(f"trade {name}", str(count))
    table.add_row("contracts bought", str(sum(view.bought for view in verdict.views.values())))
    table.add_row("contracts sold", str(sum(view.sold for view in verdict.views.values())))
    held = [view for view in verdict.views.values() if view.phase is Phase.HOLDING]
    table.add_row("contracts held", str(sum(view.position for view in held)))
    table.add_row("of them in working exits", str(sum(view.exits_working for view in held)))
    console.print(table)
    console.print(f"from a known fill to its exit at the broker: {verdict.slowest}")
    console.print(f"history events a trade: most {max(verdict.events, default=0)}; {seconds:.0f} s in all")
    for fault in verdict.faults:
        console.print(f"[red]violation[/] {fault}", markup=True, soft_wrap=True)
    console.print(f"violations: {len(verdict.faults)}")


async def main() -> int:
    """Run chaos, and return the exit code."""
    seconds, seed = float(os.environ.get("CHAOS_SECONDS", "180")), int(os.environ.get("CHAOS_SEED", "7"))
    rate = float(os.environ.get("CHAOS_RATE", "4"))
    console, began = Console(highlight=False), time.monotonic()
    # the server is killed on purpose, and each of our own calls that is retried would log a long line
    logging.getLogger("temporalio.core").setLevel(logging.ERROR)
    console.print(f"chaos for {seconds:g} s, up to {rate:g} alerts a second, seed {seed}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        venue = {"accounts": [{"number": account(0), "cash": CASH}]}
        async with open_cluster(Path(folder), venue=venue, size_allocation="0.01", **NO_LIMITS) as cluster:
            slot = cluster.take_slot()
            await slot.start_worker()
            trouble = Trouble(slot=slot, dice=random.Random(seed))
            # alerts and trouble have their own random numbers, or one would change the other
            sending = Trouble(slot=slot, dice=random.Random(seed + 1))
            _, played = await asyncio.gather(trouble.make(seconds), alerts(sending, seconds, rate))
            verdict = await judge(cluster, played)
            report(console, trouble, played, verdict, time.monotonic() - began)
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    code = asyncio.run(main())
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
