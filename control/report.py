"""How we did: gather the trades of a time from the archive and from Temporal, and work out their figures.

The archive has what is closed and archived; Temporal has the rest. A trade that both have is taken from the archive, which has its events
whatever became of its worker.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from temporalio.client import Client
from temporalio.service import RPCError

from control.connection import unreachable
from control.look import Picture, show
from domain.calendar import NEW_YORK, new_york_date
from domain.money import Price, Usd
from domain.report import Grouping, Report, make_report
from domain.reported import ReportedTrade, alerted_contract, code_of, fills_of, orders_of, quoted_at, reported
from mirrors import parquet
from mirrors.reader import ArchiveReader
from mirrors.schema import Status, TradeRecord, trade_event
from workflows.interface import TRADE_WORKFLOW

MOST = 5_000
"""Trades read from Temporal for one report: far above what a month brings that is not archived yet."""

_AT_ONCE = 4
_RPC_TIMEOUT = timedelta(seconds=5)
_DAY = timedelta(days=1)
_MONTH = timedelta(days=29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which trades a report is about: New York days, both included; None leaves a column open."""

    grouping: Grouping
    since: date
    until: date
    author: str | None = None
    channel: str | None = None

    @property
    def title(self) -> str:
        """Name the report."""
        days = f"{self.since:%a %Y-%m-%d}" if self.since == self.until else f"{self.since} to {self.until}"
        only = "".join(f", {what} {name}" for what, name in (("author", self.author), ("channel", self.channel)) if name is not None)
        by = f" by {self.grouping}" if self.grouping in {Grouping.AUTHOR, Grouping.CHANNEL} else ""
        return f"{days}{by}{only}"


def wanted(
    grouping: Grouping,
    *,
    now: datetime,
    on: date | None = None,
    since: date | None = None,
    until: date | None = None,
    author: str | None = None,
    channel: str | None = None,
) -> Wanted:
    """Fill in the days: today, this week from its Monday, or the last 30 days; `on` is any day of the day or week that is meant.

    Raises ValueError when `since` is after `until`.
    """
    last = until or on or new_york_date(now)
    match grouping:
        case Grouping.DAY:
            first = last
        case Grouping.WEEK:
            first = last - timedelta(days=last.weekday())
            last = until or first + timedelta(days=6)
        case Grouping.AUTHOR | Grouping.CHANNEL:
            first = last if on is not None else last - _MONTH
    first = since or first
    if first > last:
        raise ValueError(f"expected a first day that is not after the last, found {first} and {last}")
    return Wanted(grouping=grouping, since=first, until=last, author=author, channel=channel)


async def report(
    client: Client,
    what: Wanted,
    *,
    archive: ArchiveReader | None = None,
    marks: Mapping[str, Decimal] | None = None,
    now: datetime | None = None,
) -> Report:
    """Gather and work out a report; raises UnreachableError. Without an archive it tells what Temporal still keeps."""
    records = await gather(client, what, archive=archive)
    return make_report(
        records,
        grouping=what.grouping,
        title=what.title,
        since=what.since,
        until=what.until,
        made_at=now or datetime.now(UTC),
        marks=marks,
    )


async def gather(client: Client, what: Wanted, *, archive: ArchiveReader | None = None) -> list[ReportedTrade]:
    """Give the trades that a report is about, oldest first."""
    kept = (
        {} if archive is None else {each.workflow_id: each for each in await asyncio.to_thread(archived, archive, what.since, what.until)}
    )
    missing = [each for each in await _ids(client, what) if each not in kept]
    told = await _told(client, missing)
    return sorted(_chosen([*kept.values(), *told], what), key=lambda each: (each.received_at, each.workflow_id))


def archived(archive: ArchiveReader, since: date, until: date) -> list[ReportedTrade]:
    """Give the archived trades that were received on these days; blocks. The archive's days are those on which alerts were posted."""
    found = archive.query("select * from latest", first=since - _DAY, last=until + _DAY)
    trades = (_archived(record) for record in parquet.records(found.as_dicts()))
    return [trade for trade in trades if since <= new_york_date(trade.received_at) <= until]


