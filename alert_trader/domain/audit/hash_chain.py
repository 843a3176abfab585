"""The hash chain of a trade's audit events: each has a hash over itself and the hash before it.

The trade's workflow computes the hash when it records an event, and its view has the last hash and the number
of events. So history alone determines the whole trail: an event that is changed, missing, added or moved is
detected.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from alert_trader.domain.audit.event import TradeEvent


class ChainedEvent(Protocol):
    """An event as the workflow or a mirror stores it: the fields that are hashed, and the hash."""

    @property
    def sequence(self) -> int: ...  # noqa: D102 - see TradeEvent
    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def facts(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def chain(self) -> str: ...  # noqa: D102


_FORM = "alert-trader/1"
"""The name of the hashed form; a new form needs a new name, so that old chains stay valid."""


def first_link(trade: str) -> str:
    """Return the hash before the first event, made from the workflow id: no trail fits another trade."""
    return hashlib.sha256(f"{_FORM} {trade}".encode()).hexdigest()


def event_hash(before: str, event: ChainedEvent) -> str:
    """Return the hash of an event and the hash before it; the same wherever the event is stored."""
    form = [
        before,
        event.sequence,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(event.kind),
        event.text,
        sorted(event.facts.items()),
    ]
    written = json.dumps(form, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def with_hash(before: str, event: TradeEvent) -> TradeEvent:
    """Return the event with its hash."""
    return replace(event, chain=event_hash(before, event))


def first_fault(trade: str, events: Sequence[ChainedEvent]) -> str | None:
    """Return the first fault of a trail: a gap, or an event that does not match its hash; None if none."""
    before = first_link(trade)
    for expected, event in enumerate(events, 1):
        if event.sequence != expected:
            return f"expected event {expected}, found event {event.sequence}"
        if event_hash(before, event) != event.chain:
            return f"event {expected} ({event.kind}) does not match its hash"
        before = event.chain
    return None
