"""The rounds of housekeeping: bounded pieces, as long as it takes, and nothing twice."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Worker

from alert_trader.activities.housekeeping import (
    CleanUpRequest,
    HousekeepingActivities,
    HousekeepingCounts,
    PageRequest,
    PageResult,
)
from alert_trader.control.mirrors.repair import MirrorRepair
from alert_trader.control.queries.housekeeping import housekeeping
from alert_trader.worker.housekeeper import keep_schedule
from alert_trader.worker.wiring import sandbox
from alert_trader.workflows.housekeeping import PAGES_A_RUN, HousekeepingWorkflow, Round
from tests.mirrors.conftest import Mirrored
from tests.support.cluster import Trade
from tests.support.workers import running

pytestmark = pytest.mark.timeout(180)


class ManyPages:
    """A housekeeping with more pages than one run goes through."""

    def __init__(self) -> None:
        """Begin before the first page."""
        self.page: list[str | None] = []
        self.cleaned: list[CleanUpRequest] = []

    async def archive_page(self, request: PageRequest, heartbeat: Callable[[int], None]) -> PageResult:
        """Return the next page; the second one meets problem."""
        heartbeat(request.size)
        self.page.append(request.token)
        turn = len(self.page)
        problem = "Redis cannot be reached" if turn == 2 else None
        return PageResult(
            counts=HousekeepingCounts(seen=2, archived=1, problem=problem),
            token=None if turn == PAGES_A_RUN + 2 else str(turn),
        )

    async def clean_up(self, request: CleanUpRequest, heartbeat: Callable[[int], None]) -> HousekeepingCounts:
        """Note that the round came to its end."""
        heartbeat(0)
        self.cleaned.append(request)
        return HousekeepingCounts(compacted=3)


async def test_a_long_round_continues_as_new(mirrored: Mirrored) -> None:
    """DUR-40: a run goes through a bounded number of pages.

    The next continues there, and the sums are those of the whole round.
    """
    client, pages = mirrored.cluster.client, ManyPages()
    housekeeping = HousekeepingActivities(pages)
    queue = "housekeeping-test"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[HousekeepingWorkflow],
        activities=[housekeeping.archive_page, housekeeping.clean_up],
        workflow_runner=sandbox(),
    )
    async with running(worker):
        handle = await client.start_workflow(
            HousekeepingWorkflow.run, Round(), id="long-round", task_queue=queue
        )
        counts = await handle.result()
        assert handle.first_execution_run_id is not None
        first = await client.get_workflow_handle(
            "long-round", run_id=handle.first_execution_run_id
        ).describe()
        assert first.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    assert pages.page == [None, *(str(turn) for turn in range(1, PAGES_A_RUN + 2))]
    assert counts == HousekeepingCounts(
        seen=2 * (PAGES_A_RUN + 2), archived=PAGES_A_RUN + 2, compacted=3, problem="Redis cannot be reached"
    )
    (cleaned,) = pages.cleaned
    assert not cleaned.complete
    assert first.close_time is not None
    assert first.start_time <= cleaned.began_at < first.close_time


async def trades(mirrored: Mirrored, count: int) -> list[Trade]:
    """Have so many alerts refused."""
    made = [await mirrored.slot.alert(text="BTO SPY 600 @ 1") for _ in range(count)]
    for each in made:
        await each.result()
    return made


async def test_pages_cover_every_trade_once(mirrored: Mirrored) -> None:
    """DUR-20: page by page every trade is archived and in Redis.

    A second round finds nothing to do, and reads no file twice.
    """
    made = await trades(mirrored, 3)
    housekeeping = MirrorRepair(mirrored.cluster.client, mirrored.mirrors, compact_above=1)
    beats: list[int] = []

    async def through() -> HousekeepingCounts:
        counts, token = HousekeepingCounts(), None
        for _ in range(100):
            page = await housekeeping.archive_page(PageRequest(token=token, size=2), beats.append)
            counts, token = counts.plus(page.counts), page.token
            if token is None:
                return counts
        raise AssertionError("expected an end of the pages")

    first, second = await through(), await through()
    assert first.seen == second.seen >= 3
    assert first.archived >= 3
    assert (second.archived, second.repaired, second.problem) == (0, 0, None)
    assert beats
    assert {f"trade-{each.id}" for each in made} <= mirrored.in_archive().keys() & (
        await mirrored.in_redis()
    ).keys()
    began = (await mirrored.cluster.client.get_workflow_handle(f"trade-{made[0].id}").describe()).start_time
    cleaned = await housekeeping.clean_up(CleanUpRequest(began_at=began, complete=True), beats.append)
    assert cleaned.compacted == 1
    assert mirrored.mirrors.hot is not None
    assert await mirrored.mirrors.hot.complete_at() == began
    assert (await mirrored.proof()).equal


async def test_a_damaged_file_is_quarantined_and_rewritten(mirrored: Mirrored) -> None:
    """DUR-20: a file that a disk or a person cut short stops nothing.

    It is put out of the way, and its trades are archived again.
    """
    await trades(mirrored, 1)
    await mirrored.round()
    before = mirrored.in_archive()
    for path in mirrored.mirrors.archive.files():
        content = Path(path).read_bytes()  # noqa: ASYNC240 - a few kilobytes
        Path(path).write_bytes(content[: len(content) // 2])  # noqa: ASYNC240
    counts = await mirrored.round()
    assert "moved to" in str(counts.problem)
    after = mirrored.in_archive()
    assert {name: (each.trade, each.events) for name, each in after.items()} == {
        name: (each.trade, each.events) for name, each in before.items()
    }
    assert (await mirrored.proof()).equal
    assert (await mirrored.round()).problem is None


async def test_there_is_one_schedule_however_many_create_it(mirrored: Mirrored) -> None:
    """A second housekeeper finds the schedule and brings it to its own settings.

    One that a person paused stays paused.
    """
    client = mirrored.cluster.client
    handle = client.get_schedule_handle("housekeeping")
    await handle.pause(note="a test")
    await keep_schedule(client, timedelta(seconds=90_000))
    state = await housekeeping(client)
    assert (state.every, state.paused) == (timedelta(seconds=90_000), True)
    await handle.unpause()
