"""What every test shares."""

import pytest

from worker.temporal_server import find_binary


@pytest.fixture(scope="session")
def temporal_binary() -> str:
    """Find the Temporal dev server, which is also the time-skipping test server."""
    return str(find_binary(None))
