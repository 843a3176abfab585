"""The trade's card, beside its story: shown by the bot, on a queue that the bot serves. Nothing here ever holds an order up.

One activity at a time carries the newest state, so that what happens while it runs is shown by the next one, together. A bot that is away
lets the activity run out; the next change, or the bot itself when it is back, has the card shown again.
"""

from collections.abc import Callable
from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardPlace, CardRequest
    from alert_trader.domain.ids import AccountNumber
    from alert_trader.domain.orders.ledger import OrderState
    from alert_trader.domain.orders.order import OrderStatus
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows.activity_options import card_of, run_activity
    from alert_trader.workflows.interface import CardState
    from alert_trader.workflows.trade.journal import Journal

MOST_EVENTS = 50
"""Events one card carries: a bot that is away for weeks must not have the whole trail written into history again for each new event."""

MOST_ORDERS = 20
"""Orders a card carries beside those that may still fill: an exit that is refused for weeks is hundreds of them."""

ENDED = frozenset(
    {
        OrderState.REFUSED,
        OrderState.NOT_SENT,
        OrderState.CONFIRMED_ABSENT,
        *(each for each in OrderStatus if each.terminal),
    }
)


class CardPublisher:
    """Keeps one card like the trade, and its thread like the journal."""

    def __init__(self, journal: Journal, view: Callable[[], TradeView], account: AccountNumber) -> None:
        """Show `journal`, and how the trade stands by `view`, through the bot of `account`."""
        self._journal = journal
        self._view = view
        self._options = card_of(account)
        self._place: CardPlace | None = None
        self._tried = 0
        self._shown = 0
        self._in_doubt = False
        self.over = False
        """Set when the trade is over: what is not shown then is tried once more."""

    @property
    def state(self) -> CardState:
        """Say where the card is, and how many of the events it shows."""
        return CardState(place=self._place, shown=self._shown, events=len(self._journal.events))

    def show_again(self) -> None:
        """Have the card shown though nothing changed: the bot is back, or the card was lost."""
        self._tried = 0

    async def show(self) -> None:
        """Show each change until the trade is over."""
        while not self.over or self._unshown:
            await workflow.wait_condition(lambda: self._unshown or self.over)
            if self._unshown:
                await self._draw()

    @property
    def _unshown(self) -> bool:
        return len(self._journal.events) > self._tried

    async def _draw(self) -> None:
        events = self._journal.events
        self._tried = len(events)
        told = 0 if self._place is None else self._place.told
        fresh = tuple(events[max(told, len(events) - MOST_EVENTS) :])
        request = CardRequest(
            view=_brief(self._view()), events=fresh, place=self._place, in_doubt=self._in_doubt
        )
        try:
            answer = await run_activity(
                SHOW_CARD,
                request,
                answer=CardAnswer,
                options=self._options,
                summary=f"show the card: {self._journal.last[:60]}",
            )
        except ActivityError:
            # it may have been shown all the same: the next one looks before it makes anything
            self._in_doubt = True
        else:
            self._place, self._shown, self._in_doubt = answer.place, len(events), False


def _brief(view: TradeView) -> TradeView:
    older = tuple(order for order in view.orders[:-MOST_ORDERS] if order.status not in ENDED)
    return replace(view, orders=older + view.orders[-MOST_ORDERS:])
