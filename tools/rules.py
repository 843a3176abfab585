# ruff: noqa: INP001, S603 - a script, which runs what it has found or unpacked itself
"""Check Prometheus's configuration, and every alert rule: that it fires when it should, and only then.

`make rules`. It runs `promtool`: the one on the PATH, or that of Debian's package `prometheus`, which is
downloaded and unpacked below build/, not installed. Each case is a healthy system with a few series changed;
the alerts that fire at the end must be exactly those named.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "deploy/prometheus/alerts.yml"
BUILD = ROOT / "build/promtool"

STEPS = 120
"""Samples of each series, one every 10 s: twenty minutes."""
FIRING = 'group by (alertname) (ALERTS{alertstate="firing"})'
STILL, GROWING, NOW = f"0x{STEPS}", f"0+1x{STEPS}", f"0+10x{STEPS}"
"""A value that stays 0, one that grows by 1 a sample, and one that is the time (promtool's begins at 0)."""
ONE_LATE = f"_x60 1x{STEPS - 60}"
"""A series that begins in the middle, with 1."""

LAG = 'trader_told_lag_seconds_bucket{le="%s"}'
STAGE = 'trader_stage_seconds_%s{stage="exit_at_broker"%s}'
BROKER_HEARD = 'trader_stream_heard_seconds{task_queue="trades-1"}'
SKEW = 'trader_clock_skew_seconds{instance="a",clock="broker",direction="ahead"}'

JOBS = ("worker", "bot", "housekeeper", "api", "temporal", "postgres", "redis", "machine")

HEALTHY = {
    **{f'up{{job="{job}",instance="a"}}': f"1x{STEPS}" for job in JOBS},
    'temporal_workflow_task_execution_failed_total{workflow_type="TradeWorkflow"}': STILL,
    "trader_current_build_without_worker": STILL,
    'trader_orders_total{leg="entry",outcome="unknown"}': STILL,
    'trader_orders_total{leg="entry",outcome="not_found"}': STILL,
    'trader_orders_total{leg="exit",outcome="rejected"}': STILL,
    STAGE % ("count", ""): GROWING,
    STAGE % ("bucket", ',le="5"'): GROWING,
    "trader_account_halted": STILL,
    BROKER_HEARD: NOW,
    'trader_process_alive_seconds{job="worker",instance="a"}': NOW,
    SKEW: f"0.1x{STEPS}",
    SKEW.replace("_seconds", "_error_seconds"): f"0.1x{STEPS}",
    'trader_not_bought_total{code="BROKER_UNAVAILABLE"}': STILL,
    **{LAG % bound: GROWING for bound in ("1", "10", "60", "+Inf")},
    'trader_api_requests_total{status="500",route="/admin/account"}': STILL,
    'trader_api_requests_total{status="503",route="/admin/account"}': GROWING,
    "pg_up": f"1x{STEPS}",
    "redis_up": f"1x{STEPS}",
    'node_filesystem_avail_bytes{mountpoint="/",fstype="ext4"}': f"50x{STEPS}",
    'node_filesystem_size_bytes{mountpoint="/",fstype="ext4"}': f"100x{STEPS}",
    'node_filesystem_avail_bytes{mountpoint="/tmp",fstype="tmpfs"}': f"1x{STEPS}",
    'node_filesystem_size_bytes{mountpoint="/tmp",fstype="tmpfs"}': f"100x{STEPS}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A healthy system with series changed, and the alerts that must fire at the end; None removes one."""

    name: str
    change: dict[str, str | None] = field(default_factory=dict)
    fires: tuple[str, ...] = ()


def _up(job: str, value: str | None) -> dict[str, str | None]:
    return {f'up{{job="{job}",instance="a"}}': value}


DOWN = f"1x60 0x{STEPS - 60}"
CASES = (
    Case(name="all is well"),
    Case(
        name="a workflow task fails",
        change={'temporal_workflow_task_execution_failed_total{workflow_type="TradeWorkflow"}': GROWING},
        fires=("WorkflowTaskFails",),
    ),
    Case(name="the worker does not run", change=_up("worker", DOWN), fires=("WorkerAway",)),
    Case(name="no worker was ever there", change=_up("worker", None), fires=("WorkerAway",)),
    Case(
        name="one of two workers is frozen",
        change={'trader_process_alive_seconds{job="worker",instance="b"}': f"0+10x60 600x{STEPS - 60}"},
        fires=("ProcessFrozen",),
    ),
    Case(
        name="only old builds have workers",
        change={"trader_current_build_without_worker": f"1x{STEPS}"},
        fires=("CurrentBuildWithoutWorker",),
    ),
    Case(
        name="the answer to an order is lost",
        change={'trader_orders_total{leg="entry",outcome="unknown"}': f"0x100 1x{STEPS - 100}"},
        fires=("OrderOfUnknownOutcome",),
    ),
    Case(
        name="a lost order is not at the broker",
        change={'trader_orders_total{leg="entry",outcome="not_found"}': f"0x60 1x{STEPS - 60}"},
        fires=("OrderNotFound",),
    ),
    Case(
        name="exits are rejected",
        change={'trader_orders_total{leg="exit",outcome="rejected"}': f"0x80 6x{STEPS - 80}"},
        fires=("ExitsRejected",),
    ),
    Case(
        name="three exits were rejected",
        change={'trader_orders_total{leg="exit",outcome="rejected"}': f"0x80 3x{STEPS - 80}"},
    ),
    Case(
        name="the first exit of a worker is late",
        change={STAGE % ("count", ""): ONE_LATE, STAGE % ("bucket", ',le="5"'): f"_x60 0x{STEPS - 60}"},
        fires=("ExitLate",),
    ),
    Case(
        name="the first exit of a worker is in time",
        change={STAGE % ("count", ""): ONE_LATE, STAGE % ("bucket", ',le="5"'): ONE_LATE},
    ),
    Case(
        name="one exit of many is late",
        change={STAGE % ("bucket", ',le="5"'): f"0+1x100 100+1x{STEPS - 101}"},
        fires=("ExitLate",),
    ),
    Case(
        name="the account is halted", change={"trader_account_halted": f"1x{STEPS}"}, fires=("AccountHalted",)
    ),
    Case(
        name="the broker was never reached",
        change={BROKER_HEARD: f"0x{STEPS}"},
        fires=("StreamSilent",),
    ),
    Case(
        name="one account of two hears nothing",
        change={'trader_stream_heard_seconds{task_queue="trades-2"}': f"0x{STEPS}"},
        fires=("StreamSilent",),
    ),
    Case(
        name="Temporal does not run, so that nothing is read",
        change={BROKER_HEARD: f"0+10x60 600x{STEPS - 60}", **_up("temporal", DOWN)},
        fires=("TemporalAway",),
    ),
    Case(name="a clock is wrong", change={SKEW: f"1.5x{STEPS}"}, fires=("ClockWrong",)),
    Case(
        name="an offset that is not certain",
        change={SKEW: f"1.5x{STEPS}", SKEW.replace("_seconds", "_error_seconds"): f"0.9x{STEPS}"},
    ),
    Case(
        name="alerts are denied because of our systems",
        change={'trader_not_bought_total{code="BROKER_UNAVAILABLE"}': f"0x60 4x{STEPS - 60}"},
        fires=("EntriesDenied",),
    ),
    Case(name="no Temporal at all", change=_up("temporal", None), fires=("TemporalAway",)),
    Case(name="the database does not run", change={"pg_up": f"0x{STEPS}"}, fires=("PostgresAway",)),
    Case(name="the database's exporter does not run", change=_up("postgres", DOWN), fires=("PostgresAway",)),
    Case(
        name="a disk is full",
        change={'node_filesystem_avail_bytes{mountpoint="/",fstype="ext4"}': f"9x{STEPS}"},
        fires=("DiskNearlyFull",),
    ),
    Case(name="Redis does not run", change={"redis_up": f"0x{STEPS}"}, fires=("RedisAway",)),
    Case(name="the housekeeper does not run", change=_up("housekeeper", DOWN), fires=("HousekeeperAway",)),
    Case(name="the bot hangs", change=_up("bot", DOWN), fires=("BotAway",)),
    Case(name="the bot has stopped", change=_up("bot", f"1x60 stale _x{STEPS - 61}"), fires=("BotAway",)),
    Case(name="there is no bot", change=_up("bot", None)),
    Case(
        name="notices are late",
        change={LAG % "1": STILL, LAG % "10": STILL},
        fires=("NoticesLate",),
    ),
    Case(name="the API does not run", change=_up("api", DOWN), fires=("ApiAway",)),
    Case(
        name="the API answers with errors",
        change={'trader_api_requests_total{status="500",route="/admin/account"}': f"0x80 1x{STEPS - 80}"},
        fires=("ApiFaults",),
    ),
)


def written(case: Case) -> dict[str, object]:
    """Return a case as promtool reads it."""
    series = {name: values for name, values in {**HEALTHY, **case.change}.items() if values is not None}
    return {
        "name": case.name,
        "interval": "10s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": FIRING,
                "eval_time": "19m",
                "exp_samples": [{"labels": f'{{alertname="{each}"}}', "value": 1} for each in case.fires],
            }
        ],
    }


