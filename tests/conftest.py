"""What every test shares: the Temporal binary, and the clock, which begins at a stated instant."""

import gc
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.worker._workflow import _WorkflowWorker
from typing_extensions import override
from xdist.scheduler.loadscope import LoadScopeScheduling

from alert_trader import clock
from alert_trader.runtime.local.temporal_server import find_binary
from alert_trader.start import command

REAL_TIME = tuple(Path(__file__).parent / folder for folder in ("admin", "crash", "e2e", "mirrors"))
"""Folders whose tests run processes of their own against a real server: they live in real time, on a venue
that is always open."""

OWN_STACK = frozenset({"test_planted_files.py", "test_restart.py"})
"""Files among them that open a stack of their own, and share nothing with the others."""


LONG = {
    "tests/admin/test_contract.py": "generated requests to every path of the API",
    "tests/admin/test_sealed.py": "stacks with payload encryption, and keys changed while trades run",
    "tests/contract/broker/test_oco_against_venue.py": "every variant of a pair of orders",
    "tests/crash/": "worker, server and venue processes are killed in the middle of trades",
    "tests/e2e/test_command.py": "every command is started, each a process",
    "tests/e2e/test_desk.py": "a day on the desk page, with every process and a browser",
    "tests/e2e/test_discord.py": "a day in a channel, with every process",
    "tests/e2e/test_many_alerts.py": "fifty alerts at once",
    "tests/e2e/test_planted_files.py": "every program and command is started once, each a process",
    "tests/e2e/test_restart.py": "the stack and its parts are stopped and started again",
    "tests/e2e/test_versions.py": "workers of several builds are started, beside and after each other",
    "tests/mirrors/test_rebuild.py": "mirrors are deleted and rebuilt",
    "tests/mirrors/test_redis_away.py": "redis-server is stopped in the middle of trades",
    "tests/stateful/test_exits_mutants.py": "each mutant takes a search of its own",
    "tests/stateful/test_mutants.py": "each mutant takes a search of its own",
    "tests/unit/domain/alerts/test_rooms_properties.py": "70,000 messages are read",
    "tests/unit/project/test_start.py": "every program is started, each a process",
    "tests/workflows/exploration/": "faults at every call and activity of a trade: `make explore`",
    "tests/workflows/test_account_days.py": "weeks of trading",
    "tests/workflows/test_account_preflight.py": "failures at the open, over several days",
    "tests/workflows/test_author_follow_ups.py": "waits for what an author does not say",
    "tests/workflows/test_calendar_dates.py": "trades over holidays and clock changes",
    "tests/workflows/test_close_across_sessions.py": "days of retries",
    "tests/workflows/test_close_under_faults.py": "waits of a close, in real time",
    "tests/workflows/test_continue_as_new.py": "a run for each day, and dozens of rejected exits",
    "tests/workflows/test_exits_under_faults.py": "dozens of rejected exits",
    "tests/workflows/test_outcome_known_late.py": "the settling time of lost orders",
    "tests/workflows/test_holding.py": "weeks until a contract expires, a run for each day",
    "tests/workflows/test_intake.py": "looks for trades that Temporal does not list yet, in real time",
    "tests/workflows/test_lookup_before_sending.py": "lookups that fail until their time is over",
    "tests/workflows/test_lookups_unanswered.py": "days of retries",
    "tests/workflows/test_no_worker.py": "the time that an activity waits for a worker, in real time",
    "tests/workflows/test_orders_edited_in_the_app.py": "waits of the stream, in real time",
    "tests/workflows/test_partial_exits.py": "sales that cannot be sent all day",
    "tests/workflows/test_protective_sales.py": "sales that fall to their floor",
    "tests/workflows/test_replay_cost.py": "an exit is rejected 400 times",
    "tests/workflows/test_sales_outside_session.py": "nights until the next session",
    "tests/workflows/test_settlement.py": "what the broker posts overnight",
    "tests/workflows/test_stuck_trades.py": "workers that fail each task, and their repair, in real time",
    "tests/workflows/test_unknown_outcomes.py": "the widest set of lost answers",
    "tests/workflows/test_wrong_clocks.py": "stalls that are longer than a clock is wrong, in real time",
}
"""Files that `make test-long` runs, and `make test` does not, with the reason. CI runs both."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests begin at another instant, and trades have short runs."""
    parser.addoption(
        "--short-runs",
        type=int,
        help="trades continue as new after so many events; only for tests whose worker is in their process",
    )
    parser.addoption(
        "--at",
        help="when tests begin: a name of tests/support/instants.py, or a New York time '2035-05-08 10:00'",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the instant, and pass it to all processes before any test is imported."""
    from alert_trader.workflows import timing  # noqa: PLC0415 - after the instant was given
    from tests.support.instants import VARIABLE, named  # noqa: PLC0415 - reads the variable that is set here

    if (events := config.getoption("--short-runs")) is not None:
        timing.MAX_TRADE_HISTORY = events
    if (at := config.getoption("--at")) is None:
        return
    try:
        named(at)
    except ValueError as wrong:
        raise pytest.UsageError(str(wrong)) from None
    os.environ[VARIABLE] = at


class ByStack(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """Keeps the tests that run a real stack in one process of a parallel run, the largest group first.

    They mostly wait: the other process computes meanwhile. Every other test goes where there is space.

    pytest-xdist's own groups do nothing from pytest 9.2 on, which keeps a test's id elsewhere.
    """

    @override
    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.partition("::")[0])
        if path.name == "test_source.py":  # all sources are parsed once
            return path.name
        if path.parts[1] not in {folder.name for folder in REAL_TIME}:
            return nodeid
        if path.name in OWN_STACK:
            return path.name
        return path.parts[1] if path.parts[1] == "crash" else "stacks"


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the files that take long."""
    root = Path(__file__).parent.parent
    for item in items:
        if item.path.relative_to(root).as_posix().startswith(tuple(LONG)):
            item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking over thousands of tests and modules again and again."""
    gc.collect()
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    """Spread the tests by stack."""
    return ByStack(config, log)


def pytest_sessionstart() -> None:
    """Refuse to begin where children would run other code than this checkout.

    They run what is installed, whatever PYTHONPATH says.
    """
    root = Path(__file__).parent.parent
    line = [*command("worker")[:2], "-c", "import alert_trader as started; print(*started.__path__)"]
    found = subprocess.run(line, cwd=root.parent, capture_output=True, text=True, check=False).stdout.strip()
    if found != str(root / "alert_trader"):
        pytest.exit(
            f"expected {line[0]} to run the programs of {root}, found {found or 'none installed'}. "
            "Run `make install` there",
            3,
        )


@pytest.fixture(scope="session", autouse=True)
def patient_deadlock_detection() -> Iterator[None]:
    """Let a workflow task of this process take 20 s before the SDK takes it for a deadlock.

    The SDK's 2 s are of the wall clock, and on a busy machine a process may not run for that long. It has no
    setting for it, but that its debug mode also opens the sandbox.
    """
    created = _WorkflowWorker.__init__

    def patient(self: _WorkflowWorker, *args: Any, **options: Any) -> None:
        created(self, *args, **options)
        self._deadlock_timeout_seconds = 20

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_WorkflowWorker, "__init__", patient)
        yield


@pytest.fixture(scope="session")
def temporal_binary() -> str:
    """Find the Temporal dev server, which is also the time-skipping test server."""
    return str(find_binary(None))


@pytest.fixture(autouse=True)
def stated_instant(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the clock begin at the stated instant, or at the one that `@pytest.mark.at(...)` names.

    Leave it alone in real time.
    """
    from tests.support.instants import STATED, named  # noqa: PLC0415 - see above

    marked = request.node.get_closest_marker("at")
    if any(request.path.is_relative_to(folder) for folder in REAL_TIME):
        assert marked is None, "expected no stated instant in real time"
        yield
        return
    with clock.moved_to(STATED if marked is None else named(*marked.args)):
        yield
