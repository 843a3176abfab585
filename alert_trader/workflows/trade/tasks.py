"""The coroutines of a trade that run at the same time, and why that is safe.

They share one event loop and one state. One of them runs at a time, and another can run only at an `await`:
whatever is read before an `await` may have changed after it, so each decision is taken from the state as it
is after the last one. Every number that limits an order (what is held, what may still sell) comes from the
ledger, in which an order counts from the moment it is intended, before the `await` that sends it.
"""

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any


class TaskName(StrEnum):
    """What runs beside the trade's steps.

    The docstring of each says what it changes, and why it may do so at any time.
    """

    PROFIT_TAKES = "profit-takes"
    """Decides on a profit-take for every slice bought. The only one that sends profit-takes, one decision at
    a time: it waits until the order is in the ledger before it decides on the next."""
    SEND_PROFIT_TAKE = "send a profit-take"
    """Sends one profit-take. Works out its quantity again when it starts, and intends the order without an
    `await` between."""
    SUBMIT = "submit again"
    """Submits one order that the run before this one was sending. The order counts as open until it is
    answered, and everything that waits for its end looks at the ledger."""
    PARTIAL_EXITS = "partial exits"
    """Sells partial exits, one at a time. Sets its contracts aside at once, so that no profit-take is decided
    for them, and sells only what no open exit order can sell."""
    TIMED_SALE = "timed sale"
    """Waits for the time by which everything is to be sold, and requests that once. Sends nothing itself."""
    PRICE_WATCH = "price watch"
    """Has the price of what is held watched, and requests the sale of everything when a stop is crossed.
    Works the stop out from fills and plan again at each turn; sends nothing itself."""
    FINAL_SALE = "final sale"
    """Reads a sale of the close until it has ended, and cancels it when it is to be offered lower. Applies
    reports to the ledger, which may come at any time; the price of the next order is worked out when that is
    intended."""
    CANCEL = "cancel"
    """Cancels one order until it has ended; at most one for each order. The contracts of an order count as
    open until a report ends it, so nothing is sent in its place too early."""
    SEARCH = "search for a lost order"
    """Searches for one order of unknown outcome; at most one for each order. The order counts as open until
    it is found or confirmed absent. Changes only the state of this order."""
    READ_FILLS = "read missing fills"
    """Reads one order until its reports agree; at most one for each order. Only applies reports to the
    ledger."""
    NOTICES = "notices"
    """Sends notices. Reads the audit trail, which only grows, and changes only how far people were
    notified."""
    CARD = "card"
    """Shows the card, one activity at a time. Reads the state, and changes only its own progress."""
    ACCOUNT_REPORTS = "account reports"
    """Reports to the account, one signal at a time. Reads the state, and changes only its own progress;
    reports are numbered."""
    OFFER_EXPIRY = "offer expiry"
    """Ends an offer when nobody decides in time. Compares the offer with the one that it was started for: a
    newer one stays."""
    LATE_EXIT_OFFER = "offer once held"
    """Makes an offer when the entry is over. Looks at the phase, the position and a requested close again
    before it does."""


class Tasks:
    """The coroutines of one trade.

    A failure of any of them must fail the workflow task, for a person to see it.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.failure: BaseException | None = None
        """The exception of the first coroutine that failed, or None."""

    def start(self, name: TaskName, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a coroutine beside the trade's steps."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Keep the first failure; a coroutine that has ended is not looked at again."""
        if self.failure is None and not task.cancelled():
            self.failure = task.exception()
