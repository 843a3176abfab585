"""The lifecycle of a trade as a table: from each phase, where each trigger leads and which step is next.

The workflow runs a step; a step ends with exactly one trigger; the table names the next phase and step. What
is not in the table raises `IllegalTransitionError` and changes nothing. `diagram()` draws the table for the
specs.

Fills may arrive while any step runs: they change the ledger, and never the phase by themselves.
"""

from dataclasses import dataclass
from enum import StrEnum

from alert_trader.domain.errors import AlertTraderError


class Phase(StrEnum):
    """The phases of a trade."""

    RECEIVED = "received"
    """The alert has arrived; nothing was decided."""
    PARSED = "parsed"
    """Read as an entry."""
    AWAITING = "awaiting"
    """Sized; waits for a person's approval."""
    ENTERING = "entering"
    """An entry order works, or is being sent, or its outcome is unknown."""
    HOLDING = "holding"
    """The entry is over, contracts are held, and exits work."""
    WATCHING = "watching"
    """The entry ended with nothing bought; waits for late fill reports."""
    CLOSING = "closing"
    """Everything is being sold, from the bid down."""
    DONE = "done"
    """Over; `Outcome` says how."""


class Outcome(StrEnum):
    """How a trade ended."""

    DENIED = "denied"
    """This product denied it: a code of `Code` says why."""
    REJECTED = "rejected"
    """The broker rejected the entry."""
    DRY_RUN = "dry-run"
    """Dry run: nothing was sent."""
    WATCHED = "watched"
    """The author is only watched: the alert was read and sized, and nothing was sent."""
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
    PARSED = "read as an entry"
    DENIED = "denied"
    SIZED = "sized"
    ASKED = "a person must approve"
    APPROVED = "approved"
    DRY_RUN = "dry run"
    """Dry run: the orders are recorded and not sent."""
    WATCHED = "watched only"
    BOUGHT = "bought"
    """The entry is over, and contracts were bought."""
    NOTHING_BOUGHT = "nothing bought"
    REJECTED = "rejected by the broker"
    """The entry was rejected before anything was bought."""
    LATE_FILL = "late fill"
    WATCH_OVER = "watch over"
    CLOSE_REQUESTED = "close requested"
    FLAT = "flat"
    EXPIRED = "expired"


class Step(StrEnum):
    """What the workflow does next."""

    PARSE = "parse"
    SIZE = "size"
    ASK = "ask"
    """Wait for a person's approval, for a bounded time."""
    ENTER = "enter"
    """Send the entry and discover its price; exits for its fills are sent meanwhile."""
    HOLD = "hold"
    """Keep exits working until the position is flat or expired."""
    WATCH = "watch"
    """Wait for late fill reports, and for lost orders to appear."""
    SELL = "sell"
    """Cancel the exits and sell what is held."""
    FINISH = "finish"
    """Leave no working order, and record the P&L."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Where a trigger leads."""

    phase: Phase
    step: Step
    outcome: Outcome | None = None


TABLE: dict[tuple[Phase, Trigger], Next] = {
    (Phase.RECEIVED, Trigger.ALERTED): Next(phase=Phase.RECEIVED, step=Step.PARSE),
    (Phase.RECEIVED, Trigger.PARSED): Next(phase=Phase.PARSED, step=Step.SIZE),
    (Phase.RECEIVED, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.PARSED, Trigger.SIZED): Next(phase=Phase.ENTERING, step=Step.ENTER),
    (Phase.PARSED, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.PARSED, Trigger.ASKED): Next(phase=Phase.AWAITING, step=Step.ASK),
    (Phase.PARSED, Trigger.WATCHED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.WATCHED),
    (Phase.AWAITING, Trigger.APPROVED): Next(phase=Phase.PARSED, step=Step.SIZE),
    (Phase.AWAITING, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.PARSED, Trigger.DRY_RUN): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DRY_RUN),
    (Phase.ENTERING, Trigger.BOUGHT): Next(phase=Phase.HOLDING, step=Step.HOLD),
    (Phase.ENTERING, Trigger.NOTHING_BOUGHT): Next(phase=Phase.WATCHING, step=Step.WATCH),
    (Phase.ENTERING, Trigger.REJECTED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.REJECTED),
    (Phase.ENTERING, Trigger.DENIED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.DENIED),
    (Phase.WATCHING, Trigger.LATE_FILL): Next(phase=Phase.HOLDING, step=Step.HOLD),
    (Phase.WATCHING, Trigger.WATCH_OVER): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.UNFILLED),
    (Phase.HOLDING, Trigger.CLOSE_REQUESTED): Next(phase=Phase.CLOSING, step=Step.SELL),
    (Phase.HOLDING, Trigger.FLAT): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.FLAT),
    (Phase.HOLDING, Trigger.EXPIRED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.EXPIRED),
    (Phase.CLOSING, Trigger.FLAT): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.FLAT),
    (Phase.CLOSING, Trigger.EXPIRED): Next(phase=Phase.DONE, step=Step.FINISH, outcome=Outcome.EXPIRED),
}

STEPS = {row.phase: row.step for row in TABLE.values()}
"""The step of each phase: every row that leads to a phase has the same."""


class IllegalTransitionError(AlertTraderError):
    """A trigger came in a phase that has no row for it: a bug, never a market condition."""


@dataclass(slots=True)
class TradeLifecycle:
    """The phase of one trade, and its outcome."""

    phase: Phase = Phase.RECEIVED
    outcome: Outcome | None = None

    @property
    def step(self) -> Step:
        """Return the step of the phase."""
        return STEPS[self.phase]

    def on(self, trigger: Trigger) -> Step:
        """Move by one trigger and return the next step.

        Raise IllegalTransitionError, and change nothing, if the table has no such row.
        """
        row = TABLE.get((self.phase, trigger))
        if row is None:
            raise IllegalTransitionError(f"expected a trigger of phase {self.phase!s}, found {trigger!s}")
        self.phase, self.outcome = row.phase, row.outcome
        return row.step


def diagram() -> str:
    """Draw the table as a Mermaid state diagram."""
    rows = [f"    {here.name} --> {there.phase.name}: {trigger}" for (here, trigger), there in TABLE.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> RECEIVED", *rows, "    DONE --> [*]", ""])
