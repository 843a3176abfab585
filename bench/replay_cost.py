"""What it costs to replay a long trade: `PYTHONPATH=. python bench/replay_cost.py [REJECTIONS ...] [--json]`.

A trade whose exit was rejected so often is recorded on the time-skipping server, with a card and notices,
and replayed as a worker does that takes it over. The comparison is a bare workflow of as many events and
bytes that runs one activity after another and nothing else, replayed in the same run: what Temporal's SDK
itself takes.
`seconds` are CPU seconds of this process, `workflow_seconds` those within activations (the workflow's code
and the SDK's Python; the rest is the SDK's core), each of the fastest of three replays.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.runtime.local.temporal_server import find_binary
from alert_trader.workflows.search_attributes import KEYS
from tests.support.instants import STATED
from tests.support.long_trade import record_bare, record_rejections, replay_watched
from tests.support.virtual_time import SKIPS, StartsNow

REJECTIONS = (100, 400, 1000)
ROUNDS = 3
SETTINGS = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="1ms"',
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    f"frontend.WorkflowTimeSkippingMaxSkipPerSession={SKIPS}",
)


async def measure(numbers: tuple[int, ...]) -> list[dict[str, float]]:
    """Record and replay a trade for each number of rejections, and a bare workflow of the same size."""
    found = []
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(find_binary(None)),
        data_converter=DATA_CONVERTER,
        search_attributes=list(KEYS),
        interceptors=[StartsNow()],
        dev_server_extra_args=[part for each in SETTINGS for part in ("--dynamic-config-value", each)],
    ) as env:
        for number in numbers:
            with clock.moved_to(STATED):
                trade = await record_rejections(env.client, number)
            size = sum(event.ByteSize() for event in trade.events)
            bare = await record_bare(env.client, len(trade.events), size)
            (took, own), (least, own_least) = await seconds(trade), await seconds(bare)
            found.append(
                {
                    "rejections": number,
                    "events": len(trade.events),
                    "kilobytes": round(size / 1024),
                    "seconds": round(took, 2),
                    "workflow_seconds": round(own, 2),
                    "bare_events": len(bare.events),
                    "bare_seconds": round(least, 2),
                    "bare_workflow_seconds": round(own_least, 2),
                    "ratio": round(took / least, 2),
                    "workflow_ratio": round(own / own_least, 2),
                }
            )
    return found


async def seconds(history: WorkflowHistory) -> tuple[float, float]:
    """Replay a history; returns the CPU seconds of the fastest round, and those within activations."""
    took = []
    for _ in range(ROUNDS):
        within = 0.0

        def timed(activate: Callable[[Any], Any], activation: Any) -> Any:
            nonlocal within
            began = time.thread_time()
            try:
                return activate(activation)
            finally:
                within += time.thread_time() - began

        began = time.process_time()
        await replay_watched(history, timed)
        took.append((time.process_time() - began, within))
    return min(took)


def main() -> None:
    """Measure, and print a line for each number of rejections."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rejections", nargs="*", type=int, default=list(REJECTIONS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(measure(tuple(options.rejections)))
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for each in found:
            sys.stdout.write("  ".join(f"{name} {value:g}" for name, value in each.items()) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)


if __name__ == "__main__":
    main()
