"""A chat, and the unmodified client connected to it."""

from collections.abc import AsyncIterator

import pytest

from alert_trader.simulators.chat.server import RunningChat
from tests.support.discord_client import Listener, connected, open_chat


@pytest.fixture
async def chat() -> AsyncIterator[RunningChat]:
    """Open a chat."""
    async with open_chat() as running:
        yield running


@pytest.fixture
async def client(chat: RunningChat) -> AsyncIterator[Listener]:
    """Connect a client."""
    assert chat.url
    listening = Listener()
    async with connected(listening):
        yield listening
