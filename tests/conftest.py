"""What every test shares."""

import subprocess
from pathlib import Path

import pytest

from alert_trader.start import command
from worker.temporal_server import find_binary


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
