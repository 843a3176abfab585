"""Closes and partial exits that are requested outside the session wait for the next one, and say so.

Otherwise the broker would keep their orders for the opening, at whatever price that brings. The calendar says
when the contract trades; where it says that it does not, the broker is asked, because it may be open all the
same.
"""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import READ_SESSION, SessionAnswer
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.market.calendar import eastern
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.waiting import wait


class SessionWait:
    """Waits for the session in which a contract can be sold."""

    def __init__(self, orders: OrderManager, journal: Journal) -> None:
        """Wait with the hours and the retries of `orders`; record the waits in `journal`."""
        self._orders = orders
        self._journal = journal
        self._recorded: datetime | None = None
        """The opening that was recorded last."""

    async def until_open(self, until: datetime, unwanted: Callable[[], bool]) -> bool:
        """Wait until the contract trades, at most `until` a moment; return whether it does.

        Ends when nothing is wanted any more. A person's request has the broker asked again at once.
        """
        orders, retries = self._orders, self._orders.retries
        what = f"the market is closed, and the sale of {orders.contract} waits for it to open"
        while not unwanted() and workflow.now() < until:
            if orders.hours.trades_at(orders.contract, workflow.now()):
                return True
            session = await self._session(until, unwanted)
            if session is None or session.open_now:
                return session is not None
            opens = min(self._opening(session), until)
            self._record(opens)
            requested = retries.requested
            retries.next_attempts[what] = opens
            await wait(lambda: unwanted() or retries.requested != requested, opens, what)  # noqa: B023 - awaited
            retries.next_attempts.pop(what, None)
        return False

    def _opening(self, session: SessionAnswer) -> datetime:
        """Return the next opening: the broker's where it names one, else the calendar's."""
        now = workflow.now()
        if session.opens_at is not None and session.opens_at > now:
            return session.opens_at
        return self._orders.hours.next_open(now)

    def _record(self, opens: datetime) -> None:
        if opens == self._recorded:
            return
        self._recorded = opens
        when = eastern(opens, "%Y-%m-%d %H:%M")
        text = f"The market is closed: what is to be sold of {self._orders.contract} is sold from {when} on"
        self._journal.record(workflow.now(), EventKind.SALE_WAITS, text, opens_at=opens.isoformat())

    async def _session(self, until: datetime, unwanted: Callable[[], bool]) -> SessionAnswer | None:
        """Ask the broker whether the market is open, until it answers; None when that was not in time."""
        what = "the market is closed by the calendar, and the broker does not say whether it is open"
        with self._orders.retries.loop(timing.SUBMIT_PAUSES, what) as loop:
            while not unwanted() and workflow.now() < until and not loop.expired:
                try:
                    return await run_activity(
                        READ_SESSION,
                        answer=SessionAnswer,
                        options=activity_options.READ,
                        summary="read whether the market is open",
                    )
                except ActivityError:
                    await loop.pause(unwanted, until)
        return None
