"""The life of a trade as a table: from each phase, what each trigger leads to and which step comes next.

The workflow runs a step; a step ends in exactly one trigger; the table names the next phase and step. What is not in the table raises
`IllegalTransitionError` and changes nothing. `diagram()` draws the same table for the specs.

While a step runs, fills may arrive at any time: they are the ledger's business (`ledger.py`) and never move the phase by themselves.
"""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where a trade stands."""

    RECEIVED = "received"
    """The alert is in; nothing was decided."""
    PARSED = "parsed"
    """Read as an entry."""
    AWAITING = "awaiting"
    """Sized and shown; a person's approval decides whether it is bought."""
    ENTERING = "entering"
    """Sized; an entry order is working, or its outcome is not known yet."""
    HOLDING = "holding"
    """The entry is over; contracts are held, and exits work."""
    WATCHING = "watching"
    """The entry ended with nothing filled; late fills are still caught."""
    CLOSING = "closing"
    """An operator is closing the position."""
    DONE = "done"
    """Over; `Outcome` says how."""


class Outcome(StrEnum):
    """How a trade ended."""

    DENIED = "denied"
    """We said no."""
    REFUSED = "refused"
    """The venue said no."""
    DRY_RUN = "dry-run"
    """Nothing was to be sent."""
    WATCHED = "watched"
    """The author is watched only: read and checked, and nothing was sent."""
    UNFILLED = "unfilled"
    """Given up with nothing bought."""
    FLAT = "flat"
    """Everything bought was sold."""
    EXPIRED = "expired"
    """The contract expired with contracts held."""


class Trigger(StrEnum):
    """How a step ended."""

    ALERTED = "alerted"
    """The alert arrived."""
    READ = "read as an entry"
    DENIED = "denied"
    SIZED = "sized"
    ASKED = "a person must approve"
    APPROVED = "approved"
    REHEARSED = "rehearsed"
    """Dry-run: the orders are worked out and go no further."""
    WATCHED = "watched only"
    BOUGHT = "bought"
    """The entry is over with contracts held."""
    NOTHING_BOUGHT = "nothing bought"
    REFUSED = "refused by the venue"
    """The entry was refused before anything was bought."""
    LATE_FILL = "late fill"
    WATCH_OVER = "watch over"
    CLOSE_ASKED = "close asked"
    FLAT = "flat"
    EXPIRED = "expired"


class Step(StrEnum):
    """What the workflow does next."""

    PARSE = "parse"
    SIZE = "size"
    ASK = "ask"
    """Wait for a person's approval, for a bounded time."""
    ENTER = "enter"
    """Submit the entry and discover its price; fills are protected meanwhile."""
    HOLD = "hold"
    """Keep exits working until the position is flat or expired."""
    WATCH = "watch"
    """Wait for fills that are reported late, and for lost orders to appear."""
    SELL = "sell"
    """Take back the exits and sell what is held."""
    FINISH = "finish"
    """Leave no working order, work out the P&L, say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Where a trigger leads."""

    phase: Phase
    step: Step
    outcome: Outcome | None = None


TABLE: dict[tuple[Phase, Trigger], Next] = {
    (Phase.RECEIVED, Trigger.ALERTED): Next(phase=Phase.RECEIVED, step=Step.PARSE),
    (Phase.RECEIVED, Trigger.READ): Next(phase=Phase.PARSED, step=Step.SIZE),
    (Phase.RECEIVED, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.PARSED, Trigger.SIZED): Next(phase=Phase.ENTERING, step=Step.ENTER),
    (Phase.PARSED, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.PARSED, Trigger.ASKED): Next(phase=Phase.AWAITING, step=Step.ASK),
    (Phase.PARSED, Trigger.WATCHED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.WATCHED),
    (Phase.AWAITING, Trigger.APPROVED): Next(phase=Phase.PARSED, step=Step.SIZE),
    (Phase.AWAITING, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.PARSED, Trigger.REHEARSED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DRY_RUN),
    (Phase.ENTERING, Trigger.BOUGHT): Next(phase=Phase.HOLDING, step=Step.HOLD),
    (Phase.ENTERING, Trigger.NOTHING_BOUGHT): Next(phase=Phase.WATCHING, step=Step.WATCH),
    (Phase.ENTERING, Trigger.REFUSED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.REFUSED),
    (Phase.ENTERING, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.WATCHING, Trigger.LATE_FILL): Next(phase=Phase.HOLDING, step=Step.HOLD),
    (Phase.WATCHING, Trigger.WATCH_OVER): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.UNFILLED),
    (Phase.HOLDING, Trigger.CLOSE_ASKED): Next(phase=Phase.CLOSING, step=Step.SELL),
    (Phase.HOLDING, Trigger.FLAT): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.FLAT),
    (Phase.HOLDING, Trigger.EXPIRED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.EXPIRED),
    (Phase.CLOSING, Trigger.FLAT): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.FLAT),
    (Phase.CLOSING, Trigger.EXPIRED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.EXPIRED),
}


class IllegalTransitionError(Exception):
    """A trigger came in a phase that has no place for it: a bug, never a market condition."""


@dataclass(slots=True)
class TradeLifecycle:
    """Where one trade stands."""

    phase: Phase = Phase.RECEIVED
    outcome: Outcome | None = None

    def on(self, trigger: Trigger) -> Step:
        """Move by one trigger and give the next step; raises IllegalTransitionError, and changes nothing, when the table has no such row."""
        row = TABLE.get((self.phase, trigger))
        if row is None:
            raise IllegalTransitionError(f"expected a trigger of phase {self.phase!s}, found {trigger!s}")
        self.phase, self.outcome = row.phase, row.outcome
        return row.step


def diagram() -> str:
    """Draw the table as a Mermaid state diagram."""
    rows = [f"    {here.name} --> {there.phase.name}: {trigger}" for (here, trigger), there in TABLE.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> RECEIVED", *rows, "    DONE --> [*]", ""])
