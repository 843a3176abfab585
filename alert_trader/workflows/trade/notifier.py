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
    from alert_trader.workflows.trade.continuation import Continuation
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.unsent import PAGES, BrokerCalls, UnsentEvents
    from alert_trader.workflows.trade_state import TradeState
    from alert_trader.workflows.waiting import let_others_run

MONEY = frozenset(
    {
        EventKind.ENTRY_SUBMITTED,
        EventKind.FILLED,
        EventKind.EXIT_SUBMITTED,
        EventKind.EXIT_TRIGGERED,
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


MAX_ORDERS = 20
"""Orders of one notice beside those that may still fill. The last notice of a trade has all of them: the
mirrors keep it."""


class Notifier:
    """Sends each event in one notice; events that belong together are sent together."""

    def __init__(
        self,
        state: TradeState,
        journal: Journal,
        view: Callable[[int | None], TradeView],
        calls: BrokerCalls,
        continuation: Continuation,
    ) -> None:
        """Send the events of `journal`, with the trade as `view` shows it, with so many orders."""
        self._state = state
        self._journal = journal
        self._view = view
        self._continuation = continuation
        self._unsent = UnsentEvents(state, calls, continuation, sent=state.notified, wanted=PAGES | MONEY)

    async def run(self) -> None:
        """Send notices until the trade is over. A channel that does not work is not waited for."""
        while not self._state.over or self._unsent.due():
            await workflow.wait_condition(lambda: self._unsent.due() or self._state.over)
            await let_others_run()
            if self._unsent.due():
                notice = self._next_notice()
                with contextlib.suppress(ActivityError), self._continuation.hold():
                    await run_activity(
                        NOTIFY,
                        notice,
                        answer=type(None),
                        options=activity_options.NOTIFY,
                        summary=f"notify: {self._journal.last[:60]}",
                    )

    def _next_notice(self) -> Notice:
        """Put all events that were not sent into one notice, as urgent as its most urgent event."""
        fresh = self._state.events[self._state.notified :]
        self._state.notified = len(self._state.events)
        kinds = self._unsent.kinds
        level = Level.PAGE if kinds & PAGES else Level.MONEY if kinds & MONEY else Level.INFO
        self._unsent.sent()
        view = self._view(None if self._state.over else MAX_ORDERS)
        return Notice(
            level=level,
            workflow_id=view.workflow_id,
            title=self._journal.title,
            view=view,
            events=tuple(fresh),
        )
