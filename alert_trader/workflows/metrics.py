"""The Prometheus metrics of trades, counted from the journal alone, as the audit trail is.

Nothing is counted, or worked out, during a replay. Labels are closed sets: no id, name or symbol becomes one.
"""

from collections.abc import Iterable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.audit.event import EventKind, TradeEvent
    from alert_trader.domain.ids import Leg, read_client_order_id
    from alert_trader.domain.not_sent import is_not_sent_reason, meaning_of

EVENTS = "trader_events"
ORDERS = "trader_orders"
NOT_BOUGHT = "trader_not_bought"
TRADES = "trader_trades_closed"
STAGE = "trader_stage"
HALTED = "trader_account_halted"

BROKER = "BROKER"
"""The label of a rejection by the broker: neither a denial nor one of our reasons for not sending."""

OUTCOMES = {
    EventKind.ENTRY_SUBMITTED: "accepted",
    EventKind.EXIT_SUBMITTED: "accepted",
    EventKind.REJECTED: "rejected",
    EventKind.EXIT_REJECTED: "rejected",
    EventKind.ENTRY_NOT_SENT: "not_sent",
    EventKind.UNKNOWN: "unknown",
    EventKind.FOUND: "found",
    EventKind.NOT_FOUND: "not_found",
}
"""How the submission of an order ended, by its event."""

NOT_BOUGHT_EVENTS = frozenset(
    {EventKind.DENIED, EventKind.REJECTED, EventKind.GIVEN_UP, EventKind.ENTRY_NOT_SENT}
)

STAGES = {
    EventKind.SIZED: ("sized", EventKind.RECEIVED),
    EventKind.ENTRY_SUBMITTED: ("entry_at_broker", EventKind.RECEIVED),
    EventKind.FILLED: ("first_fill", EventKind.RECEIVED),
    EventKind.EXIT_SUBMITTED: ("exit_at_broker", EventKind.FILLED),
}
"""Stages of a trade: the event that ends one, its name, and the event it is measured from; the first of each
counts."""


class TradeMetrics:
    """Counts the events of one trade, each once."""

    def __init__(self, events: Iterable[TradeEvent] = ()) -> None:
        """Continue after `events`, which were counted by an earlier run."""
        self._first: dict[EventKind, datetime] = {}
        """When the first event of each kind was recorded."""
        for event in events:
            self._first.setdefault(event.kind, event.at)

    def count(self, event: TradeEvent) -> None:
        """Count a new event."""
        first = event.kind not in self._first
        self._first.setdefault(event.kind, event.at)
        if not workflow.unsafe.is_replaying():
            _count(event)
            if first:
                self._measure_stage(event)

    def _measure_stage(self, event: TradeEvent) -> None:
        """Record how long the stage took that the first event of its kind has ended, if it has ended one."""
        if event.kind in STAGES and (begun := self._first.get(STAGES[event.kind][1])) is not None:
            workflow.metric_meter().create_histogram_timedelta(STAGE, "Time a stage of a trade took.").record(
                event.at - begun, {"stage": STAGES[event.kind][0]}
            )


def _count(newest: TradeEvent) -> None:
    meter = workflow.metric_meter()
    meter.create_counter(EVENTS, "Audit events by kind.").add(1, {"kind": newest.kind.value})
    if (outcome := outcome_of(newest)) is not None:
        named = read_client_order_id(newest.facts.get("order", ""))
        leg = Leg.ENTRY if named is None else named[1]
        meter.create_counter(ORDERS, "Orders by leg and by how their sending ended.").add(
            1, {"leg": leg.name.lower(), "outcome": outcome}
        )
    if newest.kind in NOT_BOUGHT_EVENTS:
        code = newest.facts.get("code", "")
        known = BROKER if meaning_of(code) is None else code
        meter.create_counter(NOT_BOUGHT, "Reasons for which nothing, or no more, was bought.").add(
            1, {"code": known}
        )
    if newest.kind is EventKind.CLOSED:
        meter.create_counter(TRADES, "Trades that are over, by outcome.").add(
            1, {"outcome": newest.facts.get("outcome", "")}
        )


def outcome_of(event: TradeEvent) -> str | None:
    """Return how the sending of an order ended.

    An exit with a reason of ours was not rejected by the broker.
    """
    if event.kind is EventKind.EXIT_REJECTED and is_not_sent_reason(event.facts.get("code")):
        return OUTCOMES[EventKind.ENTRY_NOT_SENT]
    return OUTCOMES.get(event.kind)


def record_halt(*, halted: bool) -> None:
    """Set the gauge that says whether the account is halted, or being flattened."""
    if workflow.unsafe.is_replaying():
        return
    workflow.metric_meter().create_gauge(HALTED, "1 while no entry may be sent.").set(int(halted))
