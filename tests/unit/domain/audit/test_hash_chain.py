"""The chain of a trade's events: what shows, and what does not matter."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind, TradeEvent
from tests.support.trail import trail

TRADE = "trade-m1"


def test_a_trail_as_it_was_recorded_is_whole() -> None:
    """Nothing is found at fault, in a trail of any length."""
    assert all(hash_chain.fault(TRADE, trail(TRADE, count)) is None for count in range(16))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda events: events.pop(3), "expected event 4, found event 5"),
        (lambda events: events.append(events[3]), "expected event 16, found event 4"),
        (lambda events: events.insert(0, events.pop()), "expected event 1, found event 15"),
        (
            lambda events: events.__setitem__(4, replace(events[4], text="Bought 5")),
            "event 5 (entry_submitted) is not",
        ),
        (
            lambda events: events.__setitem__(4, replace(events[4], kind=EventKind.FILLED)),
            "event 5 (filled) is not",
        ),
        (
            lambda events: events.__setitem__(4, replace(events[4], facts={})),
            "event 5 (entry_submitted) is not",
        ),
        (
            lambda events: events.__setitem__(
                4, replace(events[4], at=events[4].at + timedelta(microseconds=1))
            ),
            "event 5",
        ),
        (lambda events: events.__setitem__(4, hash_chain.sealed("", events[4])), "event 5"),
    ],
)
def test_whatever_is_changed_shows(change: Callable[[list[TradeEvent]], object], words: str) -> None:
    """DUR-60: an event that is missing, doubled, moved or other than it was is named."""
    events = trail(TRADE)
    change(events)
    assert words in str(hash_chain.fault(TRADE, events))


def test_a_changed_event_sealed_anew_breaks_the_next() -> None:
    """Making the hash of a changed event fit moves the fault to the event after it, up to the last, which the trade's view carries."""
    events = trail(TRADE)
    events[4] = hash_chain.sealed(events[3].chain, replace(events[4], text="Bought 5"))
    assert "event 6" in str(hash_chain.fault(TRADE, events))


def test_a_trail_is_that_of_its_trade_alone() -> None:
    """The same events do not pass for another trade's."""
    assert "event 1" in str(hash_chain.fault("trade-m2", trail(TRADE)))


def test_how_it_was_kept_does_not_matter() -> None:
    """Another time zone, another order of facts, the kind as plain text: the hash is the same."""
    event = trail(TRADE)[4]
    elsewhere = replace(
        event,
        at=event.at.astimezone(timezone(timedelta(hours=-5))),
        facts=dict(reversed(event.facts.items())),
        kind=str(event.kind),  # type: ignore[arg-type]
    )
    assert hash_chain.link("before", elsewhere) == hash_chain.link("before", event)
