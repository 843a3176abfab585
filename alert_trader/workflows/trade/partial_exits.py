"""Sales of a part of the position, on a person's word or the author's: one after another, beside the story.

A part is what it is of the contracts held when its turn comes. It is sold from those that no exit can sell; where these are too few, as
many exits are taken back as it needs, and only when they have ended is more sold. What is asked for is set aside at once, so that the
exit plan covers the rest and nothing else; what remains is protected by the plan as if it had never been more.
"""

from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import SUBMIT_EXIT
    from alert_trader.domain.alerts.portion import Portion
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.orders.order import OrderKind
    from alert_trader.workflows import timing
    from alert_trader.workflows.trade.exits import Exits, PartialExitProgress
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.waiting import wait


@dataclass(slots=True, kw_only=True)
class PartialExitRequest:
    """A part that somebody asked to be sold."""

    portion: Portion
    by: str
    over: bool = False
    """Nothing more will be sold for it."""
    text: str = ""
    """How it ended."""
    sold: int = 0


class PartialExits:
    """Sells parts, in the order they were asked for."""

    def __init__(self, exits: Exits, desk: OrderManager, journal: Journal) -> None:
        """Sell through `desk` what `exits` leave free."""
        self._exits = exits
        self._desk = desk
        self._journal = journal
        self._asked: list[PartialExitRequest] = []

    def ask(self, portion: Portion, by: str) -> PartialExitRequest:
        """Ask for a part to be sold; what is returned tells when that is over."""
        asked = PartialExitRequest(portion=portion, by=by)
        self._asked.append(asked)
        return asked

    @property
    def _next(self) -> PartialExitRequest | None:
        return next((asked for asked in self._asked if not asked.over), None)

    async def work(self) -> None:
        """Sell what is asked for until the trade is over; once everything is being sold, a part is no longer a matter."""
        for _ in range(timing.MAX_EXIT_ORDERS):
            await wait(lambda: self._exits.stopped or self._next is not None, None, "")
            asked = self._next
            if asked is None:
                return
            await self._sell(asked)
        raise RuntimeError(
            f"expected at most {timing.MAX_EXIT_ORDERS} parts to be sold of one trade; a person must take over"
        )

    async def _sell(self, asked: PartialExitRequest) -> None:
        held = self._exits.position
        wanted = asked.portion.of(held)
        if self._exits.stopped or wanted == 0:
            why = (
                "everything is being sold"
                if self._exits.stopped
                else f"{asked.portion} of {held} held is no whole contract"
            )
            self._end(asked, 0, f"Nothing was sold for {asked.by}: {why}")
            return
        ledger = self._desk.ledger
        part = self._exits.part = PartialExitProgress(
            wanted=wanted, keep=held - wanted, since=len(ledger.leg(Leg.EXIT))
        )
        await self._work_off(part, min(self._desk.end_of_day(workflow.now()), self._desk.last_trade.latest))
        sold = sum(order.filled for order in part.orders(ledger))
        self._exits.part = None
        rest = "" if sold >= wanted else f" of {wanted}; the rest is left to the exit plan"
        self._end(asked, sold, f"Sold {sold}{rest}, asked for by {asked.by}")

    async def _work_off(self, part: PartialExitProgress, until: datetime) -> None:
        """Sell a part until it is sold, its day is over, or everything is being sold."""
        exits, desk = self._exits, self._desk
        for _ in range(timing.MAX_EXIT_ORDERS):
            await exits.pause(exits.failures(part.since), lambda: exits.stopped)
            await self._make_free(until)
            if not self._wanted(until):
                return
            quantity = min(exits.aside, exits.free)
            cover = exits.must_cover()
            # it may wait for a worker, or for its look, as long as it takes; but not until the next opening
            order, _ = await desk.send(
                SUBMIT_EXIT, leg=Leg.EXIT, quantity=quantity, limit=None, not_after=until, cover=cover
            )
            await exits.ended(order, until)
            if not order.done:
                desk.take_back(order)
        raise RuntimeError(
            f"expected a part to be sold within {timing.MAX_EXIT_ORDERS} orders; a person must take over"
        )

    def _wanted(self, until: datetime) -> bool:
        return self._exits.aside > 0 and not self._exits.stopped and workflow.now() < until

    async def _make_free(self, until: datetime) -> None:
        """Take back as many exits as the part needs, the newest first, and wait until enough is free of them, or something is."""
        exits = self._exits
        missing = exits.aside - exits.free
        for order in reversed(self._desk.ledger.open_exits):
            if missing > 0 and order.kind is not OrderKind.MARKET:
                missing -= order.open
                self._desk.take_back(order)
        patience = min(timing.EXIT_PATIENCE, until - workflow.now())
        await wait(lambda: exits.free >= exits.aside or exits.stopped, patience, "for exits to be taken back")
        await wait(lambda: exits.free > 0 or not self._wanted(until), until, "for contracts to sell")

    def _end(self, asked: PartialExitRequest, sold: int, text: str) -> None:
        self._journal.record(
            workflow.now(), EventKind.PART_SOLD, text, by=asked.by, portion=asked.portion, sold=sold
        )
        asked.sold, asked.text, asked.over = sold, text, True
