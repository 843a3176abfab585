"""What is known of a message besides its text: the day it was posted, and the defaults of its room."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.expirations import default_expiration
from alert_trader.domain.alerts.parsing.vocabulary.form_names import Part, name_of
from alert_trader.domain.alerts.parsing.vocabulary.tickers import names_position
from alert_trader.domain.alerts.parsing.vocabulary.words import words
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import Right

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_STYLES = words(
    "swing swings day scalp lotto lottos new trade alert entry call calls put puts option options leap "
    "leaps bto buy"
)
"""Words behind a ticker in an author or footer line that make it the alert's own."""
_SEPARATORS = frozenset({"-", "\u00b7", "\u2022", ":", "\u2014", "/"})


class RoomDefaults(NamedTuple):
    """The right and expiration that an author's room means where an alert names none."""

    right: Right | None = None
    expiry: date | None = None


class Context(NamedTuple):
    """What is known of a message besides its text."""

    posted: date | None
    """The message's New York date, or None for a time no alert can have."""
    defaults: RoomDefaults | None
    """None where the room has none: what is missing is then a refusal."""
    bare_contracts: bool
    """Whether a contract that is the whole message is an alert in this room."""
    average_is_price: bool = False
    """Whether AVG names the price of a new entry in this room, and no addition."""
    get_ready: frozenset[str] = frozenset()
    """Words with which this author announces an entry that is not made yet."""
    ticker: Token | None = None
    """The ticker in an embed's author or footer, for an alert that names none."""
    names: Mapping[str, Part] = MappingProxyType({})
    """What the values of a form are, by names that only this author uses."""
    acts: frozenset[str] = frozenset()
    """Words with which this author reports an entry, besides the usual ones."""


def context_of(posted_at: datetime, room: RoomRule, around: Sequence[Token] = ()) -> Context:
    """Return the context of a message; a time without a zone is UTC.

    `around` are the tokens of its embeds' authors and footers.
    """
    aware = posted_at if posted_at.tzinfo is not None else posted_at.replace(tzinfo=UTC)
    posted = new_york_date(aware) if _EARLIEST <= aware < _LATEST else None
    context = _of_day(posted, room)
    return context._replace(ticker=ticker_around(around)) if around else context


@lru_cache(maxsize=1024)
def _of_day(posted: date | None, room: RoomRule) -> Context:
    """Return the context of a day in a room; cached, as all messages of a day share it."""
    defaults = None
    if posted is not None and (room.right is not None or room.expiry is not None):
        defaults = RoomDefaults(
            room.right, None if room.expiry is None else default_expiration(room.expiry, posted)
        )
    return Context(
        posted,
        defaults,
        room.alone,
        room.average_is_price,
        _lower(room.get_ready),
        names=MappingProxyType({name_of(name): Part(part) for name, part in room.field_names}),
        acts=_lower(room.entry_words),
    )


def _lower(words_of_room: tuple[str, ...]) -> frozenset[str]:
    return frozenset([word.lower() for word in words_of_room]) if words_of_room else _NONE


_NONE: frozenset[str] = frozenset()


def ticker_around(tokens: Sequence[Token]) -> Token | None:
    """Return the one ticker in an embed's author or footer: with its $, or before a word of style."""
    tagged = [token for token in tokens if token.kind == "CASHTAG"]
    if tagged:
        return tagged[0] if len({token.lower for token in tagged}) == 1 else None
    spoken = [
        token for token in tokens if token.kind not in {"MARKUP", "CUT"} and token.text not in _SEPARATORS
    ]
    for token, behind in itertools.pairwise(spoken):
        if token.kind == "WORD" and names_position(token) and behind.lower in _STYLES:
            return token
    return None
