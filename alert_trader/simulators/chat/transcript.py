"""Everything that happened in the chat, in order, for tests and pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from alert_trader import clock


class Kind(StrEnum):
    """The kind of a line."""

    POSTED = "posted"
    EDITED = "edited"
    DELETED = "deleted"
    REACTED = "reacted"
    UNREACTED = "unreacted"
    THREAD = "thread"
    COMMANDS = "commands"
    """The bot registered its slash commands."""
    ASKED = "asked"
    """A person used a command, a button, a select or a form."""
    ANSWERED = "answered"
    """The bot answered that person."""
    REQUEST = "request"
    """The bot called the REST API."""
    GATEWAY = "gateway"
    """A connection opened, was resumed, or closed."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened."""

    sequence: int
    at: datetime
    kind: Kind
    facts: dict[str, Any]


@dataclass(slots=True)
class Transcript:
    """An append-only list."""

    lines: list[Line] = field(default_factory=list)
    on_line: Callable[[], None] = lambda: None

    def write(self, kind: Kind, /, **facts: Any) -> Line:
        """Append a line with the present time."""
        line = Line(sequence=len(self.lines) + 1, at=clock.now(), kind=kind, facts=facts)
        self.lines.append(line)
        self.on_line()
        return line

    def of(self, *kinds: Kind) -> list[Line]:
        """Return the lines of some kinds."""
        return [line for line in self.lines if line.kind in kinds]
