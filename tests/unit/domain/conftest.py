"""What the tests of the pure core share: a Hypothesis profile and makers of small values."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import settings

from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.ids import MessageId
from alert_trader.domain.market.quotes import Quote, Tick, TickTable
from alert_trader.domain.money import Price

# the same examples on every machine and in every order; a shared machine may be slow
settings.register_profile("domain", deadline=None, derandomize=True, database=None, max_examples=100)
settings.load_profile("domain")

MONDAY_MORNING = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""10:00 in New York on the Monday before Thanksgiving 2026."""


@pytest.fixture(scope="session")
def posted() -> Callable[..., AlertMessage]:
    """Make a message with a text, posted on Monday 2026-11-23 at 10:00 in New York unless said otherwise."""

    def make(text: str, at: datetime = MONDAY_MORNING) -> AlertMessage:
        return AlertMessage(
            message_id=MessageId("1"), text=text, author_id="7", channel_id="8", guild_id="9", posted_at=at
        )

    return make


@pytest.fixture(scope="session")
def quoted() -> Callable[..., Quote]:
    """Make a quote from its two sides, as text, at the same moment as the messages."""

    def make(bid: str, ask: str, at: datetime = MONDAY_MORNING, *, halted: bool = False) -> Quote:
        return Quote(
            bid=Price(Decimal(bid)), ask=Price(Decimal(ask)), at=at, bid_size=10, ask_size=10, halted=halted
        )

    return make


@pytest.fixture(scope="session")
def nickels() -> TickTable:
    """Return the usual table of options outside the penny programme.

    0.05 below 3 dollars, 0.10 from there on.
    """
    return TickTable((Tick(value=Decimal("0.05"), threshold=Decimal(3)), Tick(value=Decimal("0.10"))))


@pytest.fixture(scope="session")
def pennies() -> TickTable:
    """Return the usual table of the penny programme: 0.01 below 3 dollars, 0.05 from there on."""
    return TickTable((Tick(value=Decimal("0.01"), threshold=Decimal(3)), Tick(value=Decimal("0.05"))))
