"""The notices that people receive of a trade. Nothing here ever delays an order."""

import contextlib
from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import NOTIFY, Level, Notice
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.state import TradeState

PAGES = frozenset(
    {EventKind.WARNING, EventKind.NOT_FOUND, EventKind.UNKNOWN, EventKind.LATE_FILL, EventKind.CORRECTED}
)
MONEY = frozenset(
    {
        EventKind.ENTRY_SUBMITTED,
        EventKind.FILLED,
        EventKind.EXIT_SUBMITTED,
        EventKind.EXIT_FILLED,
        EventKind.REJECTED,
        EventKind.DENIED,
        EventKind.GIVEN_UP,
        EventKind.CLOSED,
        EventKind.EXPIRED,
        EventKind.DRY_RUN,
        EventKind.WATCHED,
        EventKind.ASKED,
        EventKind.UNANSWERED,
        EventKind.FOLLOWED_UP,
        EventKind.PART_SOLD,
    }
)


class Notifier:
    """Sends each event in one notice; events that come fast are sent together."""

    def __init__(self, state: TradeState, journal: Journal, view: Callable[[], TradeView]) -> None:
        """Send the events of `journal`, with the trade as `view` shows it."""
        self._state = state
        self._journal = journal
        self._view = view

    async def run(self) -> None:
        """Send notices until the trade is over. A channel that does not work is not waited for."""
        while not self._state.over or self._pending:
            await workflow.wait_condition(lambda: self._pending or self._state.over)
            if self._pending:
                notice = self._next_notice()
                with contextlib.suppress(ActivityError):
                    await run_activity(
                        NOTIFY,
                        notice,
                        answer=type(None),
                        options=activity_options.NOTIFY,
                        summary=f"notify: {self._journal.last[:60]}",
                    )

    @property
    def _pending(self) -> bool:
        """Whether an event that people must hear of was not sent; at the end, whether any was not."""
        fresh = self._state.events[self._state.notified :]
        return bool(fresh) if self._state.over else any(event.kind in PAGES | MONEY for event in fresh)

    def _next_notice(self) -> Notice:
        """Put all events that were not sent into one notice, as urgent as its most urgent event."""
        fresh = self._state.events[self._state.notified :]
        self._state.notified = len(self._state.events)
        kinds = {event.kind for event in fresh}
        level = Level.PAGE if kinds & PAGES else Level.MONEY if kinds & MONEY else Level.STORY
        text = "\n".join(event.text for event in fresh)
        view = self._view()
        return Notice(
            level=level,
            workflow_id=view.workflow_id,
            title=self._journal.title,
            text=text,
            view=view,
            events=tuple(fresh),
        )
