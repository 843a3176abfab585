"""How many contracts an alert buys: the smallest of its caps, rounded down, at the ladder's ceiling price.

Invariants: the quantity never exceeds a cap; an alert's own quantity only lowers it; zero is a denial, never
an order.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.policy import SizingPolicy
from alert_trader.domain.money import CONTRACT_MULTIPLIER, Price, Usd, plain


class Cap(StrEnum):
    """What can limit a quantity."""

    ALLOCATION = "allocation"
    """The fraction of the day's reference buying power one trade may use, fees included."""
    BUYING_POWER = "buying_power"
    """What the account can spend now, fees included."""
    MAX_CONTRACTS = "max_contracts"
    """The policy's contracts per trade."""
    MAX_NOTIONAL = "max_notional"
    """The policy's dollars per trade, without fees."""
    ALERT_QUANTITY = "alert_quantity"
    """The quantity in the alert."""
    APPROVED = "approved"
    """The quantity a person approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """A quantity of at least 1, and the cap that decided it."""

    quantity: int
    cap: Cap
    """The smallest cap; of several equal ones, the first in the order of `Cap`."""
    ceiling: Price
    """The price it was sized at, the highest the ladder may pay."""
    limits: dict[str, int]
    """Contracts that each cap allows, by the name of the cap."""
    notional: Usd
    """Quantity at the ceiling price, without fees."""
    cost: Usd
    """Quantity at the ceiling price with fees: the buying power to reserve."""


def size(
    *,
    policy: SizingPolicy,
    reference: Decimal,
    available: Decimal,
    ceiling: Price,
    alert_quantity: int | None = None,
    approved: int | None = None,
    underlying: str = "",
) -> Sizing | Denied:
    """Return the quantity, or a denial that names the cap which allows none.

    `reference` is the buying power at the start of the day and `available` the buying power now, in dollars;
    either may be negative. `ceiling` is dollars a share. `underlying` selects the fees; without one, those of
    an equity option.

    Raises ValueError when the ceiling is not above zero.
    """
    if ceiling <= 0:
        raise ValueError(
            f"expected a ceiling above zero, found {ceiling}: deny a price below one tick before sizing"
        )
    notional_each = ceiling * CONTRACT_MULTIPLIER
    tiers = [(fixed, notional_each + each) for fixed, each in policy.fees.tiers(underlying)]
    limits = {
        Cap.ALLOCATION: max(_contracts(policy.allocation * reference - fixed, each) for fixed, each in tiers),
        Cap.BUYING_POWER: max(_contracts(available - fixed, each) for fixed, each in tiers),
        Cap.MAX_CONTRACTS: max(policy.max_contracts, 0),
        Cap.MAX_NOTIONAL: _contracts(policy.max_notional, notional_each),
    }
    if alert_quantity is not None:
        limits[Cap.ALERT_QUANTITY] = max(alert_quantity, 0)
    if approved is not None:
        limits[Cap.APPROVED] = max(approved, 0)
    cap = min(limits, key=lambda name: limits[name])
    quantity = limits[cap]
    by_name = {str(name): count for name, count in limits.items()}
    cost_each = notional_each + policy.fees.opening(1, underlying)
    if quantity == 0:
        facts = {
            "cap": str(cap),
            "ceiling": plain(ceiling),
            "cost_per_contract": plain(cost_each),
            "allocation": plain(policy.allocation * reference),
            "buying_power": plain(available),
            "max_notional": plain(policy.max_notional),
            "max_contracts": str(policy.max_contracts),
        }
        reason = (
            f"No contract fits under {cap.replace('_', ' ')}: 1 costs {plain(cost_each)} dollars "
            f"(ceiling {plain(ceiling)} a share, fees included); raise that limit, or skip this alert"
        )
        return Denied(code=Code.SIZE_ZERO, reason=reason, facts=facts)
    return Sizing(
        quantity=quantity,
        cap=cap,
        ceiling=ceiling,
        limits=by_name,
        notional=Usd(notional_each * quantity),
        cost=Usd(notional_each * quantity + policy.fees.opening(quantity, underlying)),
    )


def _contracts(dollars: Decimal, each: Decimal) -> int:
    return max(int((dollars / each).to_integral_value(ROUND_FLOOR)), 0)
