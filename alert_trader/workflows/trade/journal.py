"""The journal of a trade: its audit events, in the order they happened."""

from collections.abc import Callable, Sequence
from datetime import datetime

from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind, TradeEvent


class Journal:
    """An append-only list of events."""

    def __init__(self, trade: str, title: str, on_record: Callable[[], None]) -> None:
        """Open the journal of the trade with this workflow id; `on_record` is called after every entry."""
        self._on_record = on_record
        self._chain = hash_chain.first_link(trade)
        self.title = title
        self._events: list[TradeEvent] = []

    @property
    def events(self) -> Sequence[TradeEvent]:
        """Everything that happened, oldest first."""
        return tuple(self._events)

    @property
    def last(self) -> str:
        """The last sentence."""
        return self._events[-1].text if self._events else ""

    def record(self, now: datetime, kind: EventKind, text: str, /, **facts: object) -> TradeEvent:
        """Write an event down. Facts become text; None is left out."""
        known = {name: str(value) for name, value in facts.items() if value is not None}
        event = hash_chain.with_hash(
            self._chain, TradeEvent(sequence=len(self._events) + 1, at=now, kind=kind, text=text, facts=known)
        )
        self._chain = event.chain
        self._events.append(event)
        self._on_record()
        return event
