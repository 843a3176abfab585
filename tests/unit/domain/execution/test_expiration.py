"""What contracts held to expiration are worth: only those without a bid count as worthless."""

from datetime import date
from decimal import Decimal

import pytest

from alert_trader import clock
from alert_trader.domain.execution.expiration import (
    ExpirationOutcome,
    Removal,
    RemovalKind,
    Settled,
    expiration_outcome,
    in_words,
    is_valued,
    settled,
)
from alert_trader.domain.market.contract import CASH_SETTLED, INDEX_ROOTS, OptionContract, Right
from alert_trader.domain.market.fees import INDEX_FEES
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.market.trading_hours import AM_ROOTS
from alert_trader.domain.money import Price, Usd


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


def removal(kind: RemovalKind, quantity: int, value: str = "0") -> Removal:
    """Return a removal as the broker posts it."""
    return Removal(kind=kind, quantity=quantity, value=Usd(Decimal(value)))


CASH, EXERCISED, GONE = RemovalKind.CASH, RemovalKind.EXERCISED, RemovalKind.EXPIRED
UNRECOGNISED = RemovalKind.UNRECOGNISED


@pytest.mark.parametrize(
    ("removals", "held", "kind", "value"),
    [
        pytest.param([(UNRECOGNISED, 0, "0")], 2, None, None, id="a sub-type that is not known"),
        pytest.param([(CASH, 2, "500"), (UNRECOGNISED, 0, "0")], 2, None, None, id="beside a known one"),
        pytest.param([(CASH, 2, "500")], 2, CASH, "500", id="all of it"),
        pytest.param([(CASH, 6, "1500")], 2, CASH, "500.00", id="beside another trade's"),
        pytest.param([(CASH, 1, "250"), (CASH, 1, "250")], 2, CASH, "500", id="in two postings"),
        pytest.param([(CASH, 2, "0"), (CASH, 2, "500")], 2, CASH, "500", id="a removal beside its amount"),
        pytest.param([(CASH, 3, "100")], 1, CASH, "33.33", id="rounded to cents"),
        pytest.param([(GONE, 2, "0")], 2, GONE, "0", id="worthless"),
        pytest.param([(EXERCISED, 2, "0")], 2, EXERCISED, "0", id="became shares"),
        pytest.param([], 2, None, None, id="nothing posted"),
        pytest.param([(CASH, 1, "250")], 2, None, None, id="not all of it yet"),
        pytest.param([(CASH, 2, "0")], 2, None, None, id="the amount is not posted"),
        pytest.param([(GONE, 1, "0"), (EXERCISED, 1, "0")], 2, None, None, id="in two ways"),
    ],
)
def test_what_contracts_came_to_is_read_from_what_was_removed(
    removals: list[tuple[RemovalKind, int, str]], held: int, kind: RemovalKind | None, value: str | None
) -> None:
    """UNK-30: what is not posted for every contract held is not known."""
    found = settled([removal(*each) for each in removals], held, cash_settled=False)
    assert (None if found is None else found.kind) is kind
    assert (None if found is None else found.value) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("removals", "value"),
    [
        pytest.param([(EXERCISED, 2, "500")], "500", id="its exercise has the amount"),
        pytest.param([(EXERCISED, 2, "0"), (CASH, 2, "500")], "500", id="a removal beside the amount"),
        pytest.param([(EXERCISED, 2, "0")], None, id="the amount is not posted"),
        pytest.param([(GONE, 2, "0"), (CASH, 2, "500")], None, id="worthless, and settled"),
    ],
)
def test_what_settles_in_cash_never_becomes_shares(
    removals: list[tuple[RemovalKind, int, str]], value: str | None
) -> None:
    """UNK-30: how the broker posts the settlement of an index is not captured: each reading, or a person."""
    found = settled([removal(*each) for each in removals], 2, cash_settled=True)
    expected = None if value is None else Settled(kind=CASH, value=Usd(Decimal(value)))
    assert found == expected


@pytest.mark.parametrize("outcome", ExpirationOutcome)
def test_what_is_posted_decides_over_the_last_quote(outcome: ExpirationOutcome) -> None:
    """Cash and worthless are values; shares are not, whatever the last quote was."""
    for kind, valued in ((CASH, True), (GONE, True), (EXERCISED, False)):
        assert is_valued(outcome, Settled(kind=kind, value=Usd(Decimal(5)))) is valued
    assert is_valued(outcome, None) is (outcome is ExpirationOutcome.WORTHLESS)
    assert "5.00 dollars" in in_words(outcome, Settled(kind=CASH, value=Usd(Decimal(5))))
