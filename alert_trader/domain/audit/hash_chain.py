"""The audit events of a trade as a chain: each carries a hash over itself and over the hash before it.

The trade's workflow seals each event the moment it is recorded, and its view carries the last hash with the number of events. So history
alone says what the whole trail must come to: an event that is changed, missing, added or in another place anywhere shows.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from alert_trader.domain.audit.event import TradeEvent


class Linked(Protocol):
    """An event as the workflow or a mirror keeps it: what its hash is made of, and its hash."""

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
"""Names the canonical form; another form would be another name, so that old chains stay what they are."""


def beginning(trade: str) -> str:
    """Give what the first event of the trade `trade` (its workflow id) is chained to, so that no trail passes for another trade's."""
    return hashlib.sha256(f"{_FORM} {trade}".encode()).hexdigest()


def link(before: str, event: Linked) -> str:
    """Hash an event, in a form that is the same wherever it was kept, together with the hash before it."""
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


def sealed(before: str, event: TradeEvent) -> TradeEvent:
    """Give the event with its hash."""
    return replace(event, chain=link(before, event))


def fault(trade: str, events: Sequence[Linked]) -> str | None:
    """Say where the trail of `trade` is broken first: a gap, or an event that is not what its hash was made of; None when it is whole."""
    before = beginning(trade)
    for expected, event in enumerate(events, 1):
        if event.sequence != expected:
            return f"expected event {expected}, found event {event.sequence}"
        if link(before, event) != event.chain:
            return f"event {expected} ({event.kind}) is not what its hash was made of"
        before = event.chain
    return None
