"""A bot that answers every card request at once, and shows nothing."""

import contextlib
from collections.abc import AsyncIterator

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from alert_trader.activities.messages import SHOW_CARD, CardAnswer, CardPlace, CardRequest
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.interface import cards_queue


@contextlib.asynccontextmanager
async def served_cards(client: Client, account: AccountNumber) -> AsyncIterator[None]:
    """Answer for the bot of an account."""

    @activity.defn(name=SHOW_CARD)
    async def show(request: CardRequest) -> CardAnswer:
        last = request.events[-1].sequence if request.events else 0
        return CardAnswer(place=CardPlace(channel_id="22", message_id="7", events_shown=last))

    async with Worker(client, task_queue=cards_queue(account), activities=[show]):
        yield
