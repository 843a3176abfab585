"""Faults that a test or a demo arms, and which of them hits a call or a stream message.

A rule names what it hits: method, path pattern, symbol, side, client id pattern, the nth call that matches,
how often; or the number of the call over the whole venue. Of several rules that match, the first armed acts,
and the others still count the call.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from alert_trader.simulators.venue.config import Table


class FaultKind(StrEnum):
    """What goes wrong."""

    LOST_BEFORE = "lost-before"
    """The connection is cut and nothing was accepted."""
    LOST_AFTER = "lost-after"
    """It was accepted, and the connection is cut before the answer."""
    STALL_BEFORE = "stall-before"
    """No answer for `seconds`, then the connection is cut; nothing was accepted."""
    STALL_AFTER = "stall-after"
    """It was accepted; no answer for `seconds`, then the connection is cut."""
    LATE = "late"
    """It was accepted at once, and answered after `seconds`."""
    LATE_ACCEPT = "late-accept"
    """It is accepted, and answered, only after `seconds`: it arrives after the client's timeout."""
    STATUS = "status"
    """Answered with `status`, `code` and `message` (HTML where `html`); accepted first where `accept`."""
    TRUNCATED = "truncated"
    """It was accepted, and half of the answer's JSON comes, as if whole."""
    CUT = "cut"
    """It was accepted, and the connection is cut in the middle of the answer."""
    EMPTY_DATA = "empty-data"
    """It was accepted, and the answer is `{"data":{}}`."""
    UNKNOWN_STATUS = "unknown-status"
    """It was accepted, and every order in the answer carries the status `word`."""
    SHORT_LIST = "short-list"
    """A list ends after `keep` items and says there are no more pages."""
    HIDDEN = "hidden"
    """The order is accepted, and reads do not find it for `seconds`."""
    TOKENS_EXPIRE = "tokens-expire"
    """Every access token stops being valid, beginning with this call's."""
    STREAM_DUPLICATE = "stream-duplicate"
    """The message is sent twice."""
    STREAM_REORDER = "stream-reorder"
    """The message is sent after the one that follows it."""
    STREAM_DROP = "stream-drop"
    """The message is never sent; its sequence number is used."""
    STREAM_UNKNOWN_STATUS = "stream-unknown-status"
    """The order in the message carries the status `word`."""
    STREAM_MUTE = "stream-mute"
    """From this message on every stream is silent and stays open."""
    STREAM_CLOSE = "stream-close"
    """Every stream's connection is cut instead."""

    @property
    def of_stream(self) -> bool:
        """Whether it hits stream messages, not calls."""
        return self.value.startswith("stream-")


class FaultRule(Table):
    """One fault and what it hits. Patterns are globs; what is None matches everything."""

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    """A glob over the path ("*/orders", "*/orders/*"); for streams over the message type ("Order")."""
    symbol: str | None = None
    side: str | None = None
    """A glob over the legs' actions ("Buy*")."""
    client_id: str | None = None
    order_status: str | None = None
    """For streams: a glob over the order's status in the message."""
    nth: int = 1
    """Which matching call is the first one hit, from 1."""
    count: int | None = 1
    """How many matching calls are hit; None for every one from the nth on."""
    call: int | None = None
    """The number of the call over the whole venue; `nth` and `count` then do not matter."""
    seconds: float = 30.0
    status: int = 500
    code: str = "internal_server_error"
    message: str = "An internal server error occurred"
    html: bool = False
    accept: bool = False
    word: str = "Dead"
    keep: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a rule is matched against: a call, or a stream message."""

    stream: bool
    method: str = ""
    path: str
    call: int | None = None
    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    client_id: str | None = None
    order_status: str | None = None


@dataclass(slots=True)
class Armed:
    """A rule in force, and how often it matched and hit."""

    fault_id: int
    rule: FaultRule
    matched: int = 0
    hits: int = 0


@dataclass(slots=True)
class FaultBoard:
    """Every armed rule."""

    armed: list[Armed] = field(default_factory=list)
    _next: int = 1

    def arm(self, rule: FaultRule) -> int:
        """Put a rule in force; returns its id."""
        self.armed.append(Armed(self._next, rule))
        self._next += 1
        return self.armed[-1].fault_id

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one rule, or all."""
        self.armed = [each for each in self.armed if fault_id is not None and each.fault_id != fault_id]

    def hit(self, target: Target) -> Armed | None:
        """Find the rule that hits a call or a message; every rule that matches counts it."""
        found: Armed | None = None
        for each in self.armed:
            if not _matches(each.rule, target):
                continue
            each.matched += 1
            over = each.rule.count is not None and each.hits >= each.rule.count
            if found is None and (each.rule.call is not None or (each.matched >= each.rule.nth and not over)):
                each.hits += 1
                found = each
        return found


def _matches(rule: FaultRule, target: Target) -> bool:
    if rule.kind.of_stream is not target.stream:
        return False
    if rule.call is not None:
        return rule.call == target.call
    return (
        _glob(rule.method, (target.method,))
        and _glob(rule.path, (target.path,))
        and _glob(rule.symbol, target.symbols)
        and _glob(rule.side, target.sides)
        and _glob(rule.client_id, (target.client_id or "",))
        and _glob(rule.order_status, (target.order_status or "",))
    )


def _glob(pattern: str | None, values: tuple[str, ...]) -> bool:
    return pattern is None or any(fnmatchcase(value, pattern) for value in values)
