"""When a run of a trade ends and the next one begins with its state (continue-as-new).

A run that follows replays its own events alone, on the build that is current then. It begins with
`TradeState`; what was in progress is continued from there (`resume` of each collaborator). A run ends only
when nothing is in flight whose answer would be lost: no submission of an order, no notice, card or report to
the account, and no command. Reads and cancel requests may be: the next run repeats them. What arrives while a
run ends is kept by the server, and reaches the next run.
"""

import contextlib
from collections.abc import Iterator

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.trade.lifecycle import Phase
    from alert_trader.workflows import timing

AFTER_ENTERING = frozenset({Phase.HOLDING, Phase.WATCHING, Phase.CLOSING})
"""The phases in which a run may end: nothing is bought in them."""


class Continuation:
    """Says when to continue as new."""

    def __init__(self) -> None:
        """Begin with nothing in flight."""
        self._in_flight = 0
        self._day_over = False
        self._began_with = workflow.info().get_current_history_size()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep this run going: the answer to what is called here must not be lost."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def end_day(self) -> None:
        """Continue as new when possible: the day is over, and was looked at."""
        self._day_over = True

    def due_soon(self, phase: Phase) -> bool:
        """Whether a new run is to begin as soon as nothing is in flight: notices and cards wait for it."""
        info = workflow.info()
        return phase in AFTER_ENTERING and (
            self._day_over
            or info.get_current_history_length() >= timing.MAX_TRADE_HISTORY
            or info.get_current_history_size() - self._began_with >= timing.MAX_TRADE_HISTORY_BYTES
            or info.is_continue_as_new_suggested()
        )

    def due(self, phase: Phase) -> bool:
        """Whether to continue as new now."""
        return self._in_flight == 0 and self.due_soon(phase) and workflow.all_handlers_finished()
