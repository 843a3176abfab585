"""The time-skipping server, and a harness of its own for every test that trades."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.query_retries import QueryRetries
from alert_trader.workflows.search_attributes import KEYS
from tests.support.account_days import Broker, Clocked, account_of
from tests.support.harness import Harness, open_harness
from tests.support.virtual_time import SKIPS, StartsNow


@pytest.fixture(scope="session")
async def env(temporal_binary: str) -> AsyncIterator[WorkflowEnvironment]:
    """Run the real server with a virtual clock for each workflow."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary,
        data_converter=DATA_CONVERTER,
        interceptors=[StartsNow(), QueryRetries()],
        search_attributes=list(KEYS),
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
            *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="1ms"'),
            *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"),
            *("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
            *("--dynamic-config-value", "history.timerProcessorMaxPollRPS=1000"),
            *("--dynamic-config-value", "history.MaxBufferedQueryCount=100"),
            *("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true"),
            *("--dynamic-config-value", f"frontend.WorkflowTimeSkippingMaxSkipPerSession={SKIPS}"),
            # a day lasts a moment here, and the run after it would wait for a second
            *("--dynamic-config-value", 'history.workflowIdReuseMinimalInterval="0s"'),
        ],
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def _changes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a test has changed only when its histories have been replayed.

    A bound that is shorter in the replay than it was may be over there before its timer is started.
    """
    del monkeypatch


@pytest.fixture
async def harness(env: WorkflowEnvironment) -> AsyncIterator[Harness]:
    """Open a venue, a broker and a worker; the oracle reads the tape when the test is over."""
    async with open_harness(env.client) as opened:
        yield opened


@pytest.fixture
async def clocked(env: WorkflowEnvironment) -> AsyncIterator[Clocked]:
    """Start an account whose clock is fixed until it is moved."""
    async with account_of(env, Broker()) as opened:
        yield opened
