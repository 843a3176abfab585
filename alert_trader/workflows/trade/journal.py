"""The journal of a trade: its audit trail, in the order of the events."""

from collections.abc import Callable, Sequence
from datetime import datetime

from alert_trader.domain.audit import hash_chain
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.workflows.trade_state import TradeState


class Journal:
    """Writes the audit trail, to which events are only added."""

    def __init__(
        self, state: TradeState, trade: str, title: str, on_record: Callable[[TradeEvent], None]
    ) -> None:
        """Write to `state.events`, for the trade with this workflow id.

        `on_record` is called with every event.
        """
        self._state = state
        self._trade = trade
        self._on_record = on_record
        self.title = title

    @property
    def events(self) -> Sequence[TradeEvent]:
        """Return every event, oldest first. The trail itself: more are added to it."""
        return self._state.events

    @property
    def last(self) -> str:
        """Return the text of the last event; empty when there is none."""
        return self._state.events[-1].text if self._state.events else ""

    def record(self, now: datetime, kind: EventKind, text: str, /, **facts: object) -> TradeEvent:
        """Add an event. Facts become text; those that are None are left out."""
        events = self._state.events
        known = {name: str(value) for name, value in facts.items() if value is not None}
        event = hash_chain.with_hash(
            events[-1].chain if events else hash_chain.first_link(self._trade),
            TradeEvent(sequence=len(events) + 1, at=now, kind=kind, text=text, facts=known),
        )
        events.append(event)
        self._on_record(event)
        return event
