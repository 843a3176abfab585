"""What people are told of a trade, beside its story: nothing here ever holds an order up."""

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

PAGES = frozenset(
    {EventKind.WARNING, EventKind.NOT_FOUND, EventKind.UNKNOWN, EventKind.LATE_FILL, EventKind.CORRECTED}
)
MONEY = frozenset(
    {
        EventKind.ENTRY_SUBMITTED,
        EventKind.FILLED,
        EventKind.EXIT_SUBMITTED,
        EventKind.EXIT_FILLED,
        EventKind.REFUSED,
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
    """Tells each thing that happened once, several at a time where they come fast."""

    def __init__(self, journal: Journal, view: Callable[[], TradeView]) -> None:
        """Tell of `journal`, and how the trade stands by `view`."""
        self._journal = journal
        self._view = view
        self._told = 0
        self.over = False
        """Set when the trade is over: what is untold then is told last."""

    async def tell(self) -> None:
        """Tell people what happened until the trade is over. A channel that is dead is left behind."""
        while not self.over or self._untold:
            await workflow.wait_condition(lambda: self._untold or self.over)
            if self._untold:
                notice = self._next_notice()
                with contextlib.suppress(ActivityError):
                    await run_activity(
                        NOTIFY,
                        notice,
                        answer=type(None),
                        options=activity_options.NOTIFY,
                        summary=f"tell people: {self._journal.last[:60]}",
                    )

    @property
    def _untold(self) -> bool:
        """Whether something happened that people should hear of and have not; at the end, whether anything did: the trail is told whole."""
        fresh = self._journal.events[self._told :]
        return bool(fresh) if self.over else any(event.kind in PAGES | MONEY for event in fresh)

    def _next_notice(self) -> Notice:
        """Gather everything not told yet into one notice, as loud as its loudest event."""
        fresh = self._journal.events[self._told :]
        self._told = len(self._journal.events)
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
