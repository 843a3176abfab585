"""What an export of a channel suggests for an author's profile, with the messages for and against each line.

Nothing here becomes a rule: a person reads the messages and writes the line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.normalize import normalize
from alert_trader.domain.alerts.parsing.tokens import tokenize
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import DOUBTFUL_WORDS
from alert_trader.domain.alerts.parsing.vocabulary.expirations import default_expiration
from alert_trader.domain.alerts.profile import DefaultExpiry, Habits, RoomRule
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import new_york_date

FEWEST = 3
"""Messages that must support a line before it is proposed."""
FEWEST_ENTRIES = 10
"""Entries with a price, or a size, from which what is usual is proposed."""
MOST_SHOWN = 5
"""Messages shown for each side of a line."""
FOLLOWS_WITHIN = timedelta(hours=4)
"""An announcement and its entry belong together within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A line of a profile, with the messages for and against it."""

    line: str
    """As it is written in trader.toml."""
    speaks_for: tuple[str, ...]
    """The texts of the messages, the first few."""
    speaks_against: tuple[str, ...]
    count_for: int
    count_against: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What is proposed for one author."""

    author_id: str
    author_name: str
    messages: int
    proposals: tuple[Proposal, ...]


def learn(messages: Iterable[AlertMessage]) -> list[Suggestions]:
    """Propose lines for the profile of each author of an export, the most active first."""
    by_author: dict[str, list[AlertMessage]] = {}
    for message in messages:
        by_author.setdefault(message.author_id, []).append(message)
    found = []
    for author, own in sorted(by_author.items(), key=lambda each: -len(each[1])):
        own.sort(key=lambda each: each.posted_at)
        plain = [(each, parse(each)) for each in own]
        considered = [
            *(_average(own), *_expiry(plain), _bare(own), *_announcing(plain)),
            *(*_levels(plain), *_usual(plain)),
        ]
        proposals = [each for each in considered if each is not None and each.count_for >= FEWEST]
        found.append(
            Suggestions(
                author_id=author,
                author_name=own[0].author_name,
                messages=len(own),
                proposals=tuple(sorted(proposals, key=lambda each: -each.count_for)),
            )
        )
    return found


def _proposal(line: str, yes: Sequence[AlertMessage], no: Sequence[AlertMessage]) -> Proposal:
    return Proposal(
        line=line,
        speaks_for=tuple(each.shown for each in yes[:MOST_SHOWN]),
        speaks_against=tuple(each.shown for each in no[:MOST_SHOWN]),
        count_for=len(yes),
        count_against=len(no),
    )


def _average(messages: Sequence[AlertMessage]) -> Proposal:
    """Propose AVG as the price. For it count entries that need it, against it averages beside an addition."""
    rule = RoomRule(average_is_price=True)
    named = [each for each in messages if {"avg", "average"} & _words(each)]
    added = [each for each in named if {"added", "adding", "add", "new", "now", "down"} & _words(each)]
    read = [
        each
        for each in named
        if each not in added
        and parse(each).kind is not AlertKind.ENTRY
        and parse(each, rule).kind is AlertKind.ENTRY
    ]
    return _proposal("average_is_price = true", read, added)


def _expiry(plain: Sequence[tuple[AlertMessage, ParsedAlert]]) -> list[Proposal]:
    """Propose an expiration by default. For it count alerts without one, against it other dates."""
    without = [message for message, parsed in plain if parsed.code == Code.PARSE_NO_EXPIRY]
    if not without:
        return []
    found = []
    for default in DefaultExpiry:
        against = [
            message
            for message, parsed in plain
            if parsed.kind is AlertKind.ENTRY
            and parsed.expiry != default_expiration(default, new_york_date(message.posted_at))
        ]
        rule = RoomRule(expiry=default)
        read = [message for message in without if parse(message, rule).kind is AlertKind.ENTRY]
        found.append(_proposal(f'default_expiry = "{default}"', read, against))
    # the one that the dated entries contradict least
    return sorted(found, key=lambda each: each.count_against)[:1]


