"""What doctor reports about the builds of the workers."""

from datetime import timedelta

import pytest

from alert_trader import clock
from alert_trader.cli.doctor_versions import build_finding
from alert_trader.control.deployments import POLL_SEEN_WITHIN, Build, Deployment
from alert_trader.control.upgrades import Versions

NEW, AGO = timedelta(), POLL_SEEN_WITHIN * 2


def versions(current: str | None, polled: dict[str, timedelta | None], trades: dict[str, int]) -> Versions:
    """Return builds whose workers polled a while ago, and open trades by build."""
    now = clock.now()
    builds = tuple(
        Build(
            build_id=name,
            is_current=name == current,
            registered_at=now,
            last_current_at=None,
            polled_at=None if ago is None else now - ago,
        )
        for name, ago in polled.items()
    )
    deployment = Deployment(name="trades-1", builds=builds, token=b"") if builds else None
    return Versions(deployment=deployment, open_trades=trades)


@pytest.mark.parametrize(
    ("current", "polled", "trades", "says", "fix"),
    [
        (None, {}, {}, "no worker has registered a build; 0 open trades", "trader worker"),
        (None, {"a": NEW}, {"a": 2}, "no build is current: 2 open trades", "trader versions use"),
        ("a", {"a": AGO, "b": NEW}, {"a": 2}, "no worker of it polls: 2 open trades", "trader versions use"),
        ("a", {"a": None}, {"a": 1}, "a is current, and no worker of it polls", "start its worker"),
        ("a", {"a": NEW}, {"a": 3}, "a is current, with 3 open trades", ""),
        (
            "b",
            {"b": NEW, "a": None},
            {"a": 2, "b": 1},
            "with 1 open trades; 2 on a, which move with their next step, the last by 2035-05-08 16:30 ET",
            "",
        ),
    ],
)
def test_each_state_of_the_builds(
    current: str | None, polled: dict[str, timedelta | None], trades: dict[str, int], says: str, fix: str
) -> None:
    """Trades without a worker fail the check; trades on an earlier build are counted, with when they move."""
    finding = build_finding(versions(current, polled, trades))
    assert finding.ok is not bool(fix)
    assert says in finding.found
    assert fix in finding.fix
