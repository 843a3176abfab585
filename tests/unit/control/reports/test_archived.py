"""The archive tells a report the same, in SQL, as the events tell it themselves."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alert_trader.control.reports.archived import archived
from alert_trader.control.reports.report import reported
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.reports.trade_record import NOT_TRADED
from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.mirrors.schema import Status, TradeRecord, new_york, trade_record
from tests.support.trail import NOON, trail, view

DAY = NOON.date()
ORDERS = st.sampled_from(("m1-e1", "m1-e2", "m1-x1"))
PRICES = st.sampled_from(("1.2", "1.25", "2.4000"))
MOMENTS = st.integers(0, 9).map(
    lambda seconds: {"filled_at": (NOON + timedelta(seconds=seconds, microseconds=7)).isoformat()}
)
CODES = st.sampled_from(
    ({"code": "QUOTE_STALE", "ask": "1.35"}, {"code": "margin_check_failed"}, {"code": ""}, {})
)
NOTHING = st.just(dict[str, str]())


def facts(kind: EventKind) -> st.SearchStrategy[dict[str, str]]:
    """Return what an event of a kind may say."""
    match kind:
        case EventKind.ENTRY_INTENDED | EventKind.EXIT_INTENDED:
            counts = st.builds(
                lambda order, count: {"order": order, "quantity": str(count)}, ORDERS, st.integers(1, 9)
            )
            return st.builds(lambda said, limit: said | limit, counts, st.just({"limit": "1.20"}) | NOTHING)
        case EventKind.FILLED | EventKind.EXIT_FILLED:
            fill = st.builds(
                lambda order, count, price: {"order": order, "quantity": str(count), "price": price},
                ORDERS,
                st.integers(1, 9),
                PRICES,
            )
            return st.builds(lambda said, at: said | at, fill, MOMENTS | NOTHING)
        case EventKind.CONVERTED:
            return ORDERS.map(lambda order: {"order": order})
        case EventKind.BUMPED:
            return st.sampled_from(({"bump": "1"}, {"bump": "2"}, {}))
        case _:
            return CODES


KINDS = (
    EventKind.RECEIVED,
    EventKind.SIZED,
    EventKind.BUMPED,
    EventKind.ENTRY_INTENDED,
    EventKind.CONVERTED,
    EventKind.FILLED,
    EventKind.EXIT_INTENDED,
    EventKind.EXIT_FILLED,
    *sorted(NOT_TRADED),
)
STORIES = st.lists(
    st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), facts(kind))), max_size=8
)


def record(
    number: int, story: list[tuple[EventKind, dict[str, str]]], reason: str | None, status: Status, hours: int
) -> TradeRecord:
    """Write the record of a trade to which all this happened, in this order."""
    begun = NOON + timedelta(hours=hours)
    events = [
        TradeEvent(
            sequence=place, at=begun + timedelta(seconds=place), kind=kind, text=kind.value, facts=said
        )
        for place, (kind, said) in enumerate(story, start=1)
    ]
    seen = replace(view(f"m{number}", trail(f"trade-m{number}"), at=begun), reason=reason)
    made = trade_record(seen, events, run_id="run-1", status=status)
    # it was posted on the archive's day, and may have been received on the next one
    trade = replace(made.trade, posted_at=NOON, posted_new_york=new_york(NOON), day=DAY)
    return replace(made, trade=trade)


RECORDS = st.builds(
    lambda stories, reason, status, hours: [
        record(number, story, reason, status, hours) for number, story in enumerate(stories)
    ],
    st.lists(STORIES, min_size=1, max_size=20),
    st.sampled_from((None, "LADDER_CEILING: the ask ran away", "closed by ann")),
    st.sampled_from(Status),
    st.sampled_from((0, 13)),
)


@settings(deadline=None, max_examples=30)
@given(RECORDS)
def test_a_trade_is_the_same_from_the_archive_as_from_its_events(records: list[TradeRecord]) -> None:
    """Code, sizing, order, fills, steps and sales, whatever happened; trades of other days are left out."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place.at(str(Path(folder)))
        Archive(place, "demo").write(records)
        found = {each.workflow_id: each for each in archived(ArchiveReader(place, "demo"), DAY, DAY)}
    wanted = [reported(each) for each in records]
    assert found == {each.workflow_id: each for each in wanted if new_york(each.received_at).date() == DAY}