def _bare(messages: Sequence[AlertMessage]) -> Proposal:
    """Propose bare contracts as talk. For it count those without any exit of their ticker."""
    rule = RoomRule(alone=False)
    alone = [
        each
        for each in messages
        if parse(each).kind is AlertKind.ENTRY and parse(each, rule).kind is not AlertKind.ENTRY
    ]
    closed = {parsed.symbol for each in messages if (parsed := parse(each)).kind is AlertKind.EXIT}
    without_exit = [each for each in alone if parse(each).symbol not in closed]
    with_exit = [each for each in alone if each not in without_exit]
    return _proposal("bare_contracts = false", without_exit, with_exit)


def _levels(plain: Sequence[tuple[AlertMessage, ParsedAlert]]) -> list[Proposal]:
    """Propose the alert's stop and targets. For it count entries that name them, against it the others."""
    entries = [(message, parsed) for message, parsed in plain if parsed.kind is AlertKind.ENTRY]
    found = []
    for line, named in (
        ('stops = "alert"', [each for each in entries if each[1].stop is not None]),
        ('targets = "alert"', [each for each in entries if each[1].targets]),
    ):
        others = [message for message, parsed in entries if (message, parsed) not in named]
        found.append(_proposal(line, [message for message, _ in named], others))
    return found


def _usual(plain: Sequence[tuple[AlertMessage, ParsedAlert]]) -> list[Proposal]:
    """Propose the range of prices and the sizes of nearly all entries; the few outside count against it."""
    entries = [(message, parsed) for message, parsed in plain if parsed.kind is AlertKind.ENTRY]
    priced = sorted(parsed.price for _, parsed in entries if parsed.price is not None)
    sized = sorted(parsed.quantity for _, parsed in entries if parsed.quantity is not None)
    bounds: list[tuple[str, Habits]] = []
    if len(priced) >= FEWEST_ENTRIES:
        low, high = priced[len(priced) // 20], priced[-1 - len(priced) // 20]
        bounds.append((f'usual_lowest_price = "{low}"', Habits(lowest_price=low)))
        bounds.append((f'usual_highest_price = "{high}"', Habits(highest_price=high)))
    if len(sized) >= FEWEST_ENTRIES:
        most = sized[-1 - len(sized) // 20]
        bounds.append((f"usual_most_contracts = {most}", Habits(most_contracts=most)))
    found = []
    for line, habits in bounds:
        unusual = [message for message, parsed in entries if habits.departure(parsed) is not None]
        found.append(_proposal(line, [each for each, _ in entries if each not in unusual], unusual))
    return found


def _announcing(plain: Sequence[tuple[AlertMessage, ParsedAlert]]) -> list[Proposal]:
    """Propose words in front of refused contracts: get-ready words where an entry follows, else acts."""
    ready: dict[str, list[AlertMessage]] = {}
    done: dict[str, list[AlertMessage]] = {}
    for place, (message, parsed) in enumerate(plain):
        opened = _opening_word(message)
        if parsed.kind is not AlertKind.REFUSED or opened is None or opened in DOUBTFUL_WORDS:
            continue
        followed = _followed_by(message, plain[place + 1 :])
        if followed is not None:
            (ready if followed is AlertKind.ENTRY else done).setdefault(opened, []).append(message)
    return [
        *(_proposal(f'get_ready_words = ["{word}"]', own, done.get(word, ())) for word, own in ready.items()),
        *(_proposal(f'entry_words = ["{word}"]', own, ready.get(word, ())) for word, own in done.items()),
    ]


def _followed_by(
    message: AlertMessage, later: Sequence[tuple[AlertMessage, ParsedAlert]]
) -> AlertKind | None:
    """Return whether an entry or an exit of a ticker in the message comes next, within a while."""
    named = {token.text.lstrip("$").upper() for token in tokenize(normalize(message.read[:400]))}
    for other, parsed in later:
        if other.posted_at - message.posted_at > FOLLOWS_WITHIN:
            return None
        if parsed.kind in {AlertKind.ENTRY, AlertKind.EXIT} and parsed.symbol in named:
            return parsed.kind
    return None


def _opening_word(message: AlertMessage) -> str | None:
    """Return the first word of a message, where it is written in letters."""
    tokens = tokenize(normalize(message.read[:400]))
    first = next((token for token in tokens if token.kind in {"WORD", "CASHTAG", "STRIKE", "DATE"}), None)
    return first.lower if first is not None and first.kind == "WORD" and first.lower.isalpha() else None


def _words(message: AlertMessage) -> frozenset[str]:
    return frozenset(token.lower for token in tokenize(normalize(message.read[:400])))