def find_promtool() -> Path:
    """Return promtool; exits with a message where it cannot be had."""
    if (found := shutil.which("promtool")) is not None:
        return Path(found)
    unpacked = BUILD / "usr/bin/promtool"
    if not unpacked.exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            sys.exit(
                "the rules were not checked: promtool is not on the PATH, and this is no Debian. "
                "Install Prometheus"
            )
        # lists of our own: those of a new machine are empty, and only root may fill them
        lists, cache = BUILD / "lists", BUILD / "cache"
        for folder in (lists, cache):
            (folder / "partial").mkdir(parents=True, exist_ok=True)
        options = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"]
        try:
            for step in (["update"], ["download", "prometheus"]):
                subprocess.run(["apt-get", *options, *step], cwd=BUILD, check=True, capture_output=True)  # noqa: S607
            [package] = BUILD.glob("prometheus_*.deb")
            subprocess.run(["dpkg-deb", "-x", package, BUILD], check=True, capture_output=True)  # noqa: S607
            package.unlink()
        except subprocess.CalledProcessError as failed:
            said = failed.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            sys.exit(f"the rules were not checked: no package `prometheus`: {said[-1]}")
    return unpacked


def main() -> None:
    """Check, and print a line for each part."""
    promtool = find_promtool()
    tests = BUILD / "tests.yml"
    tests.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "10s",
        "tests": [written(each) for each in CASES],
    }
    tests.write_text(yaml.safe_dump(content, sort_keys=False))
    subprocess.run([promtool, "check", "config", RULES.with_name("prometheus.yml")], check=True)
    subprocess.run([promtool, "test", "rules", tests], check=True)
    sys.stdout.write(f"{len(CASES)} cases, each with exactly the alerts it should fire\n")


if __name__ == "__main__":
    main()
