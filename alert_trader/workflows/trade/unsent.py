"""Which events people have not been sent yet, and when to send them: what belongs together goes together.

Each notice and each card is an activity, with its state in the history. While the broker's answer to an
order is due, the outcome follows within moments, and is sent with what led to it. This holds up no order:
nothing of a trade waits for a notice or a card.
"""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.workflows.trade.continuation import Continuation
    from alert_trader.workflows.trade_state import TradeState

HOLD = timedelta(seconds=3)
"""How long an event waits at most for the answer that is due. It is looked at when something happens: an
answer that does not come within its activity's timeout is something that happens."""

PAGES = frozenset(
    {EventKind.WARNING, EventKind.NOT_FOUND, EventKind.UNKNOWN, EventKind.LATE_FILL, EventKind.CORRECTED}
)
"""A person must look now."""

AT_ONCE = PAGES | {EventKind.ASKED}
"""Never held: a person must look, or decide before a time."""


class BrokerCalls:
    """The calls about orders of which the broker's answer is due."""

    def __init__(self) -> None:
        """Begin with none."""
        self._due = 0

    @property
    def due(self) -> bool:
        """Whether an answer is due."""
        return self._due > 0

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Count a call until it is answered, or has failed."""
        self._due += 1
        try:
            yield
        finally:
            self._due -= 1


class UnsentEvents:
    """The events after those that were sent, each looked at once."""

    def __init__(
        self,
        state: TradeState,
        calls: BrokerCalls,
        continuation: Continuation,
        *,
        sent: int,
        wanted: frozenset[EventKind],
    ) -> None:
        """Begin after the first `sent` events of `state`; those of the `wanted` kinds are reasons to send."""
        self._state = state
        self._calls = calls
        self._continuation = continuation
        self._wanted = wanted
        self._seen = sent
        self._since: datetime | None = None
        """When the first event was recorded that is a reason to send; None while there is none."""
        self.kinds: set[EventKind] = set()
        """The kinds of the events that were not sent."""

    def due(self) -> bool:
        """Return whether it is time to send them."""
        for event in self._state.events[self._seen :]:
            self.kinds.add(event.kind)
            if self._since is None and event.kind in self._wanted:
                self._since = event.at
        self._seen = len(self._state.events)
        if self._state.over:
            return bool(self.kinds)
        if self._since is None or self._continuation.due_soon(self._state.lifecycle.phase):
            return False
        return not self._calls.due or bool(self.kinds & AT_ONCE) or workflow.now() - self._since >= HOLD

    def sent(self) -> None:
        """Begin again: all events were sent."""
        self.kinds.clear()
        self._since = None

    def again(self, sent: int) -> None:
        """Look again at all events after the first `sent`."""
        self._seen = sent
