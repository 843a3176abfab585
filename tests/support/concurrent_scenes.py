"""Scenes that run side by side.

Each is mostly waiting, for a timeout or a stage, so many take hardly longer than one.

`@beside` makes a test of a scene. All scenes that were selected start when the first of their tests runs,
each on a worker slot of its own; each test then waits for its own scene, and fails as it failed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from tests.support.cluster import Cluster, WorkerSlot

Scene = Callable[[WorkerSlot], Awaitable[None]]

AT_ONCE = 4
"""Scenes that run at the same time: more would make each too slow for its own clock on two cores, one of
which has other tests to run."""

STARTS = 1
"""Workers that start at the same time."""


def beside(scene: Scene) -> Callable[["Stage"], Awaitable[None]]:
    """Make a test of a scene that runs beside the others."""

    async def test(stage: Stage) -> None:
        await stage.outcome(scene)

    test.__name__, test.__qualname__ = scene.__name__, scene.__name__
    test.__module__, test.__doc__ = scene.__module__, scene.__doc__
    test.scene = scene  # type: ignore[attr-defined]
    return test


class Stage:
    """Scenes under way."""

    def __init__(self, cluster: Cluster, scenes: Sequence[Scene]) -> None:
        """Start every scene; each waits for its turn."""
        self._house = cluster
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._starts = asyncio.Semaphore(STARTS)
        self._tasks = {scene: asyncio.create_task(self._play(scene), name=str(scene)) for scene in scenes}

    async def _play(self, scene: Scene) -> None:
        async with self._turns:
            slot = self._house.take_slot(gate=self._starts)
            await slot.start_worker()
            try:
                await scene(slot)
                await slot.replay()
            finally:
                await slot.leave()

    async def outcome(self, scene: Scene) -> None:
        """Wait for a scene, and raise what it raised."""
        await self._tasks[scene]

    async def end(self) -> None:
        """Stop what still runs."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@contextlib.asynccontextmanager
async def open_stage(cluster: Cluster, items: Sequence[Any]) -> AsyncIterator[Stage]:
    """Start the scenes of the selected tests that are in the stack's folder."""
    scenes = [
        item.function.scene
        for item in items
        if isinstance(item, pytest.Function) and hasattr(item.function, "scene")
    ]
    stage = Stage(cluster, scenes)
    try:
        yield stage
    finally:
        await stage.end()
