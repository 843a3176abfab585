"""Mark the cards of stuck trades, which cannot do that themselves."""

import asyncio
import logging
from datetime import timedelta

from temporalio.client import Client

from alert_trader.bot.cards import CardActivity
from alert_trader.bot.discord_errors import DISCORD_ERRORS
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.cards import last_card, request_card
from alert_trader.control.queries.stuck import stuck_workflows
from alert_trader.domain.account.stuck import StuckWorkflow, same_state
from alert_trader.domain.ids import AccountNumber, WorkflowId

log = logging.getLogger("alert-trader.bot.stuck")

EVERY = timedelta(seconds=15)


class StuckCards:
    """Marks the card of each stuck trade of an account, and has it shown as usual once the trade runs."""

    def __init__(self, temporal: Client, account: AccountNumber, cards: CardActivity) -> None:
        """Mark with `cards`, which is connected to Discord."""
        self._temporal = temporal
        self._account = account
        self._cards = cards
        self._marked: dict[WorkflowId, StuckWorkflow] = {}

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                await self.look()
            except (ControlError, TimeoutError, *DISCORD_ERRORS) as failed:
                log.warning("cards of stuck trades could not be marked: %s", failed)
            except Exception:
                # a history that cannot be decoded must not end the marks of other trades
                log.exception("cards of stuck trades could not be marked")
            await asyncio.sleep(EVERY.total_seconds())

    async def look(self) -> None:
        """Look once."""
        found = {
            each.workflow_id: each
            for each in await stuck_workflows(self._temporal, self._account)
            if each.is_trade
        }
        for trade, stuck in found.items():
            if not same_state(self._marked.get(trade), stuck):
                card = await last_card(self._temporal, trade)
                if card is not None:
                    await self._cards.show_stuck(card, stuck)
                self._marked[trade] = stuck
        for trade in [each for each in self._marked if each not in found]:
            await request_card(self._temporal, trade)
            del self._marked[trade]
