"""What contracts held to their end are worth: only what was quoted without a bid is worthless."""

from decimal import Decimal

import pytest

from alert_trader import clock
from alert_trader.domain.execution.expiration import ExpirationOutcome, expiration_outcome
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Price


@pytest.mark.parametrize(
    ("bid", "halted", "worth"),
    [
        ("0", False, ExpirationOutcome.WORTHLESS),
        ("0.01", False, ExpirationOutcome.HAD_BID),
        ("0", True, ExpirationOutcome.NOT_KNOWN),
        ("3.40", True, ExpirationOutcome.NOT_KNOWN),
    ],
)
def test_a_bid_at_the_last_close_may_be_worth_something(
    bid: str, halted: bool, worth: ExpirationOutcome
) -> None:
    """A halted contract's quote says nothing either way."""
    last = Quote(
        bid=Price(Decimal(bid)),
        ask=Price(Decimal("3.50")),
        at=clock.now(),
        bid_size=1,
        ask_size=1,
        halted=halted,
    )
    assert expiration_outcome(last) is worth


def test_no_quote_is_no_knowledge() -> None:
    """UNK-30: what the broker does not quote is not called worthless."""
    assert expiration_outcome(None) is ExpirationOutcome.NOT_KNOWN
