"""The real SDK against a venue in this process, reached through the redirect transport."""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from tastytrade import Account, Session

from alert_trader.broker.tastytrade.transport import RedirectTransport
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.simulators.venue.server import RunningVenue, start
from tests.contract.venue.api_client import AAPL, ACCOUNT, FAST, SPY, ApiClient

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ignore what the SDK itself warns of: its way of sending a body, and the queues it does not close."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore:Unclosed <Memory:ResourceWarning"))
            item.add_marker(
                pytest.mark.filterwarnings(
                    "ignore:.*Unclosed <Memory:pytest.PytestUnraisableExceptionWarning"
                )
            )


@pytest.fixture(autouse=True, scope="module")
def swept() -> Iterator[None]:
    """Let what the SDK does not close be found here, where it is admitted.

    Not in the middle of another folder's test.
    """
    yield
    gc.collect()


@pytest.fixture
def config() -> VenueConfig:
    """Return a venue that is quick; a test module may override it."""
    return VenueConfig(timing=FAST)


@pytest.fixture
async def venue(config: VenueConfig, tmp_path: Path) -> AsyncIterator[RunningVenue]:
    """Run a venue on a free port, with its tape in a file."""
    running = await start(config, tape_path=tmp_path / "tape.jsonl")
    yield running
    await running.close()


@pytest.fixture
async def control(venue: RunningVenue) -> AsyncIterator[VenueControl]:
    """Open the venue's control, with a still market for SPY and AAPL."""
    async with VenueControl(venue.base_url) as opened:
        await opened.set_quote(SPY, bid="2.00", ask="2.05", bid_size=100, ask_size=100)
        await opened.set_quote(AAPL, bid="4.00", ask="4.10", bid_size=100, ask_size=100)
        yield opened


@pytest.fixture
async def session(venue: RunningVenue) -> AsyncIterator[Session]:
    """Open an SDK session whose every host is the venue."""
    transport = RedirectTransport(venue.base_url, httpx2.AsyncHTTPTransport())
    yield Session("secret-of-client", "refresh-of-client", transport=transport, timeout=1.0)
    await transport.shutdown()


@pytest.fixture
async def api_client(venue: RunningVenue, control: VenueControl, session: Session) -> ApiClient:
    """Return the whole of it."""
    return ApiClient(venue, control, session, await Account.get(session, ACCOUNT))
