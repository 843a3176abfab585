"""A stack with its mirrors: a real Redis, an archive, and a housekeeper whose rounds the tests ask for."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from alert_trader.activities.housekeeping import HousekeepingCounts
from alert_trader.control.commands import trade_commands
from alert_trader.control.mirrors.rebuild import Verification, verify
from alert_trader.control.queries.housekeeping import housekeeping
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.hot import HotTrade
from alert_trader.mirrors.schema import TradeRecord
from alert_trader.runtime.mirrors import mirrors as mirrors_of
from alert_trader.workflows.housekeeping import HOUSEKEEPING_SCHEDULE
from alert_trader.workflows.interface import Command
from tests.support.cluster import Cluster, Trade, WorkerSlot, open_cluster
from tests.support.waiting import eventually

ME = Command(by="tester")


@dataclass
class Mirrored:
    """The stack, an account that trades in it, and what its mirrors have."""

    cluster: Cluster
    slot: WorkerSlot
    mirrors: Mirrors

    async def buys(self) -> Trade:
        """Buy four contracts, with exits for two at work."""
        trade = await self.slot.alert(bid="1.20", ask="1.20")
        await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
        return trade

    async def sells(self, trade: Trade) -> None:
        """Close a trade, and wait for its end."""
        await trade_commands.close(self.cluster.client, trade.id, ME)
        await trade.result()

    async def round(self) -> HousekeepingCounts:
        """Have the schedule run a round of housekeeping, and give what it did."""
        client = self.cluster.client
        before = (await housekeeping(client)).last_end
        await client.get_schedule_handle(HOUSEKEEPING_SCHEDULE).trigger()

        async def ended() -> HousekeepingCounts | None:
            state = await housekeeping(client)
            return state.last if state.last_end != before else None

        counts: HousekeepingCounts = await eventually(ended, "a round of housekeeping", within=40, every=0.1)
        return counts

    async def proof(self) -> Verification:
        """Compare Temporal, Redis and the archive. Everything that is over must be archived."""
        return await verify(
            self.cluster.client,
            self.mirrors,
            lambda _done, _of: None,
            archived_within=timedelta(0),
            retention=timedelta(days=30),
        )

    async def in_redis(self) -> dict[str, HotTrade]:
        """Return all that Redis has."""
        assert self.mirrors.hot is not None
        names = [name async for page in self.mirrors.hot.known() for name in page]
        return await self.mirrors.hot.trades(names)

    def in_archive(self) -> dict[str, TradeRecord]:
        """Return all that the archive has."""
        return self.mirrors.reader.records([trade.workflow_id for trade in self.mirrors.reader.trades()])

    def delete_archive(self) -> None:
        """Delete every file of the archive."""
        shutil.rmtree(Path(self.slot.settings.archive_place))


@pytest.fixture(scope="session")
async def mirrored(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mirrored]:
    """Open the stack, with one account trading and the housekeeper at work."""
    folder = tmp_path_factory.mktemp("mirrors")
    async with open_cluster(folder, with_mirrors=True, housekeeping_every="86400") as cluster:
        await cluster.stack.start_housekeeper()
        slot = cluster.take_slot()
        await slot.start_worker()
        kept = mirrors_of(slot.settings)

        async def first_round() -> bool:
            return (await housekeeping(cluster.client)).last_end is not None

        await eventually(
            first_round, "the first round, which a new schedule runs at once", within=40, every=0.1
        )
        yield Mirrored(cluster, slot, kept)
        if kept.hot is not None:
            await kept.hot.aclose()
