"""A venue that ends, or is killed, and is started again on its memory."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tastytrade import Account, Session
from tastytrade.order import OrderAction, OrderStatus

from alert_trader.broker.tastytrade.transport import RedirectTransport
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.commands import Adjust, SetAccount
from alert_trader.simulators.venue.config import AccountConfig, VenueConfig
from alert_trader.simulators.venue.memory import Memory, StateFileError
from alert_trader.simulators.venue.orders import Action, Status
from alert_trader.simulators.venue.server import start
from alert_trader.simulators.venue.tape import OrderLine, StartLine, read_tape
from alert_trader.start import command
from tests.contract.venue.api_client import ACCOUNT, FAST, SPY, ApiClient, limit, wait_until

SLOW = FAST.model_copy(update={"live_after": 60.0, "cancel_after": 60.0})
"""So slow that what begins under it is under way when the venue ends."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Session]:
    """Open an SDK session on a venue."""
    transport = RedirectTransport(url, httpx2.AsyncHTTPTransport())
    try:
        yield Session("secret-of-client", "refresh-of-client", transport=transport, timeout=1.0)
    finally:
        await transport.shutdown()


async def bought(session: Session, price: str) -> int:
    """Send an order to buy one contract, and give its id."""
    account = await Account.get(session, ACCOUNT)
    reply = await account.place_order(
        session, limit(SPY, OrderAction.BUY_TO_OPEN, 1, f"-{price}"), dry_run=False
    )
    return int(reply.order.id)


@asynccontextmanager
async def opened(folder: Path, config: VenueConfig | None = None) -> AsyncIterator[ApiClient]:
    """Run a venue on the memory and the tape of a folder, and end it cleanly."""
    venue = await start(
        config or VenueConfig(timing=FAST), tape_path=folder / "tape.jsonl", state_path=folder / "venue.db"
    )
    try:
        async with VenueControl(venue.base_url) as control, connected(venue.base_url) as session:
            yield ApiClient(venue, control, session, await Account.get(session, ACCOUNT))
    finally:
        await venue.close()


async def everything(api_client: ApiClient) -> dict[str, Any]:
    """Read all that the broker shows of the account, without the moment of reading."""
    account, session = api_client.account, api_client.session
    read: dict[str, Any] = {
        "orders": await account.get_order_history(session),
        "live": await account.get_live_orders(session),
        "positions": await account.get_positions(session),
        "history": await account.get_history(session),
        "balance": await account.get_balances(session),
        "status": await account.get_trading_status(session),
    }
    moments = {"updated_at", "created_at", "snapshot_date", "time_of_day"}
    return {
        name: [row.model_dump(exclude=moments) for row in (rows if isinstance(rows, list) else [rows])]
        for name, rows in read.items()
    }


async def test_a_restarted_venue_has_the_same_state(tmp_path: Path) -> None:
    """Orders working, partly filled and done, a GTC exit, the position, the books.

    Cash is as it was. EXT-60.
    """
    async with opened(tmp_path) as api_client:
        await api_client.control.set_quote(SPY, bid="2.00", ask="2.05", ask_size=3)
        partly = await api_client.reach(await api_client.buy("2.05", 5, client_id="m1-e1"), OrderStatus.LIVE)
        await wait_until(lambda: api_client.venue.exchange.orders[partly.id].filled == 3)
        await api_client.send(
            limit(SPY, OrderAction.SELL_TO_CLOSE, 2, "4.10", client_id="m1-x1", gtc=True, strict=True)
        )
        await api_client.reach(await api_client.buy("2.05", 1, client_id="m2-e1"), OrderStatus.LIVE)
        gone = await api_client.reach(await api_client.buy("1.00"), OrderStatus.LIVE)
        await api_client.account.delete_order(api_client.session, gone.id)
        await api_client.reach(gone, OrderStatus.CANCELLED)
        await wait_until(
            lambda: all(
                each.status in {Status.LIVE, Status.CANCELLED}
                for each in api_client.venue.exchange.orders.values()
            )
        )
        await api_client.control.set_account(SetAccount(number=ACCOUNT, day_trade_count=2))
        before, tape = await everything(api_client), (await api_client.control.tape())[-1].seq
    async with opened(tmp_path) as api_client:
        assert await everything(api_client) == before
        await api_client.control.set_quote(SPY, bid="4.10", ask="4.20", bid_size=9)
        await wait_until(lambda: api_client.venue.exchange.accounts[ACCOUNT].held(SPY) == 1)
        later = await api_client.buy("1.00")
        assert later.id > gone.id
        lines = read_tape(tmp_path / "tape.jsonl")
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
        assert [line.seq < tape for line in lines if isinstance(line, StartLine)] == [True, False]


async def test_pending_changes_continue_after_a_restart(tmp_path: Path) -> None:
    """An order routed becomes live, and a cancel requested is done. ENT-60."""
    async with opened(tmp_path) as api_client:
        asked = await api_client.reach(await api_client.buy("1.00"), OrderStatus.LIVE)
        api_client.venue.exchange.config = VenueConfig(timing=SLOW)
        await api_client.account.delete_order(api_client.session, asked.id)
        routed = await api_client.buy("1.10")
        assert (await api_client.read(asked)).status == OrderStatus.CANCEL_REQUESTED
        assert (await api_client.read(routed)).status == OrderStatus.ROUTED
    async with opened(tmp_path) as api_client:
        await api_client.reach(asked, OrderStatus.CANCELLED)
        await api_client.reach(routed, OrderStatus.LIVE)


