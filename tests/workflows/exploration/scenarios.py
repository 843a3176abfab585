"""The stories that are explored. Each ends with a trade that holds nothing, whatever goes wrong on the way.

A scenario waits for states, never for a count of steps: a fault makes its way longer.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities.messages import CommandRefusedError
from alert_trader.domain.alerts.portion import HALF
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.workflows.interface import Command, CommandReceipt, SellOrder
from tests.support.commands import begin
from tests.support.harness import Harness
from tests.support.virtual_time import forward

STEP = timedelta(seconds=2)
STEPS = 200
"""Of virtual time: a lost order is looked for over a minute and a half, and a window lasts as long."""

LONG_STEP = timedelta(minutes=30)
"""An order that nobody can find is looked for until its day is over."""

ME = Command(by="explorer", reason="the scenario")


@dataclass
class Play:
    """One run of a scenario: its trade, and what was asked of it."""

    env: WorkflowEnvironment
    harness: Harness
    trade: WorkflowHandle[Any, TradeView] | None = None
    receipts: list[asyncio.Task[CommandReceipt]] = field(default_factory=list)

    async def alert(self) -> None:
        """Send the alert."""
        self.trade = await self.harness.alert()

    async def view(self) -> TradeView:
        """Read the trade's view."""
        assert self.trade is not None
        return await _answered(partial(self.harness.view, self.trade))

    async def events(self) -> list[TradeEvent]:
        """Read the trade's audit trail."""
        assert self.trade is not None
        return await _answered(partial(self.harness.events, self.trade))

    async def until(self, reached: Callable[[TradeView], bool], steps: int = STEPS) -> TradeView:
        """Move the clock ahead until the trade is so far, or over; fail when it never is."""
        assert self.trade is not None
        for _ in range(steps):
            view = await self.view()
            if reached(view) or view.phase is Phase.DONE:
                return view
            await self.pass_time(STEP)
        raise AssertionError(f"not reached after {steps} x {STEP}: {await self.view()}")

    async def pass_time(self, duration: timedelta) -> None:
        """Move the trade's clock ahead; it may have ended."""
        assert self.trade is not None
        try:
            await forward(self.env, self.trade, duration, may_end=True)
        except RPCError as over:
            if over.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def settled(self, steps: int = STEPS) -> TradeView:
        """Wait until the entry is over and what was bought has its exits."""
        return await self.until(_settled, steps)

    async def ask(self, name: TradeCommand, argument: Command | SellOrder) -> None:
        """Request something; its receipt is looked at when the trade is over."""
        assert self.trade is not None
        if (await self.view()).phase is not Phase.DONE:
            self.receipts.append(await begin(self.trade, name, argument))

    async def close(self) -> None:
        """Have everything sold, and wait for the end."""
        await self.ask(TradeCommand.CLOSE, ME)
        assert self.trade is not None
        for step in (*[STEP] * 60, *[LONG_STEP] * 20):
            if (await self.view()).phase is Phase.DONE:
                break
            await self.pass_time(step)
        await self.pass_time(timedelta(seconds=120))  # its last timers

    async def answers(self) -> list[CommandReceipt | CommandRefusedError]:
        """Return the answer to everything that was requested."""
        answers: list[CommandReceipt | CommandRefusedError] = []
        for receipt in self.receipts:
            try:
                answers.append(await receipt)
            except CommandRefusedError as refused:
                answers.append(refused)
        return answers


_T = TypeVar("_T")


async def _answered(query: Callable[[], Awaitable[_T]]) -> _T:
    """Query as the interfaces do: again, where the worker has just begun with the workflow."""
    for _ in range(100):
        with contextlib.suppress(WorkflowQueryFailedError):
            return await query()
        await asyncio.sleep(0.3)
    return await query()


def _settled(view: TradeView) -> bool:
    covered = view.exits_working + view.sold >= view.bought // 2
    return view.phase in {Phase.HOLDING, Phase.WATCHING} and view.unknown_orders == 0 and covered


async def filled_at_once(play: Play) -> None:
    """Buy at the alert's price, hold with an exit for half, close."""
    await play.harness.quote("1.20", "1.20")
    await play.alert()
    await play.settled()
    await play.close()


async def bumped(play: Play) -> None:
    """Offer nothing at the alert's price, and fill the next one."""
    await play.harness.quote("1.10", "1.30")
    await play.alert()
    await play.until(lambda view: bool(view.orders))
    await play.harness.quote("1.10", "1.21")
    await play.settled()
    await play.close()


async def converted(play: Play) -> None:
    """Fill no price until the conversion, at the ceiling."""
    await play.harness.quote("1.10", "1.30")
    await play.alert()
    await play.settled()
    await play.close()


async def partly_filled(play: Play) -> None:
    """Fill two contracts at the alert's price, two at the next one."""
    await play.harness.quote("1.20", "1.20", ask_size=2)
    await play.alert()
    await play.until(lambda view: view.bought >= 2)
    await play.harness.quote("1.19", "1.21", ask_size=2)
    await play.settled()
    await play.close()


async def given_up(play: Play) -> None:
    """Let the price run away; nothing is bought."""
    await play.harness.quote("1.10", "1.30")
    await play.alert()
    await play.until(lambda view: bool(view.orders))
    await play.harness.quote("1.60", "1.70")
    await play.settled()
    await play.close()


async def target_reached(play: Play) -> None:
    """Fill the profit-take, and close the rest."""
    await play.harness.quote("1.20", "1.20")
    await play.alert()
    await play.settled()
    await play.harness.quote("2.40", "2.45")
    await play.until(lambda view: view.sold >= view.bought // 2)
    await play.close()


async def cancelled(play: Play) -> None:
    """Cancel the entry while it works, as a person would."""
    await play.harness.quote("1.10", "1.30")
    await play.alert()
    await play.until(lambda view: bool(view.orders))
    await play.ask(TradeCommand.CANCEL, ME)
    await play.settled()
    await play.close()


async def converted_by_hand(play: Play) -> None:
    """Convert before the first bump, as a person would."""
    await play.harness.quote("1.10", "1.30")
    await play.alert()
    await play.until(lambda view: bool(view.orders))
    await play.ask(TradeCommand.CONVERT, ME)
    await play.settled()
    await play.close()


async def partly_sold(play: Play) -> None:
    """Sell half as a person would, later the rest."""
    await play.harness.quote("1.20", "1.20")
    await play.alert()
    await play.settled()
    await play.ask(TradeCommand.SELL, SellOrder(command=ME, portion=HALF))
    await play.until(lambda view: view.sold >= view.bought // 2 and view.unknown_orders == 0)
    await play.close()


async def ledger_behind(play: Play) -> None:
    """Have the broker's ledger lag its fills: it rejects the first exits as opening."""
    timing = play.harness.venue.exchange.config.timing
    await play.harness.control.adjust(Adjust(timing=timing.model_copy(update={"ledger_lag": 1.0})))
    await filled_at_once(play)


async def closed_in_the_entry(play: Play) -> None:
    """Close while the second half of the entry still works."""
    await play.harness.quote("1.20", "1.20", ask_size=2)
    await play.alert()
    await play.until(lambda view: view.bought >= 2)
    await play.harness.quote("1.10", "1.30")
    await play.close()


Scenario = Callable[[Play], Awaitable[None]]

SCENARIOS: tuple[Scenario, ...] = (
    filled_at_once,
    bumped,
    converted,
    partly_filled,
    given_up,
    target_reached,
    cancelled,
    converted_by_hand,
    partly_sold,
    ledger_behind,
    closed_in_the_entry,
)
