"""Halts of an account: entries are told to stop, open trades to close, and what came of it.

A halt is certain once the last order that was let pass before it can no longer leave; that is waited for before a halt is answered.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.account.account import ADMISSION_VALIDITY, Account
    from alert_trader.domain.account.reservation import OpenTrade
    from alert_trader.domain.account.trading_state import IllegalStateChangeError, TradingStateCommand
    from alert_trader.domain.account.view import HaltReceipt
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import WorkflowId
    from alert_trader.workflows import timing
    from alert_trader.workflows.account.view import ended_line, remaining_line, remaining_text
    from alert_trader.workflows.interface import CLOSE_SIGNAL, HALTED_SIGNAL, NOT_POSSIBLE, Command
    from alert_trader.workflows.waiting import wait


class Halts:
    """Carries out what a halt or a flattening means for the trades."""

    def __init__(self, memory: Account, refresh: Callable[[], None]) -> None:
        """Halt `memory`'s account; `refresh` is called when something to show has changed."""
        self._memory = memory
        self._refresh = refresh
        self._beside: list[asyncio.Task[None]] = []
        self._stopped: tuple[OpenTrade, ...] = ()
        self._told_to_close: set[WorkflowId] = set()
        self.leaving = False
        """Set when the run is over: a flattening goes on in the next."""

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way beside the story."""
        return all(task.done() for task in self._beside)

    def order(self, order: TradingStateCommand, command: Command) -> None:
        """Move the account by a person's command; raises an application error where the table has no place for it."""
        try:
            self._memory.change_state(
                order, workflow.now(), by=command.by, reason=command.reason or "no reason given"
            )
        except IllegalStateChangeError as refused:
            raise ApplicationError(str(refused), type=NOT_POSSIBLE) from refused
        self._refresh()

    def stop_entries(self) -> None:
        """Tell every trade that may still buy to take its entry back."""
        entering = self._memory.entering
        self._stopped = entering or self._stopped
        for trade in entering:
            self._spawn(self._tell(trade.trade, HALTED_SIGNAL))

    async def certain(self) -> None:
        """Wait until no order that was let pass can leave any more."""
        passed = self._memory.last_admitted_at
        if passed is not None:
            await wait(
                lambda: False, passed + ADMISSION_VALIDITY, "for the last order that was let pass to be over"
            )

    async def receipt(self, started: datetime) -> HaltReceipt:
        """Say what a halt has led to, within `HALT_ANSWER` of its start."""
        await self.certain()
        await wait(
            lambda: not self._memory.entering, started + timing.HALT_ANSWER, "for entries to be taken back"
        )
        cancelled = tuple(ended_line(each) for each in self._stopped if not each.entering)
        remaining = tuple(self._memory.trades.values())
        return HaltReceipt(
            acknowledged=True,
            state=self._memory.state,
            epoch=self._memory.epoch,
            cancelled=cancelled,
            remaining=tuple(remaining_line(each) for each in remaining),
            text=remaining_text(self._memory.state, cancelled, remaining),
        )

    def begin_to_flatten(self) -> None:
        """Begin to close every open trade, or go on with it after a fresh start."""
        self._spawn(self._flatten())

    def flatten_again(self) -> None:
        """Have every open trade told again: one that waits for the venue tries again at once."""
        self._told_to_close.clear()

    @property
    def _untold(self) -> list[WorkflowId]:
        return [
            trade.trade for trade in self._memory.trades.values() if trade.trade not in self._told_to_close
        ]

    async def _flatten(self) -> None:
        """Tell open trades to close, each once and again when a person asks for it, until none is open."""
        turn = 0
        while not self.leaving:
            for trade in self._untold:
                self._told_to_close.add(trade)
                await self._tell(trade, CLOSE_SIGNAL)
            pause = timing.FLATTEN_PAUSES[min(turn, len(timing.FLATTEN_PAUSES) - 1)]
            turn += 1
            await wait(
                lambda: not self._memory.trades or bool(self._untold) or self.leaving,
                pause,
                "for open trades to be closed",
            )
            if not self._memory.trades:
                self._memory.change_state(
                    TradingStateCommand.FLAT, workflow.now(), by="the account", reason="every trade is closed"
                )
                self._refresh()
                return
            if self.leaving or self._untold:
                continue
            left = list(self._memory.trades.values())
            text = f"Flattening: {len(left)} trades with {sum(each.position for each in left)} contracts are still open"
            self._memory.record(workflow.now(), EventKind.FLATTENING, text, trades=len(left))

    async def _tell(self, trade: WorkflowId, signal: str) -> None:
        """Signal a trade; one that is over needs no telling."""
        command = Command(by=self._memory.halted_by or "the account", reason=self._memory.halt_reason or "")
        with contextlib.suppress(ApplicationError):
            await workflow.get_external_workflow_handle(trade).signal(signal, command)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._beside = [*[task for task in self._beside if not task.done()], asyncio.create_task(work)]
