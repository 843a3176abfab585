"""The receipts of a workflow's commands, in the memo of its run.

`activities.receipts` sends commands and reads their receipts.
"""

from collections.abc import Awaitable, Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import RECEIPTS, CommandRefusedError, Receipt
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import Command

MAX_KEPT = 50
"""Receipts that are kept for a command that is sent again under the same id; older ones are dropped."""


class Receipts:
    """Carries out each command once, and publishes its receipt."""

    def __init__(self, kept: dict[str, Receipt | None]) -> None:
        """Keep receipts in `kept`, by the id of their command; None while it is being carried out."""
        self._kept = kept
        self._pending: dict[str, Receipt] = {}

    @property
    def kept(self) -> dict[str, Receipt | None]:
        """Return the last receipts, for the next run."""
        return {each: receipt for each, receipt in self._kept.items() if receipt is not None}

    async def answer(
        self, command: Command, work: Callable[[], Awaitable[object]], *, adds_risk: bool = False
    ) -> None:
        """Carry out a command and publish what it led to, or why it was refused.

        The same id again is answered with the first receipt. A command without an id gets none. One that adds
        risk is refused when no worker has carried it out for a while.
        """
        command_id = command.id
        if command_id in self._kept:
            kept = self._kept[command_id]
            if kept is not None:
                self._publish(command_id, kept)
            return
        if command_id:
            self._keep(command_id)
        try:
            if adds_risk:
                _check_age(command)
            receipt = Receipt(receipt=await work())
        except CommandRefusedError as refused:
            receipt = Receipt(refused=str(refused))
        if command_id:
            self._kept[command_id] = receipt
            self._publish(command_id, receipt)

    def add(self, command_id: str, receipt: object) -> None:
        """Publish a receipt with the next, or when `run` has its turn: many become one event."""
        self._pending[command_id] = Receipt(receipt=receipt)

    async def run(self) -> None:
        """Publish what was added, whenever something was."""
        while True:
            await workflow.wait_condition(lambda: bool(self._pending))
            self.flush()

    def flush(self) -> None:
        """Publish what was added."""
        if self._pending:
            workflow.upsert_memo({RECEIPTS: self._pending})
            self._pending = {}

    def _keep(self, command_id: str) -> None:
        self._kept[command_id] = None
        ended = [each for each, receipt in self._kept.items() if receipt is not None]
        for each in ended[: max(len(self._kept) - MAX_KEPT, 0)]:
            del self._kept[each]

    def _publish(self, command_id: str, receipt: Receipt) -> None:
        self._pending[command_id] = receipt
        self.flush()


def _check_age(command: Command) -> None:
    if command.sent_at is None:
        return
    age = workflow.now() - command.sent_at
    if age > timing.COMMAND_MAX_AGE:
        text = f"No worker ran for {age.total_seconds():.0f} s after it was sent: send it again."
        raise CommandRefusedError(text)
