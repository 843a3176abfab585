"""The demo's alerts: their text, how the quotes move while they trade, and how they must end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from alert_trader.cli.demo_actions import DemoActions
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.exits.plan import StopLoss, Trail
from alert_trader.domain.market.calendar import monthly_expiry
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.trade.lifecycle import Outcome, Phase

FIRST_SLICE = 2
"""Contracts of the first fill, in cases with a partial fill."""


async def _no_script(actions: DemoActions) -> None:
    """Leave the market alone."""


async def _fill_then_double(actions: DemoActions) -> None:
    await actions.working("e1")
    await actions.quote("1.97", "1.97")
    await actions.held()
    await actions.quote("4.10", "4.20")
    await actions.sold()
    await actions.close()


async def _rise_twice_then_fall(actions: DemoActions) -> None:
    await actions.held()
    for bid, ask, moved in (("2.60", "2.64", 1), ("3.20", "3.24", 2)):
        await actions.quote(bid, ask)
        await actions.stop_moved(moved)
    await actions.quote("2.50", "2.54")


async def _fall(actions: DemoActions) -> None:
    await actions.held()
    await actions.quote("1.30", "1.34")


async def _move_above_ceiling(actions: DemoActions) -> None:
    await actions.working("e1")
    await actions.quote("2.30", "2.40")


async def _partial_fill(actions: DemoActions) -> None:
    await actions.fill(await actions.working("e1"), FIRST_SLICE)


async def _partial_fill_then_above_ceiling(actions: DemoActions) -> None:
    await actions.fill(await actions.working("e1"), FIRST_SLICE)
    await actions.quote("2.30", "2.40")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scripted alert. `ends` is the phase or outcome that its trade must reach."""

    name: str
    text: str
    """A template with {strike} and {expiry}."""
    strike: int
    bid: str
    ask: str
    ends: str
    bought: str = "none"
    """none, some or all of the quantity."""
    script: Callable[[DemoActions], Awaitable[None]] = field(default=_no_script)
    exits: ExitPolicy | None = None
    """What sells the position; None: what the settings say."""
    author: str | None = None
    send_twice: bool = False
    """Whether the same message is sent again at the end."""

    def contract(self, expiry: date) -> OptionContract:
        """Return the contract of the alert."""
        return OptionContract(root="SPY", expiry=expiry, right=Right.CALL, strike=Decimal(self.strike))

    def alert(self, expiry: date) -> str:
        """Return the text of the alert."""
        return self.text.format(strike=self.strike, expiry=f"{expiry:%m/%d/%Y}")


CASES = (
    Case(
        name="filled at the first price",
        text="Alert: BTO SPY {strike}c {expiry} @ 2.00",
        strike=601,
        bid="1.96",
        ask="2.00",
        ends=Outcome.FLAT,
        bought="all",
        script=_fill_then_double,
        send_twice=True,
    ),
    Case(
        name="filled after two bumps",
        text="BTO SPY {expiry} {strike}c @ 2.00",
        strike=602,
        bid="1.98",
        ask="2.01",
        ends=Phase.HOLDING,
        bought="all",
    ),
    Case(
        name="converted at the ceiling",
        text="BTO SPY {strike}c {expiry} @ 2.00, loading up",
        strike=603,
        bid="1.95",
        ask="2.10",
        ends=Phase.HOLDING,
        bought="all",
    ),
    Case(
        name="ask above the ceiling",
        text="BTO SPY {strike}c {expiry} @ 2.00",
        strike=604,
        bid="1.95",
        ask="2.10",
        ends=Outcome.UNFILLED,
        script=_move_above_ceiling,
    ),
    Case(
        name="partly filled, then completed",
        text="Alert: BTO SPY {strike}c {expiry} @ 2.00",
        strike=605,
        bid="1.95",
        ask="2.10",
        ends=Phase.HOLDING,
        bought="all",
        script=_partial_fill,
    ),
    Case(
        name="partly filled, rest cancelled",
        text="BTO SPY {strike}c {expiry} @ 2.00",
        strike=606,
        bid="1.95",
        ask="2.10",
        ends=Phase.HOLDING,
        bought="some",
        script=_partial_fill_then_above_ceiling,
    ),
    Case(
        name="stop hit",
        text="BTO SPY {strike}c {expiry} @ 2.00",
        strike=609,
        bid="1.96",
        ask="2.00",
        ends=Outcome.FLAT,
        bought="all",
        exits=ExitPolicy(stop=StopLoss(loss=Decimal("0.3"))),
        script=_fall,
    ),
    Case(
        name="trail rose twice, then sold",
        text="BTO SPY {strike}c {expiry} @ 2.00",
        strike=610,
        bid="1.96",
        ask="2.00",
        ends=Outcome.FLAT,
        bought="all",
        exits=ExitPolicy(trail=Trail(share=Decimal("0.2"), from_gain=Decimal("0.2"))),
        script=_rise_twice_then_fall,
    ),
    Case(
        name="call or put missing",
        text="BTO SPY {strike} {expiry} @ 2.00",
        strike=607,
        bid="1.95",
        ask="2.05",
        ends=Outcome.DENIED,
    ),
    Case(
        name="author not on the allowlist",
        text="BTO SPY {strike}c {expiry} @ 2.00",
        strike=608,
        bid="1.95",
        ask="2.05",
        ends=Outcome.DENIED,
        author="999999999999999999",
    ),
)


def demo_expiry(today: date) -> date:
    """Return the first monthly expiration that is at least three weeks away."""
    earliest = today + timedelta(weeks=3)
    year, month = earliest.year, earliest.month
    while (found := monthly_expiry(year, month)) < earliest:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found
