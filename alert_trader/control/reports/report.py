"""Performance reports: gather the trades of a period from the archive and Temporal, and compute the figures.

Closed trades come from the archive, the rest from Temporal. A trade that both have is read from the archive,
which needs no worker.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from temporalio.client import Client

from alert_trader import clock
from alert_trader.control.errors import ControlError, NoAnswerError, UnreachableError, UnreadableRecordError
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.trade_history import (
    TRADES,
    ListedRun,
    list_all,
    read_record,
)
from alert_trader.control.queries.trade_views import events_of, view_of
from alert_trader.control.reports.archived import archived, day_begins, outcome_of
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import from_occ
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.reports.calculation import make_report, missed
from alert_trader.domain.reports.figures import Grouping, Report, Scope
from alert_trader.domain.reports.trade_record import ReportedTrade, alerted_contract, facts_from_events
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.mirrors.schema import TradeRecord, trade_record
from alert_trader.workflows.search_attributes import RECEIVED

MOST = 5_000
"""Most trades read from Temporal for one report: far more than a month has that are not archived yet."""

MOST_QUOTES = 100
"""Most contracts of one account whose quotes are read for a report: one call to the broker."""

KINDS = frozenset(kind.value for kind in EventKind)
_AT_ONCE = 4
_PAGE = 500
_DAY = timedelta(days=1)
_MONTH = timedelta(days=29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The trades of a report, oldest first, and how many more have an unreadable history."""

    trades: Sequence[ReportedTrade]
    unreadable: int = 0
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    """Current quotes by OCC symbol of contracts that are held or were missed, where a worker answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which trades a report is about: New York days, both included; None does not filter."""

    grouping: Grouping
    since: date
    until: date
    author: str | None = None
    channel: str | None = None

    @property
    def title(self) -> str:
        """The title of the report."""
        days = f"{self.since:%a %Y-%m-%d}" if self.since == self.until else f"{self.since} to {self.until}"
        only = "".join(
            f", {what} {name}"
            for what, name in (("author", self.author), ("channel", self.channel))
            if name is not None
        )
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
    """Return the days of a report: today, this week from Monday, this month, or the last 30 days.

    `on` is a day in it. Raises ValueError when `since` is after `until`.
    """
    last = until or on or new_york_date(now)
    match grouping:
        case Grouping.DAY:
            first = last
        case Grouping.WEEK:
            first = last - timedelta(days=last.weekday())
            last = until or first + timedelta(days=6)
        case Grouping.MONTH:
            first = last.replace(day=1)
            last = until or (first + timedelta(days=31)).replace(day=1) - _DAY
        case Grouping.AUTHOR | Grouping.CHANNEL:
            first = last if on is not None else last - _MONTH
    first = since or first
    if first > last:
        raise ValueError(f"the first day {first} is after the last day {last}")
    return Wanted(grouping=grouping, since=first, until=last, author=author, channel=channel)


def make(found: Gathered, what: Wanted, *, now: datetime) -> Report:
    """Compute the report of gathered trades."""
    return make_report(
        found.trades,
        Scope(grouping=what.grouping, title=what.title, since=what.since, until=what.until),
        made_at=now,
        unreadable=found.unreadable,
        quotes=found.quotes,
    )


async def gather(client: Client, what: Wanted, *, archive: ArchiveReader | None = None) -> Gathered:
    """Return the trades of a report, oldest first; raises UnreachableError.

    Without an archive: from Temporal.
    """
    kept = {}
    if archive is not None:
        kept = {
            each.workflow_id: each
            for each in await asyncio.to_thread(archived, archive, what.since, what.until)
        }
    # a trade that is open again after a reset is read from Temporal
    wanting = [run for run in await _listed(client, what) if run.open or run.workflow_id not in kept]
    read = await _read_trades(client, wanting)
    trades = {**kept, **{each.workflow_id: each for each in read if each is not None}}
    ordered = sorted(_chosen(trades.values(), what), key=lambda each: (each.received_at, each.workflow_id))
    return Gathered(
        trades=ordered, unreadable=sum(each is None for each in read), quotes=await _quotes(client, ordered)
    )


