"""A worker that has no time for everything: what protects a position goes first."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.support.waiting import eventually

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        CANCEL_ORDER,
        NOTIFY,
        READ_ORDER,
        SIZE_ENTRY,
        SUBMIT_ENTRY,
        SUBMIT_EXIT,
    )
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity
    from tests.support.harness import plain_client

QUEUE = "one-slot"
OPTIONS = {
    NOTIFY: activity_options.NOTIFY,
    SIZE_ENTRY: activity_options.SIZE,
    SUBMIT_ENTRY: activity_options.SUBMIT_ENTRY,
    READ_ORDER: activity_options.READ,
    SUBMIT_EXIT: activity_options.SUBMIT_EXIT,
    CANCEL_ORDER: activity_options.CANCEL,
}
WAITING = [NOTIFY] * 4 + [SUBMIT_ENTRY, SIZE_ENTRY] * 6


@workflow.defn
class Crowd:
    """Starts activities one after another, each by its own options, and waits for all of them."""

    @workflow.run
    async def run(self, names: list[str]) -> None:
        """Start them in this order."""
        await asyncio.gather(
            *(run_activity(name, answer=type(None), options=OPTIONS[name], summary=name) for name in names)
        )


class OneSlot:
    """The activities of a worker that has time for one: the first of them takes until `free` is set."""

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.done: list[str] = []
        self.free = asyncio.Event()

    def activity(self, name: str) -> Callable[[], Awaitable[None]]:
        """Return an activity."""

        @activity.defn(name=name)
        async def run() -> None:
            self.done.append(name)
            await self.free.wait()

        return run


async def test_exits_and_cancels_pass_entries_that_wait(env: WorkflowEnvironment) -> None:
    """EXT-40: one slot, entries and notices that wait for it, and after them an exit and a cancel.

    An entry has the slot. Of those that wait the exit and the cancel go first, then what is read, then the
    entries, and the notices last.
    """
    client, slot = plain_client(env.client), OneSlot()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Crowd],
        activities=[slot.activity(name) for name in OPTIONS],
        max_concurrent_activities=1,
        disable_eager_activity_execution=True,
    ):
        crowds = []
        for number, names in enumerate(([SUBMIT_ENTRY], WAITING, [READ_ORDER, SUBMIT_EXIT, CANCEL_ORDER])):
            crowd = await client.start_workflow(Crowd.run, names, id=f"crowd-{number}", task_queue=QUEUE)
            crowds.append(crowd)

            async def waits() -> bool:
                pending = (await crowd.describe()).raw_description.pending_activities  # noqa: B023
                return len(pending) == len(names)  # noqa: B023

            await eventually(waits, "its activities to be scheduled", every=0.02)
            await eventually(lambda: slot.done, "the first to have the slot", every=0.02)
        await asyncio.sleep(0.5)  # scheduled, and in the task queue a moment later
        slot.free.set()
        await asyncio.gather(*(each.result() for each in crowds))
    assert slot.done[0] == SUBMIT_ENTRY
    assert set(slot.done[1:3]) == {SUBMIT_EXIT, CANCEL_ORDER}
    assert slot.done[3] == READ_ORDER
    assert set(slot.done[4:-4]) == {SUBMIT_ENTRY, SIZE_ENTRY}
    assert slot.done[-4:] == [NOTIFY] * 4
