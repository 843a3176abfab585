"""The broker's adapter at a simulated venue: the contract that is traded there, and who asks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.simulators.venue.server import RunningVenue
from tests.support.instants import STATED

ACCOUNT = "5WT00042"
CALL = timedelta(seconds=3)
CONTRACT = OptionContract(
    root="SPY", expiry=STATED.date() + timedelta(days=30), right=Right.CALL, strike=Decimal(600)
)


def credentials(running: RunningVenue) -> dict[str, Any]:
    """Say where the venue is and who asks."""
    return {
        "client_secret": "client-secret-value",
        "refresh_token": "refresh-token-value",
        "account": ACCOUNT,
        "is_test": False,
        "venue_url": running.base_url,
        "call_timeout": CALL,
    }
