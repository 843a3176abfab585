"""What an author says about a position without an alert: words of a loss, and an edit that makes an exit."""

import re
from dataclasses import replace

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Nature, ParsedAlert
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.normalize import normalize
from alert_trader.domain.alerts.parsing.tokens import tokenize
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker
from alert_trader.domain.alerts.parsing.vocabulary.values import symbol_of
from alert_trader.domain.alerts.parsing.vocabulary.words import words
from alert_trader.domain.alerts.profile import RoomRule

LONGEST_REMARK = 400
"""Characters; a longer text is a comment on the market."""

_LOSS = words(
    "stop stops stopped sl out loss losses lost cut cutting dead dumped dump closed closing exit exited "
    "exiting sold selling sell bail bailed flat done gone cooked rip trim trimmed scratch scratched "
    "leaving invalidated failed"
)
_WORD = re.compile(r"[a-z]+")


def has_words_of_loss(text: str) -> bool:
    """Whether a short text has a word of a loss, a stop or an exit."""
    return len(text) <= LONGEST_REMARK and not _LOSS.isdisjoint(_WORD.findall(text.lower()))


def tickers_named(text: str) -> frozenset[str]:
    """Return every word of a text that can be a ticker; in small letters too, as the position is known."""
    tokens = tokenize(normalize(text[:LONGEST_REMARK]))
    return frozenset([symbol_of(token) for token in tokens if may_be_ticker(token)])


def exit_by_edit(before: AlertMessage, after: AlertMessage, room: RoomRule) -> ParsedAlert | None:
    """Return the exit that an edit makes of an alert: the new text is one, or what was added to it."""
    whole = parse(replace(after, nature=Nature.FIRST), room)
    if whole.kind is AlertKind.EXIT:
        return whole
    if not after.shown.startswith(before.shown) or not before.shown:
        return None
    added = replace(
        after, text=after.shown[len(before.shown) :].lstrip(" ,.;|-\n"), embeds=(), nature=Nature.FIRST
    )
    found = parse(added, room)
    return found if found.kind is AlertKind.EXIT else None