async def test_quotes_continue_after_a_restart(tmp_path: Path) -> None:
    """A quote set by hand and its series are there again, and a seeded price moves on from where it was."""
    odd = SPY[:13] + "00601500"
    async with opened(tmp_path) as api_client:
        await api_client.control.set_quote(odd, bid="2.00", ask="2.05", bid_size=7)
        await api_client.control.set_quote(SPY, bid="1.00", ask="1.05")
        await api_client.control.release_quote(SPY)
        api_client.venue.exchange.market._started -= 500 * api_client.venue.exchange.market._interval
        market = api_client.venue.exchange.market
        spot = market._walk(api_client.venue.exchange.listings.underlyings["TSLA"], market.step)
        step = market.step
    async with opened(tmp_path) as api_client:
        market = api_client.venue.exchange.market
        again = market.quote(odd)
        assert again is not None
        assert (str(again.bid), str(again.ask), again.bid_size) == ("2.00", "2.05", 7)
        assert not market.scripted(SPY)
        assert step <= market.step < step + 20
        assert market._walk(api_client.venue.exchange.listings.underlyings["TSLA"], step) == spot


async def test_a_stored_account_overrides_its_configuration(tmp_path: Path) -> None:
    """Cash that was traded with is not given anew; an account that is new is added."""
    async with opened(tmp_path) as api_client:
        await api_client.control.set_account(SetAccount(number=ACCOUNT, cash=777))
    more = VenueConfig(
        timing=FAST, accounts=(AccountConfig(cash=5), AccountConfig(number="5WT00043", cash=6))
    )
    async with opened(tmp_path, more) as api_client:
        assert {each.number: each.cash for each in (await api_client.control.state()).accounts} == {
            ACCOUNT: 777,
            "5WT00043": 6,
        }


async def test_two_venues_do_not_share_a_state_file(tmp_path: Path) -> None:
    """The second is refused in words, and the first continues."""
    async with opened(tmp_path) as api_client:
        with pytest.raises(StateFileError, match="no other venue uses"):
            await start(VenueConfig(), state_path=tmp_path / "venue.db")
        await api_client.buy("1.00")


def test_a_state_file_of_another_version_is_not_read(tmp_path: Path) -> None:
    """Nor is a file that is none: the message says what to do."""
    memory = Memory(tmp_path / "venue.db")
    assert memory._base is not None
    memory._base.execute("PRAGMA user_version = 99")
    memory.close()
    with pytest.raises(StateFileError, match=r"found version 99 in .*: move it"):
        Memory(tmp_path / "venue.db")
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at as one" * 30)
    with pytest.raises(StateFileError, match="not a database"):
        Memory(tmp_path / "text.db")


async def test_the_tape_of_a_killed_venue_agrees_with_its_state(tmp_path: Path) -> None:
    """A change that was on the tape and not yet kept was reported to nobody, and leaves the tape."""
    killed = tmp_path / "killed"
    async with opened(tmp_path) as api_client:
        orders = api_client.venue.exchange.orders
        placed = await api_client.buy("1.00")
        await wait_until(lambda: orders[placed.id].status is Status.LIVE)
        api_client.venue.exchange.cancel(ACCOUNT, placed.id)
        shutil.copytree(tmp_path, killed)
    async with opened(killed, VenueConfig(timing=SLOW)) as api_client:
        assert [each.status for each in api_client.venue.exchange.orders.values()] == [Status.LIVE]
        lines = read_tape(killed / "tape.jsonl")
    assert [line.order.status for line in lines if isinstance(line, OrderLine)] == [
        Status.ROUTED,
        Status.LIVE,
    ]
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))


async def test_an_order_accepted_by_a_killed_venue_is_stored(tmp_path: Path) -> None:
    """SIGKILL in the moment an order is answered loses neither it nor the one before.

    The next venue takes it on. UNK-10.
    """
    arguments = ["--tape", str(tmp_path / "tape.jsonl"), "--state", str(tmp_path / "venue.db")]

    async def running(turn: int) -> tuple[asyncio.subprocess.Process, str]:
        """Start a venue as a process, and say where it serves."""
        ready = tmp_path / f"ready-{turn}.json"
        process = await asyncio.create_subprocess_exec(
            *command("venue", "--port", "0", "--ready-file", str(ready), *arguments)
        )
        await wait_until(ready.exists, seconds=20)
        return process, f"http://127.0.0.1:{json.loads(ready.read_text())['port']}"

    placed: list[int] = []
    for turn in range(2):
        process, url = await running(turn)
        try:
            async with VenueControl(url) as control, connected(url) as session:
                assert [each.order_id for each in (await control.state()).orders] == placed
                await control.set_quote(SPY, bid="2.00", ask="2.05")
                # a venue that takes its time, so that nothing but the answer makes it keep the last order
                await control.adjust(Adjust(timing=SLOW))
                if turn:
                    placed.append(await bought(session, "1.00"))
                placed.append(await control.app_order(ACCOUNT, SPY, Action.BUY_TO_OPEN, 1, limit="2.05"))
                if not turn:
                    placed.append(await bought(session, "1.00"))
        finally:
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    async with opened(tmp_path) as api_client:
        orders = api_client.venue.exchange.orders
        assert list(orders) == placed
        await wait_until(
            lambda: (
                [each.status for each in orders.values()]
                == [Status.FILLED, Status.LIVE, Status.LIVE, Status.FILLED]
            )
        )
        assert api_client.venue.exchange.accounts[ACCOUNT].held(SPY) == 2
