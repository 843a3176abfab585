"""The trade's card: the bot shows it, on a task queue of its own. Nothing here ever delays an order.

One activity at a time carries the newest state; what happens meanwhile is shown by the next one, together,
and so is what belongs together (`unsent.py`). A request carries what the card shows and no more: of the
orders those that may still fill, of the events the texts. If the bot is not running the activity times out;
the next change shows the card again, or the bot does when it is back.
"""

from collections.abc import Callable
from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardRequest
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import AccountNumber
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows.activity_options import card_of, run_activity
    from alert_trader.workflows.interface import CardState
    from alert_trader.workflows.trade.continuation import Continuation
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.unsent import BrokerCalls, UnsentEvents
    from alert_trader.workflows.trade_state import TradeState
    from alert_trader.workflows.waiting import let_others_run

MAX_EVENTS = 50
"""Events of one request: while the bot is not running for weeks, the whole trail must not enter the history
again with each event."""


class CardPublisher:
    """Keeps the card up to date with the trade, and its thread with the audit trail."""

    def __init__(
        self,
        state: TradeState,
        journal: Journal,
        view: Callable[[int | None], TradeView],
        account: AccountNumber,
        calls: BrokerCalls,
        continuation: Continuation,
    ) -> None:
        """Show `view`, with so many orders, and the events of `journal` through the bot of `account`."""
        self._state = state
        self._journal = journal
        self._view = view
        self._options = card_of(account)
        self._continuation = continuation
        self._unsent = UnsentEvents(
            state, calls, continuation, sent=state.card.sent, wanted=frozenset(EventKind)
        )

    @property
    def progress(self) -> CardState:
        """Return where the card is, and how many of the events it shows."""
        card = self._state.card
        return CardState(place=card.place, shown=card.shown, events=len(self._state.events))

    def show_again(self) -> None:
        """Show the card though nothing changed: the bot is back, or the card was deleted."""
        self._state.card.sent = 0
        self._unsent.again(0)

    async def run(self) -> None:
        """Show each change until the trade is over; what is not shown by then is tried once more."""
        while not self._state.over or self._due():
            await workflow.wait_condition(lambda: self._due() or self._state.over)
            await let_others_run()
            if self._due():
                await self._show()

    def _due(self) -> bool:
        """Return whether it is time to show something new. The first card of a trade waits for nothing."""
        due = self._unsent.due()
        return due or (
            self._state.card.place is None and self._state.card.sent == 0 and bool(self._unsent.kinds)
        )

    async def _show(self) -> None:
        card, events = self._state.card, self._journal.events
        card.sent = len(events)
        self._unsent.sent()
        shown = 0 if card.place is None else card.place.events_shown
        count = len(events)
        newest = events[max(shown, count - MAX_EVENTS) :]
        fresh = tuple(replace(event, facts={}, chain="") for event in newest)
        request = CardRequest(view=self._view(0), events=fresh, place=card.place, in_doubt=card.in_doubt)
        try:
            with self._continuation.hold():
                answer = await run_activity(
                    SHOW_CARD,
                    request,
                    answer=CardAnswer,
                    options=self._options,
                    summary=f"show the card: {self._journal.last[:60]}",
                )
        except ActivityError:
            # it may have been shown all the same: the next request looks for it before it makes a new one
            card.in_doubt = True
        else:
            card.place, card.shown, card.in_doubt = answer.place, count, False
