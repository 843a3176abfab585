"""Sizing: never over a cap, always at the ceiling, and says which cap decided."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.policy import SizingPolicy
from alert_trader.domain.execution.sizing import Cap, Sizing, size
from alert_trader.domain.market.fees import FeeTable
from alert_trader.domain.money import Price

MONEY = st.decimals(min_value=-1000, max_value=10**7, places=2)
PRICES = st.decimals(min_value="0.01", max_value=500, places=2).map(Price)
FEW = st.none() | st.integers(-1, 500)
POLICIES = st.builds(
    SizingPolicy,
    allocation=st.decimals(min_value=0, max_value=1, places=3),
    max_contracts=st.integers(0, 200),
    max_notional=st.decimals(min_value=0, max_value=10**6, places=2),
    fees=st.builds(
        FeeTable,
        commission=st.decimals(min_value=0, max_value=3, places=2),
        commission_cap=st.decimals(min_value=0, max_value=20, places=2),
        other=st.decimals(min_value=0, max_value=3, places=2),
    ),
)


@given(
    policy=POLICIES, reference=MONEY, available=MONEY, ceiling=PRICES, wanted=st.none() | st.integers(-1, 500)
)
def test_no_cap_is_ever_exceeded(
    *, policy: SizingPolicy, reference: Decimal, available: Decimal, ceiling: Price, wanted: int | None
) -> None:
    """RSK-10: the quantity at the ceiling price stays within every cap, the alert's own included."""
    sized = size(
        policy=policy, reference=reference, available=available, ceiling=ceiling, alert_quantity=wanted
    )
    if isinstance(sized, Denied):
        return
    cost = ceiling * 100 * sized.quantity + policy.fees.opening(sized.quantity)
    assert sized.quantity >= 1
    assert cost == sized.cost
    assert cost <= policy.allocation * reference
    assert cost <= available
    assert sized.quantity <= policy.max_contracts
    assert sized.notional == ceiling * 100 * sized.quantity <= policy.max_notional
    assert wanted is None or sized.quantity <= wanted


@given(policy=POLICIES, reference=MONEY, available=MONEY, ceiling=PRICES, wanted=FEW, approved=FEW)
def test_one_contract_more_would_break_the_cap_that_decided(
    *,
    policy: SizingPolicy,
    reference: Decimal,
    available: Decimal,
    ceiling: Price,
    wanted: int | None,
    approved: int | None,
) -> None:
    """The quantity is the largest allowed: the named cap allows exactly it, and every other at least as much.

    Zero is denied by name.
    """
    sized = size(
        policy=policy,
        reference=reference,
        available=available,
        ceiling=ceiling,
        alert_quantity=wanted,
        approved=approved,
    )

    def allows(cap: Cap, quantity: int) -> bool:
        cost = ceiling * 100 * quantity + policy.fees.opening(quantity)
        return {
            Cap.ALLOCATION: cost <= policy.allocation * reference,
            Cap.BUYING_POWER: cost <= available,
            Cap.MAX_CONTRACTS: quantity <= policy.max_contracts,
            Cap.MAX_NOTIONAL: ceiling * 100 * quantity <= policy.max_notional,
            Cap.ALERT_QUANTITY: wanted is None or quantity <= wanted,
            Cap.APPROVED: approved is None or quantity <= approved,
        }[cap]

    if isinstance(sized, Denied):
        assert sized.code is Code.SIZE_ZERO
        assert not allows(Cap(sized.facts["cap"]), 1)
        return
    assert not allows(sized.cap, sized.quantity + 1)
    assert all(allows(cap, sized.quantity) for cap in Cap)
    assert sized.limits[sized.cap] == sized.quantity


@given(policy=POLICIES, money=MONEY, low=PRICES, high=PRICES)
def test_a_higher_ceiling_never_buys_more(
    policy: SizingPolicy, money: Decimal, low: Price, high: Price
) -> None:
    """Sized at the most the ladder may pay: what is bought there is never more than at a lower price."""
    assume(low <= high)
    counts = [
        0 if isinstance(sized, Denied) else sized.quantity
        for sized in (size(policy=policy, reference=money, available=money, ceiling=at) for at in (low, high))
    ]
    assert counts[1] <= counts[0]


