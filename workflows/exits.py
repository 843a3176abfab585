"""The exits of a trade: a profit-take for every slice that was bought, and the sale of everything when a person asks for it.

An exit is never given up: refused, lost or ended, it is tried again with growing pauses until the contract expires. What may still sell,
unknown orders included, counts as sold when the next exit is worked out, so the trade never sells more than it holds.
"""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.messages import SUBMIT_EXIT, SizedEntry
    from domain.event import EventKind
    from domain.exits import ExitPlan, exit_target, next_exit
    from domain.ids import FillId, Leg
    from domain.ledger import LedgerOrder, Standing
    from domain.policy import ExitPolicy
    from domain.trade import Trigger
    from workflows import timing
    from workflows.desk import Desk
    from workflows.journal import Journal
    from workflows.waiting import wait


class Exits:
    """Protects what was bought."""

    def __init__(self, policy: ExitPolicy, sized: SizedEntry, desk: Desk, journal: Journal) -> None:
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

    @property
    def position(self) -> int:
        """Contracts this trade still holds."""
        return self._desk.ledger.position - self.gone

    def due(self) -> ExitPlan | None:
        """Work out the profit-take that is missing now."""
        ledger = self._desk.ledger
        fills = [fill for fill in ledger.entry_fills if fill.fill_id not in self._priced] or list(ledger.entry_fills)
        planned = ledger.sold + ledger.exits_open + self.gone
        return next_exit(bought=ledger.bought, uncovered=fills, planned=planned, policy=self._policy, ticks=self._ticks)

    @property
    def failures(self) -> int:
        """Exits in a row, counted back from the last, that ended with nothing sold."""
        count = 0
        for order in reversed(self._desk.ledger.leg(Leg.EXIT)):
            if not _failed(order):
                break
            count += 1
        return count

    async def protect(self) -> None:
        """Keep a profit-take working for every slice, until stopped."""
        for _ in range(timing.MAX_EXIT_ORDERS):
            await wait(lambda: self.stopped or self.due() is not None, None, "")
            await self._pause_after_failures()
            plan = self.due()
            if self.stopped:
                return
            if plan is not None:
                await self._submit(plan)
        raise RuntimeError(f"expected an exit to be taken within {timing.MAX_EXIT_ORDERS} tries; a person must take over")

    async def _submit(self, plan: ExitPlan) -> None:
        slice_fills = {fill.fill_id for fill in self._desk.ledger.entry_fills}
        order, _ = await self._desk.send(SUBMIT_EXIT, leg=Leg.EXIT, quantity=plan.quantity, limit=plan.limit, cover=self._must_cover())
        if not _failed(order):
            self._priced |= slice_fills

    def _must_cover(self) -> bool:
        """Whether an exit may be at the venue, or have been: then the account must be seen to hold what the next one sells."""
        return any(order.done and order.standing in {Standing.AT_VENUE, Standing.ABSENT} for order in self._desk.ledger.leg(Leg.EXIT))

    async def _pause_after_failures(self) -> None:
        failures = self.failures
        if failures == timing.PAGE_AFTER:
            text = f"The exit was turned down {failures} times in a row and is tried on: {self.position} contracts are without it"
            self._journal.record(workflow.now(), EventKind.WARNING, text, position=self.position)
        pause = timing.EXIT_BACKOFF[min(failures, len(timing.EXIT_BACKOFF) - 1)]
        stopped_before = self.stopped
        await wait(lambda: self.stopped and not stopped_before, pause, "before the exit is tried again")

    def note_small(self) -> None:
        """Say, once the entry is over, which contracts no exit order stands for."""
        bought = self._desk.ledger.bought
        target = exit_target(bought, self._policy)
        if target < self._policy.min_quantity:
            text = f"{bought} bought is too few for an exit of {self._policy.fraction:%}: held until someone closes it or it expires"
            self._journal.record(workflow.now(), EventKind.EXIT_SKIPPED, text, bought=bought, fraction=self._policy.fraction)

    # Selling everything

    async def sell_all(self, until: datetime) -> Trigger:
        """Take the exits back and sell what is held at the market; goes on until it is flat or the contract has expired."""
        self.stopped = True
        for order in self._desk.ledger.open_exits:
            await self._desk.take_back(order)
        for _ in range(timing.MAX_EXIT_ORDERS):
            if self.position <= 0:
                return Trigger.FLAT
            if workflow.now() >= until:
                return Trigger.EXPIRED
            await self._pause_after_failures()
            if self.failures > 1 and await self.look_gone():
                return Trigger.FLAT
            order, _ = await self._desk.send(SUBMIT_EXIT, leg=Leg.EXIT, quantity=self.position, limit=None, cover=self._must_cover())
            await wait(lambda: order.done, until, "for the sale to fill")  # noqa: B023 - awaited before the next round
        raise RuntimeError(f"expected the position to be sold within {timing.MAX_EXIT_ORDERS} orders; a person must take over")

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
