"""How long a day's report takes, from an archive of many days.

    python bench/report_speed.py [--days 40] [--trades 2000] [--runs 7] [--json]

Every trade has 12 events, written through the mirrors' own schema; the report is that of one day, read by DuckDB and worked out to its last
figure, without Temporal and without drawing.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from control.report import Gathered, Wanted, archived, make
from domain.event import EventKind
from domain.report import Grouping
from mirrors.archive import Archive, Place
from mirrors.reader import ArchiveReader
from mirrors.schema import EventRow, Status, TradeRecord, TradeRow, new_york

FIRST = date(2026, 9, 1)
STORY: tuple[tuple[EventKind, dict[str, str]], ...] = (
    (EventKind.RECEIVED, {}),
    (EventKind.PARSED, {"price": "1.20"}),
    (EventKind.SIZED, {"quantity": "4", "limit": "1.20", "ceiling": "1.32"}),
    (EventKind.ENTRY_INTENDED, {"order": "{}-e1", "quantity": "4", "limit": "1.20"}),
    (EventKind.ENTRY_SUBMITTED, {"order": "{}-e1", "quantity": "4", "limit": "1.20"}),
    (EventKind.BUMPED, {"bump": "1", "old": "1.20", "new": "1.21"}),
    (EventKind.ENTRY_INTENDED, {"order": "{}-e2", "quantity": "4", "limit": "1.21"}),
    (EventKind.FILLED, {"order": "{}-e2", "quantity": "4", "price": "1.21"}),
    (EventKind.EXIT_INTENDED, {"order": "{}-x1", "quantity": "4", "limit": "2.42"}),
    (EventKind.EXIT_SUBMITTED, {"order": "{}-x1", "quantity": "4", "limit": "2.42"}),
    (EventKind.EXIT_FILLED, {"order": "{}-x1", "quantity": "4", "price": "2.42"}),
    (EventKind.CLOSED, {"outcome": "flat", "pnl": "484.00"}),
)


def record(day: date, number: int) -> TradeRecord:
    """Write the record of one trade."""
    name = f"b{day:%m%d}n{number}"
    begun = datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC) + timedelta(seconds=number * 10)
    events = tuple(
        EventRow(
            mode="demo",
            account="5WT00001",
            day=day,
            workflow_id=f"trade-{name}",
            sequence=sequence,
            at=begun + timedelta(seconds=sequence),
            at_new_york=new_york(begun + timedelta(seconds=sequence)),
            kind=kind.value,
            text=kind.value,
            order=None,
            quantity=None,
            price=None,
            facts={key: value.format(name) for key, value in facts.items()},
            chain="0" * 64,
        )
        for sequence, (kind, facts) in enumerate(STORY, start=1)
    )
    ended = events[-1].at
    trade = TradeRow(
        mode="demo",
        account="5WT00001",
        day=day,
        workflow_id=f"trade-{name}",
        message_id=name,
        status=Status.COMPLETED,
        phase="done",
        outcome="flat",
        code=None,
        reason=None,
        author_id=str(number % 20),
        author_name="",
        channel_id="1",
        guild_id="2",
        text="BTO SPY 600c 12/18 @ 1.20",
        underlying="SPY",
        symbol=f"SPY   261218C{number % 300 + 300:05d}000",
        contract="SPY",
        right="C",
        strike=Decimal("600.0000"),
        expiry=date(2026, 12, 18),
        quantity=4,
        alert_price=Decimal("1.2000"),
        quote_bid=Decimal("1.1800"),
        quote_ask=Decimal("1.2200"),
        first_limit=Decimal("1.2000"),
        ceiling=Decimal("1.3200"),
        step="bump 1",
        bought=4,
        average_entry=Decimal("1.210000"),
        sold=4,
        average_exit=Decimal("2.420000"),
        position=0,
        exits_working=0,
        unprotected=0,
        unknown_orders=0,
        fees=Decimal("5.20"),
        pnl=Decimal("484.00"),
        posted_at=begun,
        posted_new_york=new_york(begun),
        received_at=begun,
        received_new_york=new_york(begun),
        first_filled_at=begun,
        first_filled_new_york=new_york(begun),
        closed_at=ended,
        closed_new_york=new_york(ended),
        last_event="closed",
        events=len(events),
        chain="0" * 64,
        orders=(),
    )
    return TradeRecord(trade=trade, events=events, run_id="run")


def main() -> None:
    """Write the archive, and time the report of its last day."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--days", type=int, default=40)
    arguments.add_argument("--trades", type=int, default=2000)
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Place.at(str(Path(folder)))
        days = [FIRST + timedelta(days=number) for number in range(given.days)]
        for day in days:
            Archive(place, "demo").write([record(day, number) for number in range(given.trades)])
        what = Wanted(grouping=Grouping.DAY, since=days[-1], until=days[-1])
        took = []
        for _ in range(given.runs):
            begun = time.perf_counter()
            trades = archived(ArchiveReader(place, "demo"), what.since, what.until)
            report = make(Gathered(trades=trades), what, now=datetime.now(UTC))
            took.append(time.perf_counter() - begun)
    found = {
        "events": given.days * given.trades * len(STORY),
        "alerts": report.alerts,
        "median_s": statistics.median(took),
        "worst_s": max(took),
    }
    print(json.dumps(found) if given.json else "\n".join(f"{name:10} {value}" for name, value in found.items()))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
