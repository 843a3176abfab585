"""Which profit-take exit is due: a target over everything bought, so the order of fills does not matter.

Invariants (EXT-10): planned exits never exceed what was bought; no exit is priced below its target.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.exits.plan import Single
from alert_trader.domain.market.quotes import TickTable
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill, average_price


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitTake:
    """One sell-to-close order that is due."""

    quantity: int
    limit: Price
    average_entry: Decimal
    """Average fill price, in dollars a share, of the contracts it sells; not rounded."""


def exit_target(bought: int, policy: ExitPolicy) -> int:
    """Return how many of `bought` contracts are to have an exit: the policy's fraction, rounded down.

    One contract, of which a fraction is none, gets what the plan says of a single one.
    """
    if bought == 1 and (single := policy.plan.single_rule) is not None:
        return 1 if single is Single.FIRST_TARGET else 0
    return min(int((policy.fraction * bought).to_integral_value(ROUND_FLOOR)), bought)


def next_exit(
    *, bought: int, uncovered: Sequence[Fill], planned: int, policy: ExitPolicy, ticks: TickTable
) -> ProfitTake | None:
    """Return the exit that is due, or None when enough is planned already.

    `bought` is the sum of entry fills so far. `planned` is everything sold plus what working exits, unknown
    ones included, can still sell. `uncovered` are the entry fills that no exit was priced from yet; the fills
    of an exit that ended with contracts left are uncovered again.

    Raises ValueError when an exit is due and `uncovered` is empty, since there is no entry price to compute
    from.
    """
    due = exit_target(bought, policy) - planned
    if due < max(policy.min_quantity, 1):
        return None
    if not uncovered:
        raise ValueError(
            f"expected the entry fills of an exit for {due} contracts, found none: pass them again"
        )
    average = average_price(uncovered)
    return ProfitTake(quantity=due, limit=ticks.sell(average * (1 + policy.gain)), average_entry=average)
