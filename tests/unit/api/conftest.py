"""The application without Temporal: everything that must be right before it is asked."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from alert_trader.api.app import make_app
from alert_trader.settings.load import load

NOWHERE = "127.0.0.1:1"
OPS, HOOK = "ops-key-0123456789abcdef", "hook-key-0123456789abcdef"
TOKEN = "codec-token-0123456789abcdef"
ORIGIN = "http://127.0.0.1:8233"
KEYS = f"ops:{OPS},hook:{HOOK}"

Asked = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def asking(tmp_path: Path) -> Asked:
    """Return a client of an application with settings of its own; Temporal cannot be reached."""

    @asynccontextmanager
    async def open_client(**variables: str) -> AsyncIterator[httpx2.AsyncClient]:
        environment = {
            "TRADER_MODE": "demo",
            "TRADER_TEMPORAL_ADDRESS": NOWHERE,
            "TRADER_API_KEYS": KEYS,
            **variables,
        }
        app = make_app(
            load(environment=environment, directory=tmp_path).settings,
            connect_within=timedelta(milliseconds=50),
        )
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
            yield client

    return open_client
