"""What watches production: rules and dashboard ask for metrics that exist, of targets that are there."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import Response
from starlette.routing import Route
from temporalio.testing import ActivityEnvironment

from alert_trader.activities.clock_watch import SKEW, SKEW_ERROR, set_gauges
from alert_trader.activities.notify import LAG
from alert_trader.activities.stream import HEARD, record_heard
from alert_trader.api.middleware import RequestMetrics
from alert_trader.control.temporal import runtime
from alert_trader.domain.account.clocks import ClockReport, Offset
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.runtime import preset_metrics
from alert_trader.runtime.local.process import free_ports
from alert_trader.runtime.readiness import ALIVE
from alert_trader.worker.upgrade import NO_WORKER
from alert_trader.workflows import metrics

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/alert-trader.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
QUERIES = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]

SDK = {
    "temporal_workflow_task_execution_failed_total",
    "temporal_activity_execution_latency_seconds_bucket",
    "temporal_activity_schedule_to_start_latency_seconds_bucket",
    "temporal_workflow_task_schedule_to_start_latency_seconds_bucket",
}
"""The SDK's own, in the names that our runtime gives them (seconds, `_total`)."""


COUNTERS = (metrics.EVENTS, metrics.ORDERS, metrics.NOT_BOUGHT, metrics.TRADES)
TIMES = (metrics.STAGE, LAG)


def ours() -> set[str]:
    """Name every metric of ours as Prometheus has it."""
    served = {f"{family.name}_total" for family in registered().collect() if family.type == "counter"}
    times = {f"{name}_seconds_bucket" for name in TIMES}
    gauges = {metrics.HALTED, HEARD, SKEW, SKEW_ERROR, NO_WORKER, ALIVE}
    counts = {f"{name}_seconds_count" for name in TIMES}
    return {f"{name}_total" for name in COUNTERS} | served | times | counts | gauges


def registered() -> CollectorRegistry:
    """Return the registry of an API."""
    registry = CollectorRegistry()
    RequestMetrics(registry)
    return registry


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_uses_an_exported_metric(query: str) -> None:
    """A name that nothing counts under would never fire, and never be missed."""
    asked = set(re.findall(r"\b(?:trader|temporal)_[a-z_]+", query))
    assert asked <= ours() | SDK
    others = re.search(r"\b(up|pg_up|redis_up|node_filesystem_avail_bytes)\b", query)
    assert asked or others


def scraped(port: int) -> list[tuple[dict[str, str], float]]:
    """Return every sample that is served there, its name among its labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return [
        ({**sample.labels, "__name__": sample.name}, sample.value)
        for family in families
        for sample in family.samples
    ]


def test_a_scrape_of_a_worker_has_the_queried_names() -> None:
    """The SDK adds to some names and not to others: what it serves is what rules and panels name."""
    [port] = free_ports(1)
    served_by = runtime(f"127.0.0.1:{port}")
    meter = served_by.metric_meter
    for name in COUNTERS:
        meter.create_counter(name).add(1)
    for name in TIMES:
        meter.create_histogram_timedelta(name).record(timedelta(seconds=1))
    meter.create_gauge(metrics.HALTED).set(0)
    meter.create_gauge(NO_WORKER).set(0)
    meter.create_gauge(ALIVE).set(0)
    offset = Offset(lowest=timedelta(seconds=-3), highest=timedelta(seconds=-1))
    set_gauges(meter, ClockReport(worker="one", temporal=offset, broker=None))
    trying = ActivityEnvironment()
    trying.metric_meter = meter
    trying.run(record_heard)
    samples = scraped(port)
    found = {labels["__name__"] for labels, _ in samples}
    skew = {labels["direction"]: value for labels, value in samples if labels["__name__"] == SKEW}
    assert skew == {"ahead": 0.0, "behind": 2.0}
    api = {f"{family.name}_total" for family in registered().collect() if family.type == "counter"}
    assert ours() - api <= found


def test_counters_that_page_start_at_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first order of unknown outcome pages.

    A series that first appears as 1 has not increased for Prometheus. None is there twice.
    """
    [port] = free_ports(1)
    meter, account = runtime(f"127.0.0.1:{port}").metric_meter, AccountNumber("5WT31673")
    preset_metrics.start_at_zero(meter, "demo", account)
    found = scraped(port)
    zeroes = [
        *(
            {"__name__": "trader_orders_total", "leg": leg, "outcome": outcome}
            for leg in ("entry", "exit")
            for outcome in ("unknown", "rejected")
        ),
        {
            "__name__": "trader_not_bought_total",
            "code": "BROKER_UNAVAILABLE",
            "namespace": "demo",
            "task_queue": "trades-5WT31673",
        },
        {"__name__": "trader_trades_closed_total", "outcome": "denied", "workflow_type": "TradeWorkflow"},
    ]
    for wanted in zeroes:
        assert [value for labels, value in found if wanted.items() <= labels.items()] == [0.0], wanted
    monkeypatch.setattr(
        "temporalio.workflow.metric_meter", lambda: preset_metrics.labelled(meter, "demo", account)
    )
    monkeypatch.setattr("temporalio.workflow.unsafe.is_replaying", lambda: False)
    for kind, facts in (
        (EventKind.DENIED, {"code": "BROKER_UNAVAILABLE"}),
        (EventKind.UNKNOWN, {}),
        (EventKind.CLOSED, {"outcome": "denied"}),
    ):
        metrics.TradeMetrics().count(
            TradeEvent(sequence=1, at=datetime(2026, 11, 24, tzinfo=UTC), kind=kind, text="", facts=facts)
        )
    then = [tuple(sorted(labels.items())) for labels, _ in scraped(port)]
    assert len(then) == len(set(then))
    assert sum(value for labels, value in scraped(port) if labels["__name__"] == "trader_orders_total") == 1.0


