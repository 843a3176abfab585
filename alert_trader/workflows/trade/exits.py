"""The exits of a trade: a profit-take for every slice bought, and the sale of everything on request.

An exit is never given up: rejected, lost or ended, it is sent again, with growing pauses, until the contract
expires. What may still sell, orders of unknown outcome included, counts as sold when the next exit is worked
out, so the trade never sells more than it holds.
"""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SUBMIT_EXIT, SizedEntry
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.execution.exits import ProfitTake, exit_target, next_exit
    from alert_trader.domain.execution.policy import Policy
    from alert_trader.domain.ids import FillId, Leg
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderLedger
    from alert_trader.domain.orders.time_in_force import OrderPurpose
    from alert_trader.domain.trade.lifecycle import Trigger
    from alert_trader.workflows import timing
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.protective_sales import ProtectiveSales
    from alert_trader.workflows.trade.session_wait import SessionWait
    from alert_trader.workflows.trade.tasks import TaskName, Tasks
    from alert_trader.workflows.trade_state import ExitPause, ExitState, PartialExit
    from alert_trader.workflows.waiting import wait


class Exits:
    """Covers what was bought with exits."""

    def __init__(
        self,
        policy: Policy,
        state: ExitState,
        sized: SizedEntry,
        orders: OrderManager,
        journal: Journal,
        tasks: Tasks,
    ) -> None:
        """Prepare exits by `policy` for the contract of `sized`."""
        self._state = state
        self._ticks = sized.listing.ticks
        self._orders = orders
        self._journal = journal
        self._tasks = tasks
        self.sales = ProtectiveSales(policy.sale, state, self._ticks, orders, journal)
        """What sells the contracts that somebody requested to be sold."""
        self.session = SessionWait(orders, journal)
        """What sales wait for that are requested outside the session."""

    @property
    def position(self) -> int:
        """Return the contracts this trade still holds."""
        return self._orders.ledger.position - self._state.closed_elsewhere

    @property
    def stopped(self) -> bool:
        """Whether no further profit-take or partial exit is sent."""
        return self._state.stopped

    def stop(self) -> None:
        """Send no further profit-take or partial exit: everything is being sold, or the trade is over."""
        self._state.stopped = True

    def due(self) -> ProfitTake | None:
        """Work out the profit-take that is missing now; None once the contract has stopped trading."""
        if workflow.now() >= self._orders.last_trade.latest:
            return None
        ledger = self._orders.ledger
        fresh = self._unpriced()
        fills = [fill for fill in ledger.entry_fills if fill.fill_id in fresh] or list(ledger.entry_fills)
        # the plan is for what nobody has requested to be sold: its share of that, whatever else was sold
        aside = ledger.sold_outside_plan + self.set_aside
        bought = max(ledger.bought - aside, 0)
        return next_exit(
            bought=bought,
            uncovered=fills,
            planned=ledger.planned + self._state.closed_elsewhere,
            policy=self._state.policy,
            ticks=self._ticks,
        )

    # Partial exits

    def begin_partial(self, quantity: int, until: datetime) -> PartialExit:
        """Set contracts aside for a partial exit: no profit-take is sent for them until it ends."""
        partial = PartialExit(
            quantity=quantity,
            keep=self.position - quantity,
            first_order=self._orders.ledger.count(Leg.EXIT),
            until=until,
        )
        self._state.partial = partial
        self.sales.begin()
        return partial

    def end_partial(self) -> None:
        """Return what was not sold of a partial exit to the exit plan."""
        self._state.partial = None

    @property
    def set_aside(self) -> int:
        """Return the contracts set aside for the partial exit that no order of it has or may have sold."""
        partial = self._state.partial
        if partial is None:
            return 0
        orders = partial_exit_orders(partial, self._orders.ledger)
        missing = partial.quantity - sum(order.filled + order.open for order in orders)
        return max(min(missing, self.position - partial.keep - sum(order.open for order in orders)), 0)

    @property
    def free(self) -> int:
        """Return the contracts held that no open exit order can sell."""
        return self.position - self._orders.ledger.exits_open

    # Profit-takes

    def failures(self, since: int = 0) -> int:
        """Count the last exits in a row, of those after the first `since`, that ended with nothing sold."""
        return self._orders.ledger.failed_exits(since)

    async def run(self) -> None:
        """Keep a profit-take working for every slice, until stopped.

        One that is delayed does not delay the next.
        """
        ledger = self._orders.ledger
        for _ in range(timing.MAX_EXIT_ORDERS):
            await wait(lambda: self.stopped or self.due() is not None, None, "")
            bought = ledger.bought
            await self.pause(
                self.failures(),
                lambda: self.stopped or ledger.bought > bought,  # noqa: B023 - awaited here
            )
            if self.stopped:
                return
            if self.due() is not None:
                sent = ledger.count(Leg.EXIT)
                sending = self._tasks.start(TaskName.SEND_PROFIT_TAKE, self._send_profit_take())
                # until it counts as planned
                await wait(lambda: ledger.count(Leg.EXIT) > sent or sending.done(), None, "")  # noqa: B023
        raise RuntimeError(
            f"expected at most {timing.MAX_EXIT_ORDERS} exits of one trade: check its orders at the broker"
        )

    async def _send_profit_take(self) -> None:
        plan = self.due()
        if self.stopped or plan is None:
            return  # the sale of everything, or a partial exit, began in the same moment
        fresh = self._unpriced()
        order = self._orders.intend(
            SUBMIT_EXIT,
            purpose=OrderPurpose.TARGET,
            quantity=plan.quantity,
            limit=plan.limit,
        )
        self._state.pricing[order.client_order_id] = fresh
        await self._orders.submit(order)
        self._end_pricing(order)

    def _unpriced(self) -> tuple[FillId, ...]:
        """Return the entry fills for which no profit-take was sent, and none is being sent."""
        known = {*self._state.priced, *(fill for fills in self._state.pricing.values() for fill in fills)}
        return tuple(fill.fill_id for fill in self._orders.ledger.entry_fills if fill.fill_id not in known)

    def _end_pricing(self, order: LedgerOrder) -> None:
        """Count the fills of a profit-take as priced, unless it ended at once."""
        fills = self._state.pricing.pop(order.client_order_id)
        if not (order.done and order.filled == 0):
            self._state.priced.extend(fills)

    async def _end_pricing_when_sent(self, order: LedgerOrder) -> None:
        await wait(lambda: not self._orders.is_sending(order), None, "")
        self._end_pricing(order)

    def resume(self) -> None:
        """Continue what the run before this one was doing, beside the steps."""
        for name in self._state.pricing:
            sending = self._end_pricing_when_sent(self._orders.ledger.order(name))
            self._tasks.start(TaskName.SEND_PROFIT_TAKE, sending)

    async def pause(self, failures: int, until: Callable[[], bool]) -> None:
        """Wait after so many failures in a row, at most until the market opens."""
        if self._state.pause is None or self._state.pause.failures != failures:
            self._state.pause = self._begin_pause(failures)
        await wait(until, self._state.pause.until, "before the exit is sent again")
        self._state.pause = None

    def _begin_pause(self, failures: int) -> ExitPause:
        repeated = failures >= timing.SLOW_AFTER and (failures - timing.SLOW_AFTER) % timing.PAGE_EVERY == 0
        if failures == timing.PAGE_AFTER or repeated:
            have = "1 contract has" if self.position == 1 else f"{self.position} contracts have"
            text = f"Exit rejected {failures} times in a row; still retrying. {have} no working exit"
            self._record(EventKind.WARNING, text, position=self.position)
        pause = timing.EXIT_PAUSES[min(failures, len(timing.EXIT_PAUSES) - 1)]
        now = workflow.now()
        moment = min(now + pause, self._orders.hours.next_open(now), self._orders.retries.ends)
        return ExitPause(failures=failures, until=moment)

    def record_skipped(self) -> None:
        """Record, once the entry is over, that too little was bought for an exit order."""
        bought = self._orders.ledger.bought
        policy = self._state.policy
        if exit_target(bought, policy) < policy.min_quantity:
            text = (
                f"Bought {bought}: too few for an exit of {policy.fraction:%}. Held until a "
                "person closes the trade or it expires"
            )
            self._record(EventKind.EXIT_SKIPPED, text, bought=bought, fraction=policy.fraction)

    def replace_targets(self) -> None:
        """Cancel the profit-takes: others are sent by the plan as it is now."""
        ledger = self._orders.ledger
        for order in ledger.open_exits:
            if not order.protective:
                ledger.reprice(order.client_order_id)  # it has not failed
                self._orders.cancel(order)

    # The sale of everything

    async def sell_all(self, until: datetime) -> Trigger:
        """Cancel the exits and sell what is held by the protective ladder, until it is flat or expired.

        An exit that cannot be cancelled yet delays its own contracts only; an entry that may still fill
        delays the end.
        """
        orders, state = self._orders, self._state
        if state.sale_from is None:
            self.stop()
            state.sale_from = orders.ledger.count(Leg.EXIT)
            self.sales.begin()
            for order in orders.ledger.open_exits:
                orders.cancel(order)
            await wait(
                lambda: not orders.ledger.open_exits, timing.EXIT_CANCEL_WAIT, "for the exits to be cancelled"
            )
        else:  # the run before this one has sent sales
            for sale in orders.ledger.leg(Leg.EXIT)[state.sale_from :]:
                if not sale.done:
                    self._tasks.start(TaskName.FINAL_SALE, self.sales.work(sale, until))
        before = state.sale_from
        for _ in range(timing.MAX_EXIT_ORDERS):
            await wait(
                lambda: self.free > 0 or self.flat,
                until,
                "for contracts to sell, or for the last order to end",
            )
            if self.flat:
                return Trigger.FLAT
            if workflow.now() >= until:
                return Trigger.EXPIRED
            failures = self.failures(before)
            requested = orders.retries.requested
            await self.pause(
                failures,
                lambda: orders.retries.requested != requested,  # noqa: B023 - awaited here
            )
            if not await self._may_sell(failures, until):
                continue
            if await self.sales.find_price(until, lambda: self.free <= 0) and self.free > 0:
                sale = self.sales.intend(self.free)
                await orders.submit(sale)
                # in the background: contracts that an exit frees in the meantime do not wait for it
                self._tasks.start(TaskName.FINAL_SALE, self.sales.work(sale, until))
        raise RuntimeError(
            f"expected the position to be sold within {timing.MAX_EXIT_ORDERS} orders: check it at the broker"
        )

    async def _may_sell(self, failures: int, until: datetime) -> bool:
        """Wait for the session; return whether there may be contracts to sell in it."""
        if failures > 1 and await self.closed_elsewhere():
            return False
        return await self.session.until_open(until, lambda: self.free <= 0)

    @property
    def flat(self) -> bool:
        """Whether nothing is held, and no open order can buy or sell any more."""
        orders = self._orders
        return (
            self.position <= 0
            and not orders.searching
            and not orders.ledger.open_entries
            and not orders.ledger.open_exits
        )

    async def closed_elsewhere(self) -> bool:
        """Return whether the account holds none of it any more though this trade did not sell it.

        If so, no longer count it.

        It takes two complete answers a while apart, after reading the trade's own orders: the broker's
        positions may lag behind a fill. Only an account that holds none at all is certain, because trades
        share a position.
        """
        for order in self._orders.ledger.open_exits:
            await self._orders.read(order)
        for pause in (timing.POSITION_RECHECK, None):
            answer = await self._orders.position()
            if answer is None or answer.held > 0 or self.position <= 0:
                return False
            if pause is not None:
                await wait(lambda: False, pause, "before looking at the position again")
        text = (
            f"The account no longer holds {self.position} contracts that this trade did not sell: "
            "closed by hand, exercised or assigned"
        )
        self._record(EventKind.WARNING, text, gone=self.position)
        self._state.closed_elsewhere += self.position
        return True

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)


def partial_exit_orders(partial: PartialExit, ledger: OrderLedger) -> tuple[LedgerOrder, ...]:
    """Return the orders that were sent for a partial exit."""
    later = ledger.leg(Leg.EXIT)[partial.first_order :]
    return tuple(order for order in later if order.protective)
