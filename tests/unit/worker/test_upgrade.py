"""What a worker measures of the builds of its account."""

import asyncio
from datetime import datetime, timedelta
from typing import cast

import pytest
from temporalio.client import Client
from temporalio.common import MetricGauge, MetricMeter

from alert_trader import clock
from alert_trader.control.deployments import Build, Deployment
from alert_trader.control.errors import UnreachableError
from alert_trader.domain.ids import AccountNumber
from alert_trader.worker import upgrade

ACCOUNT = AccountNumber("5WT31673")
CLIENT = cast("Client", None)


class Gauge:
    """Keeps what was measured."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.values: list[int] = []

    def create_gauge(self, name: str, description: str) -> MetricGauge:
        """Return itself: it is the meter, too."""
        assert (name, bool(description)) == (upgrade.NO_WORKER, True)
        return cast("MetricGauge", self)

    def set(self, value: int) -> None:
        """Keep a value."""
        self.values.append(value)


def current(polled_at: datetime | None) -> Deployment:
    """Return a deployment whose current build was last polled for at this time."""
    one = Build(
        build_id="one",
        is_current=True,
        registered_at=clock.now(),
        last_current_at=clock.now(),
        polled_at=polled_at,
    )
    return Deployment(name="trades", builds=(one,), token=b"")


async def test_a_current_build_without_a_worker_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """EXT-10: people are paged when workers run, but none of the build that runs the trades."""
    now = clock.now()
    found = iter(
        [
            None,  # no worker has registered yet
            current(now),
            current(now - timedelta(minutes=5)),
            UnreachableError("Temporal did not answer"),
            current(None),
            current(now),
        ]
    )
    over = asyncio.Event()

    async def read(*_: object) -> Deployment | None:
        answer = next(found, over)
        if answer is over:
            over.set()
            return None
        if isinstance(answer, UnreachableError):
            raise answer
        assert answer is None or isinstance(answer, Deployment)
        return answer

    monkeypatch.setattr(upgrade, "read_deployment", read)
    monkeypatch.setattr(upgrade, "REPORT_EVERY", timedelta(0))
    gauge = Gauge()
    measuring = asyncio.create_task(upgrade.report_current_build(CLIENT, ACCOUNT, cast("MetricMeter", gauge)))
    await over.wait()
    measuring.cancel()
    assert gauge.values[:5] == [0, 0, 1, 1, 0]
