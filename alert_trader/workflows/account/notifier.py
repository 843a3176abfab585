"""What people are told of an account, beside its story: nothing here ever holds an entry or a halt up."""

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


class AccountNotifier:
    """Tells each audit event of an account once, several at a time where they come fast."""

    def __init__(self, account: AccountNumber, memory: Account, told: int) -> None:
        """Tell of `memory`'s events after the one numbered `told`."""
        self._account = account
        self._memory = memory
        self.told = told
        self.leaving = False
        """Set when the run is over: what is untold then the next run tells."""

    async def tell(self) -> None:
        """Tell people what happened until the run is over. A channel that is dead is left behind."""
        while not self.leaving:
            await workflow.wait_condition(lambda: self._memory.recorded > self.told or self.leaving)
            fresh = tuple(event for event in self._memory.events if event.sequence > self.told)
            if not fresh:
                continue
            self.told = fresh[-1].sequence
            notice = Notice(
                level=Level.PAGE if {event.kind for event in fresh} & PAGES else Level.MONEY,
                workflow_id=account_workflow_id(self._account),
                title=f"Account {self._account}",
                text="\n".join(event.text for event in fresh),
                events=fresh,
            )
            with contextlib.suppress(ActivityError):
                await run_activity(
                    NOTIFY,
                    notice,
                    answer=type(None),
                    options=activity_options.NOTIFY,
                    summary=f"tell people: {fresh[-1].text[:60]}",
                )
