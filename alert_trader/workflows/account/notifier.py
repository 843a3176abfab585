"""The notices that people receive of an account. Nothing here ever delays an entry or a halt."""

import contextlib

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import NOTIFY, Level, Notice
    from alert_trader.domain.account.account import Account
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import AccountNumber, account_workflow_id
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity

PAGES = frozenset(
    {EventKind.HALTED, EventKind.STILL_HALTED, EventKind.DIFFERENCE, EventKind.WARNING, EventKind.PREFLIGHT}
)

RECORDED_ONLY = frozenset({EventKind.STUCK, EventKind.RECOVERED})
"""`activities.trade_watch` pages people of these, also where this workflow is the stuck one."""


class AccountNotifier:
    """Sends each audit event of an account in one notice; events that come fast are sent together."""

    def __init__(self, number: AccountNumber, account: Account, notified: int) -> None:
        """Send the events of `account` after the one numbered `notified`."""
        self._number = number
        self._account = account
        self.notified = notified
        self._ending = False

    def end_run(self) -> None:
        """End this run: the next one sends what is not sent yet."""
        self._ending = True

    async def run(self) -> None:
        """Send notices until the run ends. A channel that does not work is not waited for."""
        while not self._ending:
            await workflow.wait_condition(lambda: self._account.recorded > self.notified or self._ending)
            fresh = tuple(event for event in self._account.events if event.sequence > self.notified)
            if not fresh:
                continue
            self.notified = fresh[-1].sequence
            notice = Notice(
                level=_level({event.kind for event in fresh}),
                workflow_id=account_workflow_id(self._number),
                title=f"Account {self._number}",
                events=fresh,
            )
            with contextlib.suppress(ActivityError):
                await run_activity(
                    NOTIFY,
                    notice,
                    answer=type(None),
                    options=activity_options.NOTIFY,
                    summary=f"notify: {fresh[-1].text[:60]}",
                )


def _level(kinds: set[EventKind]) -> Level:
    if kinds & PAGES:
        return Level.PAGE
    return Level.INFO if kinds <= RECORDED_ONLY else Level.MONEY
