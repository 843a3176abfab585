"""The exits of a trade: a profit-take for every slice that was bought, and the sale of everything when a person asks for it.

An exit is never given up: refused, lost or ended, it is tried again with growing pauses until the contract expires. What may still sell,
unknown orders included, counts as sold when the next exit is worked out, so the trade never sells more than it holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SUBMIT_EXIT, SizedEntry
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.execution.exits import ExitPlan, exit_target, next_exit
    from alert_trader.domain.execution.policy import ExitPolicy
    from alert_trader.domain.ids import FillId, Leg
    from alert_trader.domain.orders.ledger import LedgerOrder, OrderLedger, OrderState
    from alert_trader.domain.orders.order import OrderKind
    from alert_trader.domain.trade.lifecycle import Trigger
    from alert_trader.workflows import timing
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.waiting import wait


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialExitProgress:
    """A part that is being sold at the market."""

    wanted: int
    keep: int
    """Contracts that are not to be sold: what the exits sell meanwhile counts as sold for the part."""
    since: int
    """Exits meant before it began: its own orders are the market orders behind these."""

    def orders(self, ledger: OrderLedger) -> tuple[LedgerOrder, ...]:
        """Give the orders sent for it."""
        return tuple(order for order in ledger.leg(Leg.EXIT)[self.since :] if order.kind is OrderKind.MARKET)


class Exits:
    """Protects what was bought."""

    def __init__(self, policy: ExitPolicy, sized: SizedEntry, desk: OrderManager, journal: Journal) -> None:
        """Prepare exits by `policy` for the contract of `sized`."""
        self._policy = policy
        self._ticks = sized.listing.ticks
        self._desk = desk
        self._journal = journal
        self._priced: set[FillId] = set()
        self.stopped = False
        """Set when a person takes the position over, or the trade is over: no further profit-take is sent."""
        self.gone = 0
        """Contracts that are no longer in the account though this trade did not sell them."""
        self.part: PartialExitProgress | None = None
        """The sale of a part that is under way: what is still to be sold for it is no longer the plan's."""

    @property
    def position(self) -> int:
        """Contracts this trade still holds."""
        return self._desk.ledger.position - self.gone

    def due(self) -> ExitPlan | None:
        """Work out the profit-take that is missing now; none once the contract has stopped trading."""
        if workflow.now() >= self._desk.last_trade.latest:
            return None
        ledger = self._desk.ledger
        fills = [fill for fill in ledger.entry_fills if fill.fill_id not in self._priced] or list(
            ledger.entry_fills
        )
        # the plan is for what nobody asked to be sold: it stands for its share of that, whatever was sold besides
        aside = ledger.taken + self.aside
        bought = max(ledger.bought - aside, 0)
        return next_exit(
            bought=bought,
            uncovered=fills,
            planned=ledger.planned + self.gone,
            policy=self._policy,
            ticks=self._ticks,
        )

    @property
    def aside(self) -> int:
        """Contracts set aside for the part that is being sold: those that no order of it has sold or may still sell."""
        if self.part is None:
            return 0
        orders = self.part.orders(self._desk.ledger)
        still = self.part.wanted - sum(order.filled + order.open for order in orders)
        return max(min(still, self.position - self.part.keep - sum(order.open for order in orders)), 0)

    @property
    def free(self) -> int:
        """Contracts held that no exit can sell any more."""
        return self.position - self._desk.ledger.exits_open

    def failures(self, since: int = 0) -> int:
        """Count exits in a row, back from the last to the one at `since`, that ended with nothing sold."""
        orders = self._desk.ledger.leg(Leg.EXIT)[since:]
        return next((back for back, order in enumerate(reversed(orders)) if not _failed(order)), len(orders))

    async def protect(self) -> None:
        """Keep a profit-take working for every slice, until stopped. One that stalls on its way does not hold up the next."""
        for _ in range(timing.MAX_EXIT_ORDERS):
            await wait(lambda: self.stopped or self.due() is not None, None, "")
            bought = self._desk.ledger.bought
            await self.pause(self.failures(), lambda: self.stopped or self._desk.ledger.bought > bought)  # noqa: B023 - awaited here
            plan = self.due()
            if self.stopped:
                return
            if plan is not None:
                sent = len(self._desk.ledger.leg(Leg.EXIT))
                sending = self._desk.spawn(self._submit())
                # until it counts as planned
                await wait(lambda: len(self._desk.ledger.leg(Leg.EXIT)) > sent or sending.done(), None, "")  # noqa: B023
        raise RuntimeError(
            f"expected an exit to be taken within {timing.MAX_EXIT_ORDERS} tries; a person must take over"
        )

    async def _submit(self) -> None:
        plan = self.due()
        if self.stopped or plan is None:
            return  # a sale began in the same moment
        fresh = {fill.fill_id for fill in self._desk.ledger.entry_fills} - self._priced
        self._priced |= fresh
        order, _ = await self._desk.send(
            SUBMIT_EXIT, leg=Leg.EXIT, quantity=plan.quantity, limit=plan.limit, cover=self.must_cover()
        )
        if _failed(order):
            self._priced -= fresh

    def must_cover(self) -> bool:
        """Whether an exit may be at the venue, or have been: then the account must be seen to hold what the next one sells."""
        return any(
            order.done and order.state in {OrderState.ACKNOWLEDGED, OrderState.CONFIRMED_ABSENT}
            for order in self._desk.ledger.leg(Leg.EXIT)
        )

    async def pause(self, failures: int, until: Callable[[], bool]) -> None:
        """Wait after so many failures in a row, at most until the market opens again, which may have been what was missing."""
        again = failures >= timing.SLOW_AFTER and (failures - timing.SLOW_AFTER) % timing.PAGE_EVERY == 0
        if failures == timing.PAGE_AFTER or again:
            text = f"The exit was turned down {failures} times in a row and is tried on: {self.position} contracts are without it"
            self._journal.record(workflow.now(), EventKind.WARNING, text, position=self.position)
        pause = timing.EXIT_BACKOFF[min(failures, len(timing.EXIT_BACKOFF) - 1)]
        moment = min(
            workflow.now() + pause, self._desk.hours.next_open(workflow.now()), self._desk.waiting.ends
        )
        await wait(until, moment, "before the exit is tried again")

    def note_small(self) -> None:
        """Say, once the entry is over, which contracts no exit order stands for."""
        bought = self._desk.ledger.bought
        target = exit_target(bought, self._policy)
        if target < self._policy.min_quantity:
            text = f"{bought} bought is too few for an exit of {self._policy.fraction:%}: held until someone closes it or it expires"
            self._journal.record(
                workflow.now(), EventKind.EXIT_SKIPPED, text, bought=bought, fraction=self._policy.fraction
            )

    # Selling everything

    async def sell_all(self, until: datetime) -> Trigger:
        """Take the exits back and sell what is held at the market; goes on until it is flat or the contract has expired.

        An exit that cannot be taken back yet holds up its own contracts only; an entry that may still fill holds up the end.
        """
        self.stopped = True
        desk = self._desk
        before = len(desk.ledger.leg(Leg.EXIT))
        for order in desk.ledger.open_exits:
            desk.take_back(order)
        await wait(lambda: not desk.ledger.open_exits, timing.EXIT_PATIENCE, "for the exits to be taken back")
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
            asked = desk.waiting.asked
            await self.pause(failures, lambda: desk.waiting.asked != asked)  # noqa: B023 - awaited here
            if failures > 1 and await self.look_gone():
                continue
            if self.free > 0:
                sale, _ = await desk.send(
                    SUBMIT_EXIT, leg=Leg.EXIT, quantity=self.free, limit=None, cover=self.must_cover()
                )
                # beside: contracts that an exit leaves free meanwhile do not wait for it
                desk.spawn(self.ended(sale, until))
        raise RuntimeError(
            f"expected the position to be sold within {timing.MAX_EXIT_ORDERS} orders; a person must take over"
        )

    @property
    def flat(self) -> bool:
        """Whether nothing is held, and nothing more can be bought or sold by an order that is out."""
        desk = self._desk
        return (
            self.position <= 0
            and not desk.searching
            and not desk.ledger.open_entries
            and not desk.ledger.open_exits
        )

    async def ended(self, sale: LedgerOrder, until: datetime) -> None:
        """Wait for the end of a sale, and read it meanwhile. A person is called when its day is over and it has not ended."""
        what = f"{sale.client_order_id} sells {sale.quantity} at the market and has not ended"
        with self._desk.pace(
            timing.SALE_READS, what, call_from=self._desk.end_of_day(workflow.now())
        ) as pace:
            while not sale.done and workflow.now() < until:
                await pace.pause(lambda: sale.done, until)
                if not sale.done and workflow.now() < until:
                    await self._desk.read(sale)

    async def look_gone(self) -> bool:
        """Tell whether the account no longer holds any of it, though this trade did not sell it; if so, stop counting on it.

        Two complete answers a while apart, after reading the own orders: the broker's ledger may lag a fill. Only an account that holds
        none at all says it for certain, since trades share a position.
        """
        for order in self._desk.ledger.open_exits:
            await self._desk.read(order)
        for pause in (timing.GONE_TWICE, None):
            answer = await self._desk.position()
            if answer is None or answer.held > 0 or self.position <= 0:
                return False
            if pause is not None:
                await wait(lambda: False, pause, "before looking at the position again")
        text = f"The account no longer holds {self.position} contracts that this trade did not sell: closed by hand, exercised or assigned"
        self._journal.record(workflow.now(), EventKind.WARNING, text, gone=self.position)
        self.gone += self.position
        return True


def _failed(order: LedgerOrder) -> bool:
    return order.done and order.filled == 0
