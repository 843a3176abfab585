"""How long an alert takes to become an accepted order, stage by stage, on a real stack with its SQLite file.

    python bench/alert_to_accepted.py [--alerts 60] [--cold-chain] [--json]

One alert after another, as they come in a channel; each in a contract of its own. Stages are taken from the
trade's history (the server's clock) and the venue's tape (its clock); all run on this machine, so both are
one clock. The sum is from the moment the sender calls to the moment the venue has accepted the entry order.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from alert_trader import clock
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import connect
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import message_id, trade_workflow_id
from alert_trader.domain.market.calendar import monthly_expiry, new_york_date
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import load
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.tape import AnswerLine, RequestLine, read_tape
from alert_trader.workflows.interface import TradeRequest

STAGES = ("start call", "first task, parse", "size", "to submit", "submit until accepted")
WARM_UP = 5
"""Alerts sent first and not counted: connections, caches and the chain are cold once a day, not once an
alert."""


def contract(number: int) -> OptionContract:
    """Return the `number`-th contract: any strike is listed once it has a quote."""
    today = new_york_date(clock.now() + timedelta(days=20))
    expiry = monthly_expiry(today.year, today.month)
    if expiry < today:
        expiry = monthly_expiry(today.year + today.month // 12, today.month % 12 + 1)
    return OptionContract(root="SPY", expiry=expiry, right=Right.CALL, strike=Decimal(400 + number))


async def send(client: Client, stack: Stack, number: int) -> tuple[str, datetime]:
    """Send one alert; return its message id and when the sender called."""
    what = contract(number)
    message = AlertMessage(
        message_id=message_id(f"bench{number}"),
        text=f"BTO SPY {what.expiry:%m/%d/%Y} {what.strike}c @ 1.20",
        author_id=stack.settings.allowlist.authors[0],
        channel_id=stack.settings.allowlist.channels[0],
        guild_id=stack.settings.allowlist.guilds[0],
        posted_at=clock.now(),
    )
    called = clock.now()
    await start_trade(
        client, TradeRequest(alert=message, policy=stack.settings.policy(), account=stack.settings.account)
    )
    return message.message_id, called


async def stages(client: Client, message: str, called: datetime, accepted: datetime) -> dict[str, float]:
    """Split one alert's time into stages, in milliseconds, from its history."""
    history = await client.get_workflow_handle(trade_workflow_id(message_id(message))).fetch_history()
    at: dict[str, datetime] = {}
    names: dict[int, str] = {}
    for event in history.events:
        when = event.event_time.ToDatetime(tzinfo=UTC)
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            at["started"] = when
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            name = names[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
            at.setdefault(f"{name} scheduled", when)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            name = names[event.activity_task_completed_event_attributes.scheduled_event_id]
            at.setdefault(f"{name} completed", when)
    marks = [
        called,
        at["started"],
        at["size_entry scheduled"],
        at["size_entry completed"],
        at["submit_entry scheduled"],
        accepted,
    ]
    return {
        stage: (after - before).total_seconds() * 1000
        for stage, before, after in zip(STAGES, marks, marks[1:], strict=False)
    }


async def quote(control: VenueControl, numbers: Iterable[int]) -> None:
    """List contracts with a quote at the alerts' price.

    One that the worker does not know yet makes it read the chain again.
    """
    for number in numbers:
        await control.set_quote(contract(number).occ_symbol, bid="1.20", ask="1.20")


async def measure(count: int, *, cold_chain: bool) -> tuple[list[dict[str, float]], float]:
    """Run a stack and send `count` alerts; return the stages of each, and the stack's start-up time."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        loose = dict.fromkeys(
            ("limit_open_trades", "limit_trades_per_author", "limit_orders_per_minute"), 10_000
        )
        flags = {"mode": Mode.DEMO, "data_dir": Path(folder), "size_max_contracts": 1, **loose}
        settings = load(flags=flags, environment={}).settings
        began = time.monotonic()
        venue = {"accounts": [{"number": settings.account, "cash": "1000000"}]}
        async with Stack(settings, use_free_ports=True, venue_config=venue) as stack:
            ready = time.monotonic() - began
            client = await connect(target_of(stack.settings))
            assert stack.venue_url is not None
            sent: dict[str, datetime] = {}
            async with VenueControl(stack.venue_url) as control:
                if not cold_chain:
                    await quote(control, range(count + WARM_UP))
                for number in range(count + WARM_UP):
                    if cold_chain:
                        await quote(control, [number])
                    message, called = await send(client, stack, number)
                    if number >= WARM_UP:
                        sent[message] = called
                    await accepted_at(stack, message)
                    await asyncio.sleep(
                        0.4
                    )  # one alert at a time: its exit and its card are done before the next
            return [
                await stages(client, message, called, await accepted_at(stack, message))
                for message, called in sent.items()
            ], ready


async def accepted_at(stack: Stack, message: str) -> datetime:
    """Wait until the tape says that the alert's entry was accepted, and return when."""
    for _ in range(500):
        lines = read_tape(stack.tape_path)
        calls = {
            line.call
            for line in lines
            if isinstance(line, RequestLine)
            and line.client_id == f"{message}-e1"
            and "dry-run" not in line.path
        }
        for line in lines:
            if isinstance(line, AnswerLine) and line.call in calls and line.accepted:
                return line.at
        await asyncio.sleep(0.02)
    raise TimeoutError(f"expected the venue to accept {message}-e1 within 10 s")


def report(rows: list[dict[str, float]], ready: float) -> dict[str, object]:
    """Summarise the figures: p50, p90 and p99 of each stage and of the whole, in milliseconds."""
    totals = [sum(row.values()) for row in rows]
    columns = {stage: [row[stage] for row in rows] for stage in STAGES} | {
        "alert sent to order accepted": totals
    }
    figures = {}
    for stage, values in columns.items():
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        figures[stage] = {"p50": round(cuts[49], 1), "p90": round(cuts[89], 1), "p99": round(cuts[98], 1)}
    return {"alerts": len(rows), "stack_ready_s": round(ready, 1), "ms": figures}


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--alerts", type=int, default=60)
    arguments.add_argument(
        "--cold-chain",
        action="store_true",
        help="list each contract just before its alert, so that the chain is read again",
    )
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    found = report(*asyncio.run(measure(options.alerts, cold_chain=options.cold_chain)))
    if options.json:
        print(json.dumps(found))
    else:
        print(f"{found['alerts']} alerts, one at a time; the stack was ready in {found['stack_ready_s']} s")
        print(f"{'milliseconds':34}{'p50':>8}{'p90':>8}{'p99':>8}")
        for stage, cuts in found["ms"].items():  # type: ignore[attr-defined]
            print(f"{stage:34}{cuts['p50']:>8}{cuts['p90']:>8}{cuts['p99']:>8}")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
