"""Hold the account at the broker against its trades, again and again while its order stream is followed.

Trades and broker are read one after the other, and each lags the other by parts of a second. So what does not agree is told to the
account only when a second look, a while later, still finds it; where no trade is open there is nothing to wait for. A question that is
not answered finds nothing and clears nothing.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from alert_trader import clock
from alert_trader.activities.messages import (
    DIFFERENCES_SIGNAL,
    EXPECTED_QUERY,
    RELEASE_UPDATE,
    ExpectedAnswer,
)
from alert_trader.broker.port import OrderReader
from alert_trader.domain.account.reconciliation import Difference, ExpectedPosition, compare
from alert_trader.domain.ids import account_workflow_id
from alert_trader.domain.market.calendar import new_york_date, session_closes_at

EVERY = timedelta(minutes=2)
"""Between looks where everything agrees."""

SECOND_LOOK = timedelta(seconds=15)
"""Before what does not agree is looked at again: the broker's ledger lags a fill by seconds."""

AFTER_CLOSE = timedelta(seconds=90)
"""When a look is taken after the session's close, whatever the rhythm."""

_ANSWER = timedelta(seconds=5)


class Reconciliation:
    """Looks, compares, and tells the account what does not agree."""

    def __init__(
        self,
        reader: OrderReader,
        client: Client,
        *,
        every: timedelta = EVERY,
        second_look: timedelta = SECOND_LOOK,
    ) -> None:
        """Compare what `reader` shows with what the account's workflow says, asked through `client`."""
        self._reader = reader
        self._client = client
        self._every = every
        self._second_look = second_look
        self._suspected: dict[tuple[str, str, int], Difference] = {}
        self._told: tuple[Difference, ...] | None = None
        self._over: frozenset[str] = frozenset()
        """Trades that were seen to be over at the last look, though the account had them open."""

    async def go_on(self) -> None:
        """Look at once, then every few minutes and at the close, until cancelled."""
        self._told = None  # the account may have been told something else by another worker meanwhile
        while True:
            try:
                await self.look()
            except Exception as failed:  # noqa: BLE001 - whatever is wrong with a comparison, order reports must not stop for it
                activity.logger.warning("account and trades could not be compared: %s", failed)
            await asyncio.sleep(self._pause(clock.now()).total_seconds())

    def _pause(self, now: datetime) -> timedelta:
        doubtful = {each.key for each in self._told or ()} != self._suspected.keys()
        pause = self._second_look if doubtful else self._every
        closes = session_closes_at(new_york_date(now))
        if closes is not None and now < closes + AFTER_CLOSE:
            pause = min(pause, closes + AFTER_CLOSE - now)
        return pause

    async def look(self) -> None:
        """Compare once, and tell the account what has changed of what is certain."""
        account = self._client.get_workflow_handle(account_workflow_id(self._reader.account))
        answer: ExpectedAnswer = await account.query(
            EXPECTED_QUERY, result_type=ExpectedAnswer, rpc_timeout=_ANSWER
        )
        gone = [each for each in answer.trades if await self._is_over(each)]
        positions, working = await asyncio.gather(self._reader.positions(), self._reader.live_orders())
        present = [each for each in answer.trades if each not in gone]
        found = compare(present, positions, working, [each for each in gone if each.position > 0])
        for each in gone:
            # what it holds is a difference; what holds nothing any more only has to be let go of, once it had the time to say so itself
            if each.position == 0 and each.trade in self._over:
                await account.execute_update(RELEASE_UPDATE, each.trade)
        self._over = frozenset(each.trade for each in gone)
        if self._told is None:
            self._told = answer.differences
            self._suspected |= {each.key: each for each in answer.differences}
        # with no trade open nothing is on its way: what does not agree then is so
        confirmed = tuple(each for each in found if each.key in self._suspected or not answer.trades)
        self._suspected = {each.key: each for each in found}
        if [each.key for each in confirmed] != [each.key for each in self._told]:
            await account.signal(DIFFERENCES_SIGNAL, list(confirmed))
            self._told = confirmed

    async def _is_over(self, trade: ExpectedPosition) -> bool:
        try:
            described = await self._client.get_workflow_handle(trade.trade).describe(rpc_timeout=_ANSWER)
        except RPCError as failed:
            if failed.status is not RPCStatusCode.NOT_FOUND:
                raise
            return True
        return described.status is not WorkflowExecutionStatus.RUNNING
