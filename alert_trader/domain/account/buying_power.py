"""How many contracts of a new trade fit into an account's money: the day's, and what there is now."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reservation import NOTHING, AdmitRequest
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.money import Usd, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitments:
    """What is used of an account's money when a trade asks."""

    reference: Usd
    """Buying power when the day began."""
    committed: Usd
    """What open trades take of it."""
    realised: Usd
    """The day's P&L: a loss is gone, a gain is not counted on."""
    notional: Usd
    """Of all the day's trades at their ceilings."""
    unseen: Usd
    """What trades take that the broker's buying power may not show yet."""


def affordable_quantity(request: AdmitRequest, limits: Limits, spent: Commitments) -> int | Denied:
    """Give the most contracts that every limit in money and number allows, up to those asked for; none is a denial with the numbers."""
    free = max(
        min(
            spent.reference - spent.committed + min(spent.realised, NOTHING),
            request.buying_power - spent.unseen,
        ),
        Decimal(0),
    )
    caps = {
        Code.LIMIT_CONTRACTS: (limits.max_contracts, "max_contracts", str(limits.max_contracts)),
        Code.LIMIT_NOTIONAL: (
            _fit(limits.max_notional, request.notional_each),
            "max_notional",
            plain(limits.max_notional),
        ),
        Code.LIMIT_NOTIONAL_PER_DAY: (
            _fit(limits.max_notional_per_day - spent.notional, request.notional_each),
            "max_notional_per_day",
            f"{plain(limits.max_notional_per_day)}, {plain(spent.notional)} of it used",
        ),
        Code.LIMIT_BUYING_POWER: (
            request.quantity if request.cost <= free else _fit(free, request.cost_each),
            "buying power",
            f"{plain(free)} left of {plain(spent.reference)} at the day's start and {plain(request.buying_power)} now",
        ),
    }
    code = min(caps, key=lambda each: caps[each][0])
    most, name, words = caps[code]
    if min(most, request.quantity) > 0:
        return min(most, request.quantity)
    facts = {
        "cost_per_contract": plain(request.cost_each),
        "notional_per_contract": plain(request.notional_each),
        "committed": plain(spent.committed),
        "reference": plain(spent.reference),
        "buying_power": plain(request.buying_power),
        "not_seen_by_the_broker": plain(spent.unseen),
        "realised_today": plain(spent.realised),
        "notional_today": plain(spent.notional),
    }
    reason = (
        f"expected room for 1 contract at {plain(request.cost_each)} dollars, found none under {name} ({words}): "
        "wait until trades end, or raise it"
    )
    return Denied(code=code, reason=reason, facts=facts)


def _fit(dollars: Decimal, each: Decimal) -> int:
    return max(int((dollars / each).to_integral_value(ROUND_FLOOR)), 0)
