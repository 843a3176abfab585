"""Halting and flattening an account.

Trades are signalled to stop buying, or to close, and the outcome is reported.

A halt is certain once the last order admitted before it can no longer be sent; a halt is answered only then.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import CommandRefusedError
    from alert_trader.domain.account.account import Account
    from alert_trader.domain.account.admission import halt_certain_after
    from alert_trader.domain.account.reservation import OpenTrade
    from alert_trader.domain.account.trading_state import IllegalStateChangeError, TradingStateCommand
    from alert_trader.domain.account.view import HaltReceipt
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import WorkflowId
    from alert_trader.workflows import timing
    from alert_trader.workflows.account.view import ended_line, remaining_line, remaining_text
    from alert_trader.workflows.interface import CLOSE_SIGNAL, HALTED_SIGNAL, Command
    from alert_trader.workflows.waiting import wait


class Halts:
    """Carries out a halt, or the flattening of the account, at its trades."""

    def __init__(self, account: Account, refresh: Callable[[], None]) -> None:
        """Halt `account`; `refresh` is called when its trading state has changed."""
        self._account = account
        self._refresh = refresh
        self._tasks: list[asyncio.Task[None]] = []
        self._close_sent: set[WorkflowId] = set()
        self._ending = False

    def end_run(self) -> None:
        """End this run: a flattening continues in the next."""
        self._ending = True

    @property
    def idle(self) -> bool:
        """Whether no signal and no flattening is in progress."""
        return all(task.done() for task in self._tasks)

    def apply(self, order: TradingStateCommand, command: Command) -> None:
        """Change the trading state by a person's command.

        Raise CommandRefusedError if the table has no row for it.
        """
        try:
            self._account.change_state(
                order, workflow.now(), by=command.by, reason=command.reason or "no reason given"
            )
        except IllegalStateChangeError as refused:
            raise CommandRefusedError(str(refused)) from refused
        self._refresh()

    def stop_entries(self) -> tuple[OpenTrade, ...]:
        """Signal every trade that may still buy to cancel its entry; return these trades."""
        entering = self._account.entering
        for trade in entering:
            self._start(self._signal(trade.trade, HALTED_SIGNAL))
        return entering

    async def wait_until_certain(self) -> None:
        """Wait until no order that was admitted before can be sent any more.

        The caller has halted the account in this workflow task: the timer starts with what it publishes.
        """
        left = halt_certain_after(workflow.now(), self._account.last_admitted_at)
        await wait(lambda: False, left, "for the last admissions to expire")

    async def receipt(self, started: datetime, stopped: tuple[OpenTrade, ...]) -> HaltReceipt:
        """Return what a halt that stopped these entries has led to, within `HALT_RECEIPT_WITHIN`."""
        await self.wait_until_certain()
        await wait(
            lambda: not self._account.entering,
            started + timing.HALT_RECEIPT_WITHIN,
            "for entries to be cancelled",
        )
        cancelled = tuple(ended_line(each) for each in stopped if not each.entering)
        # a trade that neither buys nor holds is about to be over: its last report may still be on its way
        remaining = tuple(
            trade for trade in self._account.trades.values() if trade.entering or trade.position > 0
        )
        return HaltReceipt(
            acknowledged=True,
            state=self._account.state,
            epoch=self._account.epoch,
            cancelled=cancelled,
            remaining=tuple(remaining_line(each) for each in remaining),
            text=remaining_text(self._account.state, cancelled, remaining),
        )

    def begin_to_flatten(self) -> None:
        """Begin to close every open trade; a new run continues with it."""
        self._start(self._flatten())

    def flatten_again(self) -> None:
        """Signal every open trade again: one that retries at the broker tries at once."""
        self._close_sent.clear()

    @property
    def _to_close(self) -> list[WorkflowId]:
        return [trade.trade for trade in self._account.trades.values() if trade.trade not in self._close_sent]

    async def _flatten(self) -> None:
        """Signal open trades to close, each once and again when a person requests it, until none is open."""
        turn = 0
        while not self._ending:
            for trade in self._to_close:
                self._close_sent.add(trade)
                await self._signal(trade, CLOSE_SIGNAL)
            pause = timing.FLATTEN_PAUSES[min(turn, len(timing.FLATTEN_PAUSES) - 1)]
            turn += 1
            await wait(
                lambda: not self._account.trades or bool(self._to_close) or self._ending,
                pause,
                "for open trades to be closed",
            )
            if not self._account.trades:
                self._account.change_state(
                    TradingStateCommand.FLAT, workflow.now(), by="the account", reason="every trade is closed"
                )
                self._refresh()
                return
            if self._ending or self._to_close:
                continue
            left = list(self._account.trades.values())
            text = (
                f"Flattening: {len(left)} trades with {sum(each.position for each in left)} contracts "
                "still open"
            )
            self._account.record(workflow.now(), EventKind.FLATTENING, text, trades=len(left))

    async def _signal(self, trade: WorkflowId, signal: str) -> None:
        """Signal a trade; one that is over needs no signal."""
        command = Command(by=self._account.halted_by or "the account", reason=self._account.halt_reason or "")
        with contextlib.suppress(ApplicationError):
            await workflow.get_external_workflow_handle(trade).signal(signal, command)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks = [*[task for task in self._tasks if not task.done()], asyncio.create_task(work)]
