"""What every test shares: the Temporal binary, and the clock, which begins at a stated instant."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from alert_trader import clock
from alert_trader.start import command
from worker.temporal_server import find_binary

REAL_TIME = tuple(Path(__file__).parent / folder for folder in ("admin", "crash", "e2e", "mirrors"))
"""Folders whose tests run processes of their own against a real server: they live in real time, on a venue that is always open."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests begin at another instant."""
    parser.addoption("--at", help="when tests begin: a name of tests/support/instants.py, or a New York time '2035-05-08 10:00'")


def pytest_configure(config: pytest.Config) -> None:
    """Check the instant, and hand it on before any test is imported, also to the processes of a parallel run."""
    from tests.support.instants import VARIABLE, named  # noqa: PLC0415 - reads the variable that is set here

    if (at := config.getoption("--at")) is None:
        return
    try:
        named(at)
    except ValueError as wrong:
        raise pytest.UsageError(str(wrong)) from None
    os.environ[VARIABLE] = at


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one stack in one process of a parallel run, and begin with them: they take longest."""

    def stack(item: pytest.Item) -> str | None:
        folder = next((folder for folder in REAL_TIME if item.path.is_relative_to(folder)), None)
        if folder is None:
            return None
        # some tests open a stack of their own, which shares nothing with the others
        alone = not {"house", "sealed", "mirrored", "stage"} & set(getattr(item, "fixturenames", ()))
        return f"{folder.name}/{item.path.stem}" if alone else folder.name

    stacks = {item: stack(item) for item in items}
    for item, name in stacks.items():
        if name is not None:
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: stacks[item] is None)


def pytest_sessionstart() -> None:
    """Refuse to begin where children would run other code than this checkout: they run what is installed, whatever PYTHONPATH says."""
    root = Path(__file__).parent.parent
    line = [*command("worker")[:2], "-c", "import alert_trader as started; print(*started.__path__)"]
    found = subprocess.run(line, cwd=root.parent, capture_output=True, text=True, check=False).stdout.strip()
    if found != str(root / "alert_trader"):
        pytest.exit(f"expected {line[0]} to run the programs of {root}, found {found or 'none installed'}. Run `make install` there", 3)


@pytest.fixture(scope="session")
def temporal_binary() -> str:
    """Find the Temporal dev server, which is also the time-skipping test server."""
    return str(find_binary(None))


@pytest.fixture(autouse=True)
def stated_instant(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the clock begin at the stated instant, or at the one that `@pytest.mark.at(...)` names; leave it alone in real time."""
    from tests.support.instants import STATED, named  # noqa: PLC0415 - see above

    marked = request.node.get_closest_marker("at")
    if any(request.path.is_relative_to(folder) for folder in REAL_TIME):
        assert marked is None, "expected no stated instant in real time"
        yield
        return
    with clock.moved_to(STATED if marked is None else named(*marked.args)):
        yield