@pytest.mark.parametrize(
    ("reference", "available", "policy", "wanted", "quantity", "cap"),
    [
        (50_000, 50_000, SizingPolicy(), None, 8, Cap.ALLOCATION),
        (50_000, 500, SizingPolicy(), None, 4, Cap.BUYING_POWER),
        (500_000, 500_000, SizingPolicy(max_notional=Decimal(10_000)), None, 10, Cap.MAX_CONTRACTS),
        (500_000, 500_000, SizingPolicy(max_notional=Decimal(600)), None, 5, Cap.MAX_NOTIONAL),
        (500_000, 500_000, SizingPolicy(), 2, 2, Cap.ALERT_QUANTITY),
        (500_000, 500_000, SizingPolicy(), 99, 10, Cap.MAX_CONTRACTS),
    ],
)
def test_each_cap_can_decide(
    reference: int, available: int, policy: SizingPolicy, wanted: int | None, quantity: int, cap: Cap
) -> None:
    """At a ceiling of 1.15 (116.20 dollars a contract with fees), each cap binds in its turn.

    An alert's quantity only lowers.
    """
    sized = size(
        policy=policy,
        reference=Decimal(reference),
        available=Decimal(available),
        ceiling=Price(Decimal("1.15")),
        alert_quantity=wanted,
    )
    assert isinstance(sized, Sizing)
    assert (sized.quantity, sized.cap) == (quantity, cap)


def test_no_room_is_denied_with_the_numbers() -> None:
    """A contract dearer than the allocation is a denial that names the cap and shows what it compared."""
    denied = size(
        policy=SizingPolicy(),
        reference=Decimal(1000),
        available=Decimal(1000),
        ceiling=Price(Decimal("2.50")),
    )
    assert isinstance(denied, Denied)
    assert denied.code is Code.SIZE_ZERO
    assert denied.facts["cap"] == "allocation"
    assert denied.facts["cost_per_contract"] == "251.20"
    assert denied.facts["allocation"] == "20.00"
    assert "allocation" in denied.reason


def test_fees_count() -> None:
    """With fees an exact amount of buying power is just too little."""
    free = FeeTable(commission=Decimal(0), other=Decimal(0))
    found = [
        size(
            policy=SizingPolicy(allocation=Decimal(1), fees=fees),
            reference=Decimal(300),
            available=Decimal(200),
            ceiling=Price(Decimal("1.00")),
        )
        for fees in (free, FeeTable(commission=Decimal(0), other=Decimal("0.01")))
    ]
    assert [each.quantity for each in found if isinstance(each, Sizing)] == [2, 1]


@pytest.mark.parametrize(
    ("underlying", "quantity", "fees"),
    [
        ("SPY", 1, "1.20"),
        ("SPY", 10, "12.00"),
        ("SPY", 20, "14.00"),
        ("SPX", 1, "1.85"),
        ("SPX", 20, "37.00"),
        ("RUT", 20, "27.60"),
    ],
)
def test_equity_options_have_a_commission_cap_and_indexes_have_none(
    underlying: str, quantity: int, fees: str
) -> None:
    """Ten dollars a leg of equity options; an index option pays all of it, and its exchange's own fee."""
    assert FeeTable().opening(quantity, underlying) == Decimal(fees)


def test_the_commission_cap_allows_a_larger_quantity() -> None:
    """The last dollars of the buying power are not set aside for a commission that nobody takes."""
    policy = SizingPolicy(allocation=Decimal(1), max_contracts=100, max_notional=Decimal(10_000))
    found = [
        size(
            policy=policy,
            reference=Decimal(2014),
            available=Decimal(2014),
            ceiling=Price(Decimal("1.00")),
            underlying=name,
        )
        for name in ("SPY", "SPX")
    ]
    assert [each.quantity for each in found if isinstance(each, Sizing)] == [20, 19]


def test_a_ceiling_of_zero_is_a_bug() -> None:
    """A price below one tick is denied before sizing, so a zero here raises."""
    with pytest.raises(ValueError, match="above zero"):
        size(
            policy=SizingPolicy(), reference=Decimal(1000), available=Decimal(1000), ceiling=Price(Decimal(0))
        )
