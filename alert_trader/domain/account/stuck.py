"""Stuck trades: their workflow can do nothing until it is repaired, whatever the market does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alert_trader.domain.ids import WorkflowId
from alert_trader.domain.market.calendar import eastern

PAGE_EVERY = timedelta(minutes=15)
"""How often people are paged while a workflow is stuck."""


class StuckKind(StrEnum):
    """Why a workflow can do nothing."""

    FAILING = "failing"
    """Its workflow tasks fail, again and again."""
    PAUSED = "paused"
    """A person paused it in Temporal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckWorkflow:
    """A stuck trade, or the stuck workflow of an account, and what still protects the position."""

    workflow_id: WorkflowId
    kind: StuckKind
    since: datetime
    attempts: int
    """Attempts of the workflow task that fails."""
    why: str
    """The failure's message, or who paused it and why."""
    symbol: str | None = None
    """The OCC symbol; None when the trade has reported no position to the account."""
    held: int | None = None
    """Contracts, by the trade's last report to the account; None as for `symbol`."""
    at_broker: int | None = None
    """Contracts of the symbol that the account holds at the broker, of all its trades; None: not known."""
    orders: tuple[str, ...] | None = None
    """The trade's working orders at the broker; None: they could not be read."""
    paged_at: datetime | None = None
    """When people were paged last."""

    @property
    def is_trade(self) -> bool:
        """Whether it is a trade, and not the account's own workflow."""
        return self.workflow_id.startswith("trade-")

    @property
    def what(self) -> str:
        """What happened, without the numbers."""
        since = eastern(self.since, "%Y-%m-%d %H:%M:%S")
        if self.kind is StuckKind.PAUSED:
            return f"Paused in Temporal since {since}: {self.why}"
        return f"Workflow task failing since {since}, {self.attempts} attempts: {self.why}"

    @property
    def protection(self) -> str:
        """What is held, and which orders still work at the broker."""
        if not self.is_trade:
            return "No entry is admitted. Exits and cancels of trades continue"
        held = (
            "Reported no position"
            if self.symbol is None
            else f"{' '.join(self.symbol.split())}: {self.held} held by its last report"
        )
        if self.at_broker is not None:
            held += f", {self.at_broker} in the account"
        if self.orders is None:
            return f"{held}. Its working orders could not be read"
        return f"{held}. Working at the broker: {'; '.join(self.orders) or 'no order'}"

    @property
    def fix(self) -> str:
        """What to do."""
        if self.is_trade:
            return f"trader repair {self.workflow_id}"
        return "see the worker's log; start a worker whose code fits the account's history"

    @property
    def text(self) -> str:
        """All of it, a line each: what happened, the numbers, what to do."""
        return f"{self.what}\n{self.protection}\nRepair: {self.fix}"


def same_state(one: StuckWorkflow | None, other: StuckWorkflow) -> bool:
    """Whether there is nothing new to report: only attempts and times of pages may differ."""
    return one is not None and (one.kind, one.held, one.at_broker, one.orders) == (
        other.kind,
        other.held,
        other.at_broker,
        other.orders,
    )


def page_due(stuck: StuckWorkflow, now: datetime) -> bool:
    """Whether people are to be paged of it now."""
    return stuck.paged_at is None or now >= stuck.paged_at + PAGE_EVERY
