"""Read archived trades for reports with DuckDB: a day of 50,000 events becomes a few thousand short rows.

The SQL computes the same facts as `domain.reports.trade_record.facts_from_events`; a test compares the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import code_in
from alert_trader.domain.market.calendar import NEW_YORK
from alert_trader.domain.reports.trade_record import (
    CONVERSION_STEP,
    FIRST_STEP,
    NOT_TRADED,
    EntryOrder,
    EventFacts,
    ReportedTrade,
    Sale,
    alerted_contract,
)
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.mirrors.schema import Status

_DAY = timedelta(days=1)
_PLAIN = (
    *(
        "workflow_id",
        "text",
        "author_id",
        "author_name",
        "channel_id",
        "mode",
        "account",
        "received_at",
        "closed_at",
        "phase",
        "quantity",
    ),
    *("alert_price", "quote_bid", "quote_ask", "bought", "average_entry", "position", "fees", "pnl"),
)
"""Columns that a report uses unchanged."""

_FILLED_AT = "coalesce(e.facts['filled_at']::timestamptz, e.happened_at)"
_REFUSING = ", ".join(f"'{kind}'" for kind in sorted(NOT_TRADED))
_REPORTED = f"""
select {", ".join(_PLAIN)}, status, outcome, reason, underlying, expiry, "right", strike, symbol, contract,
  list_last([e.facts['code'] for e in trail if e.kind in ({_REFUSING}) and e.facts['code'] <> '']) as code,
  list_last([e.facts['ask'] for e in trail
    if e.kind in ({_REFUSING}) and e.facts['ask'] is not null])::decimal(18, 4) as ask,
  [e.happened_at for e in trail if e.kind = '{EventKind.SIZED}'][1] as quoted_at,
  [e.happened_at for e in trail if e.kind = '{EventKind.ENTRY_INTENDED}'][1] as ordered_at,
  list_min([{_FILLED_AT} for e in trail if e.kind = '{EventKind.FILLED}']) as bought_at,
  [{{
    'step': case
      when e.facts['limit'] is null
        or len([1 for c in trail
          if c.kind = '{EventKind.CONVERTED}' and c.client_order_id = e.client_order_id]) > 0
      then '{CONVERSION_STEP}'
      else coalesce(
        list_last([trim('bump ' || coalesce(b.facts['bump'], '')) for b in trail
          if b.kind = '{EventKind.BUMPED}' and b.sequence < e.sequence]),
        '{FIRST_STEP}')
      end,
    'quantity': coalesce(e.quantity, 0),
    'filled': coalesce(list_sum([f.quantity for f in trail
      if f.kind = '{EventKind.FILLED}' and f.client_order_id = e.client_order_id]), 0)::integer
  }} for e in trail if e.kind = '{EventKind.ENTRY_INTENDED}'] as entries,
  list_sort([{{'at': {_FILLED_AT}, 'price': e.price}} for e in trail
    if e.kind = '{EventKind.EXIT_FILLED}']) as sales
from latest
where received_at >= $begin and received_at < $end
"""  # noqa: S608 - names of our own columns and kinds


def archived(archive: ArchiveReader, since: date, until: date) -> list[ReportedTrade]:
    """Return the archived trades that were received on these New York days; blocks."""
    # the days of the archive are those on which alerts were posted
    begin, end = day_begins(since), day_begins(until + _DAY)
    found = archive.query(_REPORTED, {"begin": begin, "end": end}, first=since - _DAY, last=until + _DAY)
    return [_trade(row) for row in found.as_dicts()]


def day_begins(day: date) -> datetime:
    """Return the beginning of a New York day, in UTC."""
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)


def outcome_of(status: str, outcome: str | None) -> str | None:
    """Return a trade's outcome, or that its workflow ended without one; None while it runs."""
    match Status(status):
        case Status.OPEN:
            return None
        case Status.COMPLETED:
            return outcome
        case Status.BROKEN:
            return Status.BROKEN.value


def _trade(row: dict[str, Any]) -> ReportedTrade:
    alerted = (
        None
        if row["symbol"]
        else alerted_contract(row["underlying"], row["expiry"], row["right"], row["strike"])
    )
    facts = EventFacts(
        code=row["code"] or code_in(row["reason"]),
        ask=row["ask"],
        quoted_at=row["quoted_at"],
        ordered_at=row["ordered_at"],
        bought_at=row["bought_at"],
        entries=tuple(EntryOrder(**each) for each in row["entries"]),
        sales=tuple(Sale(**each) for each in row["sales"]),
    )
    return ReportedTrade(
        **{name: row[name] for name in _PLAIN},
        outcome=outcome_of(row["status"], row["outcome"]),
        facts=facts,
        symbol=row["symbol"] or (None if alerted is None else alerted.occ_symbol),
        contract=row["contract"] or (None if alerted is None else str(alerted)),
    )
