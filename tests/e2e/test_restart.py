"""The whole product on one machine, stopped and started again with trades under way."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.client import Client

from alert_trader import clock
from alert_trader.control.commands import trade_commands
from alert_trader.control.queries import trade_views
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import connect
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.ids import message_id
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import load
from alert_trader.settings.model import DEMO_AUTHOR, DEMO_CHANNEL, DEMO_GUILD, Settings
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.oracle import Expectation, check
from alert_trader.simulators.venue.tape import OrderLine, StartLine, read_tape
from alert_trader.workflows.interface import Command, TradeRequest
from tests.support.cluster import CASH, QUICK
from tests.support.harness import next_monthly
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)

ME = Command(by="tester", reason="the test is over")
MESSAGE = message_id("again1")
CALL = OptionContract(root="SPY", expiry=next_monthly(clock.now()), right=Right.CALL, strike=Decimal(600))


@dataclass
class Up:
    """A stack that runs, and how to reach what runs in it."""

    stack: Stack
    client: Client
    venue: VenueControl

    async def send(self) -> None:
        """Send the one alert."""
        alert = AlertMessage(
            message_id=MESSAGE,
            text=f"BTO SPY {CALL.expiry:%m/%d/%Y} 600c @ 1.20",
            author_id=DEMO_AUTHOR,
            channel_id=DEMO_CHANNEL,
            guild_id=DEMO_GUILD,
            posted_at=clock.now(),
        )
        settings = self.stack.settings
        await start_trade(
            self.client, TradeRequest(alert=alert, policy=settings.policy(), account=settings.account)
        )

    async def until(self, what: str, **fields: object) -> TradeView:
        """Wait until fields of the trade's view have these values."""

        async def there() -> TradeView | None:
            view = (await trade_views.show(self.client, MESSAGE)).view
            return (
                view
                if view is not None and all(getattr(view, name) == value for name, value in fields.items())
                else None
            )

        found: TradeView = await eventually(there, f"{what}: {fields}", within=40, every=0.1)
        return found

    async def ends_flat(self) -> None:
        """Close the trade as a person would, and ask the oracle over the tape of all starts."""
        receipt = await trade_commands.close(self.client, MESSAGE, ME)
        assert receipt.done
        view = await self.until("over", outcome=Outcome.FLAT)
        assert (view.sold, view.position) == (4, 0)
        tape = read_tape(self.stack.tape_path)
        policy = self.stack.settings.policy()
        assert not check(tape, Expectation(closed=[MESSAGE], exit_fraction=policy.exits.fraction))
        ids = list(dict.fromkeys(line.order.order_id for line in tape if isinstance(line, OrderLine)))
        assert ids == sorted(ids)
        assert all(order.status.terminal for order in (await self.venue.state()).orders)


@asynccontextmanager
async def up(settings: Settings) -> AsyncIterator[Up]:
    """Run the whole stack as `trader up` does, on ports that are free."""
    accounts = {"accounts": [{"number": settings.account, "cash": CASH}]}
    async with (
        Stack(settings, use_free_ports=True, venue_config=accounts) as stack,
        VenueControl(str(stack.venue_url)) as venue,
    ):
        yield Up(stack, await connect(target_of(stack.settings)), venue)


@pytest.fixture
def quick(tmp_path: Path) -> Settings:
    """Return settings with a quick ladder, and a folder of their own."""
    return load(environment={}, directory=tmp_path, flags={**QUICK, "data_dir": tmp_path}).settings


async def hold(running: Up) -> None:
    """Buy four contracts, with exits for two at work."""
    await running.venue.set_quote(CALL.occ_symbol, bid="1.20", ask="1.20")
    await running.send()
    await running.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)


async def test_a_trade_survives_a_stop_of_everything(quick: Settings) -> None:
    """Stopped with a position and its exits at work, started again.

    The trade is as it was, and closes flat (EXT-60, UNK-40).
    """
    async with up(quick) as first:
        await hold(first)
        before = await first.venue.state()
    async with up(quick) as second:
        after = await second.venue.state()
        assert (after.orders, after.positions, after.accounts) == (
            before.orders,
            before.positions,
            before.accounts,
        )
        await second.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
        await second.ends_flat()
        assert sum(isinstance(line, StartLine) for line in read_tape(second.stack.tape_path)) == 2


async def test_a_killed_venue_is_started_again(quick: Settings) -> None:
    """The venue is killed under a held trade.

    It comes back with the exits, they fill and are booked, the rest is sold (EXT-10).
    """
    async with up(quick) as running:
        await hold(running)
        messages: list[str] = []
        keeping = asyncio.ensure_future(running.stack.supervise(messages.append))
        try:
            await running.stack.kill_venue()
            await eventually(
                lambda: "venue restarted" in messages, "the venue to be started again", within=30
            )
            await running.venue.set_quote(CALL.occ_symbol, bid="2.50", ask="2.52")
            await running.until("the sale on the books", sold=2, position=2)
            await running.ends_flat()
        finally:
            keeping.cancel()


async def test_every_process_ends_while_temporal_does_not_answer(quick: Settings) -> None:
    """A worker that waits for Temporal at its end would delay an upgrade, or the stop of a machine."""
    async with up(quick) as running:
        temporal = running.stack.child("temporal")
        log = running.stack.child("housekeeper").log
        await eventually(lambda: "keeping" in log.read_text(), "the housekeeper to work", within=30)
        ending = [running.stack.child(name) for name in ("worker", "housekeeper")]
        await temporal.kill(signal.SIGSTOP)
        try:
            begun = clock.steady()
            for child in ending:
                await child.kill(signal.SIGTERM)
            await asyncio.wait_for(asyncio.gather(*(child.wait() for child in ending)), 30)
            assert clock.steady() - begun < 10  # what Docker and our own stack wait before they kill
            assert [child.exit_code for child in ending] == [0, 0]
        finally:
            await temporal.kill(signal.SIGCONT)