def test_a_worker_that_never_reached_its_broker_has_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """StreamSilent counts from the start of the worker: without a value no rule would ever fire."""
    [port] = free_ports(1)
    meter, account = runtime(f"127.0.0.1:{port}").metric_meter, AccountNumber("5WT31673")
    monkeypatch.setattr("alert_trader.clock._source", lambda: datetime(2026, 11, 24, tzinfo=UTC))
    preset_metrics.start_at_zero(meter, "demo", account)
    [heard] = [(labels, value) for labels, value in scraped(port) if labels["__name__"] == HEARD]
    assert heard[1] == datetime(2026, 11, 24, tzinfo=UTC).timestamp()
    assert heard[0]["task_queue"] == "trades-5WT31673"


def test_api_error_counters_start_at_zero() -> None:
    """The first fault of a route is an increase, and makes its rule fire."""
    registry = CollectorRegistry()
    traffic = RequestMetrics(registry)
    traffic.begin([Route("/admin/account", lambda _: Response(), methods=["GET"])])
    for route in ("/admin/account", "unmatched"):
        assert (
            registry.get_sample_value(
                "trader_api_requests_total", {"method": "GET", "route": route, "status": "500"}
            )
            == 0.0
        )


@pytest.mark.parametrize("query", QUERIES)
def test_every_queried_label_exists(query: str) -> None:
    """Codes, kinds, outcomes and stages in a query are values that the code gives."""
    known = {
        "code": {*Code.__members__, *NotSentReason.__members__, metrics.BROKER},
        "kind": {kind.value for kind in EventKind},
        "outcome": set(metrics.OUTCOMES.values()),
        "stage": {name for name, _ in metrics.STAGES.values()},
        "leg": {"entry", "exit"},
        "job": {job["job_name"] for job in jobs()},
    }
    for label, _, value in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', query):
        if label in known:
            assert set(value.split("|")) <= known[label], (label, value)


def jobs() -> list[dict[str, Any]]:
    """Return what Prometheus scrapes."""
    found: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())[
        "scrape_configs"
    ]
    return found


EXPORTERS = {"postgres-exporter": 9187, "redis-exporter": 9121, "node-exporter": 9100}
"""What is not ours, and the ports that these images serve by default."""


def test_prometheus_scrapes_every_service_that_counts() -> None:
    """Each target is a service of the compose file, on Prometheus's network, at its port.

    None of ours that serves metrics is left out, nor Temporal.
    """
    services = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())["services"]
    static = {
        target for job in jobs() for each in job.get("static_configs", ()) for target in each["targets"]
    }
    by_name = {
        f"{name}:{each['port']}"
        for job in jobs()
        for each in job.get("dns_sd_configs", ())
        for name in each["names"]
    }
    settings = services["worker"]["environment"]
    ours = settings["TRADER_METRICS_BIND"].rpartition(":")[2]
    assert by_name == {f"worker:{ours}", f"bot:{ours}"}, "any number of them may run, or none"
    assert static == {
        f"housekeeper:{ours}",
        f"api:{settings['TRADER_API_PORT']}",
        f"temporal:{services['temporal']['environment']['PROMETHEUS_ENDPOINT'].rpartition(':')[2]}",
        *(f"{name}:{port}" for name, port in EXPORTERS.items()),
    }
    for target in static | by_name:
        assert "metrics" in services[target.partition(":")[0]]["networks"]


def test_bounds_of_times_have_the_promised_seconds() -> None:
    """EXT-40: the rule for late exits asks for the bucket of 5 s, which the SDK does not have by itself."""
    [port] = free_ports(1)
    meter = runtime(f"127.0.0.1:{port}").metric_meter
    for name in TIMES:
        meter.create_histogram_timedelta(name).record(timedelta(seconds=4), {"stage": "exit_at_broker"})
    found = {(labels["__name__"], labels.get("le")): value for labels, value in scraped(port)}
    for name in TIMES:
        assert found[f"{name}_seconds_bucket", "5"] == 1.0
        assert found[f"{name}_seconds_bucket", "2.5"] == 0.0


def test_a_workflow_task_failure_pages() -> None:
    """DUR-40: a trade that cannot continue is said to a person at once, whatever the hour."""
    [rule] = [rule for rule in RULES if "temporal_workflow_task_execution_failed_total" in rule["expr"]]
    assert (rule["labels"]["severity"], "for" in rule) == ("page", False)


def test_every_alert_rule_has_a_summary_and_a_runbook() -> None:
    """Each has a severity of the two, a summary and a description; no two have one name."""
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert len(rule["annotations"]["summary"]) > 10
        assert len(rule["annotations"]["description"]) > 20


def test_panels_are_complete_and_do_not_overlap() -> None:
    """Every panel has a title, a query and the provisioned data source, and a place of its own."""
    [source] = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        assert panel["title"]
        assert all(target["datasource"]["uid"] == source["uid"] for target in panel["targets"])
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("POSITION_NOT_FREE", "not_sent"), ("margin_check_failed", "rejected"), (None, "rejected")],
)
def test_an_exit_that_did_not_leave_is_not_counted_as_refused(code: str | None, outcome: str) -> None:
    """Only the venue refuses an order; a reason of ours counts as not sent, and both call a person."""
    facts = {} if code is None else {"code": code}
    at = datetime(2026, 11, 24, tzinfo=UTC)
    event = TradeEvent(sequence=1, at=at, kind=EventKind.EXIT_REJECTED, text="", facts=facts)
    assert metrics.outcome_of(event) == outcome
