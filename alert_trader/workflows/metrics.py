"""The Prometheus metrics of trades, counted from the journal alone, as the audit trail is.

The SDK's meter counts nothing during a replay. Labels are closed sets: no id, name or symbol becomes one.
"""

from collections.abc import Sequence
from datetime import timedelta

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


def count(events: Sequence[TradeEvent]) -> None:
    """Count the newest event of a journal."""
    newest = events[-1]
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
    if (took := stage_of(events)) is not None:
        name, time = took
        meter.create_histogram_timedelta(STAGE, "Time a stage of a trade took.").record(time, {"stage": name})


def outcome_of(event: TradeEvent) -> str | None:
    """Return how the sending of an order ended.

    An exit with a reason of ours was not rejected by the broker.
    """
    if event.kind is EventKind.EXIT_REJECTED and is_not_sent_reason(event.facts.get("code")):
        return OUTCOMES[EventKind.ENTRY_NOT_SENT]
    return OUTCOMES.get(event.kind)


def record_halt(*, halted: bool) -> None:
    """Set the gauge that says whether the account is halted, or being flattened."""
    workflow.metric_meter().create_gauge(HALTED, "1 while no entry may be sent.").set(int(halted))


def stage_of(events: Sequence[TradeEvent]) -> tuple[str, timedelta] | None:
    """Return the stage that the newest event ended and how long it took; None if it ended none."""
    newest = events[-1]
    stage = STAGES.get(newest.kind)
    if stage is None or any(event.kind is newest.kind for event in events[:-1]):
        return None
    name, from_kind = stage
    begun = next((event.at for event in events if event.kind is from_kind), None)
    return None if begun is None else (name, newest.at - begun)
