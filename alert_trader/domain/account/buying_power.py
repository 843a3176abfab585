"""How many contracts of a new trade an account can afford."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reservation import NOTHING, AdmitRequest
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.money import Usd, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitments:
    """What is committed already when a trade asks for admission."""

    reference: Usd
    """Buying power at the start of the day."""
    committed: Usd
    """The part of it that open trades commit."""
    realised: Usd
    """The day's P&L: a loss reduces what is free, a gain does not add to it."""
    notional: Usd
    """Dollars of all the day's trades at their ceilings."""
    unseen: Usd
    """Reservations that the broker's buying power may not include yet."""


def affordable_quantity(request: AdmitRequest, limits: Limits, used: Commitments) -> int | Denied:
    """Return the contracts that every limit allows, at most those requested; deny when that is none."""
    free = max(
        min(
            used.reference - used.committed + min(used.realised, NOTHING),
            request.buying_power - used.unseen,
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
            _fit(limits.max_notional_per_day - used.notional, request.notional_each),
            "max_notional_per_day",
            f"{plain(limits.max_notional_per_day)}, {plain(used.notional)} of it used",
        ),
        Code.LIMIT_BUYING_POWER: (
            request.quantity if request.cost <= free else _fit(free, request.cost_each),
            "buying power",
            f"{plain(free)} left of {plain(used.reference)} at the start, {plain(request.buying_power)} now",
        ),
    }
    code = min(caps, key=lambda each: caps[each][0])
    most, name, words = caps[code]
    if min(most, request.quantity) > 0:
        return min(most, request.quantity)
    facts = {
        "cost_per_contract": plain(request.cost_each),
        "notional_per_contract": plain(request.notional_each),
        "committed": plain(used.committed),
        "reference": plain(used.reference),
        "buying_power": plain(request.buying_power),
        "not_seen_by_the_broker": plain(used.unseen),
        "realised_today": plain(used.realised),
        "notional_today": plain(used.notional),
    }
    reason = (
        f"No room for 1 contract at {plain(request.cost_each)} dollars under {name} ({words}); "
        "wait until trades end, or raise the limit"
    )
    return Denied(code=code, reason=reason, facts=facts)


def _fit(dollars: Decimal, each: Decimal) -> int:
    return max(int((dollars / each).to_integral_value(ROUND_FLOOR)), 0)
