"""Read a change of a trade's exits as people write it, for the command line and Discord alike."""

from collections.abc import Sequence

from alert_trader.domain.exits.changes import PlanPart
from alert_trader.domain.exits.reading import read_break_even, read_stop, read_target, read_time, read_trail
from alert_trader.workflows.interface import Command, ExitChange

NONE = "none"
"""What is written to remove a part."""


def read_exit_change(
    command: Command,
    *,
    target: str = "",
    stop: str = "",
    break_even: str = "",
    trail: str = "",
    times: Sequence[str] = (),
) -> ExitChange:
    """Return the change; a part that is empty stays, and "none" removes it.

    Raise ValueError for a part that cannot be read, and where nothing is changed.
    """
    written = {
        PlanPart.TARGETS: target.strip(),
        PlanPart.STOP: stop.strip(),
        PlanPart.BREAK_EVEN: break_even.strip(),
        PlanPart.TRAIL: trail.strip(),
        PlanPart.TIMES: ", ".join(each.strip() for each in times if each.strip()),
    }
    if not any(written.values()):
        raise ValueError("expected a target, stop, break-even, trail or time to change, found none")
    given = {part: text for part, text in written.items() if text and text.lower() != NONE}
    return ExitChange(
        command=command,
        target=read_target(given[PlanPart.TARGETS]) if PlanPart.TARGETS in given else None,
        stop=read_stop(given[PlanPart.STOP]) if PlanPart.STOP in given else None,
        break_even=read_break_even(given[PlanPart.BREAK_EVEN]) if PlanPart.BREAK_EVEN in given else None,
        trail=read_trail(given[PlanPart.TRAIL]) if PlanPart.TRAIL in given else None,
        times=tuple(map(read_time, given[PlanPart.TIMES].split(","))) if PlanPart.TIMES in given else (),
        remove=tuple(part for part, text in written.items() if text.lower() == NONE),
    )
