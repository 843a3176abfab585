"""3. How many contracts are bought.

Several caps apply: a fraction of the day's buying power, the buying power now, the most contracts and dollars
of the policy, and the quantity in the alert. The smallest decides. Contracts are priced at the ceiling, the
most the ladder may pay, with fees; so the trade never costs more than it was sized for.
"""

from dataclasses import replace
from decimal import Decimal

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.policy import SizingPolicy
from alert_trader.domain.execution.sizing import Cap, Sizing, size
from alert_trader.domain.money import Price
from alert_trader.domain.trade.lifecycle import Outcome
from tests.support.harness import Harness, policy

POLICY = SizingPolicy(allocation=Decimal("0.02"), max_contracts=10, max_notional=Decimal(2000))
CEILING = Price(Decimal("1.32"))


def sized(policy: SizingPolicy = POLICY, **changes: object) -> Sizing | Denied:
    """Size a trade for an account that started the day with 60,000 dollars and has all of it."""
    given: dict[str, object] = {
        "reference": Decimal(60_000),
        "available": Decimal(60_000),
        "ceiling": CEILING,
    }
    return size(policy=policy, **{**given, **changes})  # type: ignore[arg-type]


def test_the_smallest_cap_decides() -> None:
    """Compare the caps: 2 % of 60,000 is 1,200 dollars, enough for 9 contracts of 133.20 with fees."""
    answer = sized()
    assert isinstance(answer, Sizing)
    assert (answer.quantity, answer.cap) == (9, Cap.ALLOCATION)
    assert answer.limits == {"allocation": 9, "buying_power": 453, "max_contracts": 10, "max_notional": 15}

    # A quantity in the alert only lowers the result.
    fewer, more = sized(alert_quantity=3), sized(alert_quantity=50)
    assert isinstance(fewer, Sizing)
    assert isinstance(more, Sizing)
    assert (fewer.quantity, fewer.cap) == (3, Cap.ALERT_QUANTITY)
    assert more.quantity == 9


def test_less_than_one_contract_is_a_denial() -> None:
    """Deny when one contract does not fit, and name the cap and the numbers."""
    answer = sized(replace(POLICY, allocation=Decimal("0.002")))
    assert isinstance(answer, Denied)
    assert answer.code is Code.SIZE_ZERO
    assert (answer.facts["cap"], answer.facts["allocation"]) == ("allocation", "120.00")
    assert answer.facts["cost_per_contract"] == "133.20"


async def test_a_trade_is_sized_before_it_is_sent(harness: Harness) -> None:
    """Run a trade with a cap of 3 contracts, and one with a cap that allows none."""
    rules = policy()
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(rules=replace(rules, sizing=replace(rules.sizing, max_contracts=3)))
    view = await harness.until(trade, "the entry to fill", bought=3)
    assert (view.quantity, view.ceiling) == (3, Decimal("1.32"))

    trade = await harness.alert(rules=replace(rules, sizing=replace(rules.sizing, max_contracts=0)))
    view = await trade.result()
    assert view.outcome is Outcome.DENIED
    assert (view.reason or "").startswith("SIZE_ZERO")
    assert len(harness.posts("e")) == 1
