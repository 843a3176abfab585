"""What contracts held to expiration are worth: only those without a bid count as worthless."""

from datetime import date
from decimal import Decimal

import pytest

from alert_trader import clock
from alert_trader.domain.execution.expiration import ExpirationOutcome, expiration_outcome
from alert_trader.domain.market.contract import CASH_SETTLED, INDEX_ROOTS, OptionContract, Right
from alert_trader.domain.market.fees import INDEX_FEES
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.market.trading_hours import AM_ROOTS
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
    assert expiration_outcome(last, cash_settled=False) is worth
    assert expiration_outcome(last, cash_settled=True) is ExpirationOutcome.SETTLES_IN_CASH


def test_without_a_quote_the_value_is_not_known() -> None:
    """UNK-30: a contract without a quote is not counted as worthless."""
    assert expiration_outcome(None, cash_settled=False) is ExpirationOutcome.NOT_KNOWN


@pytest.mark.parametrize("root", sorted({*CASH_SETTLED, *AM_ROOTS, *INDEX_ROOTS, *INDEX_FEES}))
def test_every_index_settles_in_cash(root: str) -> None:
    """No root that is known as one of an index is booked by a quote; an ETF is settled in shares."""
    day = date(2035, 6, 15)
    assert OptionContract(root=root, expiry=day, right=Right.CALL, strike=Decimal(100)).cash_settled
    assert not OptionContract(root="SPY", expiry=day, right=Right.CALL, strike=Decimal(100)).cash_settled
