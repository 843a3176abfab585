"""What happened to a trade, one entry after another: the audit trail that cards, commands, mirrors and tests read."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """A thing that can happen to a trade."""

    RECEIVED = "received"
    PARSED = "parsed"
    DENIED = "denied"
    """We said no; `code` and numbers in the facts."""
    SIZED = "sized"
    ADMITTED = "admitted"
    """The account let the entry pass and reserved its money."""
    DRY_RUN = "dry_run"
    """The orders that would have been sent, and were not."""
    WATCHED = "watched"
    """The author is watched only: what would have been sent, and was not."""
    ASKED = "asked"
    """A person must say whether to go on; until when stands in the facts."""
    UNANSWERED = "unanswered"
    """Nobody said so in time."""
    FOLLOWED_UP = "followed_up"
    """The author wrote again about this trade; what was done about it is in the text."""
    CORRECTED = "corrected"
    """The author may have corrected the alert. Nothing was changed: a person must look."""
    PART_SOLD = "part_sold"
    """A part that was to be sold is sold, or cannot be."""
    ENTRY_INTENDED = "entry_intended"
    """The order is in history; nothing has left the process yet."""
    ENTRY_SUBMITTED = "entry_submitted"
    """The venue has the order."""
    ENTRY_NOT_SENT = "entry_not_sent"
    """Provably never sent: too late, or no longer allowed."""
    REFUSED = "refused"
    """The venue said no to an order."""
    UNKNOWN = "unknown"
    """Nobody can say whether an order was accepted or cancelled; it counts as live until found."""
    FOUND = "found"
    """An order of unknown outcome was found and adopted."""
    NOT_FOUND = "not_found"
    """An order of unknown outcome was looked for to the end, with complete answers, and is not there."""
    FILLED = "filled"
    """A slice of the entry was filled."""
    BUMPED = "bumped"
    """The entry's price was raised by a tick."""
    CONVERTED = "converted"
    """The remainder was converted to market."""
    CANCELLED = "cancelled"
    """An entry order ended with nothing more to fill."""
    GIVEN_UP = "given_up"
    """The remainder is no longer wanted; the reason is in the facts."""
    EXIT_INTENDED = "exit_intended"
    EXIT_SUBMITTED = "exit_submitted"
    EXIT_REFUSED = "exit_refused"
    EXIT_FILLED = "exit_filled"
    EXIT_ENDED = "exit_ended"
    """An exit order ended with contracts left; they will be covered again."""
    EXIT_SKIPPED = "exit_skipped"
    """Too few contracts for an exit order; held for the operator."""
    LATE_FILL = "late_fill"
    """A fill of an order that was given up."""
    WARNING = "warning"
    """Something a person should look at."""
    COMMANDED = "commanded"
    """A person asked for something; who and what in the facts."""
    EXPIRED = "expired"
    """The contract expired with contracts held."""
    CLOSED = "closed"
    """The trade is over; P&L in the facts."""

    # of an account
    DAY_OPENED = "day_opened"
    """The day's reference buying power was read."""
    HALTED = "halted"
    STILL_HALTED = "still_halted"
    """Said once a day, so that no halt is forgotten."""
    RESUMED = "resumed"
    FLATTENING = "flattening"
    FLATTENED = "flattened"
    LIMITS_CHANGED = "limits_changed"
    DIFFERENCE = "difference"
    """The account holds something else than its trades say."""
    EXPLAINED = "explained"
    """A difference was explained or is gone, or a re-post was allowed."""
    PREFLIGHT = "preflight"
    """A check that a first order needs began to fail, or all of them pass again."""
    FOREIGN_ORDER = "foreign_order"
    """An order that is not ours is in the account; it is left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeEvent:
    """One entry of the audit trail. `text` is the sentence people read; `facts` the values it rests on."""

    sequence: int
    at: datetime
    kind: EventKind
    text: str
    facts: dict[str, str] = field(default_factory=dict)
