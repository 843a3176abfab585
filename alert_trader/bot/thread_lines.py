"""A trade's story as lines of its thread. Each line begins with its event's number, so that a thread shows how far it is told. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from alert_trader.bot.card_layout import seconds
from alert_trader.bot.discord_text import LONGEST_MESSAGE, safe
from alert_trader.domain.audit.event import EventKind, TradeEvent

EMOJI = {
    EventKind.RECEIVED: "📨",
    EventKind.PARSED: "🔎",
    EventKind.DENIED: "⛔",
    EventKind.SIZED: "📐",
    EventKind.DRY_RUN: "🧮",
    EventKind.ENTRY_SUBMITTED: "📤",
    EventKind.ENTRY_NOT_SENT: "⚪",
    EventKind.REFUSED: "⛔",
    EventKind.UNKNOWN: "❓",
    EventKind.FOUND: "🔦",
    EventKind.NOT_FOUND: "❓",
    EventKind.FILLED: "🟢",
    EventKind.BUMPED: "⬆️",
    EventKind.CONVERTED: "⏩",
    EventKind.GIVEN_UP: "⚪",
    EventKind.EXIT_SUBMITTED: "🎯",
    EventKind.EXIT_REFUSED: "⛔",
    EventKind.EXIT_FILLED: "💰",
    EventKind.LATE_FILL: "⚠️",
    EventKind.WARNING: "⚠️",
    EventKind.COMMANDED: "👤",
    EventKind.EXPIRED: "⌛",
    EventKind.CLOSED: "🏁",
}
_SEQUENCE = re.compile(r"^`(\d+)`", re.MULTILINE)


def thread_messages(events: Sequence[TradeEvent], since: datetime) -> list[str]:
    """Write events as messages, each short enough for Discord; times count from `since`, the alert's own."""
    messages: list[str] = []
    for event in events:
        line = f"`{event.sequence}` `{seconds(event.at - since)}` {EMOJI.get(event.kind, '▫️')} {safe(event.text, 1200)}"
        if messages and len(messages[-1]) + len(line) + 1 <= LONGEST_MESSAGE:
            messages[-1] += f"\n{line}"
        else:
            messages.append(line)
    return messages


def last_sequence(messages: Iterable[str]) -> int:
    """Tell from a thread's own messages how far it is told: the highest number that begins a line."""
    return max((int(number) for text in messages for number in _SEQUENCE.findall(text)), default=0)
