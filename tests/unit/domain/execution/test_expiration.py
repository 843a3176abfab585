"""What contracts held to expiration are worth: only those without a bid count as worthless."""

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
def test_only_a_contract_without_a_bid_is_worthless(bid: str, halted: bool, worth: ExpirationOutcome) -> None:
    """The quote of a halted contract is not used."""
    last = Quote(
        bid=Price(Decimal(bid)),
        ask=Price(Decimal("3.50")),
        at=clock.now(),
        bid_size=1,
        ask_size=1,
        halted=halted,
    )
    assert expiration_outcome(last) is worth


def test_without_a_quote_the_value_is_not_known() -> None:
    """UNK-30: a contract without a quote is not counted as worthless."""
    assert expiration_outcome(None) is ExpirationOutcome.NOT_KNOWN
