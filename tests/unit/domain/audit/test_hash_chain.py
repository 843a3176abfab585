"""The hash chain of a trade's events: which changes it detects."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind, TradeEvent
from tests.support.trail import trail

TRADE = "trade-m1"


def test_a_recorded_trail_has_no_fault() -> None:
    """For a trail of any length."""
    assert all(hash_chain.first_fault(TRADE, trail(TRADE, count)) is None for count in range(16))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda events: events.pop(3), "expected event 4, found event 5"),
        (lambda events: events.append(events[3]), "expected event 16, found event 4"),
        (lambda events: events.insert(0, events.pop()), "expected event 1, found event 15"),
        (
            lambda events: events.__setitem__(4, replace(events[4], text="Bought 5")),
            "event 5 (entry_submitted) does not match",
        ),
        (
            lambda events: events.__setitem__(4, replace(events[4], kind=EventKind.FILLED)),
            "event 5 (filled) does not match",
        ),
        (
            lambda events: events.__setitem__(4, replace(events[4], facts={})),
            "event 5 (entry_submitted) does not match",
        ),
        (
            lambda events: events.__setitem__(
                4, replace(events[4], at=events[4].at + timedelta(microseconds=1))
            ),
            "event 5",
        ),
        (lambda events: events.__setitem__(4, hash_chain.with_hash("", events[4])), "event 5"),
    ],
)
def test_every_change_is_detected(change: Callable[[list[TradeEvent]], object], words: str) -> None:
    """DUR-60: the first event that is missing, repeated, moved or changed is named."""
    events = trail(TRADE)
    change(events)
    assert words in str(hash_chain.first_fault(TRADE, events))


def test_a_changed_event_with_a_new_hash_breaks_the_next_one() -> None:
    """A recomputed hash moves the fault to the next event; the trade's view has the last hash."""
    events = trail(TRADE)
    events[4] = hash_chain.with_hash(events[3].chain, replace(events[4], text="Bought 5"))
    assert "event 6" in str(hash_chain.first_fault(TRADE, events))


def test_a_trail_fits_only_its_own_trade() -> None:
    """The same events are a fault in another trade."""
    assert "event 1" in str(hash_chain.first_fault("trade-m2", trail(TRADE)))


def test_the_hash_does_not_depend_on_storage() -> None:
    """Another time zone, another order of facts, the kind as plain text: the hash is the same."""
    event = trail(TRADE)[4]
    elsewhere = replace(
        event,
        at=event.at.astimezone(timezone(timedelta(hours=-5))),
        facts=dict(reversed(event.facts.items())),
        kind=str(event.kind),  # type: ignore[arg-type]
    )
    assert hash_chain.event_hash("before", elsewhere) == hash_chain.event_hash("before", event)
