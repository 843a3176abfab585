"""A trade's events as lines of its card's thread. Each line begins with the event's number. Pure.

The numbers show which events a thread already has.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from alert_trader.bot.card_layout import seconds
from alert_trader.bot.discord_text import LONGEST_MESSAGE, safe
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.trade.lifecycle import Outcome

EMOJI = {
    EventKind.RECEIVED: "📨",
    EventKind.PARSED: "🔎",
    EventKind.DENIED: "⛔",
    EventKind.SIZED: "📐",
    EventKind.DRY_RUN: "🧮",
    EventKind.ENTRY_SUBMITTED: "📤",
    EventKind.ENTRY_NOT_SENT: "⚪",
    EventKind.REJECTED: "⛔",
    EventKind.UNKNOWN: "❓",
    EventKind.FOUND: "🔦",
    EventKind.NOT_FOUND: "❓",
    EventKind.FILLED: "🟢",
    EventKind.BUMPED: "⬆️",
    EventKind.CONVERTED: "⏩",
    EventKind.GIVEN_UP: "⚪",
    EventKind.EXIT_SUBMITTED: "🎯",
    EventKind.EXIT_REJECTED: "⛔",
    EventKind.STOP_MOVED: "🛡️",
    EventKind.EXIT_TRIGGERED: "🛑",
    EventKind.EXIT_FILLED: "💰",
    EventKind.LATE_FILL: "⚠️",
    EventKind.WARNING: "⚠️",
    EventKind.COMMANDED: "👤",
    EventKind.EXPIRED: "⌛",
    EventKind.CLOSED: "🏁",
}
_SEQUENCE = re.compile(r"^`(\d+)`", re.MULTILINE)


def thread_messages(events: Sequence[TradeEvent], since: datetime) -> list[str]:
    """Return events as messages within Discord's limit; times count from `since`, the time of the alert."""
    messages: list[str] = []
    for event in events:
        start = f"`{event.sequence}` `{seconds(event.at - since)}` {EMOJI.get(event.kind, '▫️')}"
        line = f"{start} {safe(_text(event), 1200)}"
        if messages and len(messages[-1]) + len(line) + 1 <= LONGEST_MESSAGE:
            messages[-1] += f"\n{line}"
        else:
            messages.append(line)
    return messages


def _text(event: TradeEvent) -> str:
    """Return an event's text. The end of a denied trade does not repeat the reason of the line before it."""
    if event.kind is EventKind.CLOSED and event.facts.get("outcome") == Outcome.DENIED:
        return f"Closed {Outcome.DENIED}"
    return event.text


def last_sequence(messages: Iterable[str]) -> int:
    """Return the number of the last event in a thread's messages; 0 when there is none."""
    return max((int(number) for text in messages for number in _SEQUENCE.findall(text)), default=0)
