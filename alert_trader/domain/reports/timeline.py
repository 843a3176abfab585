"""One day's trades in time: when each was received, ordered, filled, sold and closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from alert_trader.domain.market.calendar import new_york_date, session_closes_at, session_opens_at
from alert_trader.domain.reports.trade_record import ReportedTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One trade on the timeline; a time is None where it did not happen."""

    workflow_id: str
    label: str
    author: str
    received_at: datetime
    ordered_at: datetime | None
    """The first entry order."""
    filled_at: datetime | None
    """The first fill."""
    sold_at: tuple[datetime, ...]
    ended_at: datetime | None
    """None while it runs."""
    outcome: str
    """The outcome, or the phase of an open trade."""
    pnl: Decimal | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A day's trades, by the time each was received."""

    day: date
    begins: datetime
    """The session's open, or the first alert before it."""
    ends: datetime
    """The session's close, or the last event after it."""
    bars: tuple[Bar, ...]


def timeline_of(trades: Iterable[ReportedTrade], day: date, now: datetime) -> Timeline:
    """Return the timeline of the trades received on a New York day; it ends at `now` outside of sessions."""
    bars = tuple(
        sorted(
            (_bar(trade) for trade in trades if new_york_date(trade.received_at) == day),
            key=lambda bar: (bar.received_at, bar.workflow_id),
        )
    )
    moments = [bar.received_at for bar in bars]
    opens, closes = session_opens_at(day), session_closes_at(day)
    begins = min([*moments, *([] if opens is None else [opens])], default=now)
    last = [
        moment
        for bar in bars
        for moment in (bar.ended_at, bar.received_at, *bar.sold_at)
        if moment is not None and new_york_date(moment) == day
    ]
    ends = max([*last, *([] if closes is None else [closes])], default=now)
    return Timeline(day=day, begins=begins, ends=max(ends, begins), bars=bars)


def _bar(trade: ReportedTrade) -> Bar:
    return Bar(
        workflow_id=trade.workflow_id,
        label=trade.contract or " ".join(trade.text.split())[:30],
        author=trade.author,
        received_at=trade.received_at,
        ordered_at=trade.facts.ordered_at,
        filled_at=trade.facts.bought_at,
        sold_at=tuple(sale.at for sale in trade.facts.sales),
        ended_at=trade.closed_at,
        outcome=trade.outcome or trade.phase,
        pnl=trade.pnl,
        code=trade.facts.code,
    )