def reported(record: TradeRecord) -> ReportedTrade:
    """Return a record of Temporal as reports use it."""
    row = record.trade
    # kinds of another version are ignored
    events = [
        TradeEvent(
            sequence=each.sequence,
            at=each.at,
            kind=EventKind(each.kind),
            text=each.text,
            facts=dict(each.facts),
        )
        for each in record.events
        if each.kind in KINDS
    ]
    alerted = alerted_contract(row.underlying, row.expiry, row.right, row.strike)
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
        outcome=outcome_of(row.status, row.outcome),
        facts=facts_from_events(events, row.reason),
        symbol=row.symbol or (None if alerted is None else alerted.occ_symbol),
        contract=row.contract or (None if alerted is None else str(alerted)),
        quantity=row.quantity,
        alert_price=_price(row.alert_price),
        quote_bid=_price(row.quote_bid),
        quote_ask=_price(row.quote_ask),
        bought=row.bought,
        average_entry=row.average_entry,
        position=row.position,
        fees=None if row.fees is None else Usd(row.fees),
        pnl=None if row.pnl is None else Usd(row.pnl),
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


async def _listed(client: Client, what: Wanted) -> list[ListedRun]:
    begin, end = day_begins(what.since), day_begins(what.until + _DAY)
    received = RECEIVED.name  # not the start of the run: a trade that continues as new has started again
    query = (
        f"{TRADES} AND {received} >= '{begin:%Y-%m-%dT%H:%M:%SZ}' AND {received} < '{end:%Y-%m-%dT%H:%M:%SZ}'"
    )
    found: dict[str, ListedRun] = {}
    # a trade that was reset is listed once for each run, the newest first
    async for each in list_all(client, size=_PAGE, query=query):
        found.setdefault(each.workflow_id, each)
        if len(found) >= MOST:
            break
    return list(found.values())


async def _read_trades(client: Client, runs: Sequence[ListedRun]) -> list[ReportedTrade | None]:
    """Read trades, a few at a time; None for one that cannot be read as a trade.

    A running trade is queried. A closed one, or one without a worker's answer, is read from its history,
    which has the events up to its last notice.
    """
    gate, no_worker = asyncio.Semaphore(_AT_ONCE), asyncio.Event()

    async def one(run: ListedRun) -> ReportedTrade | None:
        async with gate:
            try:
                if run.open and not no_worker.is_set():
                    try:
                        return await _live(client, run)
                    except (NoAnswerError, UnreachableError):
                        no_worker.set()
                record = await read_record(client, run.workflow_id)
            except UnreadableRecordError:
                return None
            return None if record is None else reported(record)

    return list(await asyncio.gather(*(one(each) for each in runs)))


async def _live(client: Client, run: ListedRun) -> ReportedTrade:
    """Query a running trade; raises NoAnswerError."""
    view, events = await asyncio.gather(view_of(client, run.workflow_id), events_of(client, run.workflow_id))
    return reported(trade_record(view, events, run_id=run.run_id))


async def _quotes(client: Client, trades: Sequence[ReportedTrade]) -> dict[str, Quote]:
    """Read quotes of held contracts, then of those missed last; without an answer there are none."""
    today = new_york_date(clock.now())
    wanted: dict[str, dict[str, None]] = defaultdict(dict)
    held = [trade for trade in trades if trade.outcome is None and trade.position > 0]
    for trade in (*held, *(trade for trade in reversed(trades) if missed(trade))):
        if trade.symbol is not None and from_occ(trade.symbol).expiry >= today:
            wanted[trade.account].setdefault(trade.symbol)
    found: dict[str, Quote] = {}
    for name, symbols in wanted.items():
        with contextlib.suppress(ControlError):
            found |= await account_queries.quotes(client, AccountNumber(name), list(symbols)[:MOST_QUOTES])
    return found
