"""Contract symbols, both ways."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.market.contract import OptionContract, Right, from_occ, from_streamer

ROOTS = st.from_regex(r"[A-Z]{1,5}(\.[AB])?", fullmatch=True).filter(lambda root: len(root) <= 6)
STRIKES = st.integers(1, 10**8 - 1).map(lambda thousandths: Decimal(thousandths) / 1000)
CONTRACTS = st.builds(
    OptionContract,
    root=ROOTS,
    # the symbol has two digits for the year
    expiry=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    right=st.sampled_from(Right),
    strike=STRIKES,
)


@given(contract=CONTRACTS)
def test_symbols_are_parsed_as_the_contract_they_name(contract: OptionContract) -> None:
    """WHO-50: the symbol an order carries, and the one quotes come under, each name exactly one contract."""
    assert from_occ(contract.occ_symbol) == contract
    assert from_streamer(contract.streamer_symbol) == contract
    assert len(contract.occ_symbol) == 21


@given(one=CONTRACTS, other=CONTRACTS)
def test_different_contracts_have_different_symbols(one: OptionContract, other: OptionContract) -> None:
    """WHO-50: two contracts share a symbol only when they are the same."""
    assert (one.occ_symbol == other.occ_symbol) == (one == other)
    assert (one.streamer_symbol == other.streamer_symbol) == (one == other)


@pytest.mark.parametrize(
    ("root", "expiry", "strike", "occ", "streamer", "underlying"),
    [
        ("SPY", date(2026, 12, 18), "450", "SPY   261218C00450000", ".SPY261218C450", "SPY"),
        ("SPXW", date(2026, 11, 23), "6500", "SPXW  261123C06500000", ".SPXW261123C6500", "SPX"),
        ("BRK.B", date(2026, 12, 18), "502.5", "BRK.B 261218C00502500", ".BRK/B261218C502.5", "BRK.B"),
        ("F", date(2026, 12, 4), "12.125", "F     261204C00012125", ".F261204C12.125", "F"),
    ],
)
def test_known_symbols(
    *, root: str, expiry: date, strike: str, occ: str, streamer: str, underlying: str
) -> None:
    """Weeklies of an index, share classes and fractional strikes are written as the broker writes them."""
    contract = OptionContract(root=root, expiry=expiry, right=Right.CALL, strike=Decimal(strike))
    assert (contract.occ_symbol, contract.streamer_symbol, contract.underlying) == (occ, streamer, underlying)


def test_a_share_class_is_the_same_with_slash_and_dot() -> None:
    """WHO-50: BRK/B and BRK.B are one contract, however the broker writes the root."""
    assert from_occ("BRK/B 261218P00500000") == from_occ("BRK.B 261218P00500000")


def test_a_contract_is_written_as_traders_do() -> None:
    """People see root, strike with right, and date."""
    assert str(from_occ("SPY   261218P00450500")) == "SPY 450.5P 2026-12-18"


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "SPY",
        "SPY   261318C00450000",
        "SPY   261218X00450000",
        "SPY   261218C0045000",
        "SPY   261218C00000000",
        "SPY   261218C0045000\u0660",
    ],
)
def test_an_invalid_occ_symbol_is_refused(symbol: str) -> None:
    """A month of 13, another right, a missing or foreign digit or a strike of zero name nothing."""
    with pytest.raises(ValueError, match="expected"):
        from_occ(symbol)


@pytest.mark.parametrize(
    "symbol", ["SPY261218C450", ".SPY261218C450.1234", ".SPY261218C0", ".SPY261218C\u0664"]
)
def test_an_invalid_streamer_symbol_is_refused(symbol: str) -> None:
    """The leading dot and ASCII digits in thousandths at most are part of the symbol."""
    with pytest.raises(ValueError, match="expected"):
        from_streamer(symbol)


@pytest.mark.parametrize(
    ("root", "strike"),
    [("spy", "450"), ("TOOLONGX", "450"), ("SPY", "0"), ("SPY", "100000"), ("SPY", "1.0001")],
)
def test_a_contract_without_a_valid_symbol_is_refused(root: str, strike: str) -> None:
    """Lower case, seven letters and strikes outside the field's range are bugs of the caller."""
    with pytest.raises(ValueError, match="expected"):
        OptionContract(root=root, expiry=date(2026, 12, 18), right=Right.PUT, strike=Decimal(strike))
