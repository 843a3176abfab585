"""The journal of a trade: its audit events, and the story they make for people."""

from collections.abc import Callable, Sequence
from datetime import datetime

from activities.messages import Level, Notice
from domain.event import EventKind, TradeEvent

PAGES = frozenset({EventKind.WARNING, EventKind.NOT_FOUND, EventKind.UNKNOWN, EventKind.LATE_FILL})
MONEY = frozenset(
    {
        EventKind.ENTRY_SUBMITTED,
        EventKind.FILLED,
        EventKind.EXIT_SUBMITTED,
        EventKind.EXIT_FILLED,
        EventKind.REFUSED,
        EventKind.DENIED,
        EventKind.GIVEN_UP,
        EventKind.CLOSED,
        EventKind.EXPIRED,
        EventKind.DRY_RUN,
    }
)


class Journal:
    """An append-only list of events."""

    def __init__(self, workflow_id: str, title: str, on_record: Callable[[], None]) -> None:
        """Open the journal of a trade; `on_record` is called after every entry."""
        self._workflow_id = workflow_id
        self._on_record = on_record
        self.title = title
        self._events: list[TradeEvent] = []
        self._told = 0

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
        event = TradeEvent(sequence=len(self._events) + 1, at=now, kind=kind, text=text, facts=known)
        self._events.append(event)
        self._on_record()
        return event

    @property
    def untold(self) -> bool:
        """Whether something happened that people should hear of and have not."""
        return any(event.kind in PAGES | MONEY for event in self._events[self._told :])

    def next_notice(self) -> Notice:
        """Gather everything not told yet into one notice, as loud as its loudest event."""
        fresh = self._events[self._told :]
        self._told = len(self._events)
        kinds = {event.kind for event in fresh}
        level = Level.PAGE if kinds & PAGES else Level.MONEY if kinds & MONEY else Level.STORY
        return Notice(level=level, workflow_id=self._workflow_id, title=self.title, text="\n".join(event.text for event in fresh))
