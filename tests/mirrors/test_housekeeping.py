"""The rounds of housekeeping: bounded pieces, as long as it takes, and nothing twice."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Worker

from alert_trader.activities.housekeeping import (
    HousekeepingActivities,
    SweepAnswer,
    SweepRequest,
    Tally,
    TidyRequest,
)
from alert_trader.control.mirrors.repair import MirrorRepair
from alert_trader.control.queries.housekeeping import housekeeping
from alert_trader.worker.housekeeper import keep_schedule
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.housekeeping import PAGES_A_RUN, HousekeepingWorkflow, Round
from tests.mirrors.conftest import Mirrored
from tests.support.cluster import Trade

pytestmark = pytest.mark.timeout(180)


class ManyPages:
    """An upkeep with more pages than one run goes through."""

    def __init__(self) -> None:
        """Begin before the first page."""
        self.swept: list[str | None] = []
        self.tidied: list[TidyRequest] = []

    async def sweep(self, request: SweepRequest, beat: Callable[[int], None]) -> SweepAnswer:
        """Give the next page; the second one meets trouble."""
        beat(request.size)
        self.swept.append(request.token)
        turn = len(self.swept)
        trouble = "Redis is away" if turn == 2 else None
        return SweepAnswer(
            tally=Tally(seen=2, archived=1, trouble=trouble),
            token=None if turn == PAGES_A_RUN + 2 else str(turn),
        )

    async def tidy(self, request: TidyRequest, beat: Callable[[int], None]) -> Tally:
        """Note that the round came to its end."""
        beat(0)
        self.tidied.append(request)
        return Tally(compacted=3)


async def test_a_long_round_continues_as_new(mirrored: Mirrored) -> None:
    """DUR-40: a run goes through a bounded number of pages; the next goes on where it was, and the sums are those of the whole round."""
    client, pages = mirrored.cluster.client, ManyPages()
    upkeep = HousekeepingActivities(pages)
    queue = "housekeeping-test"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[HousekeepingWorkflow],
        activities=[upkeep.sweep, upkeep.tidy],
        workflow_runner=sandbox(),
    )
    async with worker:
        handle = await client.start_workflow(
            HousekeepingWorkflow.run, Round(), id="long-round", task_queue=queue
        )
        tally = await handle.result()
        assert handle.first_execution_run_id is not None
        first = await client.get_workflow_handle(
            "long-round", run_id=handle.first_execution_run_id
        ).describe()
        assert first.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    assert pages.swept == [None, *(str(turn) for turn in range(1, PAGES_A_RUN + 2))]
    assert tally == Tally(
        seen=2 * (PAGES_A_RUN + 2), archived=PAGES_A_RUN + 2, compacted=3, trouble="Redis is away"
    )
    (tidied,) = pages.tidied
    assert not tidied.whole
    assert first.close_time is not None
    assert first.start_time <= tidied.began_at < first.close_time


async def trades(mirrored: Mirrored, count: int) -> list[Trade]:
    """Have so many alerts refused."""
    made = [await mirrored.slot.alert(text="BTO SPY 600 @ 1") for _ in range(count)]
    for each in made:
        await each.result()
    return made


async def test_pages_cover_every_trade_once(mirrored: Mirrored) -> None:
    """DUR-20: page by page every trade is archived and in Redis; a second round finds nothing to do, and reads no file twice."""
    made = await trades(mirrored, 3)
    upkeep = MirrorRepair(mirrored.cluster.client, mirrored.mirrors, compact_above=1)
    beats: list[int] = []

    async def through() -> Tally:
        tally, token = Tally(), None
        for _ in range(100):
            swept = await upkeep.sweep(SweepRequest(token=token, size=2), beats.append)
            tally, token = tally.plus(swept.tally), swept.token
            if token is None:
                return tally
        raise AssertionError("expected an end of the pages")

    first, second = await through(), await through()
    assert first.seen == second.seen >= 3
    assert first.archived >= 3
    assert (second.archived, second.mended, second.trouble) == (0, 0, None)
    assert beats
    assert {f"trade-{each.id}" for each in made} <= mirrored.in_archive().keys() & (
        await mirrored.in_redis()
    ).keys()
    began = (await mirrored.cluster.client.get_workflow_handle(f"trade-{made[0].id}").describe()).start_time
    tidied = await upkeep.tidy(TidyRequest(began_at=began, whole=True), beats.append)
    assert tidied.compacted == 1
    assert mirrored.mirrors.hot is not None
    assert await mirrored.mirrors.hot.whole_at() == began
    assert (await mirrored.proof()).equal


async def test_a_damaged_file_is_quarantined_and_rewritten(mirrored: Mirrored) -> None:
    """DUR-20: a file that a disk or a person cut short stops nothing: it is put out of the way, and its trades are archived again."""
    await trades(mirrored, 1)
    await mirrored.round()
    before = mirrored.in_archive()
    for path in mirrored.mirrors.archive.files():
        content = Path(path).read_bytes()  # noqa: ASYNC240 - a few kilobytes
        Path(path).write_bytes(content[: len(content) // 2])  # noqa: ASYNC240
    tally = await mirrored.round()
    assert "set aside" in str(tally.trouble)
    after = mirrored.in_archive()
    assert {name: (each.trade, each.events) for name, each in after.items()} == {
        name: (each.trade, each.events) for name, each in before.items()
    }
    assert (await mirrored.proof()).equal
    assert (await mirrored.round()).trouble is None


async def test_there_is_one_schedule_however_many_create_it(mirrored: Mirrored) -> None:
    """A second housekeeper finds the schedule and brings it to its own settings; one that a person paused stays paused."""
    client = mirrored.cluster.client
    handle = client.get_schedule_handle("housekeeping")
    await handle.pause(note="a test")
    await keep_schedule(client, timedelta(seconds=90_000))
    state = await housekeeping(client)
    assert (state.every, state.paused) == (timedelta(seconds=90_000), True)
    await handle.unpause()
