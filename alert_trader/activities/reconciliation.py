"""Reconcile the account at the broker with its trades, repeatedly, while its order stream is followed.

Trades and broker are read one after the other, and each may lag by parts of a second. So a difference is
reported to the account only when a second comparison, a while later, still finds it; if no trade is open
there is nothing to wait for. A read that fails finds no difference and clears none.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.activities.messages import (
    DIFFERENCES_SIGNAL,
    EXPECTED_QUERY,
    RELEASE_SIGNAL,
    ExpectedAnswer,
)
from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.broker.port import OrderReader
from alert_trader.domain.account.reconciliation import Difference, ExpectedPosition, compare
from alert_trader.domain.ids import account_workflow_id
from alert_trader.domain.market.calendar import new_york_date, session_closes_at

EVERY = timedelta(minutes=2)
"""Between comparisons while everything agrees."""

RECHECK = timedelta(seconds=15)
"""Before a difference is checked again: the broker's positions lag a fill by seconds."""

AFTER_CLOSE = timedelta(seconds=90)
"""When a comparison is made after the session's close, in any case."""

_ANSWER = timedelta(seconds=5)


class Reconciliation:
    """Compares, and reports differences to the account."""

    def __init__(
        self,
        reader: OrderReader,
        client: Client,
        *,
        every: timedelta = EVERY,
        recheck: timedelta = RECHECK,
    ) -> None:
        """Compare what `reader` shows with what the account's workflow says, asked through `client`."""
        self._reader = reader
        self._client = client
        self._every = every
        self._recheck = recheck
        self._suspected: dict[tuple[str, str, int], Difference] = {}
        self._reported: tuple[Difference, ...] | None = None
        self._over: frozenset[str] = frozenset()
        """Trades that were over at the last comparison though the account had them open."""

    async def run(self) -> None:
        """Compare at once, then every few minutes and after the close, until cancelled."""
        self._reported = None  # another worker may have reported other differences to the account meanwhile
        while True:
            try:
                await self.compare()
            except Exception as failed:  # noqa: BLE001 - a comparison that fails must not stop order reports
                activity.logger.warning("account and trades could not be compared: %s", failed)
            await asyncio.sleep(self._pause(clock.now()).total_seconds())

    def _pause(self, now: datetime) -> timedelta:
        doubtful = {each.key for each in self._reported or ()} != self._suspected.keys()
        pause = self._recheck if doubtful else self._every
        closes = session_closes_at(new_york_date(now))
        if closes is not None and now < closes + AFTER_CLOSE:
            pause = min(pause, closes + AFTER_CLOSE - now)
        return pause

    async def compare(self) -> None:
        """Compare once, and report the certain differences to the account if they have changed."""
        account = self._client.get_workflow_handle(account_workflow_id(self._reader.account))
        answer = await self._expected()
        gone = [each for each in answer.trades if await self._is_over(each)]
        positions, working = await asyncio.gather(self._reader.positions(), self._reader.live_orders())
        present = [each for each in answer.trades if each not in gone]
        lost = [each for each in gone if each.position > 0]
        found = compare(present, positions, working, lost, now=clock.now())
        for each in gone:
            # one that holds contracts is a difference; one that holds none is released, once it had the time
            # to report that itself
            if each.position == 0 and each.trade in self._over:
                await account.signal(RELEASE_SIGNAL, each.trade)
        self._over = frozenset(each.trade for each in gone)
        if self._reported is None:
            self._reported = answer.differences
            self._suspected |= {each.key: each for each in answer.differences}
        certain = bool(found) and not answer.trades and await self._is_unchanged(answer)
        confirmed = tuple(each for each in found if each.key in self._suspected or certain)
        self._suspected = {each.key: each for each in found}
        if [each.key for each in confirmed] != [each.key for each in self._reported]:
            await account.signal(DIFFERENCES_SIGNAL, list(confirmed))
            self._reported = confirmed

    async def _is_unchanged(self, answer: ExpectedAnswer) -> bool:
        """Whether there was no trade while the positions were read, and so nothing in flight."""
        after = await self._expected()
        return not after.trades and after.admitted == answer.admitted

    async def _expected(self) -> ExpectedAnswer:
        account = self._client.get_workflow_handle(account_workflow_id(self._reader.account))
        answer: ExpectedAnswer = await account.query(
            EXPECTED_QUERY, result_type=ExpectedAnswer, rpc_timeout=_ANSWER
        )
        return answer

    async def _is_over(self, trade: ExpectedPosition) -> bool:
        try:
            described = await self._client.get_workflow_handle(trade.trade).describe(rpc_timeout=_ANSWER)
        except RPCError as failed:
            if kind_of(failed) is not FailureKind.NOT_FOUND:
                raise
            return True
        return described.status is not WorkflowExecutionStatus.RUNNING
