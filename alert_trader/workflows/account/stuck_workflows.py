"""The stuck workflows of an account, as its activity reports them, and the record of their repair."""

from collections.abc import Callable, Sequence
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import CommandRefusedError
    from alert_trader.domain.account.account import Account
    from alert_trader.domain.account.stuck import StuckWorkflow
    from alert_trader.domain.account.view import AccountReceipt
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.workflows.interface import RepairRecord


class StuckWorkflows:
    """Keeps what is stuck, and records when that changes."""

    def __init__(self, account: Account, known: Sequence[StuckWorkflow], refresh: Callable[[], None]) -> None:
        """Continue with what was `known`; `refresh` is called when differences were added."""
        self._account = account
        self._refresh = refresh
        self.known = tuple(known)

    def update(self, found: Sequence[StuckWorkflow], now: datetime) -> None:
        """Replace what is stuck; record what is new, and what is not stuck any more."""
        before = {each.workflow_id: each for each in self.known}
        self.known = tuple(found)
        for each in found:
            if before.pop(each.workflow_id, None) is None:
                text = f"{each.workflow_id} is stuck. {each.what}. {each.protection}"
                self._account.record(
                    now, EventKind.STUCK, text, trade=each.workflow_id, kind=each.kind, since=each.since
                )
        for each in before.values():
            text = f"{each.workflow_id} is not stuck any more"
            self._account.record(now, EventKind.RECOVERED, text, trade=each.workflow_id)

    def record_repair(self, asked: RepairRecord, now: datetime) -> AccountReceipt:
        """Record a repair, and what no trade manages any more with it."""
        command = asked.command
        if not command.by.strip() or not command.reason.strip():
            raise CommandRefusedError("expected who repairs the trade and why, found it empty")
        text = f"{command.by}: {asked.text}. Reason: {command.reason}"
        self._account.record(
            now, EventKind.REPAIR, text, by=command.by, reason=command.reason, trade=asked.trade
        )
        recorded = {each.key for each in self._account.differences}
        new = tuple(each for each in asked.differences if each.key not in recorded)
        if new:
            self._account.update_differences((*self._account.differences, *new), now)
            self._refresh()
        return AccountReceipt(done=True, text="Recorded")