def _archived(record: TradeRecord) -> ReportedTrade:
    row, events = record.trade, [trade_event(each) for each in record.events]
    alerted = alerted_contract(row.underlying, row.expiry, row.right, row.strike)
    fills = fills_of(events)
    return ReportedTrade(
        workflow_id=row.workflow_id,
        text=row.text,
        author_id=row.author_id,
        author_name=row.author_name,
        channel_id=row.channel_id,
        mode=row.mode,
        account=row.account,
        received_at=row.received_at,
        closed_at=row.closed_at,
        phase=row.phase,
        outcome=row.outcome if row.status is Status.COMPLETED else row.status.value,
        code=code_of(events, row.reason),
        reason=row.reason,
        symbol=row.symbol or (None if alerted is None else alerted.occ_symbol),
        contract=row.contract or (None if alerted is None else str(alerted)),
        quantity=row.quantity,
        alert_price=_price(row.alert_price),
        quote_bid=_price(row.quote_bid),
        quote_ask=_price(row.quote_ask),
        quoted_at=quoted_at(events),
        first_limit=_price(row.first_limit),
        ceiling=_price(row.ceiling),
        bought=row.bought,
        average_entry=row.average_entry,
        sold=row.sold,
        average_exit=row.average_exit,
        position=row.position,
        fees=None if row.fees is None else Usd(row.fees),
        pnl=None if row.pnl is None else Usd(row.pnl),
        orders=orders_of(events, fills),
        fills=fills,
        events=tuple(events),
    )


def _price(value: Decimal | None) -> Price | None:
    return None if value is None else Price(value)


def _chosen(records: Iterable[ReportedTrade], what: Wanted) -> list[ReportedTrade]:
    return [
        each
        for each in records
        if what.since <= new_york_date(each.received_at) <= what.until
        and what.author in {None, each.author_id}
        and what.channel in {None, each.channel_id}
    ]


async def _ids(client: Client, what: Wanted) -> list[str]:
    begin = datetime.combine(what.since, time(), NEW_YORK).astimezone(UTC)
    end = datetime.combine(what.until + timedelta(days=1), time(), NEW_YORK).astimezone(UTC)
    query = f"WorkflowType = '{TRADE_WORKFLOW}' AND StartTime >= '{begin:%Y-%m-%dT%H:%M:%SZ}' AND StartTime < '{end:%Y-%m-%dT%H:%M:%SZ}'"
    found = []
    try:
        async for each in client.list_workflows(query, limit=MOST, rpc_timeout=_RPC_TIMEOUT):
            found.append(each.id)  # noqa: PERF401 - an async comprehension would hide which call can fail
    except RPCError as error:
        raise unreachable(error, client) from error
    return found


async def _told(client: Client, ids: Sequence[str]) -> list[ReportedTrade]:
    """Ask for trades, a few at a time."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(workflow_id: str) -> ReportedTrade:
        async with gate:
            picture = await show(client, workflow_id)
            return _bare(picture) if picture.view is None else reported(picture.view, picture.events)

    return list(await asyncio.gather(*(one(each) for each in ids)))


def _bare(picture: Picture) -> ReportedTrade:
    """Record a trade that nobody can tell: it counts as an alert, and nothing else is known of it."""
    alert, row = picture.request.alert, picture.row
    return ReportedTrade(
        workflow_id=row.workflow_id,
        text=alert.text,
        author_id=alert.author_id,
        author_name=alert.author_name,
        channel_id=alert.channel_id,
        mode=picture.request.policy.mode.value,
        account=picture.request.account,
        received_at=row.started_at,
        closed_at=row.closed_at,
        phase=row.phase or row.status,
        outcome=None if row.closed_at is None else row.phase or row.status,
    )
