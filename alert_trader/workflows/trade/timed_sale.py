"""The sale of everything by a time of the exit plan (TIM-10), by a timer of the workflow.

It begins `SALE_LEAD` before the moment, so that exits are cancelled and the ladder has begun by then.
"""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SizedEntry
    from alert_trader.domain.execution.policy import ExitPolicy
    from alert_trader.domain.exits.precedence import ExitRule
    from alert_trader.domain.exits.sale_times import TimeFacts, sale_begins, sell_by
    from alert_trader.domain.market.calendar import eastern
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade_state import ExitState
    from alert_trader.workflows.waiting import wait

SellEverything = Callable[[ExitRule, str, dict[str, object]], None]
"""Sell everything by a rule: why, for people, and the numbers behind it."""


def time_facts(sized: SizedEntry, set_at: datetime, first_fill_at: datetime | None = None) -> TimeFacts:
    """Return what the moments of a trade's times follow from."""
    contract = sized.listing.contract
    return TimeFacts(
        root=contract.root,
        expiry=contract.expiry,
        settlement=sized.listing.settlement,
        set_at=set_at,
        first_fill_at=first_fill_at,
    )


class TimedSale:
    """Waits for the earliest time of the plan, and sells everything then."""

    def __init__(
        self, state: ExitState, sized: SizedEntry, orders: OrderManager, sell_everything: SellEverything
    ) -> None:
        """Read the plan of `state`, which may change, and call `sell_everything` once."""
        self._state = state
        self._sized = sized
        self._orders = orders
        self._sell_everything = sell_everything

    @property
    def by(self) -> datetime | None:
        """By when everything is to be sold; None without a time."""
        fills = self._orders.ledger.entry_fills
        set_at = self._state.plan_set_at
        if set_at is None:
            return None
        facts = time_facts(self._sized, set_at, fills[0].at if fills else None)
        return sell_by(self._state.policy.plan, facts, self._orders.hours)

    async def run(self) -> None:
        """Wait until a time is due, or everything is being sold for another reason."""
        while not self._state.stopped:
            by, known = self.by, self._follows_from
            changed = await wait(
                lambda: self._state.stopped or self._follows_from != known,  # noqa: B023 - awaited here
                None if by is None else sale_begins(by),
                "" if by is None else f"to sell everything by {eastern(by)}",
            )
            if not changed:
                assert by is not None
                text = f"Time exit: selling everything, to be sold by {eastern(by)}"
                self._sell_everything(ExitRule.TIME, text, {"by": by.isoformat()})
                return

    @property
    def _follows_from(self) -> tuple[ExitPolicy, bool]:
        """What the time follows from that may change."""
        return self._state.policy, bool(self._orders.ledger.entry_fills)
