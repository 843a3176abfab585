"""Many alerts in one instant, on a real stack with its SQLite file and the bundled venue.

    python bench/burst.py [--alerts 1,10,50,100] [--rounds 1] [--against TREE] [--json]

Each alert is about a contract of its own, quoted at its price, and limits are out of the way. Times are from
the moment before the first alert is sent to the moment the venue has accepted the entry order, and from a
fill to the acceptance of its profit-take, by the venue's tape. "Retries" are entry orders after the first of
a trade; "events" are those of a trade's history, and of the account's divided by the trades. CPU seconds are
of the worker, the server and the venue, from the first alert until all exits work.

With `--against TREE` the same is measured, in turn, with the code and the Python of another worktree: figures
of a busy machine compare only within one run.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from temporalio.client import Client

from alert_trader import clock
from alert_trader.activities.messages import BUMP_ENTRY, CONVERT_ENTRY, SUBMIT_ENTRY
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import connect
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import account_workflow_id, message_id, trade_workflow_id
from alert_trader.domain.market.calendar import monthly_expiry, new_york_date
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import load
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.tape import AnswerLine, FillLine, RequestLine, TapeLine, read_tape
from alert_trader.workflows.interface import TradeRequest

LOOSE = dict.fromkeys(
    ("limit_open_trades", "limit_trades_per_author", "limit_trades_per_day", "limit_orders_per_minute"),
    10_000,
)
GIVE_UP = 20.0
"""Seconds without a new acceptance or exit after which a burst counts as over."""

SETTLE = 2.0
"""Seconds between two bursts: cards and notices of the one before are done."""

WARM_UP = 3
"""Alerts sent first and not counted: connections, caches and the chain are cold once a day."""

PROCESSES = ("worker", "temporal", "venue")
TICKS = os.sysconf("SC_CLK_TCK")

COLUMNS = (
    ("alerts", "at once"),
    ("accepted", "accepted"),
    ("p50", "p50 s"),
    ("p99", "p99 s"),
    ("exit_p50", "exit p50"),
    ("exit_p99", "exit p99"),
    ("retries", "retries"),
    ("events", "events"),
    ("account_events", "account"),
    *((f"cpu_{name}", f"cpu {name}") for name in PROCESSES),
)


def contract(number: int) -> OptionContract:
    """Return the `number`-th contract: any strike is listed once it has a quote."""
    today = new_york_date(clock.now() + timedelta(days=40))
    expiry = monthly_expiry(today.year, today.month)
    return OptionContract(root="SPY", expiry=expiry, right=Right.CALL, strike=Decimal(300 + number))


async def send(client: Client, stack: Stack, number: int) -> str:
    """Send one alert and return its message id."""
    what = contract(number)
    message = AlertMessage(
        message_id=message_id(f"burst{number}"),
        text=f"BTO SPY {what.expiry:%m/%d/%Y} {what.strike}c @ 1.20",
        author_id=stack.settings.allowlist.authors[0],
        channel_id=stack.settings.allowlist.channels[0],
        guild_id=stack.settings.allowlist.guilds[0],
        posted_at=clock.now(),
    )
    await start_trade(
        client, TradeRequest(alert=message, policy=stack.settings.policy(), account=stack.settings.account)
    )
    return message.message_id


def cpu(stack: Stack) -> dict[str, float]:
    """Return the CPU seconds that each process of the stack has used."""
    used = {}
    for name in PROCESSES:
        fields = Path(f"/proc/{stack.child(name).pid}/stat").read_text().rpartition(")")[2].split()
        used[name] = (int(fields[11]) + int(fields[12])) / TICKS
    return used


class Burst:
    """What the tape says of the alerts of one burst."""

    def __init__(self, messages: list[str]) -> None:
        """Read for `messages`."""
        self.messages = messages
        self.accepted: dict[str, datetime] = {}
        self.filled: dict[str, datetime] = {}
        self.exits: dict[str, datetime] = {}
        self.sent: dict[str, set[str]] = {}

    def read(self, lines: list[TapeLine]) -> None:
        """Read the whole tape."""
        calls: dict[int, str] = {}
        names = set(self.messages)
        for line in lines:
            if isinstance(line, RequestLine) and line.client_id and "dry-run" not in line.path:
                message, _, leg = line.client_id.rpartition("-")
                if message in names and line.method == "POST":
                    calls[line.call] = line.client_id
                    if leg.startswith("e"):
                        self.sent.setdefault(message, set()).add(line.client_id)
            elif isinstance(line, AnswerLine) and line.accepted and line.call in calls:
                message, _, leg = calls[line.call].rpartition("-")
                (self.accepted if leg.startswith("e") else self.exits).setdefault(message, line.at)
            elif isinstance(line, FillLine) and line.client_id:
                message, _, leg = line.client_id.rpartition("-")
                if message in names and leg.startswith("e"):
                    self.filled.setdefault(message, line.at)

    @property
    def over(self) -> bool:
        """Whether every alert is bought and has its exit."""
        return len(self.exits) == len(self.messages)


async def measure(count: int, start: int, client: Client, stack: Stack) -> dict[str, float]:
    """Send `count` alerts in one instant, and return what came of them."""
    async with VenueControl(str(stack.venue_url)) as control:
        for number in range(start, start + count):
            await control.set_quote(contract(number).occ_symbol, bid="1.20", ask="1.20")
    account = client.get_workflow_handle(account_workflow_id(stack.settings.account))
    described = await account.describe()
    length, run = described.history_length, described.run_id
    before, began = cpu(stack), clock.now()
    burst = Burst(
        list(await asyncio.gather(*(send(client, stack, number) for number in range(start, start + count))))
    )
    seen, waited = 0, 0.0
    while not burst.over and waited < GIVE_UP:
        await asyncio.sleep(0.5)
        burst.read(read_tape(stack.tape_path))
        now = len(burst.accepted) + len(burst.exits)
        waited = 0.0 if now > seen else waited + 0.5
        seen = now
    used = {name: after - before[name] for name, after in cpu(stack).items()}
    histories = [
        (await client.get_workflow_handle(trade_workflow_id(message_id(each))).fetch_history()).events
        for each in burst.messages
    ]
    sends = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for events in histories
        for event in events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    delays = [(at - began).total_seconds() for at in burst.accepted.values()]
    exits = [(at - burst.filled[each]).total_seconds() for each, at in burst.exits.items()]
    return {
        "alerts": count,
        "accepted": len(delays),
        **cuts("", delays),
        **cuts("exit_", exits),
        "retries": sum(name in {SUBMIT_ENTRY, BUMP_ENTRY, CONVERT_ENTRY} for name in sends) - count,
        "events": round(statistics.mean(map(len, histories)), 1),
        "account_events": round((await events_of(client, stack, run, length)) / count, 1),
        **{f"cpu_{name}": round(seconds, 2) for name, seconds in used.items()},
    }


async def events_of(client: Client, stack: Stack, run: str, length: int) -> int:
    """Return how many events the account has recorded since its `run` had `length` of them."""
    account = client.get_workflow_handle(account_workflow_id(stack.settings.account))
    now = await account.describe()
    first = await client.get_workflow_handle(account.id, run_id=run).describe()
    return first.history_length - length + (0 if now.run_id == run else now.history_length)


def cuts(name: str, seconds: list[float]) -> dict[str, float]:
    """Return median and 99th percentile."""
    if len(seconds) < 2:
        seconds = [*seconds, *seconds] or [-1.0, -1.0]
    found = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"{name}p50": round(found[49], 2), f"{name}p99": round(found[98], 2)}


async def run(counts: list[int]) -> list[dict[str, float]]:
    """Run one stack, and the bursts on it one after another."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        flags = {
            "mode": Mode.DEMO,
            "data_dir": Path(folder),
            "size_max_contracts": 2,
            "limit_notional_per_day": 100_000_000,
            **LOOSE,
        }
        settings = load(flags=flags, environment={}).settings
        venue = {"accounts": [{"number": settings.account, "cash": "10000000"}]}
        async with Stack(settings, use_free_ports=True, with_mirrors=False, venue_config=venue) as stack:
            client = await connect(target_of(stack.settings))
            rows, start = [], 0
            for count in (WARM_UP, *counts):
                rows.append(await measure(count, start, client, stack))
                start += count
                await asyncio.sleep(SETTLE)
            return rows[1:]


def other(tree: Path, counts: list[int]) -> list[dict[str, float]]:
    """Measure another worktree by its own Python, with this script."""
    chosen = ",".join(map(str, counts))
    done = subprocess.run(
        [str(tree / ".venv/bin/python"), str(Path(__file__).resolve()), "--json", "--alerts", chosen],
        cwd=tree,
        stdout=subprocess.PIPE,
        check=True,
    )
    rows: list[dict[str, float]] = json.loads(done.stdout)
    return rows


def show(title: str, rows: list[dict[str, float]]) -> None:
    """Print a table."""
    print(f"{title:8}" + "".join(f"{text:>13}" for _, text in COLUMNS))
    for row in rows:
        print(" " * 8 + "".join(f"{row[name]:>13}" for name, _ in COLUMNS), flush=True)


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--alerts", default="1,10,50,100")
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--against", type=Path, help="another worktree with its .venv")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    counts = [int(each) for each in options.alerts.split(",")]
    for _ in range(options.rounds):
        if options.against is not None:
            show("other", other(options.against.resolve(), counts))
        rows = asyncio.run(run(counts))
        if options.json:
            print(json.dumps(rows))
        else:
            show("this", rows)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
