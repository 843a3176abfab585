"""Counters that start at zero, as the alert rules need.

Prometheus sees an increase only between two values: a counter that first appears as 1 has not increased, so
the first order of unknown outcome would page nobody.
"""

from temporalio.common import MetricMeter

from alert_trader.activities.stream import record_heard
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import AccountNumber, Leg
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.workflows import metrics
from alert_trader.workflows.interface import task_queue
from alert_trader.workflows.trade.workflow import TradeWorkflow

_COUNTS: dict[tuple[str, str], list[dict[str, str]]] = {
    (metrics.EVENTS, "Audit events by kind."): [{"kind": kind.value} for kind in EventKind],
    (metrics.ORDERS, "Orders by leg and by how their sending ended."): [
        {"leg": leg.name.lower(), "outcome": outcome}
        for leg in Leg
        for outcome in sorted(set(metrics.OUTCOMES.values()))
    ],
    (metrics.NOT_BOUGHT, "Reasons for which nothing, or no more, was bought."): [
        {"code": code} for code in (*Code.__members__, *NotSentReason.__members__, metrics.BROKER)
    ],
    (metrics.TRADES, "Trades that are over, by outcome."): [
        {"outcome": outcome.value} for outcome in Outcome
    ],
}
"""Every series by name and description; with another description than in `workflows.metrics` it is served
twice."""


def start_at_zero(meter: MetricMeter, namespace: str, account: AccountNumber) -> None:
    """Set every counter of a worker's trades to zero, with the labels that the SDK adds in a workflow.

    Also set the gauge of when the broker was last heard to now.
    """
    ours = labelled(meter, namespace, account)
    for (name, description), series in _COUNTS.items():
        counter = ours.create_counter(name, description)
        for labels in series:
            counter.add(0, labels)
    # the rule for a silent broker counts from here until the broker has answered for the first time
    record_heard(
        meter.with_additional_attributes({"namespace": namespace, "task_queue": task_queue(account)})
    )


def labelled(meter: MetricMeter, namespace: str, account: AccountNumber) -> MetricMeter:
    """Return the meter with the labels of a trade's workflow."""
    return meter.with_additional_attributes(
        {"namespace": namespace, "task_queue": task_queue(account), "workflow_type": TradeWorkflow.__name__}
    )
