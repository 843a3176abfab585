"""The market scenario of each alert.

How it is quoted, whether it fills in parts, and how the trade comes to its end.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import ControlError, UnreachableError
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.simulators.venue.client import ControlRefusedError
from alert_trader.workflows.interface import Command
from tests.support.cluster import Trade, WorkerSlot

SEND_AGAIN = 0.5
"""Seconds before an alert that Temporal did not take is sent again, as the bot would."""

NO_LIMITS: dict[str, Any] = {
    "limit_open_trades": 100_000,
    "limit_trades_per_day": 100_000,
    "limit_trades_per_author": 100_000,
    "limit_notional_per_day": 1_000_000_000,
    "limit_orders_per_minute": 100_000,
    "limit_loss_per_day": 1_000_000_000,
}
"""The account admits every alert here: its limits have tests of their own."""

PATIENT = timedelta(seconds=60)
"""The ladder's grace here: with a shorter one most trades would be given up as late after a crash, and little
would be tested."""


class Story(StrEnum):
    """How the market treats an alert."""

    AT_ONCE = "fills at once"
    IN_PARTS = "fills in parts"
    BUMPED = "fills after a bump"
    CONVERTED = "is converted"
    RUN_AWAY = "runs away"


QUOTES = {
    Story.AT_ONCE: ("1.20", "1.20"),
    Story.IN_PARTS: ("1.10", "1.30"),
    Story.BUMPED: ("1.19", "1.22"),
    Story.CONVERTED: ("1.10", "1.30"),
    Story.RUN_AWAY: ("1.10", "1.60"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An alert, and the scenario it was given."""

    trade: Trade
    story: Story


async def play(slot: WorkerSlot, dice: random.Random, *, ends: bool) -> Played:
    """Send one alert and let the market act on it; with `ends` the trade is brought to its end.

    Trouble may cut it short.
    """
    story = dice.choice(list(Story))
    partial, closes = dice.randint(1, 3), ends or dice.random() < 0.3
    trade = slot.plan(grace=PATIENT)
    bid, ask = QUOTES[story]
    await trade.quote(bid, ask)
    await _send(trade)
    # a scenario may fail: an order to be filled may be cancelled by now, or lost
    with contextlib.suppress(AssertionError, ControlRefusedError, ControlError, TimeoutError):
        if story is Story.IN_PARTS:
            await trade.fill("e1", partial)
        if story is not Story.RUN_AWAY and closes:
            await trade.until("held", within=60, phase=Phase.HOLDING)
            await trade.quote("2.70", "2.72")
            await trade_commands.close(slot.cluster.client, trade.id, Command(by="chaos"))
    return Played(trade=trade, story=story)


async def _send(trade: Trade) -> None:
    """Send an alert until Temporal has it: the same message never opens a second trade."""
    while True:
        try:
            await trade.send()
        except UnreachableError:
            await asyncio.sleep(SEND_AGAIN)
        else:
            return
